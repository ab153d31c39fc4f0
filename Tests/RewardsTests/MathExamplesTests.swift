// SPDX-License-Identifier: MIT
import Foundation
import Rewards
import TestSupport
import Testing

/// Realistic answers with the verdict that is due: Tests/Fixtures/math-answers/answers.tsv and the table of
/// docs/MATH.md. "refused" is wrong or unparsable.
@Suite struct MathExamplesTests {
  struct Example {
    let answer: String
    let reference: String
    let isRight: Bool
  }

  /// answer, reference, verdict due, note, opinions; ⏎ is a line break.
  static let answers: [Example] = {
    let text = (try? String(contentsOfFile: fixture("math-answers/answers.tsv"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == 6, ["right", "refused"].contains(cells[2]) else { return nil }
      return Example(answer: broken(cells[0]), reference: cells[1], isRight: cells[2] == "right")
    }
  }()

  /// `answer` | `reference` | right or refused | why; a bar in a cell is \|.
  static let table: [Example] = {
    let page = (try? String(contentsOfFile: repositoryRoot + "/docs/MATH.md", encoding: .utf8)) ?? ""
    return page.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("| `") else { return nil }
      let cells = line.replacing("\\|", with: "\u{0}").split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.replacing("\u{0}", with: "|").trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, ["right", "refused"].contains(cells[3]) else { return nil }
      return Example(
        answer: broken(String(cells[1].dropFirst().dropLast())), reference: String(cells[2].dropFirst().dropLast()),
        isRight: cells[3] == "right")
    }
  }()

  private static func broken(_ text: String) -> String { text.replacing("⏎", with: "\n") }

  private func isRight(_ example: Example) throws -> Bool {
    try score(.math, example.reference, example.answer).verdict == .right
  }

  @Test func theCollectionIsWhole() {
    #expect(Self.answers.count >= 700)
    #expect(Self.answers.count { !$0.isRight } >= 300)
    #expect(Self.table.count >= 40)
    #expect(Self.table.count { !$0.isRight } >= 15)
  }

  @Test func everyAnswerOfTheCollectionHasItsVerdict() throws {
    for example in Self.answers {
      #expect(try isRight(example) == example.isRight, "\(example.answer)  |  \(example.reference)")
    }
  }

  @Test func everyAnswerOfThePageHasItsVerdict() throws {
    for example in Self.table {
      #expect(try isRight(example) == example.isRight, "\(example.answer)  |  \(example.reference)")
    }
  }

  @Test func whatIsRightIsRightInABoxAndBehindTheWords() throws {
    // Where the answer is bare mathematics, the way that it is announced does not matter.
    let bare = Self.answers.filter { example in
      example.isRight && !example.answer.contains(where: { "$:.\\\n*`#→⇒∴=><，。：?'".contains($0) })
        && !example.answer.contains { $0.isLetter && !$0.isASCII }
        && !example.answer.contains(/[A-Za-z]{3}/)
    }
    #expect(bare.count >= 30)
    for example in bare {
      for text in ["The answer is \(example.answer).", "**\(example.answer)**", "So it is \(example.answer)."] {
        let verdict = try score(.math, example.reference, text).verdict
        #expect(verdict == .right, "\(text)  |  \(example.reference)")
      }
    }
  }
}
