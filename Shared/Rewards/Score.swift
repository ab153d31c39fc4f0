// SPDX-License-Identifier: MIT

/// One answer's reward and what became of it.
public struct Score: Sendable, Equatable {
  /// From 0 to 1.
  public let value: Double
  public let verdict: Verdict

  /// 1 and `right`, or 0 and `wrong`.
  public init(_ isRight: Bool) {
    value = isRight ? 1 : 0
    verdict = isRight ? .right : .wrong
  }

  /// A graded reward: 1 is `right`, 0 is `wrong`, what lies between is `partial`. What is no number is 0.
  public init(graded: Double) {
    value = graded > 0 ? min(graded, 1) : 0
    verdict = value >= 1 ? .right : value > 0 ? .partial : .wrong
  }

  /// What a verdict is worth by itself.
  public init(_ verdict: Verdict) {
    self.verdict = verdict
    value = verdict == .right ? 1 : 0
  }

  /// The same verdict with another reward.
  init(value: Double, _ verdict: Verdict) {
    self.value = value
    self.verdict = verdict
  }

  /// No answer, or none of the kind that the rule compares.
  public static let unparsable = Score(.unparsable)

  /// `(1 - weight) · self + weight · format`, both in [0, 1]: EasyR1 weighs the format with 0.5 or 0.1, VLAA-Thinker
  /// not at all. The verdict stays that of the answer.
  public func blended(withFormat isFollowed: Bool, weight: Double) -> Score {
    weight == 0 ? self : Score(value: (1 - weight) * value + (isFollowed ? weight : 0), verdict)
  }
}
