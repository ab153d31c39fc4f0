// SPDX-License-Identifier: MIT
// Answers that say yes or no, and what they are worth as a detector of yes (POPE, arXiv 2305.10355).
import Statistics

extension Rule {
  /// The answer says yes, or no, as the reference does (MME, POPE). "true" and "false" are the same as "yes" and
  /// "no"; an answer with both words is wrong, one with neither is `unparsable`.
  static func yesNo(_ reference: Reference) throws -> AnswerScorer {
    let wanted = assertions(reference.text)
    guard wanted.count == 1 else { throw reference.wrong(.yesNo, "expected yes or no") }
    return { answer in
      let found = assertions(answer)
      return found.isEmpty ? .unparsable : Score(found == wanted)
    }
  }

  /// Whether a text says yes or no; nil where it says neither, or both.
  public static func yesOrNo(_ text: String) -> Bool? {
    let found = assertions(text)
    return found.count == 1 ? found.first : nil
  }

  private static func assertions(_ text: String) -> Set<Bool> {
    Set(words(text).compactMap { ["yes": true, "true": true, "no": false, "false": false][$0] })
  }
}

/// How well answers detect what is there: yes is the positive class. An answer that is neither yes nor no is no hit of
/// either class.
struct YesNoCounts: Sendable, Equatable {
  var answers = 0
  /// The truth is yes.
  var positives = 0
  /// The answer is.
  var claims = 0
  /// Both are.
  var hits = 0

  mutating func add(truth: Bool, answer: Bool?) {
    answers += 1
    if truth { positives += 1 }
    if answer == true { claims += 1 }
    if truth && answer == true { hits += 1 }
  }

  static func + (a: YesNoCounts, b: YesNoCounts) -> YesNoCounts {
    YesNoCounts(
      answers: a.answers + b.answers, positives: a.positives + b.positives, claims: a.claims + b.claims,
      hits: a.hits + b.hits)
  }

  /// nil where nothing was claimed.
  var precision: Double? { Self.share(hits, claims) }
  /// nil where nothing was there.
  var recall: Double? { Self.share(hits, positives) }
  /// 2PR / (P + R); nil where nothing was there and nothing claimed.
  var f1: Double? { Self.share(2 * hits, claims + positives) }
  var yesRatio: Double? { Self.share(claims, answers) }

  /// 95 %, of F1: F1 = 2J / (1 + J) rises with J = hits / (claims or positives), which is a proportion and has Wilson's
  /// interval (Lam, Gopal and Qian, arXiv 2309.14621, the indirect method).
  var f1Interval: Interval? {
    let union = claims + positives - hits
    guard union > 0 else { return nil }
    return Interval.wilson(Double(hits) / Double(union), count: union).mapped { 2 * $0 / (1 + $0) }
  }

  private static func share(_ part: Int, _ whole: Int) -> Double? {
    whole > 0 ? Double(part) / Double(whole) : nil
  }
}
