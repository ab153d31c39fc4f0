// SPDX-License-Identifier: MIT
// What a checkpoint makes of preference pairs: how likely it finds the chosen responses, and, where the pairs carry
// another checkpoint's log-probabilities, the DPO loss, margin and accuracy against that reference.
import Examples
import Objectives
import TensorStream

/// Means over pairs, of what has passed.
public struct PairSummary: Sendable, Equatable {
  private let beta: Double
  private var pairs = 0
  private var chosenTokens = 0
  private var chosenLogps = 0.0
  private var compared = 0
  private var loss = 0.0
  private var margin = 0.0
  private var accurate = 0
  private var references: Set<String> = []

  /// - Parameter beta: β of the DPO loss.
  public init(beta: Double) { self.beta = beta }

  /// One pair: the scores of this checkpoint, and the frame as it came in, with the scores of a reference or without.
  mutating func add(_ frame: Frame, policy: PairLogps, chosenTokens: Int) {
    pairs += 1
    self.chosenTokens += chosenTokens
    chosenLogps += policy.chosen
    guard let chosen = Self.number(frame, .chosenLogp), let rejected = Self.number(frame, .rejectedLogp) else {
      return
    }
    let outcome = dpoLoss(policy: policy, reference: PairLogps(chosen: chosen, rejected: rejected), beta: beta)
    compared += 1
    loss += outcome.loss
    margin += outcome.margin
    accurate += outcome.isAccurate ? 1 : 0
    references.insert(frame.metadata[.reference] ?? "unknown")
  }

  private static func number(_ frame: Frame, _ name: TensorName) -> Double? {
    (try? frame.tensors[name]?.floats())?.first.map(Double.init)
  }

  /// A line of means in nats, and a second one where there was something to compare with; empty without pairs.
  public var lines: [String] {
    guard pairs > 0 else { return [] }
    func rounded(_ x: Double, _ count: Int) -> String {
      let thousandths = Int((abs(x) / Double(count) * 1000).rounded())
      let fraction = String(1000 + thousandths % 1000).dropFirst()
      return (x < 0 && thousandths > 0 ? "-" : "") + "\(thousandths / 1000).\(fraction)"
    }
    let alone = "pairs \(pairs)   nll/token(chosen) \(rounded(-chosenLogps, max(1, chosenTokens)))"
    guard compared > 0 else { return [alone] }
    return [
      alone,
      "against reference \(references.sorted().joined(separator: " ")), beta \(beta):   "
        + "dpo-loss \(rounded(loss, compared))   margin \(rounded(margin, compared))   "
        + "accuracy \(rounded(Double(accurate), compared))",
    ]
  }
}
