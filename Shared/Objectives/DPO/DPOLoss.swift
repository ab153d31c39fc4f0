// SPDX-License-Identifier: MIT
// The DPO loss and what it asks of the model: d loss / d logp, in f64. No tensors here.
import Examples
import Glibc

/// log σ(x), without overflow and without losing small values: σ(-800) is not -inf but -800.
public func logSigmoid(_ x: Double) -> Double {
  x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x))
}

/// σ(x) = 1 / (1 + e^-x)
public func sigmoid(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}

/// The DPO loss of one pair, arXiv 2305.18290, with label smoothing ε ("conservative DPO"):
///
///     m    = (chosen - rejected) - (reference chosen - reference rejected)
///     loss = -(1 - ε) log σ(β m) - ε log σ(-β m)
public struct DPOLoss: Sendable, Equatable {
  public let loss: Double
  /// β (chosen - reference chosen): the reward that the policy implies.
  public let chosenReward: Double
  public let rejectedReward: Double
  /// d loss / d logp of the chosen response; of the rejected one it is the negative.
  public let chosenGradient: Double

  public var margin: Double { chosenReward - rejectedReward }
  public var rejectedGradient: Double { -chosenGradient }
  /// TRL's accuracy: the chosen response has the strictly higher reward.
  public var isAccurate: Bool { chosenReward > rejectedReward }
}

/// - Parameters:
///   - beta: β above, > 0.
///   - labelSmoothing: ε above, the share of pairs assumed to be labelled the wrong way round, in [0, 0.5).
public func dpoLoss(
  policy: PairLogps, reference: PairLogps, beta: Double, labelSmoothing: Double = 0
) -> DPOLoss {
  let scaled = beta * ((policy.chosen - policy.rejected) - (reference.chosen - reference.rejected))
  return DPOLoss(
    loss: -(1 - labelSmoothing) * logSigmoid(scaled) - labelSmoothing * logSigmoid(-scaled),
    chosenReward: beta * (policy.chosen - reference.chosen),
    rejectedReward: beta * (policy.rejected - reference.rejected),
    chosenGradient: beta * (labelSmoothing * sigmoid(scaled) - (1 - labelSmoothing) * sigmoid(-scaled)))
}
