// SPDX-License-Identifier: MIT
// GRPO's arithmetic, in f64 and without tensors: advantages of a group, the clipped surrogate and the KL term of a token.
import Examples
import Glibc

/// What a completion's reward is measured by.
public enum GroupAdvantage: String, CaseIterable, Sendable {
  /// (r - mean) / (std + ε): GRPO, arXiv 2402.03300, section 4.1.2.
  case std
  /// r - mean: Dr. GRPO, arXiv 2503.20783.
  case mean
}

/// Rewards of the completions of one prompt.
public struct GroupRewards: Sendable, Equatable {
  public let mean: Double
  /// With n - 1 in the denominator; 0 for a group of one.
  public let std: Double
  /// All rewards are equal, so that no completion is better than another: every advantage is exactly 0.
  public let isFlat: Bool
  private let rewards: [Float]

  /// - Parameter rewards: finite, at least one.
  public init(_ rewards: [Float]) {
    self.rewards = rewards
    isFlat = rewards.allSatisfy { $0 == rewards.first }
    let spread = Spread(rewards.lazy.map { Double($0) })
    mean = isFlat ? Double(rewards.first ?? 0) : spread.mean
    std = isFlat ? 0 : spread.std
  }

  /// - Parameter epsilon: ε of `GroupAdvantage.std`.
  public func advantages(_ kind: GroupAdvantage, epsilon: Double) -> [Double] {
    rewards.map { reward in
      if isFlat { return 0 }
      let difference = Double(reward) - mean
      return kind == .std ? difference / (std + epsilon) : difference
    }
  }
}

extension CompletionGroup {
  /// Its rewards, and how far each stands out.
  var rewards: GroupRewards { GroupRewards(values) }
}

/// Mean and standard deviation (n - 1 in the denominator; 0 for one value) of numbers, two passes in f64.
struct Spread: Sendable, Equatable {
  let mean: Double
  let std: Double

  init(_ values: some Collection<Double>) {
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    std = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
  }
}

/// A token's share of the clipped surrogate, arXiv 2402.03300, equation 3, with the two sides of the clip apart
/// (arXiv 2503.14476, section 3.1):
///
///     ρ    = exp(logp - old)
///     loss = -min(ρ A, clip(ρ, 1 - εlow, 1 + εhigh) A)
struct ClippedSurrogate: Sendable, Equatable {
  enum Side: Sendable { case none, low, high }
  let ratio: Double
  let loss: Double
  /// d loss / d logp: -ρ A, and 0 where the clip holds.
  let gradient: Double
  /// Which side of the clip holds.
  let clipped: Side

  init(logp: Double, old: Double, advantage: Double, low: Double, high: Double) {
    ratio = exp(logp - old)
    if advantage > 0 && ratio > 1 + high {
      (clipped, loss, gradient) = (.high, -(1 + high) * advantage, 0)
    } else if advantage < 0 && ratio < 1 - low {
      (clipped, loss, gradient) = (.low, -(1 - low) * advantage, 0)
    } else {
      (clipped, loss, gradient) = (.none, -ratio * advantage, -ratio * advantage)
    }
  }
}

/// A token's estimate of KL(policy || reference), the k3 estimator of arXiv 2402.03300, equation 4:
///
///     d = reference - logp;  k3 = exp(d) - d - 1;  d k3 / d logp = 1 - exp(d)
///
/// Never negative, and unbiased where the token was drawn from the policy.
struct TokenKL: Sendable, Equatable {
  let value: Double
  let gradient: Double

  init(logp: Double, reference: Double) {
    let d = reference - logp
    (value, gradient) = (expm1(d) - d, -expm1(d))
  }
}
