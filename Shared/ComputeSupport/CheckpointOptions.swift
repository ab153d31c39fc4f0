// SPDX-License-Identifier: MIT
// Which checkpoint a tool reads.
import ArgumentParser
import Failures
import Glibc

/// The checkpoint a tool reads.
public struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The checkpoint: a Hugging Face folder, or one .bin or .safetensors file (default: $PIVOT_CKPT).",
      valueName: "path"))
  public var ckpt: String?

  public init() {}

  /// --ckpt, else $PIVOT_CKPT.
  ///
  /// - Throws: exit status 64 where neither is given.
  public func path() throws -> String {
    if let ckpt { return ckpt }
    if let path = Self.environment { return path }
    throw PlainFailure.usage("--ckpt is missing: name the checkpoint with --ckpt PATH, or set PIVOT_CKPT")
  }

  /// $PIVOT_CKPT, where it is set and not empty.
  public static var environment: String? {
    getenv("PIVOT_CKPT").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
