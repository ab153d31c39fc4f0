// SPDX-License-Identifier: MIT
// What grpo-step is told besides the options of every step: as given, and resolved.
import StrictJSON

/// How the tokens of a step are averaged. The formulas stand in docs/TRAINING.md.
public enum GRPOLoss: String, CaseIterable, Sendable {
  /// Over a completion's tokens, then over a group's completions, then over the groups.
  case grpo
  /// Sum over a completion's tokens divided by a constant, then as `grpo`.
  case drGRPO = "dr-grpo"
  /// Over all tokens of the step.
  case dapo
}

/// GRPO's options as given: nil where nobody gave a value.
public struct GRPOChoices: Sendable, Equatable {
  public var loss: GRPOLoss?
  public var advantage: GroupAdvantage?
  public var advantageEpsilon: Double?
  public var clipLow: Double?
  public var clipHigh: Double?
  public var klCoefficient: Double?
  public var klTarget: Double?
  public var klHorizon: Double?
  public var innerEpochs: Int?
  public var minibatchSize: Int?
  public var normalizer: Double?
  public var ratioTolerance: Double?
  public var skipFlat: Bool?
  public var offPolicy: Bool?

  public init() {}

  public func or(_ other: GRPOChoices) -> GRPOChoices {
    var result = other
    func take<Value>(_ path: WritableKeyPath<GRPOChoices, Value?>) {
      if let value = self[keyPath: path] { result[keyPath: path] = value }
    }
    take(\.loss)
    take(\.advantage)
    take(\.advantageEpsilon)
    take(\.clipLow)
    take(\.clipHigh)
    take(\.klCoefficient)
    take(\.klTarget)
    take(\.klHorizon)
    take(\.innerEpochs)
    take(\.minibatchSize)
    take(\.normalizer)
    take(\.ratioTolerance)
    take(\.skipFlat)
    take(\.offPolicy)
    return result
  }
}

/// GRPO's options, resolved.
public struct GRPOOptions: Sendable, Equatable {
  public var loss: GRPOLoss
  public var advantage: GroupAdvantage
  /// ε of `GroupAdvantage.std`.
  public var advantageEpsilon: Double
  /// The ratio is clipped to 1 - clipLow ... 1 + clipHigh.
  public var clipLow: Double
  public var clipHigh: Double
  /// β, the weight of the KL term; where `klTarget` is given, the one to begin with.
  public var klCoefficient: Double
  /// KL a token that the coefficient is steered to; nil: the coefficient is fixed.
  public var klTarget: Double?
  /// Completions over which the steering acts.
  public var klHorizon: Double
  /// Times that each batch is used.
  public var innerEpochs: Int
  /// Groups an optimizer step; nil: the whole batch.
  public var minibatchSize: Int?
  /// Tokens by which `dr-grpo` divides a completion's sum.
  public var normalizer: Double?
  /// Largest |ratio - 1| of a token whose completion this very policy has sampled.
  public var ratioTolerance: Double
  /// Groups of equal rewards are left out before the pass.
  public var skipFlat: Bool
  /// Completions of another policy are taken as they are.
  public var offPolicy: Bool

  public init(_ choices: GRPOChoices = GRPOChoices()) {
    loss = choices.loss ?? .grpo
    advantage = choices.advantage ?? (loss == .drGRPO ? .mean : .std)
    advantageEpsilon = choices.advantageEpsilon ?? 1e-4
    clipLow = choices.clipLow ?? 0.2
    clipHigh = choices.clipHigh ?? 0.2
    klCoefficient = choices.klCoefficient ?? 0
    klTarget = choices.klTarget
    klHorizon = choices.klHorizon ?? 10_000
    innerEpochs = choices.innerEpochs ?? 1
    minibatchSize = choices.minibatchSize
    normalizer = choices.normalizer
    ratioTolerance = choices.ratioTolerance ?? 1e-3
    skipFlat = choices.skipFlat ?? false
    offPolicy = choices.offPolicy ?? false
  }

  /// What is wrong with the values, in the words of the command line.
  public func problem(batchSize: Int) -> String? {
    func positive(_ name: String, _ value: Double?) -> String? {
      value.map { $0 > 0 && $0.isFinite } ?? true ? nil : "\(name) \(value ?? 0): must be a number above 0"
    }
    if !(0..<1).contains(clipLow) { return "--clip-low \(clipLow): must be at least 0 and below 1" }
    if !(clipHigh >= 0) { return "--clip-high \(clipHigh): must be 0 or more" }
    if !(klCoefficient >= 0 && klCoefficient.isFinite) { return "--kl-coef \(klCoefficient): must be 0 or more" }
    if klTarget != nil && klCoefficient == 0 {
      return "--kl-target: steers --kl-coef by factors, so that it cannot begin at 0; give --kl-coef"
    }
    if innerEpochs < 1 { return "--inner-epochs \(innerEpochs): must be 1 or more" }
    if let minibatchSize {
      if minibatchSize < 1 { return "--minibatch-size \(minibatchSize): must be 1 or more" }
      if minibatchSize > batchSize {
        return "--minibatch-size \(minibatchSize): is a part of --batch-size \(batchSize), and must not be larger"
      }
    }
    if loss == .drGRPO && normalizer == nil {
      return "--loss dr-grpo: divides by a constant; give --normalizer, the length at which completions are cut"
    }
    if normalizer != nil && loss != .drGRPO {
      return "--normalizer: belongs to --loss dr-grpo; \(loss.rawValue) divides by tokens"
    }
    return positive("--kl-target", klTarget) ?? positive("--kl-horizon", klHorizon)
      ?? positive("--normalizer", normalizer) ?? positive("--advantage-eps", advantageEpsilon)
      ?? positive("--ratio-tolerance", ratioTolerance)
  }

  /// Every option that changes numbers, under its name on the command line.
  var record: [(name: String, value: JSONValue)] {
    var record: [(name: String, value: JSONValue)] = [
      ("loss", .string(loss.rawValue)), ("advantage", .string(advantage.rawValue)), ("clip-low", .double(clipLow)),
      ("clip-high", .double(clipHigh)), ("kl-coef", .double(klCoefficient)), ("inner-epochs", .int(innerEpochs)),
      ("minibatch-size", minibatchSize.map { .int($0) } ?? .null), ("skip-flat", .bool(skipFlat)),
    ]
    if advantage == .std { record.append(("advantage-eps", .double(advantageEpsilon))) }
    if let klTarget { record += [("kl-target", .double(klTarget)), ("kl-horizon", .double(klHorizon))] }
    if let normalizer { record.append(("normalizer", .double(normalizer))) }
    return record
  }
}
