// SPDX-License-Identifier: MIT

extension Rule {
  /// VQA accuracy (Antol et al., arXiv 1505.00468; Goyal et al., arXiv 1612.00837) over the answers that people gave,
  /// usually ten: the mean, over the ways to leave one person out, of min(1, k / 3), where k of the others gave this
  /// answer. Texts are normalised as the official evaluation does it.
  ///
  /// A single answer is compared whole; the published definition has no meaning for it.
  static func vqa(_ reference: Reference) throws -> AnswerScorer {
    let answers = reference.alternatives.map(VQAText.normalized)
    guard answers.contains(where: { !$0.isEmpty }) else { throw reference.wrong(.vqa, "it is empty") }
    let counts = Dictionary(answers.map { ($0, 1) }, uniquingKeysWith: +)
    let people = answers.count
    return { answer in
      let answer = VQAText.normalized(answer)
      guard !answer.isEmpty else { return .unparsable }
      guard let same = counts[answer] else { return Score(false) }
      guard people > 1 else { return Score(true) }
      // Whoever gave this answer is left out `same` times; the others `people - same` times.
      let thirds = same * min(3, same - 1) + (people - same) * min(3, same)
      return Score(graded: Double(thirds) / Double(3 * people))
    }
  }
}
