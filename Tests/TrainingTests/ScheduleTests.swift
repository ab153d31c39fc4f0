// SPDX-License-Identifier: MIT
// Learning rates against numbers recorded from transformers 5.23's get_scheduler (base rate 1).
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct ScheduleTests {
  static let recorded: [(schedule: Schedule, warmup: Int, total: Int?, factors: [Int: Double])] = [
    (
      .cosine, 8, 234,
      [
        0: 0, 1: 0.125, 4: 0.5, 7: 0.875, 8: 1, 9: 0.9999516923531906, 60: 0.8749635923351107, 121: 0.5,
        200: 0.05481271098285817, 233: 4.830764680946453e-05, 234: 0,
      ]
    ),
    (
      .linear, 8, 234,
      [
        0: 0, 1: 0.125, 7: 0.875, 8: 1, 9: 0.995575221238938, 60: 0.7699115044247787, 121: 0.5,
        200: 0.1504424778761062, 233: 0.004424778761061947, 234: 0, 235: 0,
      ]
    ),
    (.constant, 8, 234, [0: 0, 1: 0.125, 7: 0.875, 8: 1, 9: 1, 235: 1]),
    (.constant, 8, nil, [0: 0, 1: 0.125, 8: 1, 1_000_000: 1]),
    (.cosine, 0, 10, [0: 1, 1: 0.9755282581475768, 5: 0.5, 9: 0.024471741852423234, 10: 0]),
    (.linear, 5, 5, [0: 0, 1: 0.2, 4: 0.8, 5: 0, 6: 0]),
  ]

  @Test(arguments: recorded.indices)
  func factorsAreThoseOfTransformers(_ index: Int) {
    let (schedule, warmup, total, factors) = Self.recorded[index]
    let rate = LearningRateSchedule(schedule, warmup: .steps(warmup), totalSteps: total)
    for (step, factor) in factors {
      #expect(abs(rate.factor(at: step) - factor) <= 1e-15, "\(schedule) step \(step)")
    }
  }

  /// warmup_ratio 0.03 of transformers: ceil(total · ratio); 8 of the 234 steps of the published run.
  @Test func aFractionIsRoundedUpToSteps() {
    let warmup = Warmup(0.03)
    for (total, steps) in [(234, 8), (100, 3), (1, 1), (2180, 66)] { #expect(warmup?.steps(of: total) == steps) }
    #expect(Warmup(0.015)?.steps(of: 200) == 3)
    #expect(Warmup(0)?.steps(of: 10) == 0)
    #expect(warmup?.steps(of: nil) == 0, "a share of an unknown length is nothing")
  }

  @Test func warmupIsAShareBelowOneElseSteps() {
    #expect(Warmup(0.5) == .fraction(0.5))
    #expect(Warmup(1) == .steps(1))
    #expect(Warmup(12) == .steps(12))
    for value in [-0.1, 1.5, .nan, .infinity] { #expect(Warmup(value) == nil) }
  }
}
