// SPDX-License-Identifier: MIT
import Rewards

/// The reward of a bare answer.
func score(
  _ rule: Rule, _ reference: String, _ answer: String, choices: [String] = [], space: BoxSpace? = nil
) throws -> Score {
  let scorer = try rule.scorer(for: Reference(reference, choices: choices), Rule.Options(boxSpace: space))
  return AnswerFormat.optional.answer(in: answer).map(scorer) ?? .unparsable
}

/// Whether two rewards agree to the last digits; NaN never does.
func isClose(_ a: Double, _ b: Double, tolerance: Double = 1e-12) -> Bool { abs(a - b) <= tolerance }
