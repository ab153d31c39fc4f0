// SPDX-License-Identifier: MIT
// Options that several tools share: one spelling, one help text.
import ArgumentParser

/// How much is said on standard error.
public struct MessageOptions: ParsableArguments {
  @Flag(help: "No notes and no progress; warnings and errors remain.")
  public var quiet = false

  @Flag(help: "Say what is done, and sum up at the end: counts, rate, peak memory, BLAS and kernels.")
  public var verbose = false

  public init() {}

  public func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }
}

/// What every tool that reads or writes a stream of frames takes.
public struct StreamOptions: ParsableArguments {
  @Argument(help: "Files to read, one after the other (default: standard input; \"-\" is standard input too).")
  public var files: [String] = []

  @Option(
    help: ArgumentHelp("Tensors to pass on, by name, with commas between; the rest are left out.", valueName: "names"))
  public var keep: [String] = []

  @Option(help: ArgumentHelp("Tensors and metadata to leave out, by name, with commas between.", valueName: "names"))
  public var drop: [String] = []

  @Option(
    help: ArgumentHelp("Compress the output, 1 (quick) to 9 (small); --gzip alone is --gzip=6.", valueName: "level"))
  public var gzip: Int?

  @Flag(
    help: """
      Leave out bad examples instead of ending at the first: each is named on standard error, and counted in the end frame. \
      The exit status is then 0 if at least one example was good, else 65.
      """)
  public var skipBad = false

  @OptionGroup public var messages: MessageOptions

  public init() {}

  public func validate() throws {
    if let gzip, !(1...9).contains(gzip) { throw ValidationError("--gzip \(gzip): must be 1 to 9") }
  }

  /// The names given to --keep and --drop.
  var keptNames: Set<String> { Self.names(keep) }
  var droppedNames: Set<String> { Self.names(drop) }

  private static func names(_ lists: [String]) -> Set<String> {
    Set(lists.flatMap { $0.split(separator: ",").map(String.init) })
  }
}

/// The input side alone, for tools that write no frames.
public struct InputOptions: ParsableArguments {
  @Argument(help: "Files to read, one after the other (default: standard input; \"-\" is standard input too).")
  public var files: [String] = []

  @Flag(
    help: """
      Leave out bad examples instead of ending at the first: each is named on standard error. The exit status is then 0 if at \
      least one example was good, else 65.
      """)
  public var skipBad = false

  @OptionGroup public var messages: MessageOptions

  public init() {}
}

/// What every tool with something random in it takes.
public struct SeedOption: ParsableArguments {
  @Option(help: ArgumentHelp("Seed of everything random: the same seed gives the same output.", valueName: "n"))
  public var seed: UInt64 = 0

  public init() {}
}
