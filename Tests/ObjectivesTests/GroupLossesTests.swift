// SPDX-License-Identifier: MIT
// GRPO's arithmetic by hand: advantages, the clip, the KL estimate, the controller, and how a batch is cut into steps.
import Examples
import Glibc
import TestSupport
import Testing

@testable import Objectives

@Suite struct GroupLossesTests {
  @Test func advantagesMeasureARewardByItsGroup() {
    let group = GroupRewards([1, 0, 0.25, 0.75])
    #expect(!group.isFlat && group.mean == 0.5)
    // Σ (r - mean)² = 0.625 over n - 1 = 3.
    let std = (0.625 / 3.0).squareRoot()
    expectClose(group.std, std, tolerance: 1e-12)
    #expect(group.advantages(.mean, epsilon: 9) == [0.5, -0.5, -0.25, 0.25])
    expectClose(
      group.advantages(.std, epsilon: 0.01), [0.5, -0.5, -0.25, 0.25].map { $0 / (std + 0.01) }, tolerance: 1e-12)
  }

  /// Exactly none: a small ε would make something large of rounding.
  @Test func aFlatGroupHasNoAdvantages() {
    for rewards in [[Float](repeating: 0.1, count: 7), [0.3], [0, -0]] {
      let group = GroupRewards(rewards)
      #expect(group.isFlat && group.std == 0)
      #expect(group.advantages(.std, epsilon: 1e-12) == rewards.map { _ in 0 })
      #expect(group.advantages(.mean, epsilon: 1) == rewards.map { _ in 0 })
    }
  }

  @Test func theClipHoldsOnlyWhereTheRatioHasGoneTooFarTheRightWay() {
    typealias Case = (ratio: Double, advantage: Double, loss: Double, gradient: Double, side: ClippedSurrogate.Side)
    let cases: [Case] = [
      (1, 2, -2, -2, .none), (1.2, 2, -2.4, -2.4, .none), (1.4, 2, -2.6, 0, .high), (0.5, 2, -1, -1, .none),
      (1, -2, 2, 2, .none), (0.8, -2, 1.8, 0, .low), (0.95, -2, 1.9, 1.9, .none), (1.4, -2, 2.8, 2.8, .none),
      (1.4, 0, 0, 0, .none),
    ]
    for (ratio, advantage, loss, gradient, side) in cases {
      let token = ClippedSurrogate(logp: -1 + log(ratio), old: -1, advantage: advantage, low: 0.1, high: 0.3)
      expectClose(token.ratio, ratio, tolerance: 1e-12)
      expectClose(token.loss, loss, tolerance: 1e-12, "\(ratio) \(advantage)")
      expectClose(token.gradient, gradient, tolerance: 1e-12, "\(ratio) \(advantage)")
      #expect(token.clipped == side, "\(ratio) \(advantage)")
    }
  }

  @Test func theKLEstimateIsZeroAtTheReferenceAndNeverNegative() {
    for d in [-3.0, -0.1, -1e-9, 0, 1e-9, 0.2, 2] {
      let kl = TokenKL(logp: -4, reference: -4 + d)
      #expect(kl.value >= 0)
      let step = 1e-5
      let slope =
        (TokenKL(logp: -4 + step, reference: -4 + d).value - TokenKL(logp: -4 - step, reference: -4 + d).value)
        / (2 * step)
      #expect(abs(kl.gradient - slope) <= 1e-8 * max(1, abs(slope)), "\(d): \(kl.gradient), expected \(slope)")
    }
    expectClose(TokenKL(logp: -1, reference: 0).value, M_E - 2, tolerance: 1e-12)
    // Without expm1 nothing would be left of this.
    expectClose(TokenKL(logp: -1, reference: -1 + 0x1p-30).value * 0x1p61, 1, tolerance: 1e-6)
  }

  @Test func theControllerFollowsItsTarget() {
    var controller = KLController(coefficient: 0.1, target: 0.02, horizon: 100)
    controller.update(kl: 0.022, completions: 10)
    expectClose(controller.coefficient, 0.1 * (1 + 0.1 * 10 / 100), tolerance: 1e-12)
    controller = KLController(coefficient: 0.1, target: 0.02, horizon: 100)
    controller.update(kl: 5, completions: 10)
    expectClose(controller.coefficient, 0.102, tolerance: 1e-12)
    controller.update(kl: 0, completions: 10)
    expectClose(controller.coefficient, 0.102 * 0.98, tolerance: 1e-12)
    controller.update(kl: .nan, completions: 10)
    expectClose(controller.coefficient, 0.102 * 0.98, tolerance: 1e-12)
    controller.update(kl: 0, completions: 5000)
    #expect(controller.coefficient == 0)
    var fixed = KLController(coefficient: 0.1, target: nil, horizon: 100)
    fixed.update(kl: 5, completions: 10)
    #expect(fixed.coefficient == 0.1)
  }

  @Test func aBatchIsCutIntoSteps() {
    let plan = UpdatePlan(innerEpochs: 2, minibatchSize: 3)
    #expect(plan.count(frames: 8) == 6 && plan.count(frames: 0) == 0)
    #expect((0..<6).map { plan.update($0, frames: 8).frames } == [0..<3, 3..<6, 6..<8, 0..<3, 3..<6, 6..<8])
    #expect((0..<6).map { plan.update($0, frames: 8).innerEpoch } == [0, 0, 0, 1, 1, 1])
    #expect(plan.update(1, frames: 2) == UpdatePlan.Update(innerEpoch: 1, frames: 0..<2))
    #expect(UpdatePlan().count(frames: 8) == 1 && UpdatePlan().update(0, frames: 8).frames == 0..<8)
    #expect(UpdatePlan(innerEpochs: .max, minibatchSize: 1).count(frames: 2) == .max)
  }
}
