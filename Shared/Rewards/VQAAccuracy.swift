// SPDX-License-Identifier: MIT

extension Rule {
  /// VQA accuracy (Antol et al., arXiv 1505.00468; Goyal et al., arXiv 1612.00837) over the answers that people gave,
  /// usually ten: the mean, over the ways to leave one person out, of min(1, k / 3), where k of the others gave this
  /// answer.
  ///
  /// As in the official script, texts are normalised where people disagree; where all wrote the same, an answer must be
  /// that text in lower case. A text of which the normalisation leaves nothing ("the") is an answer like any other:
  /// people who wrote one agree with everybody who did.
  ///
  /// A single answer is compared whole; the published definition has no meaning for it. It is normalised too, unless
  /// nothing would be left of it.
  static func vqa(_ reference: Reference) throws -> AnswerScorer {
    let answers = reference.alternatives.map(VQAText.prepared)
    guard answers.contains(where: { !$0.isEmpty }) else { throw reference.wrong(.vqa, "it is empty") }
    let people = answers.count
    let isNormalized =
      people > 1 ? answers.contains { $0 != answers[0] } : !VQAText.normalized(answers[0]).isEmpty
    @Sendable func compared(_ text: String) -> String {
      isNormalized ? VQAText.normalized(text) : text.lowercased()
    }
    let counts = Dictionary(answers.map { (compared($0), 1) }, uniquingKeysWith: +)
    return { answer in
      let answer = compared(VQAText.prepared(answer))
      guard let same = counts[answer] else { return answer.isEmpty ? .unparsable : Score(false) }
      guard people > 1 else { return Score(true) }
      // Whoever gave this answer is left out `same` times; the others `people - same` times.
      let thirds = same * min(3, same - 1) + (people - same) * min(3, same)
      return Score(graded: Double(thirds) / Double(3 * people))
    }
  }
}
