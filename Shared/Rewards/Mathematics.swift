// SPDX-License-Identifier: MIT

extension Rule {
  /// The answer is the same mathematical object as the reference (VLAA-Thinker's reward for Math-PUMA; `MathAnswer`
  /// has the rules). Of several references, an array of texts, one must be met; "[1, 2]" is an interval or a list.
  ///
  /// - Parameters:
  ///   - options: how strictly.
  ///   - timeout: seconds for one comparison.
  static func math(_ reference: Reference, _ options: MathOptions, timeout: Double) throws -> AnswerScorer {
    let references = reference.isListOfTexts ? reference.alternatives : [reference.text]
    guard references.allSatisfy({ !$0.trimmed.isEmpty }) else { throw reference.wrong(.math, "it is empty") }
    return { answer in
      var worst = Verdict.unparsable
      for reference in references {
        let verdict = MathAnswer.compare(
          reference: reference, answer: answer, options: options, deadline: .now + .seconds(timeout))
        if verdict == .right { return Score(true) }
        // That no reference was met may be said only where each comparison came to its end.
        if verdict == .timeout || worst == .unparsable { worst = verdict }
      }
      return Score(worst)
    }
  }
}
