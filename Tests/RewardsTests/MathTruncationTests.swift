// SPDX-License-Identifier: MIT
import Rewards
import Testing

/// Answers that end where no author would end them: within a command, or in a lone backslash.
@Suite struct MathTruncationTests {
  /// Compares a text in both roles; what is compared twice has the same verdict.
  private func compares(_ text: String, with other: String) -> Bool {
    let verdict = MathAnswer.compare(reference: other, answer: text)
    _ = MathAnswer.finalAnswer(in: text)
    return MathAnswer.compare(reference: text, answer: "no") != .timeout
      && MathAnswer.compare(reference: other, answer: text) == verdict
  }

  @Test func everyBeginningOfAnAnswerEndsInABackslash() {
    for example in MathExamplesTests.answers {
      var beginning = ""
      for character in example.answer {
        beginning.append(character)
        for ending in ["\\", " \\", "\\."] {
          #expect(compares(beginning + ending, with: example.reference), "\(beginning + ending)")
        }
      }
    }
  }

  @Test(arguments: [#"5\"#, #"1 \"#, #"x² \"#, #"x = 5 \"#, #"3°\"#, #"\(5\"#, #"so $\frac{1}{2} \"#, #"9.8\,\"#])
  func whatIsCutOffIsNoAnswer(text: String) {
    for reference in ["5", "1", "x^2", "3", "1/2", "9.8"] {
      #expect(MathAnswer.compare(reference: reference, answer: text) != .right, "\(reference)")
    }
  }

  @Test func tokensInAnyOrderAreCompared() {
    let tokens = [
      "\\", " \\", "\\.", "\\,", "\\ ", "\\\\", "\\frac", "\\text", "\\text{", "\\sqrt", "\\left", "\\boxed", "\\circ",
      "\\dot", "\\overline", "\\begin", "\\begin{cases}", "1", "23", "4.5", "0.", "x", "AB", "π", "√", "∛", "½", "²",
      "°", "∠", "±", "≈", "=", "+", "-", "−", "*", "/", "^", "_", "!", "%", "(", ")", "[", "]", "{", "}", "|", "$",
      "\\(", "\\)", ",", ".", ":", ";", " ", "\n", "so ", "is ", "not ", "answer is ", "cm", "万", "€", "**", "~~",
      "⇒", "\u{301}",
    ]
    var state: UInt64 = 31_415_926
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var unparsable = 0
    for _ in 0..<20_000 {
      let text = (0..<(1 + next(12))).map { _ in tokens[next(tokens.count)] }.joined()
      #expect(compares(text, with: "5"), "\(text)")
      if MathAnswer.compare(reference: "5", answer: text) == .unparsable { unparsable += 1 }
    }
    #expect(unparsable > 1_000)
  }
}
