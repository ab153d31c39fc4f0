// SPDX-License-Identifier: MIT
// What a training run is told: the options that change its numbers, of every step tool.
import Layers
import Models
import OptionTables
import StrictJSON

/// The options that every step tool has, in the order of their help. In the training state they stand in the order of their
/// places.
public struct StepTable: OptionTable {
  public static let table = StepTable()

  public let train: Setting<TrainedParts> = .init(
    "train",
    """
    The parts that learn (default: {default}). projector.new is the part of the projector that ckpt attach \
    --projector-layers has added.
    """,
    valueName: "parts", default: TrainedParts(Part.allCases),
    check: OptionCheck { $0.parts.isEmpty ? ": names no part; the parts are vision, projector and llm" : nil })

  public let learningRate: Setting<Double> = .init(
    "lr", "Peak learning rate (default: {default}\(StepMethods.learningRatesOfTheirOwn)).", valueName: "rate",
    default: 1e-6,
    check: .notNegative)

  public let visionLearningRate: Setting<Double> = .init(
    "lr-vision", "Peak learning rate of the vision encoder (default: --lr).", valueName: "rate",
    resolved: { $0.learningRate }, check: .notNegative)

  public let projectorLearningRate: Setting<Double> = .init(
    "lr-projector", "Peak learning rate of the projector (default: --lr).", valueName: "rate",
    resolved: { $0.learningRate }, check: .notNegative)

  /// Rate of the LLM at which `linear` and `cosine` end; the other parts end at the same share of theirs.
  public let minLearningRate: Setting<Double> = .init(
    "min-lr",
    "The learning rate at which linear and cosine end (default: {default}); other parts end at the same share of theirs.",
    valueName: "rate", default: 0,
    check: { rate, values in
      let peak = values.learningRate
      return (0...max(0, peak)).contains(rate)
        ? nil : " \(rate): must be at least 0 and at most --lr, which is \(peak)"
    },
    record: .when(place: 0) { $0.minLearningRate != 0 })

  /// Examples an optimizer step (of GRPO, groups a batch).
  public let batchSize: Setting<Int> = .init(
    "batch-size",
    "Frames of a batch: examples, pairs or groups; one optimizer step unless grpo-step is told otherwise (default: {default}).",
    valueName: "n", default: 8, check: .positive)

  /// nil: as many as the data give. They change numbers through the schedule only: a run at a constant rate may be made longer.
  public let steps: OpenSetting<Int> = .init(
    "steps", "Optimizer steps of the run in all.", valueName: "n", check: { value, _ in OptionCheck.positive(value) },
    record: .when(place: 2) { $0.schedule != .constant })

  /// nil: as many as `steps` need, else one. The state counts them as steps.
  public let epochs: OpenSetting<Int> = .init(
    "epochs", "Passes over the file (default: what --steps needs, else 1). Whichever comes first ends the run.",
    valueName: "n", check: { value, _ in OptionCheck.positive(value) }, record: .never)

  public let shuffle: Setting<Bool> = .init(
    "shuffle", "Use the file's frames in another order each epoch, by the seed (default: {default}).", default: false,
    record: .always(place: 3))

  public let dropLast: Setting<Bool> = .init(
    "drop-last", "Leave out an epoch's last batch where it is smaller than the others (default: {default}).",
    default: false, record: .always(place: 3))

  /// nil: cosine where the run's length is known, else constant.
  public let schedule: OpenSetting<Schedule> = .init(
    "schedule",
    "constant, linear or cosine, to --min-lr (default: cosine where the run's length is known, else constant).",
    record: .always(place: 1))

  /// The state keeps the steps that it comes to.
  public let warmup: Setting<Warmup> = .init(
    "warmup", "Warm-up: below 1 a share of the run, else steps (default: {default}).", valueName: "share|n",
    default: .fraction(0.03), record: .always(place: 2))

  /// 0 or less: no clipping.
  public let clipNorm: Setting<Double> = .init(
    "clip-norm", "Largest norm of the gradient; 0 turns clipping off (default: {default}).", valueName: "norm",
    default: 1, check: OptionCheck { $0.isNaN ? " nan: must be a number (0 turns clipping off)" : nil },
    record: .always(place: 3))

  public let weightDecay: Setting<Double> = .init(
    "weight-decay", "AdamW's weight decay, on matrices and embeddings only (default: {default}).", valueName: "rate",
    default: 0, check: .notNegative, record: .always(place: 3))

  public let seed: Setting<UInt64> = .init(
    "seed", "Seed of --shuffle (default: {default}).", valueName: "n", default: 42, record: .always(place: 3))

  /// Rows of a forward and backward pass, image patches included: what bounds the memory of a step.
  /// nil: as many as the model's shape suggests.
  public let rowsPerPass: OpenSetting<Int> = .init(
    "rows-per-pass",
    """
    Rows (tokens and image patches) of one forward and backward pass: fewer need less memory (default: by the \
    model's shape, 4096 or less).
    """,
    valueName: "n", check: { value, _ in OptionCheck.positive(value) }, record: .always(place: 3))
}

/// The options of a run: as given, or resolved. What is explicit goes before a preset's, a preset's before the defaults.
public typealias StepOptions = OptionValues<StepTable>

extension StepOptions {
  /// Peak learning rate of each part.
  public var learningRates: [Part: Double] {
    [.vision: self.visionLearningRate, .projector: self.projectorLearningRate, .llm: self.learningRate]
  }

  /// The share of the peak at which the schedule ends.
  var learningRateFloor: Double { self.learningRate > 0 ? self.minLearningRate / self.learningRate : 0 }

  /// Passes over a file: as asked for, else as many as the steps need, else one.
  var passes: Int { self.epochs ?? (self.steps == nil ? 1 : Int.max) }

  /// These options with what a run makes of them: its length, its schedule.
  func resolved(totalSteps: Int?, schedule: LearningRateSchedule) -> StepOptions {
    var resolved = self
    resolved.steps = totalSteps
    resolved.schedule = schedule.schedule
    resolved.warmup = .steps(schedule.warmupSteps)
    return resolved
  }
}

/// The parts that learn: "vision,projector", or "projector.new,llm".
public struct TrainedParts: Sendable, Equatable {
  public let parts: Set<Part>
  /// Of the projector, only the layers that `ckpt attach` put behind older ones.
  public let onlyNewProjectorLayers: Bool

  public init(_ parts: some Sequence<Part>, onlyNewProjectorLayers: Bool = false) {
    self.parts = Set(parts)
    self.onlyNewProjectorLayers = onlyNewProjectorLayers
  }

  /// Nil for what names no parts.
  public init?(text: String) {
    let names = text.split(separator: ",").map(String.init)
    let onlyNew = names.contains(Self.newLayers)
    if onlyNew && names.contains(Part.projector.rawValue) { return nil }
    let parts = names.compactMap { $0 == Self.newLayers ? .projector : Part(rawValue: $0) }
    if parts.count != names.count || parts.isEmpty { return nil }
    self.init(parts, onlyNewProjectorLayers: onlyNew)
  }

  private static let newLayers = "projector.new"
  /// What may be named.
  public static let texts = ["vision", "projector", newLayers, "llm"]

  public func contains(_ part: Part) -> Bool { parts.contains(part) }
}

extension TrainedParts: OptionValue, ExpressibleByArrayLiteral {
  public init(arrayLiteral parts: Part...) { self.init(parts) }

  public var json: JSONValue {
    let names = Part.allCases.filter(contains).map {
      $0 == .projector && onlyNewProjectorLayers ? Self.newLayers : $0.rawValue
    }
    return .string(names.joined(separator: ","))
  }
}
