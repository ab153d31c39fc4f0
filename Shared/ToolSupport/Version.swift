// SPDX-License-Identifier: MIT

/// What `--version` prints.
public enum Version {
  public static let number = "0.1.0"

  /// The version of a tool that does no arithmetic; one that does names what computes too.
  public static let text = "pivot \(number)"
}
