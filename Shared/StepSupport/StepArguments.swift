// SPDX-License-Identifier: MIT
// What the step tools take in common: one spelling, one help text.
import ArgumentParser
import ComputeSupport
import Failures
import Objectives
import OptionTables
import ToolSupport
import Training

/// The options of every step tool; `Method` is what this one does.
public struct StepArguments<Method: StepMethod>: ParsableArguments {
  @Argument(
    help: """
      A file of frames (default: standard input). A plain file can be read more than once (--epochs, --shuffle), and a \
      run over it goes on by itself after it was stopped.
      """)
  public var files: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      The checkpoint that is trained: a .bin or .safetensors file, else a folder. It is created, or its unfinished run \
      goes on.
      """,
      valueName: "path"))
  public var ckpt: String

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "The checkpoint to begin from (default: $PIVOT_CKPT).", valueName: "path"))
  public var initial: String?

  @Option(
    help: ArgumentHelp(
      "Published settings: \(StepMethods.presetList(and: Method.self)). Explicit options go before."))
  public var preset: PresetName<Method>?

  @OptionGroup public var options: TableArguments<StepTable>

  @Option(
    help: ArgumentHelp(
      "Save every so many steps (default: every 10 minutes), besides at the end and on a signal.", valueName: "n"))
  public var saveEvery: Int?

  @Option(
    help: ArgumentHelp(
      """
      Append the log to this file instead of writing it to standard output. However often the run is stopped and goes on, \
      the file has a line a step exactly once.
      """,
      valueName: "file"))
  public var log: String?

  @Option(
    help: ArgumentHelp(
      "Write the last step's gradients (averaged, not clipped) and loss to this safetensors file.", valueName: "file"))
  public var grads: String?

  @Flag(help: "Train weights that have no training state.")
  public var inPlace = false

  @Flag(help: "Begin a new run from the weights in --ckpt, whatever run they come from.")
  public var newRun = false

  @Flag(help: "On a stream: first skip the frames that an interrupted call had used.")
  public var resume = false

  @Flag(
    help: """
      Leave out bad examples, and batches whose loss or gradient is not finite, instead of ending at the first: each \
      is named on standard error.
      """)
  public var skipBad = false

  @OptionGroup public var compute: ComputeOptions
  @OptionGroup public var messages: MessageOptions

  public init() {}

  public func validate() throws {
    if let saveEvery, saveEvery < 1 { throw ValidationError("--save-every \(saveEvery): must be 1 or more") }
    if let log, log.isEmpty || log == "-" || log == ckpt {
      throw ValidationError(
        "--log \"\(log)\": must name a file of its own; without --log the lines go to standard output")
    }
    if resume && newRun { throw ValidationError("--resume and --new-run exclude each other") }
  }

  /// Runs the tool: options, then the run, then its ending in one line.
  ///
  /// - Parameters:
  ///   - own: what was given of the method's own options.
  ///   - anyReference: whether a reference other than the weights that the run began from needs no warning.
  public func run(_ own: OptionValues<Method.Table>, anyReference: Bool = false) throws {
    messages.apply()
    compute.apply()
    let preset = try preset?.settings()
    var options = StepOptions(options.values, preset: preset, learningRate: Method.learningRate)
    if files.isEmpty {
      // A preset knows epochs and order of a file; a pipe has neither. What was asked for explicitly stays.
      options.epochs = self.options.values.epochs
      options.shuffle = self.options.values.shuffle
    }
    let inputs = InputFiles(stream: files)
    for (option, path) in [("--ckpt", ckpt), ("--log", log), ("--grads", grads)] { try inputs.refuse(path, as: option) }
    let console = StepConsole()
    var request = request()
    request.anyReference = anyReference
    let objective = Method(own.or(preset?.own ?? OptionValues()))
    let loop = try StepLoop(request, options, objective, host: console)
    try console.finish(loop.run(), isStream: loop.isStream)
  }

  private func request() -> StepRequest {
    var request = StepRequest(tool: Method.tool, output: ckpt, initial: initial ?? CheckpointOptions.environment)
    request.inPlace = inPlace
    request.newRun = newRun
    request.resume = resume
    request.skipBad = skipBad
    request.gradients = grads
    request.log = log
    request.saveEvery = saveEvery
    request.files = files == ["-"] ? [] : files
    return request
  }
}

/// For the tools whose objective has a reference.
public struct ReferenceArguments: ParsableArguments {
  @Flag(help: "Take frames whose reference is not what the run began from without a warning.")
  public var anyReference = false

  public init() {}
}

/// The name of a preset, of `Method` or of another tool.
public struct PresetName<Method: StepMethod>: ExpressibleByArgument, Sendable {
  let name: String

  public init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    name = argument
  }

  public static var allValueStrings: [String] { StepMethods.presetNames(and: Method.self) }
  public static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

  /// - Throws: 64 where it is another tool's.
  func settings() throws -> Preset<Method.Table> {
    if let preset = Method.presets.first(where: { $0.name == name }) { return preset }
    throw PlainFailure.usage("--preset \(name): is one of \(StepMethods.tool(ofPreset: name) ?? "another tool")")
  }
}
