// SPDX-License-Identifier: MIT
// Options of the tools that compute.
import ArgumentParser
import Tensors

/// What every tool that computes takes.
public struct ComputeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Threads to compute with (default: all cores). Results do not depend on it.", valueName: "n"))
  public var threads: Int?

  public init() {}

  public func validate() throws {
    if let threads, !(1...4096).contains(threads) { throw ValidationError("--threads \(threads): must be 1 or more") }
  }

  /// Makes the options take effect.
  public func apply() {
    if let threads { Compute.threads = threads }
  }
}
