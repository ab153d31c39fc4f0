import Checkpoints
// SPDX-License-Identifier: MIT
// What a training run is told: the values of the options that change its numbers.
import Examples
import Inference
import Layers
import Models
import Objectives
import StrictJSON

/// Options as given: nil where nobody gave a value. Explicit ones go before a preset's, a preset's before the defaults.
public struct StepChoices: Sendable, Equatable {
  public var train: [Part]?
  public var onlyNewProjectorLayers: Bool?
  public var learningRate: Double?
  public var visionLearningRate: Double?
  public var projectorLearningRate: Double?
  public var batchSize: Int?
  public var steps: Int?
  public var epochs: Int?
  public var shuffle: Bool?
  public var dropLast: Bool?
  public var schedule: Schedule?
  public var warmup: Warmup?
  public var clipNorm: Double?
  public var weightDecay: Double?
  public var seed: UInt64?
  public var beta: Double?
  public var labelSmoothing: Double?
  public var gamma: Double?
  public var target: SFTTarget?
  public var rowsPerPass: Int?
  public var minLearningRate: Double?
  public var grpo = GRPOChoices()

  public init() {}

  /// These choices, and `other`'s where there is none.
  public func or(_ other: StepChoices) -> StepChoices {
    var result = other
    func take<Value>(_ path: WritableKeyPath<StepChoices, Value?>) {
      if let value = self[keyPath: path] { result[keyPath: path] = value }
    }
    // Which parts learn is one choice: who names them says of each how much.
    if train != nil { (result.train, result.onlyNewProjectorLayers) = (train, onlyNewProjectorLayers) }
    take(\.learningRate)
    take(\.visionLearningRate)
    take(\.projectorLearningRate)
    take(\.batchSize)
    take(\.steps)
    take(\.epochs)
    take(\.shuffle)
    take(\.dropLast)
    take(\.schedule)
    take(\.warmup)
    take(\.clipNorm)
    take(\.weightDecay)
    take(\.seed)
    take(\.beta)
    take(\.labelSmoothing)
    take(\.gamma)
    take(\.target)
    take(\.rowsPerPass)
    take(\.minLearningRate)
    result.grpo = grpo.or(other.grpo)
    return result
  }
}

/// The resolved options of a run.
public struct StepOptions: Sendable, Equatable {
  /// The parts that learn.
  public var train: Set<Part>
  /// Of the projector, only the layers that `ckpt attach` put behind older ones (`--train projector.new`).
  public var onlyNewProjectorLayers: Bool
  /// Peak learning rate of each part that learns.
  public var learningRates: [Part: Double]
  /// Rate of the LLM at which `linear` and `cosine` end; the other parts end at the same share of theirs.
  public var minLearningRate: Double
  /// Examples an optimizer step (of GRPO, groups a batch).
  public var batchSize: Int
  /// Optimizer steps in all; nil: as many as the data give.
  public var steps: Int?
  /// Passes over a file; nil: as many as `steps` need, else one.
  public var epochs: Int?
  public var shuffle: Bool
  /// Leaves out an epoch's last batch where it is smaller than the others.
  public var dropLast: Bool
  /// nil: cosine where the run's length is known, else constant.
  public var schedule: Schedule?
  public var warmup: Warmup
  /// Largest norm of the gradient; 0 or less: no clipping.
  public var clipNorm: Double
  public var weightDecay: Double
  public var seed: UInt64
  /// β of DPO.
  public var beta: Double
  public var labelSmoothing: Double
  /// Weight of the chosen response's NLL beside the DPO loss.
  public var gamma: Double
  /// nil: `chosen` where a frame has it, else `answer`.
  public var target: SFTTarget?
  public var grpo: GRPOOptions
  /// Rows of a forward and backward pass, image patches included: what bounds the memory of a step.
  /// nil: as many as the model's shape suggests.
  public var rowsPerPass: Int?

  /// - Parameter learningRate: the default of the tool, where neither the command line nor a preset has one.
  public init(_ choices: StepChoices, preset: Preset? = nil, learningRate: Double) {
    let choices = choices.or(preset?.choices ?? StepChoices())
    let base = choices.learningRate ?? learningRate
    train = Set(choices.train ?? Part.allCases)
    onlyNewProjectorLayers = choices.onlyNewProjectorLayers ?? false
    learningRates = [
      .vision: choices.visionLearningRate ?? base, .projector: choices.projectorLearningRate ?? base, .llm: base,
    ]
    minLearningRate = choices.minLearningRate ?? 0
    batchSize = choices.batchSize ?? 8
    steps = choices.steps
    epochs = choices.epochs
    shuffle = choices.shuffle ?? false
    dropLast = choices.dropLast ?? false
    schedule = choices.schedule
    warmup = choices.warmup ?? .fraction(0.03)
    clipNorm = choices.clipNorm ?? 1
    weightDecay = choices.weightDecay ?? 0
    seed = choices.seed ?? 42
    beta = choices.beta ?? 0.1
    labelSmoothing = choices.labelSmoothing ?? 0
    gamma = choices.gamma ?? 0
    target = choices.target
    grpo = GRPOOptions(choices.grpo)
    rowsPerPass = choices.rowsPerPass
  }

  /// The share of the peak at which the schedule ends.
  var learningRateFloor: Double {
    let peak = learningRates[.llm] ?? 0
    return peak > 0 ? minLearningRate / peak : 0
  }

  /// Passes over a file: as asked for, else as many as the steps need, else one.
  var passes: Int { epochs ?? (steps == nil ? 1 : Int.max) }

  /// What is wrong with the values, in the words of the command line.
  public var problem: String? {
    func positive(_ name: String, _ value: Double) -> String? {
      value > 0 && value.isFinite ? nil : "\(name) \(value): must be a number above 0"
    }
    func notNegative(_ name: String, _ value: Double) -> String? {
      value >= 0 && value.isFinite ? nil : "\(name) \(value): must be 0 or more"
    }
    if train.isEmpty { return "--train: names no part; the parts are vision, projector and llm" }
    if batchSize < 1 { return "--batch-size \(batchSize): must be 1 or more" }
    if let steps, steps < 1 { return "--steps \(steps): must be 1 or more" }
    if let epochs, epochs < 1 { return "--epochs \(epochs): must be 1 or more" }
    if let rowsPerPass, rowsPerPass < 1 { return "--rows-per-pass \(rowsPerPass): must be 1 or more" }
    if !(0..<0.5).contains(labelSmoothing) {
      return "--label-smoothing \(labelSmoothing): must be at least 0 and below 0.5"
    }
    let peak = learningRates[.llm] ?? 0
    if !(0...max(0, peak)).contains(minLearningRate) {
      return "--min-lr \(minLearningRate): must be at least 0 and at most --lr, which is \(peak)"
    }
    if let problem = grpo.problem(batchSize: batchSize) { return problem }
    return notNegative("--lr", learningRates[.llm] ?? 0) ?? notNegative("--lr-vision", learningRates[.vision] ?? 0)
      ?? notNegative("--lr-projector", learningRates[.projector] ?? 0) ?? positive("--beta", beta)
      ?? notNegative("--gamma", gamma) ?? notNegative("--weight-decay", weightDecay)
      ?? (clipNorm.isNaN ? "--clip-norm nan: must be a number (0 turns clipping off)" : nil)
  }
}
