// SPDX-License-Identifier: MIT
// What grpo-step is told besides the options of every step.
import OptionTables

/// How the tokens of a step are averaged. The formulas stand in docs/TRAINING.md.
public enum GRPOLoss: String, CaseIterable, OptionValue {
  /// Over a completion's tokens, then over a group's completions, then over the groups.
  case grpo
  /// Sum over a completion's tokens divided by a constant, then as `grpo`.
  case drGRPO = "dr-grpo"
  /// Over all tokens of the step.
  case dapo
}

extension GroupAdvantage: OptionValue {}

/// grpo-step's own options.
public struct GRPOTable: OptionTable {
  public static let table = GRPOTable()

  public let loss: Setting<GRPOLoss> = .init(
    "loss",
    """
    How tokens are averaged: grpo (by completion, then group), dr-grpo (by a constant, --normalizer), dapo (over all \
    tokens of a step) (default: {default}).
    """, default: .grpo,
    check: { loss, values in
      loss == .drGRPO && values.normalizer == nil
        ? " dr-grpo: divides by a constant; give --normalizer, the length at which completions are cut" : nil
    })

  public let advantage: Setting<GroupAdvantage> = .init(
    "advantage",
    """
    A completion's advantage in its group: std, (r - mean) / (std + eps), or mean, r - mean (default: std; of dr-grpo \
    mean).
    """, resolved: { $0.loss == .drGRPO ? .mean : .std })

  /// ε of `GroupAdvantage.std`.
  public let advantageEpsilon: Setting<Double> = .init(
    "advantage-eps", "Eps of --advantage std (default: {default}).", valueName: "eps", default: 1e-4, check: .positive,
    record: .when { $0.advantage == .std })

  /// The ratio is clipped to 1 - clipLow ... 1 + clipHigh.
  public let clipLow: Setting<Double> = .init(
    "clip-low", "The ratio is clipped below 1 - this (default: {default}).", valueName: "share", default: 0.2,
    check: OptionCheck { (0..<1).contains($0) ? nil : " \($0): must be at least 0 and below 1" })

  public let clipHigh: Setting<Double> = .init(
    "clip-high", "The ratio is clipped above 1 + this (default: {default}).", valueName: "share", default: 0.2,
    check: OptionCheck { $0 >= 0 ? nil : " \($0): must be 0 or more" })

  /// β, the weight of the KL term; where `klTarget` is given, the one to begin with.
  public let klCoefficient: Setting<Double> = .init(
    "kl-coef", "Weight of the KL to the reference; 0 needs no reference (default: {default}).", valueName: "beta",
    default: 0, check: .notNegative)

  /// KL a token that the coefficient is steered to; nil: the coefficient is fixed.
  public let klTarget: OpenSetting<Double> = .init(
    "kl-target", "Steer --kl-coef so that the KL a token is this many nats (default: the coefficient is fixed).",
    valueName: "nats",
    check: { target, values in
      values.klCoefficient == 0
        ? ": steers --kl-coef by factors, so that it cannot begin at 0; give --kl-coef" : OptionCheck.positive(target)
    },
    record: .when { $0.klTarget != nil })

  /// Completions over which the steering acts.
  public let klHorizon: Setting<Double> = .init(
    "kl-horizon",
    "Completions over which a KL 20 % off its target changes the coefficient by 20 % (default: {default}).",
    valueName: "n", default: 10_000, check: .positive, record: .when { $0.klTarget != nil })

  /// Times that each batch is used.
  public let innerEpochs: Setting<Int> = .init(
    "inner-epochs", "Times that each batch is used (default: {default}).", valueName: "n", default: 1, check: .positive)

  /// Groups an optimizer step; nil: the whole batch.
  public let minibatchSize: OpenSetting<Int> = .init(
    "minibatch-size", "Groups an optimizer step (default: --batch-size).", valueName: "n",
    check: { value, _ in OptionCheck.positive(value) })

  /// Tokens by which `dr-grpo` divides a completion's sum.
  public let normalizer: OpenSetting<Double> = .init(
    "normalizer", "The constant of --loss dr-grpo: the tokens at which the sampler cuts a completion.",
    valueName: "tokens",
    check: { value, values in
      values.loss == .drGRPO
        ? OptionCheck.positive(value) : ": belongs to --loss dr-grpo; \(values.loss.rawValue) divides by tokens"
    },
    record: .when { $0.normalizer != nil })

  /// Groups of equal rewards are left out before the pass.
  public let skipFlat: Setting<Bool> = .init(
    "skip-flat", "Leave groups of equal rewards out before the pass, and out of every mean (default: {default}).",
    default: false)

  /// Largest |ratio - 1| of a token whose completion this very policy has sampled.
  public let ratioTolerance: Setting<Double> = .init(
    "ratio-tolerance", "Largest distance from 1 of a token's ratio at a call's first step (default: {default}).",
    valueName: "share", default: 1e-3, check: .positive, record: .never)

  /// Completions of another policy are taken as they are.
  public let offPolicy: Setting<Bool> = .init(
    "off-policy",
    "Take completions of another policy, temperature or checkpoint: neither it nor the ratio is checked.",
    default: false, hasNegation: false, record: .never)
}

public typealias GRPOOptions = OptionValues<GRPOTable>
