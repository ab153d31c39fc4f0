// SPDX-License-Identifier: MIT
// Group relative policy optimisation: completions that did better than their group become likelier.
import Examples
import Glibc
import OptionTables
import StrictJSON

/// GRPO (arXiv 2402.03300), Dr. GRPO (arXiv 2503.20783) and DAPO's token mean (arXiv 2503.14476):
///
///     loss = Σ over tokens w · (clipped surrogate + β k3)
///
/// w is 1 / (groups · completions of the group · tokens of the completion) for `grpo`, with the constant in the place of
/// the completion's tokens for `dr-grpo`, and 1 / tokens of the step for `dapo`. One frame is one group.
public struct GRPOObjective: Objective {
  public let options: GRPOOptions
  private var controller: KLController
  public var unit: String { "groups" }
  public var responses: Responses { .group }
  public var needsReference: Bool { options.klCoefficient > 0 }
  public var plan: UpdatePlan {
    UpdatePlan(innerEpochs: options.innerEpochs, minibatchSize: options.minibatchSize)
  }
  public var checksPolicy: Bool { !options.offPolicy }

  public init(_ options: GRPOOptions = GRPOOptions()) {
    self.options = options
    controller = KLController(
      coefficient: options.klCoefficient, target: options.klTarget, horizon: options.klHorizon)
  }

  public func problem(batchSize: Int) -> String? {
    if let problem = options.problem { return problem }
    guard let size = options.minibatchSize, size > batchSize else { return nil }
    return "--minibatch-size \(size): is a part of --batch-size \(batchSize), and must not be larger"
  }

  // MARK: - Between the steps

  public func describe(_ batch: [Example]) -> [(name: String, value: Double)] {
    GroupReport(batch.compactMap { example in example.group.map { ($0, example.sequences.map(\.labels.count)) } })
      .metrics
  }

  public func describe(_ update: UpdatePlan.Update) -> [(name: String, value: Double)] {
    [("inner_epoch", Double(update.innerEpoch + 1))]
  }

  public func select(_ batch: [Example]) -> [Example] { options.skipFlat ? batch.filter(isSpread) : batch }

  /// Without a KL term a batch of flat groups has a gradient of exactly zero. AdamW would move the weights nevertheless,
  /// along what it remembers.
  public func informative(_ examples: [Example]) -> Int {
    needsReference ? examples.count : examples.count(where: isSpread)
  }

  public var uninformative: String { "no group of this batch has rewards that differ" }

  private func isSpread(_ example: Example) -> Bool { example.group?.rewards.isFlat == false }

  /// The coefficient follows the policy that sampled: only the first use of a completion counts.
  public mutating func stepWasTaken(_ result: BatchResult, _ totals: BatchTotals, _ update: UpdatePlan.Update) {
    guard update.innerEpoch == 0, let kl = result.value(Self.kl) else { return }
    controller.update(kl: kl, completions: totals.sequences)
  }

  public var memory: JSONValue { options.klTarget == nil ? .null : ["kl_coef": .double(controller.coefficient)] }

  public mutating func restore(_ memory: JSONValue) {
    if let coefficient = memory["kl_coef"]?.double { controller.restore(coefficient: coefficient) }
  }

  // MARK: - A pass

  private static let kl = "kl"

  public func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> OutputGradients {
    var gradient = [Float](repeating: 0, count: scored.logps.count)
    var sums = TokenSums()
    let (clipLow, clipHigh) = (options.clipLow, options.clipHigh)
    for member in scored.pass.members {
      let example = scored.examples[member]
      guard let group = example.group else { preconditionFailure("an example that is no group") }
      let advantages = group.rewards.advantages(options.advantage, epsilon: options.advantageEpsilon)
      let reference = reference(of: member, in: scored)
      for (number, labels) in scored.pass.labels(of: member).enumerated() {
        let old = group.oldLogps[number]
        if scored.isOnPolicy { try check(example, number, old: old, now: scored.logps[labels]) }
        let weight = weight(tokens: labels.count, completions: advantages.count, scored.totals)
        for (position, index) in labels.enumerated() {
          let logp = Double(scored.logps[index])
          let surrogate = ClippedSurrogate(
            logp: logp, old: Double(old[position]), advantage: advantages[number], low: clipLow,
            high: clipHigh)
          sums.add(surrogate, logp: logp, weight: weight)
          gradient[index] = Float(weight * surrogate.gradient)
          guard let reference else { continue }
          let kl = TokenKL(logp: logp, reference: Double(reference[number][position]))
          sums.kl += kl.value
          sums.loss += weight * controller.coefficient * kl.value
          gradient[index] = Float(weight * (surrogate.gradient + controller.coefficient * kl.gradient))
        }
      }
    }
    result.loss += sums.loss
    for (name, value) in sums.means { result.add(name, value / Double(scored.totals.tokens)) }
    result.maximum("ratio/max", sums.largestRatio)
    if needsReference {
      result.add(Self.kl, sums.kl / Double(scored.totals.tokens))
      result.maximum("kl_coef", controller.coefficient)
    }
    result.hasGradient = result.hasGradient || gradient.contains { $0 != 0 }
    return [.logps: gradient]
  }

  /// Sums over the tokens of a pass.
  private struct TokenSums {
    var loss = 0.0, kl = 0.0, ratio = 0.0, surprisal = 0.0
    var low = 0, high = 0
    var largestRatio = 0.0

    mutating func add(_ surrogate: ClippedSurrogate, logp: Double, weight: Double) {
      loss += weight * surrogate.loss
      ratio += surrogate.ratio
      largestRatio = max(largestRatio, surrogate.ratio)
      surprisal -= logp
      low += surrogate.clipped == .low ? 1 : 0
      high += surrogate.clipped == .high ? 1 : 0
    }

    /// What is reported as a mean over all tokens of the step.
    var means: [(name: String, sum: Double)] {
      [
        ("clip_ratio/region_mean", Double(low + high)), ("clip_ratio/low_mean", Double(low)),
        ("clip_ratio/high_mean", Double(high)), ("nll", surprisal), ("ratio/mean", ratio),
      ]
    }
  }

  /// w of a token.
  private func weight(tokens: Int, completions: Int, _ totals: BatchTotals) -> Double {
    let completion = 1 / (Double(totals.examples) * Double(completions))
    switch options.loss {
    case .grpo: return completion / Double(tokens)
    case .drGRPO: return completion / (options.normalizer ?? 1)
    case .dapo: return 1 / Double(totals.tokens)
    }
  }

  /// The reference's log-probabilities, a row a completion; nil where no KL term asks for them.
  private func reference(of member: Int, in scored: ScoredPass) -> [[Float]]? {
    guard needsReference else { return nil }
    guard case .tokens(let logps) = scored.reference[member - scored.pass.members.lowerBound] else {
      preconditionFailure("a group without a group's reference")
    }
    return logps
  }

  /// Refuses completions that these very weights cannot have sampled: every ratio must still be 1.
  private func check(_ example: Example, _ number: Int, old: [Float], now: Slice<UnsafeBufferPointer<Float>>) throws {
    let tolerance = options.ratioTolerance
    for (position, (old, now)) in zip(old, now).enumerated() {
      let ratio = exp(Double(now) - Double(old))
      guard abs(ratio - 1) <= tolerance else {
        throw example.place.error(
          "completion \(number), token \(position): its log-probability is \(now), and was \(old) when it was sampled "
            + "(ratio \(ratio), expected 1 ± \(tolerance)): the completions come from another policy, "
            + "temperature or checkpoint; sample with the checkpoint that is trained, or --off-policy to take them")
      }
    }
  }
}
