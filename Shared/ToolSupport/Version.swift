// SPDX-License-Identifier: MIT
import Tensors

/// What `--version` prints.
public enum Version {
  public static let number = "0.1.0"

  /// The version, and what computes: which BLAS and which kernels this machine's processor gets.
  public static var text: String { "pivot \(number) (\(Compute.description))" }
}
