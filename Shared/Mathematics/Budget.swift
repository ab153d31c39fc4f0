// SPDX-License-Identifier: MIT

/// Why reading or comparing an answer stopped before its end.
public enum Stop: Error {
  /// Not mathematics that this module reads.
  case unparsable
  /// A number beyond the digits that are kept exactly.
  case overflow
  /// The steps or the time allowed are used up.
  case timeout
}

/// What one comparison may cost. Every loop whose length depends on the text spends from it, so that no answer holds up
/// a stream: steps make the verdict the same on every machine, the deadline makes it come in time on a slow one.
final class Budget {
  private var steps: Int
  private let deadline: ContinuousClock.Instant?
  private var untilClock = 0

  /// The clock is read once in so many steps: a step costs nanoseconds, a reading tens of them.
  private static let stepsBetweenReadings = 512

  init(steps: Int, deadline: ContinuousClock.Instant?) {
    self.steps = steps
    self.deadline = deadline
  }

  func spend(_ count: Int = 1) throws(Stop) {
    steps -= count
    if steps < 0 { throw .timeout }
    guard let deadline else { return }
    untilClock -= count
    if untilClock < 0 {
      untilClock = Self.stepsBetweenReadings
      if ContinuousClock.now >= deadline { throw .timeout }
    }
  }
}
