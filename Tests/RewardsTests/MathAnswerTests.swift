// SPDX-License-Identifier: MIT
import Foundation
import Rewards
import TestSupport
import Testing

/// Tests/Fixtures/math-answers/cases.tsv: pairs of texts by family, with the verdict that is due.
@Suite struct MathAnswerTests {
  struct Case {
    let family: String
    let reference: String
    let answer: String
    let verdict: Verdict
  }

  static let cases: [Case] = {
    let text = (try? String(contentsOfFile: fixture("math-answers/cases.tsv"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 5, let verdict = Verdict(rawValue: parts[3]) else { return nil }
      // Line breaks stand as \n before a space, a backslash or the end; LaTeX commands like \neq do not.
      let answer =
        parts[0] == "extraction" ? parts[2].replacing(/\\n(?=[ \\]|$)/, with: "\n") : parts[2]
      return Case(family: parts[0], reference: parts[1], answer: answer, verdict: verdict)
    }
  }()

  static let families = cases.reduce(into: [String]()) { if $0.last != $1.family { $0.append($1.family) } }

  @Test func theTableIsWhole() {
    #expect(Self.cases.count >= 500)
    #expect(Self.families.count == 19)
    for family in Self.families {
      let verdicts = Set(Self.cases.filter { $0.family == family }.map(\.verdict))
      #expect(verdicts.count >= 2, "\(family) has one verdict only: it tests nothing")
    }
  }

  @Test(arguments: families) func everyAnswerHasItsVerdict(family: String) {
    for item in Self.cases where item.family == family {
      let verdict = MathAnswer.compare(reference: item.reference, answer: item.answer)
      #expect(verdict == item.verdict, "\(item.reference)  |  \(item.answer)")
    }
  }

  @Test func whatCanBeReadEqualsItself() {
    for item in Self.cases where item.verdict == .right {
      if item.reference.contains("$") || item.reference.contains("\\boxed") { continue }
      // In a box, so that the texts differ and the quick path is not taken.
      #expect(
        MathAnswer.compare(reference: item.reference, answer: "\\boxed{\(item.reference)}") == .right,
        "\(item.reference)")
    }
  }

  @Test func verdictsDoNotDependOnTheRun() {
    // Sums are dictionaries, whose order changes with the seed of each process; within one it changes with capacity.
    for item in Self.cases.filter({ $0.family == "expressions" }) {
      for _ in 0..<3 { #expect(MathAnswer.compare(reference: item.reference, answer: item.answer) == item.verdict) }
    }
  }

  @Test func theSpanScoredIsTheFinalAnswer() {
    #expect(MathAnswer.finalAnswer(in: #"so \boxed{41}, no: $\boxed{\frac{1}{2}}$."#) == #"\frac{1}{2}"#)
    #expect(MathAnswer.finalAnswer(in: "First $x=1$. The answer is $7$, since 3 + 4.") == "7")
    #expect(MathAnswer.finalAnswer(in: "There are 12 of them and $3$ and $4$") == "3, 4")
    #expect(MathAnswer.finalAnswer(in: #"\boxed{28}\%"#) == "28 %")
    #expect(MathAnswer.finalAnswer(in: "she pays 7.50 for it") == "7.50")
    #expect(MathAnswer.finalAnswer(in: "who knows?!") == nil)
    #expect(MathAnswer.finalAnswer(in: "") == nil)
  }

  @Test func toleranceOfDecimalsIsHalfAUnitOfTheSixthPlace() {
    #expect(MathAnswer.compare(reference: "2.5", answer: "2.5000004") == .right)
    #expect(MathAnswer.compare(reference: "2.5", answer: "2.5000006") == .wrong)
    #expect(MathAnswer.compare(reference: "0.0001", answer: "0.00010001") == .right)
    #expect(MathAnswer.compare(reference: "0.0001", answer: "0.0001003") == .wrong)
    #expect(MathAnswer.compare(reference: "0", answer: "0.0000001") == .wrong)
    // Without a decimal point nothing is near enough.
    #expect(MathAnswer.compare(reference: "10000000", answer: "10000001") == .wrong)
    #expect(MathAnswer.compare(reference: "1/10000000", answer: "1/10000001") == .wrong)
  }
}
