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
}
