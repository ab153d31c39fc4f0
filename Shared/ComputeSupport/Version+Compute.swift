// SPDX-License-Identifier: MIT
import LinearAlgebra
import Tensors
import ToolSupport

extension Version {
  /// The version, and what computes: which BLAS and which kernels this machine's processor gets.
  public static var computing: String { "\(text) (\(Compute.description))" }
}
