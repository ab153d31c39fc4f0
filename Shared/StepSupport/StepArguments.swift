// SPDX-License-Identifier: MIT
// What `sft-step`, `dpo-step` and `grpo-step` take in common: one spelling, one help text.
import ArgumentParser
import Checkpoints
import ComputeSupport
import Examples
import Failures
import Layers
import Models
import Objectives
import ToolSupport
import Training

/// The options of every step tool.
public struct StepArguments: ParsableArguments {
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
    help:
      """
      Published settings: pivot-s1a, pivot-s1b, pivot-sft (sft-step), pivot-dpo (dpo-step), vlaa-grpo, trl-grpo \
      (grpo-step). Explicit options go before.
      """
  )
  public var preset: Preset?

  @Option(
    help: ArgumentHelp(
      """
      The parts that learn (default: vision,projector,llm). projector.new is the part of the projector that ckpt attach \
      --projector-layers has added.
      """,
      valueName: "parts"))
  public var train: PartList?

  @Option(help: ArgumentHelp("Peak learning rate (default: 1e-6; of sft-step 1e-5).", valueName: "rate"))
  public var lr: Double?

  @Option(help: ArgumentHelp("Peak learning rate of the vision encoder (default: --lr).", valueName: "rate"))
  public var lrVision: Double?

  @Option(help: ArgumentHelp("Peak learning rate of the projector (default: --lr).", valueName: "rate"))
  public var lrProjector: Double?

  @Option(
    help: ArgumentHelp(
      "The learning rate at which linear and cosine end (default: 0); other parts end at the same share of theirs.",
      valueName: "rate"))
  public var minLr: Double?

  @Option(
    help: ArgumentHelp(
      "Frames of a batch: examples, pairs or groups; one optimizer step unless grpo-step is told otherwise (default: 8).",
      valueName: "n"))
  public var batchSize: Int?

  @Option(help: ArgumentHelp("Optimizer steps of the run in all.", valueName: "n"))
  public var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Passes over the file (default: what --steps needs, else 1). Whichever comes first ends the run.",
      valueName: "n"
    ))
  public var epochs: Int?

  @Flag(inversion: .prefixedNo, help: "Use the file's frames in another order each epoch, by the seed (default: no).")
  public var shuffle: Bool?

  @Flag(
    inversion: .prefixedNo, help: "Leave out an epoch's last batch where it is smaller than the others (default: no).")
  public var dropLast: Bool?

  @Option(
    help: "constant, linear or cosine, to --min-lr (default: cosine where the run's length is known, else constant).")
  public var schedule: Schedule?

  @Option(help: ArgumentHelp("Warm-up: below 1 a share of the run, else steps (default: 0.03).", valueName: "share|n"))
  public var warmup: Warmup?

  @Option(help: ArgumentHelp("Largest norm of the gradient; 0 turns clipping off (default: 1).", valueName: "norm"))
  public var clipNorm: Double?

  @Option(help: ArgumentHelp("AdamW's weight decay, on matrices and embeddings only (default: 0).", valueName: "rate"))
  public var weightDecay: Double?

  @Option(help: ArgumentHelp("Seed of --shuffle (default: 42).", valueName: "n"))
  public var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      """
      Rows (tokens and image patches) of one forward and backward pass: fewer need less memory (default: by the \
      model's shape, 4096 or less).
      """,
      valueName: "n"))
  public var rowsPerPass: Int?

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

  /// What was given on the command line; the tool adds its own.
  public var choices: StepChoices {
    var choices = StepChoices()
    choices.train = train?.parts
    choices.onlyNewProjectorLayers = train?.onlyNewProjectorLayers
    choices.learningRate = lr
    choices.visionLearningRate = lrVision
    choices.projectorLearningRate = lrProjector
    choices.minLearningRate = minLr
    choices.batchSize = batchSize
    choices.steps = steps
    choices.epochs = epochs
    choices.shuffle = shuffle
    choices.dropLast = dropLast
    choices.schedule = schedule
    choices.warmup = warmup
    choices.clipNorm = clipNorm
    choices.weightDecay = weightDecay
    choices.seed = seed
    choices.rowsPerPass = rowsPerPass
    return choices
  }

  /// Runs the tool: options, then the run, then its ending in one line.
  ///
  /// - Parameters:
  ///   - learningRate: the tool's default.
  ///   - anyReference: whether a reference other than the weights that the run began from needs no warning.
  ///   - objective: what it minimises, made from the resolved options.
  public func run(
    _ tool: String, _ choices: StepChoices, learningRate: Double, anyReference: Bool = false,
    objective: (StepOptions) -> any Objective
  ) throws {
    messages.apply()
    compute.apply()
    var options = StepOptions(choices, preset: preset, learningRate: learningRate)
    if let preset, preset.tool != tool {
      throw PlainFailure.usage("--preset \(preset.rawValue): is one of \(preset.tool)")
    }
    if files.isEmpty {
      // A preset knows epochs and order of a file; a pipe has neither. What was asked for explicitly stays.
      options.epochs = epochs
      options.shuffle = shuffle ?? false
    }
    let inputs = InputFiles(stream: files)
    for (option, path) in [("--ckpt", ckpt), ("--log", log), ("--grads", grads)] { try inputs.refuse(path, as: option) }
    var request = StepRequest(tool: tool, output: ckpt, initial: initial ?? CheckpointOptions.environment)
    request.inPlace = inPlace
    request.newRun = newRun
    request.resume = resume
    request.anyReference = anyReference
    request.skipBad = skipBad
    request.gradients = grads
    request.log = log
    request.saveEvery = saveEvery
    request.files = files == ["-"] ? [] : files
    let console = StepConsole()
    let loop = try StepLoop(request, options, objective(options), host: console)
    try console.finish(loop.run(), isStream: loop.isStream)
  }
}

/// "vision,projector", or "projector.new,llm".
public struct PartList: ExpressibleByArgument {
  public let parts: [Part]
  public let onlyNewProjectorLayers: Bool

  public init?(argument: String) {
    let names = argument.split(separator: ",").map(String.init)
    onlyNewProjectorLayers = names.contains(Self.newLayers)
    if onlyNewProjectorLayers && names.contains(Part.projector.rawValue) { return nil }
    parts = names.compactMap { $0 == Self.newLayers ? .projector : Part(rawValue: $0) }
    if parts.count != names.count || parts.isEmpty { return nil }
  }

  private static let newLayers = "projector.new"
  public static var allValueStrings: [String] { ["vision", "projector", newLayers, "llm"] }
}

extension Preset: ExpressibleByArgument {}
extension Schedule: ExpressibleByArgument {}
extension SFTTarget: ExpressibleByArgument {}

extension Warmup: ExpressibleByArgument {
  public init?(argument: String) {
    guard let value = Double(argument) else { return nil }
    self.init(value)
  }
}
