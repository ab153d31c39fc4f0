// SPDX-License-Identifier: MIT
// The losses against their closed forms and against finite differences.
import Examples
import Glibc
import Testing

@testable import Objectives

@Suite struct LossesTests {
  @Test func logSigmoidIsExactFarFromZero() {
    #expect(logSigmoid(0) == -log(2))
    #expect(logSigmoid(-800) == -800)
    #expect(logSigmoid(800) == 0)
    #expect(abs(logSigmoid(40) - -exp(-40)) <= 1e-16 * exp(-40))
    #expect(logSigmoid(-.infinity) == -.infinity)
    #expect(logSigmoid(.nan).isNaN)
    for x in stride(from: -30.0, through: 30, by: 0.7) {
      #expect(abs(logSigmoid(x) - log(1 / (1 + exp(-x)))) <= 1e-12 * max(1, abs(x)))
      #expect(abs(sigmoid(x) - 1 / (1 + exp(-x))) <= 1e-15)
    }
  }

  @Test func aPolicyThatEqualsItsReferenceLosesLogTwo() {
    let same = PairLogps(chosen: -11, rejected: -7)
    let loss = dpoLoss(policy: same, reference: same, beta: 0.1)
    #expect(abs(loss.loss - log(2)) <= 1e-15)
    #expect(loss.margin == 0 && !loss.isAccurate)
    #expect(loss.chosenGradient == -0.05)
  }

  /// Figures of a worked example: β = 0.1, margin (−10 − −12) − (−11 − −11.5) = 1.5, scaled 0.15.
  @Test func lossAndRewardsOfAWorkedPair() {
    let loss = dpoLoss(
      policy: .init(chosen: -10, rejected: -12), reference: .init(chosen: -11, rejected: -11.5), beta: 0.1)
    #expect(abs(loss.loss - log(1 + exp(-0.15))) <= 1e-15)
    #expect(abs(loss.chosenReward - 0.1) <= 1e-15)
    #expect(abs(loss.rejectedReward - -0.05) <= 1e-15)
    #expect(abs(loss.margin - 0.15) <= 1e-15)
    #expect(loss.isAccurate)
  }

  @Test(arguments: [0, 0.1, 0.3], [0.05, 0.1, 2.0])
  func gradientsAreTheSlopesOfTheLoss(labelSmoothing: Double, beta: Double) {
    for (chosen, rejected) in [(-3.0, -5.0), (-20, -4), (-1, -60)] {
      let reference = PairLogps(chosen: -6, rejected: -7)
      func value(_ a: Double, _ b: Double) -> Double {
        dpoLoss(
          policy: .init(chosen: a, rejected: b), reference: reference, beta: beta, labelSmoothing: labelSmoothing
        ).loss
      }
      let loss = dpoLoss(
        policy: .init(chosen: chosen, rejected: rejected), reference: reference, beta: beta,
        labelSmoothing: labelSmoothing)
      let step = 1e-5
      let slope = (value(chosen + step, rejected) - value(chosen - step, rejected)) / (2 * step)
      let other = (value(chosen, rejected + step) - value(chosen, rejected - step)) / (2 * step)
      #expect(abs(loss.chosenGradient - slope) <= 1e-8)
      #expect(abs(loss.rejectedGradient - other) <= 1e-8)
    }
  }

  @Test func labelSmoothingMixesTheLossOfTheSwappedPair() {
    let policy = PairLogps(chosen: -10, rejected: -13)
    let reference = PairLogps(chosen: -11, rejected: -12)
    func loss(_ smoothing: Double) -> Double {
      dpoLoss(policy: policy, reference: reference, beta: 0.4, labelSmoothing: smoothing).loss
    }
    let swapped = dpoLoss(
      policy: .init(chosen: policy.rejected, rejected: policy.chosen),
      reference: .init(chosen: reference.rejected, rejected: reference.chosen), beta: 0.4
    ).loss
    #expect(abs(loss(0.2) - (0.8 * loss(0) + 0.2 * swapped)) <= 1e-14)
  }
}
