// SPDX-License-Identifier: MIT
// The weight of the KL term, steered so that the policy stays at a wanted distance from the reference.

/// The adaptive controller of arXiv 1909.08593, section 2.2, with the horizon of its code:
///
///     e = clip(kl / target - 1, -0.2, 0.2)
///     β ← β (1 + e · completions / horizon)
struct KLController: Sendable, Equatable {
  /// β.
  private(set) var coefficient: Double
  /// nil: β is fixed.
  let target: Double?
  /// Completions over which an error of 20 % changes β by about 20 %.
  let horizon: Double

  init(coefficient: Double, target: Double?, horizon: Double) {
    self.coefficient = coefficient
    self.target = target
    self.horizon = horizon
  }

  /// - Parameters:
  ///   - kl: mean a token, in nats, of the policy that sampled.
  ///   - completions: how many that mean was taken over.
  mutating func update(kl: Double, completions: Int) {
    guard let target, kl.isFinite else { return }
    let error = min(max(kl / target - 1, -0.2), 0.2)
    coefficient *= max(0, 1 + error * Double(completions) / horizon)
  }

  /// Goes on with a coefficient that was saved.
  mutating func restore(coefficient: Double) { self.coefficient = coefficient }
}
