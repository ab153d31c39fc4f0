// SPDX-License-Identifier: MIT
// Learning rates over a run: the formulas of transformers' get_scheduler.
import Glibc
import OptionTables
import StrictJSON

/// How the learning rate goes from its peak to the end of the run.
public enum Schedule: String, CaseIterable, OptionValue {
  /// The peak throughout.
  case constant
  /// A straight line to 0.
  case linear
  /// Half a cosine wave to 0.
  case cosine
}

/// Warm-up: a share of the run (below 1), or a number of steps.
public enum Warmup: Sendable, Equatable {
  case fraction(Double)
  case steps(Int)

  /// From the value of `--warmup`: below 1 a fraction, else a whole number of steps; nil for anything else.
  public init?(_ value: Double) {
    guard value.isFinite, value >= 0 else { return nil }
    if value < 1 {
      self = .fraction(value)
    } else if let steps = Int(exactly: value) {
      self = .steps(steps)
    } else {
      return nil
    }
  }

  /// Warm-up steps of a run of `total` steps (nil: unknown, where a fraction has no meaning and is 0).
  public func steps(of total: Int?) -> Int {
    switch self {
    case .steps(let steps): steps
    case .fraction(let fraction): total.map { Int((Double($0) * fraction).rounded(.up)) } ?? 0
    }
  }
}

extension Warmup: OptionValue {
  public init?(text: String) {
    guard let value = Double(text) else { return nil }
    self.init(value)
  }

  public var json: JSONValue {
    switch self {
    case .fraction(let fraction): .double(fraction)
    case .steps(let steps): .int(steps)
    }
  }
}

/// The factor on the peak learning rate at each step.
public struct LearningRateSchedule: Sendable, Equatable {
  public let schedule: Schedule
  public let warmupSteps: Int
  /// The run's length. Only `constant` can do without.
  public let totalSteps: Int?
  /// The factor at the end of `linear` and `cosine`.
  public let floor: Double

  public init(_ schedule: Schedule, warmup: Warmup, totalSteps: Int?, floor: Double = 0) {
    precondition(schedule == .constant || totalSteps != nil, "\(schedule) needs a horizon")
    self.schedule = schedule
    self.warmupSteps = warmup.steps(of: totalSteps)
    self.totalSteps = totalSteps
    self.floor = floor
  }

  /// Factor of step `step`, counted from 0. With warm-up w it rises as step / w, so that step 0 moves nothing; then it
  /// goes from 1 to the floor (transformers' `cosine_with_min_lr`).
  public func factor(at step: Int) -> Double {
    if step < warmupSteps { return Double(step) / Double(max(1, warmupSteps)) }
    guard let totalSteps else { return 1 }
    let span = Double(max(1, totalSteps - warmupSteps))
    switch schedule {
    case .constant: return 1
    case .linear: return lifted(Double(totalSteps - step) / span)
    case .cosine: return lifted(0.5 * (1 + cos(.pi * Double(step - warmupSteps) / span)))
    }
  }

  private func lifted(_ factor: Double) -> Double { max(0, factor) * (1 - floor) + floor }
}
