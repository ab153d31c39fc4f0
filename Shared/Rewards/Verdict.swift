// SPDX-License-Identifier: MIT

/// What became of one answer. An answer that cannot be read and one that took too long are counted apart: neither is
/// silently a wrong one.
public enum Verdict: String, Sendable, CaseIterable {
  /// Full marks: reward 1.
  case right
  /// Reward 0: there is an answer, and it is not the reference's.
  case wrong
  /// Of a graded rule: a reward between 0 and 1.
  case partial
  /// Reward 0: there is no answer, or it is not of the kind that the rule compares.
  case unparsable
  /// Reward 0: no verdict within the time allowed.
  case timeout
}
