// SPDX-License-Identifier: MIT
// Answers to multiple-choice questions, judged by hand: Tests/Fixtures/choice-answers/cases.tsv and the table of
// docs/REWARDS.md.
import Rewards
import TestSupport
import Testing

@Suite struct ChoiceAnswerTests {
  private struct Case {
    let answer: String
    let choices: [String]
    let reference: String
    let verdict: Verdict
  }

  @Test func everyAnswerOfTheCollectionHasItsVerdict() throws {
    let cases = try Self.collection()
    #expect(cases.count >= 900)
    #expect(cases.count { $0.verdict != .right } >= 300)
    try check(cases)
  }

  @Test func everyAnswerOnThePageHasItsVerdict() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/REWARDS.md"), as: UTF8.self)
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let head = try #require(lines.firstIndex { $0.hasPrefix("| answer | choices |") })
    let cases = try lines[(head + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }.map(String.init)
      #expect(cells.count == 4, "\(line)")
      let choices = cells[1].split(separator: "/").map { String($0).trimmed }
      return Case(
        answer: unescaped(cells[0].trimmed.filter { $0 != "`" }), choices: choices, reference: cells[2].trimmed,
        verdict: try #require(Verdict(rawValue: cells[3].trimmed), "\(line)"))
    }
    #expect(cases.count >= 40)
    try check(cases)
  }

  private func check(_ cases: [Case]) throws {
    for item in cases {
      let verdict = try score(.mcq, item.reference, item.answer, choices: item.choices).verdict
      #expect(verdict == item.verdict, "\(item.reference) of \(item.choices)  |  \(item.answer)")
    }
  }

  private static func collection() throws -> [Case] {
    let table = String(decoding: try readFile(fixture("choice-answers/cases.tsv")), as: UTF8.self)
    return try table.split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(cells.count >= 6, "\(line)")
      // Where only their number is known, the choices have no texts.
      let choices =
        cells[1].isEmpty
        ? Array(repeating: "", count: Int(cells[2]) ?? 0) : cells[1].split(separator: "|").map { unescaped(String($0)) }
      #expect(cells[2] == (choices.isEmpty ? "none" : "\(choices.count)"), "\(line)")
      return Case(
        answer: unescaped(cells[0]), choices: choices, reference: cells[3],
        verdict: try #require(Verdict(rawValue: cells[4]), "\(line)"))
    }
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

/// With line breaks for "\\n", tabs for "\\t" and one backslash for two.
private func unescaped(_ text: String) -> String {
  var result = ""
  var isEscaped = false
  for character in text {
    if isEscaped {
      result.append(character == "n" ? "\n" : character == "t" ? "\t" : character)
    } else if character != "\\" {
      result.append(character)
    }
    isEscaped = character == "\\" && !isEscaped
  }
  return result
}
