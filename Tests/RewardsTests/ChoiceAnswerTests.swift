// SPDX-License-Identifier: MIT
// Answers to multiple-choice questions, judged by hand: Tests/Fixtures/choice-answers/cases.tsv and the table of
// docs/REWARDS.md.
import Foundation
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

  /// Each way to commit beside each way to deny: only what is committed to counts, in either order.
  @Test func everyCommitmentStandsBesideEveryDenial() throws {
    let scorers = try ["A", "B"].map { try Rule.mcq.scorer(for: Reference($0, choices: ["", "", "", ""])) }
    for commitment in Self.commitments {
      for denial in Self.denials {
        #expect(scorers[0](denial).value == 0, "\(denial)")
        for text in [denial + " " + commitment, commitment + " " + denial, commitment + "\n\n" + denial] {
          #expect(scorers[1](text).verdict == .right, "\(text)")
          #expect(scorers[0](text).verdict == .wrong, "\(text)")
        }
      }
      for first in Self.commitments {
        let text = first.replacing("B", with: "A") + " No, wait. " + commitment
        #expect(scorers[1](text).verdict == .right && scorers[0](text).verdict == .wrong, "\(text)")
      }
    }
  }

  private static let commitments = [
    "The answer is B.", "The correct answer is (B).", "Answer: B.", "B is correct.", "I choose B.",
    "I would go with B.",
    "It's B.", "So the answer is B.", "Therefore, B.", #"\boxed{B}"#, "I think it's B.",
    "Option B is the correct answer.",
    "The correct option is **B**.", "It must be B.", "I'd say B.", "B is right.", "So B.", #"Thus, \boxed{B}."#,
    "My answer is B.", "B makes the most sense.", "Only B fits.", "B fits best.", "I pick (B).", "Hence, B is correct.",
    "答案是B。", "选B。",
  ]
  private static let denials = [
    "A is wrong.", "(A) is incorrect.", "A is not correct.", "It's not A.", "It can't be A.", "I don't think it's A.",
    "The answer is not A.", "Not A.", "A can be ruled out.", "We can eliminate A.", "A is unlikely.",
    "A does not match.",
    "Option A doesn't fit.", "A cannot be right.", "A is false.", "Neither A nor C is correct.", "A and C are wrong.",
    "A, C and D are incorrect.", "A fails to explain it.", "Option A shows a cat.", "In A there is a cat.",
    "A is a cat.",
    "A seems plausible.", "At first I considered A.", "Is it A? No.", "A: incorrect.", "A - wrong.",
    "A is the wrong choice.", "A would be wrong.", "A is incorrect because the cat is white.", "A不正确。", "不是A。",
  ]

  /// Prints answers read per second of CPU time, when asked:
  /// `CHOICE_SPEED=1 swift test -c release -Xswiftc -enable-testing --filter ChoiceAnswerTests/answersPerSecond`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CHOICE_SPEED"] != nil)) func answersPerSecond() throws {
    let scorers = try Self.collection().map {
      (try Rule.mcq.scorer(for: Reference($0.reference, choices: $0.choices)), $0.answer)
    }
    let start = clock()
    var right = 0
    for _ in 0..<200 { for (scorer, answer) in scorers where scorer(answer).verdict == .right { right += 1 } }
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    print("\(Int(Double(200 * scorers.count) / seconds)) answers a second of CPU time")
    #expect(right > 0)
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
