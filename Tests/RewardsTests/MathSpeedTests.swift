// SPDX-License-Identifier: MIT
import Foundation
import Rewards
import TestSupport
import Testing

/// Prints comparisons per second of CPU time, when asked:
/// `MATH_SPEED=1 swift test -c release -Xswiftc -enable-testing --filter MathSpeedTests`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MATH_SPEED"] != nil)) struct MathSpeedTests {
  @Test func comparisonsPerSecond() {
    measure("integers", [("42", "42"), ("42", "17"), ("-1234567", "1234567"), ("7", "7")], rounds: 500_000)
    measure("equal texts", [(#"\frac{1}{2}"#, #"\frac{1}{2}"#), ("Evelyn", "Evelyn")], rounds: 500_000)
    let short = [("42", #"Thus the answer is \boxed{42}."#), (#"\frac{1}{2}"#, #"$\boxed{1/2}$"#), ("3.5", "3.50")]
    measure("short answers", short, rounds: 20_000)
    let sentences = [
      ("5", "So there are 5 apples in total."), ("60", "The measure of $\\angle ABC$ is 60°."),
      ("24\\pi", "**24π cm²**"),
      ("12", "答案是12。"), ("7", "The answer is 7."),
    ]
    measure("sentences", sentences, rounds: 10_000)
    measure("the collection", MathExamplesTests.answers.map { ($0.reference, $0.answer) }, rounds: 20)
    measure("the table", MathAnswerTests.cases.map { ($0.reference, $0.answer) }, rounds: 20)
  }

  private func measure(_ name: String, _ pairs: [(String, String)], rounds: Int) {
    let start = clock()
    var right = 0
    for _ in 0..<rounds {
      for (reference, answer) in pairs where MathAnswer.compare(reference: reference, answer: answer) == .right {
        right += 1
      }
    }
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    print("\(name): \(Int(Double(rounds * pairs.count) / seconds)) a second of CPU time")
    #expect(right > 0)
  }
}
