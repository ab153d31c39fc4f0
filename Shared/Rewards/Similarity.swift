// SPDX-License-Identifier: MIT

extension Rule {
  /// Average normalised Levenshtein similarity of one question (Biten et al., Scene text visual question answering,
  /// ICCV 2019, arXiv 1905.13648, equation 1): the best over the references of 1 - NL where NL < 0.5, else 0. NL is
  /// the edit distance over the longer text's length, in lower case and with single spaces, both counted in Unicode
  /// scalars.
  ///
  /// `timeout` where texts are too long to tell and not alike enough to be told soon (`EditDistance.steps`).
  static func anls(_ reference: Reference) throws -> AnswerScorer {
    let references = reference.alternatives.map { EditDistance(scalars($0)) }
    guard references.allSatisfy({ $0.count > 0 }) else { throw reference.wrong(.anls, "it is empty") }
    return { answer in
      let answer = scalars(answer)
      guard !answer.isEmpty else { return .unparsable }
      var best = 0.0
      var isKnown = true
      for reference in references {
        let longer = max(reference.count, answer.count)
        // NL < 0.5 asks for a distance below half the longer text: a much longer answer needs no work at all.
        switch reference.distance(to: answer, below: (longer + 1) / 2) {
        case .near(let distance): best = max(best, 1 - Double(distance) / Double(longer))
        case .far: break
        case .unknown: isKnown = false
        }
      }
      return best > 0 || isKnown ? Score(graded: best) : Score(.timeout)
    }
  }

  private static func scalars(_ text: String) -> [UInt32] { text.lowercased().collapsed.unicodeScalars.map(\.value) }
}
