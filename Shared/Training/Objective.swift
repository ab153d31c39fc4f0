// SPDX-License-Identifier: MIT
// What a step minimises: log-probabilities of a pass in, their share of the batch's loss and its gradient out.
import Models
import StrictJSON

/// What all passes of a batch are divided by, once: it is known before the first pass.
public struct BatchTotals: Sendable, Equatable {
  public var examples = 0
  /// Labels of the supervised sequences: all of them in SFT, the chosen ones' in DPO.
  public var labels = 0

  public init(_ batch: [Example]) {
    examples = batch.count
    labels = batch.reduce(0) { $0 + ($1.sequences.first?.labels.count ?? 0) }
  }
}

/// Sums over the passes of a batch, divided already.
public struct BatchResult: Sendable {
  public var loss = 0.0
  /// The objective's own numbers, in the order of printing.
  public var metrics: [(name: String, value: Double)] = []
  /// True where some label asks for a change at all.
  public var hasGradient = false

  public init() {}

  mutating func add(_ name: String, _ value: Double) {
    if let index = metrics.firstIndex(where: { $0.name == name }) {
      metrics[index].value += value
    } else {
      metrics.append((name, value))
    }
  }
}

/// A loss over log-probabilities. Sums over tokens are in f64.
public protocol Objective: Sendable {
  /// What a batch is counted in: "pairs" or "examples".
  var unit: String { get }
  /// What it reads from a frame.
  var responses: Responses { get }
  var needsReference: Bool { get }
  /// Its own options, under their names on the command line.
  var record: [(name: String, value: JSONValue)] { get }

  /// Adds one pass to `result`; returns d(batch loss)/d logp for every gather of the pass.
  /// - Parameters:
  ///   - logps: one a gather, in nats.
  ///   - reference: the reference's log-probabilities, one a member of the pass; empty where none are needed.
  func add(
    _ pass: MicroBatch, logps: UnsafeBufferPointer<Float>, reference: [PairLogps], totals: BatchTotals,
    to result: inout BatchResult
  ) -> [Float]
}

extension UnsafeBufferPointer<Float> {
  /// Σ in f64, in order.
  func sum(_ range: Range<Int>) -> Double { self[range].reduce(0.0) { $0 + Double($1) } }
}

/// Supervised fine-tuning: Σ -log p(label) / labels, over the whole batch.
public struct SFTObjective: Objective {
  public let target: SFTTarget?
  public var unit: String { "examples" }
  public var responses: Responses { .supervised(target) }
  public var needsReference: Bool { false }
  public var record: [(name: String, value: JSONValue)] {
    [("target", .string(target?.rawValue ?? "chosen, else answer"))]
  }

  public init(target: SFTTarget?) { self.target = target }

  public func add(
    _ pass: MicroBatch, logps: UnsafeBufferPointer<Float>, reference: [PairLogps], totals: BatchTotals,
    to result: inout BatchResult
  ) -> [Float] {
    result.loss -= logps.sum(0..<logps.count) / Double(totals.labels)
    result.hasGradient = true
    return [Float](repeating: Float(-1 / Double(totals.labels)), count: logps.count)
  }
}

/// Direct preference optimisation: Σ DPO loss / pairs + γ Σ -log p(chosen label) / chosen labels.
public struct DPOObjective: Objective {
  public let beta: Double
  public let labelSmoothing: Double
  public let gamma: Double
  public var unit: String { "pairs" }
  public var responses: Responses { .pair }
  public var needsReference: Bool { true }
  public var record: [(name: String, value: JSONValue)] {
    [("beta", .double(beta)), ("label-smoothing", .double(labelSmoothing)), ("gamma", .double(gamma))]
  }

  public init(beta: Double = 0.1, labelSmoothing: Double = 0, gamma: Double = 0) {
    self.beta = beta
    self.labelSmoothing = labelSmoothing
    self.gamma = gamma
  }

  public func add(
    _ pass: MicroBatch, logps: UnsafeBufferPointer<Float>, reference: [PairLogps], totals: BatchTotals,
    to result: inout BatchResult
  ) -> [Float] {
    let pairs = Double(totals.examples)
    let nllScale = gamma == 0 ? 0 : gamma / Double(totals.labels)
    var gradient = [Float](repeating: 0, count: logps.count)
    for member in pass.members {
      let labels = pass.labels(of: member)
      let (chosen, rejected) = (labels[labels.startIndex], labels[labels.startIndex + 1])
      let policy = PairLogps(chosen: logps.sum(chosen), rejected: logps.sum(rejected))
      let loss = dpoLoss(
        policy: policy, reference: reference[member - pass.members.lowerBound], beta: beta,
        labelSmoothing: labelSmoothing)
      result.loss += loss.loss / pairs - nllScale * policy.chosen
      result.add("rewards/chosen", loss.chosenReward / pairs)
      result.add("rewards/rejected", loss.rejectedReward / pairs)
      result.add("rewards/accuracies", (loss.isAccurate ? 1 : 0) / pairs)
      result.add("rewards/margins", loss.margin / pairs)
      result.add("logps/chosen", policy.chosen / pairs)
      result.add("logps/rejected", policy.rejected / pairs)
      if gamma != 0 { result.add("nll_loss", -policy.chosen / Double(totals.labels)) }
      let chosenGradient = Float(loss.chosenGradient / pairs - nllScale)
      let rejectedGradient = Float(loss.rejectedGradient / pairs)
      result.hasGradient = result.hasGradient || chosenGradient != 0 || rejectedGradient != 0
      for index in chosen { gradient[index] = chosenGradient }
      for index in rejected { gradient[index] = rejectedGradient }
    }
    return gradient
  }
}
