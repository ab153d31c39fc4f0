// SPDX-License-Identifier: MIT
// Rules that compare short texts whole.

extension Rule {
  /// The same text: in lower case, with single spaces, without one full stop at the end (GQA's score).
  static func exact(_ reference: Reference) throws -> AnswerScorer {
    let wanted = Set(reference.alternatives.map(plain))
    guard wanted != [""] else { throw reference.wrong(.exact, "it is empty") }
    return { answer in
      let text = plain(answer)
      return text.isEmpty ? .unparsable : Score(wanted.contains(text))
    }
  }

  private static func plain(_ text: String) -> String {
    let text = text.lowercased().collapsed
    return text.hasSuffix(".") ? text.dropLast().trimmed : text
  }

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

  private static func assertions(_ text: String) -> Set<Bool> {
    Set(words(text).compactMap { ["yes": true, "true": true, "no": false, "false": false][$0] })
  }
}
