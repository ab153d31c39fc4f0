// SPDX-License-Identifier: MIT
import Examples
import OptionTables

/// Direct preference optimisation: Σ DPO loss / pairs + γ Σ -log p(chosen label) / chosen labels.
public struct DPOObjective: Objective {
  public let options: DPOOptions
  public var unit: String { "pairs" }
  public var responses: Responses { .pair }
  public var needsReference: Bool { true }

  public init(_ options: DPOOptions = DPOOptions()) { self.options = options }

  public func add(_ scored: ScoredPass, to result: inout BatchResult) -> OutputGradients {
    let (pass, logps, totals) = (scored.pass, scored.logps, scored.totals)
    let (beta, labelSmoothing, gamma) = (options.beta, options.labelSmoothing, options.gamma)
    let pairs = Double(totals.examples)
    let nllScale = gamma == 0 ? 0 : gamma / Double(totals.labels)
    var gradient = [Float](repeating: 0, count: logps.count)
    for member in pass.members {
      let labels = pass.labels(of: member)
      let (chosen, rejected) = (labels[labels.startIndex], labels[labels.startIndex + 1])
      let policy = PairLogps(chosen: logps.sum(chosen), rejected: logps.sum(rejected))
      guard case .pair(let reference) = scored.reference[member - pass.members.lowerBound] else {
        preconditionFailure("a pair without a pair's reference")
      }
      let loss = dpoLoss(policy: policy, reference: reference, beta: beta, labelSmoothing: labelSmoothing)
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
    return [.logps: gradient]
  }
}
