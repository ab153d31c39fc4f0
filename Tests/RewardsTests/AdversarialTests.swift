// SPDX-License-Identifier: MIT
// Answers that try to earn something, to break something or to keep us busy: all score 0, each in moments.
import Glibc
import Rewards
import Testing

@Suite struct AdversarialTests {
  /// A reference that each rule takes, and a right answer to it.
  private static let questions: [(rule: Rule, reference: String, right: String)] = [
    (.digit, "3", "3"), (.mcq, "B", "B"), (.math, #"\frac{1}{2}"#, "0.5"),
    (.iou, "[0.1,0.2,0.7,0.5]", "[0.1,0.2,0.7,0.5]"),
    (.openEnded, "police killed the gunman", "police killed the gunman"), (.exact, "red", "red"),
    (.yesNo, "yes", "yes"),
    (.vqa, #"["red","red","red","red"]"#, "red"), (.anls, "red wine", "red wine"), (.relaxed, "100", "101"),
  ]

  private static let megabyte = 1 << 20
  private static let answers: [(name: String, text: String)] = [
    ("nothing", ""), ("spaces", "  \n\t\u{A0} "), ("zero bytes", "\0\0\0"), ("every letter", "A or B or C or D"),
    ("letters in brackets", "(A)(B)(C)(D)"), ("all digits", "0 1 2 3 4 5 6 7 8 9"), ("both words", "yes no"),
    ("NaN", "NaN"), ("infinity", "Infinity"), ("minus infinity", "-inf"), ("NaN boxes", "[NaN, NaN, NaN, NaN]"),
    ("box out of range", "[100, 200, 700, 500]"), ("negative box", "[-1, -1, 2, 2]"),
    ("box inside out", "[0.7,0.5,0.1,0.2]"),
    ("every box", "[0,0,1,1],[0.1,0.2,0.7,0.5],[0,0,0.5,0.5]"), ("huge exponent", "1e999999999999999999"),
    ("tiny exponent", "1e-999999999999999999"), ("exponent of a box", "[0,0,1e400,1e400]"),
    ("a tower", "9^9^9^9^9^9^9^9"),
    ("a long factorial", "999999999!!!!!"), ("half a number", "1.2.3.4.5"), ("signs", "+-+-+-3-+-+-4"),
    ("an open tag", "<answer>"), ("two answers", "<answer>3</answer><answer>B</answer>"),
    ("an answer only in thought", "<think>3 B yes red [0.1,0.2,0.7,0.5]</think>"), ("an open thought", "<think>B"),
    ("a megabyte of [", String(repeating: "[", count: megabyte)), ("of (", String(repeating: "(", count: megabyte)),
    ("of {", String(repeating: "{", count: megabyte)), ("of []", String(repeating: "[]", count: megabyte / 2)),
    ("of [[1,2", String(repeating: "[[1,2", count: megabyte / 5)), ("of <", String(repeating: "<", count: megabyte)),
    ("of <answer>", String(repeating: "<answer>", count: megabyte / 8)),
    ("of <think></think>", String(repeating: "<think></think>", count: megabyte / 15)),
    ("of 9", String(repeating: "9", count: megabyte)), ("of 1,000", String(repeating: "1,000", count: megabyte / 5)),
    ("of -", String(repeating: "-", count: megabyte)),
    ("of A.", String(repeating: "A. ", count: megabyte / 3) + "B. no"),
    ("of letters", String(repeating: "A B C ", count: megabyte / 6)),
    ("of A or", String(repeating: "A or ", count: megabyte / 5)),
    ("of A.B.", String(repeating: "A.B.", count: megabyte / 4)),
    ("of not", String(repeating: "not ", count: megabyte / 4) + "B"),
    ("of denials", String(repeating: "(B) is wrong. ", count: megabyte / 14)),
    ("of not both", "not " + String(repeating: "A very and B ", count: megabyte / 13)),
    ("of commitments", String(repeating: "answer: A or B, ", count: megabyte / 16)),
    ("of very", "Asia is " + String(repeating: "very ", count: megabyte / 5)),
    ("of options", String(repeating: "option (", count: megabyte / 8)),
    ("of ideographs that choose", String(repeating: "选A或B，", count: megabyte / 15)),
    ("of open tags", String(repeating: "<b ", count: megabyte / 3)),
    ("of words", String(repeating: "gunman x ", count: megabyte / 9) + "yes no"),
    ("of spaces", "x" + String(repeating: " ", count: megabyte) + "y"),
    (#"of \frac"#, String(repeating: #"\frac{"#, count: megabyte / 6)),
    ("of ^{", String(repeating: "2^{", count: megabyte / 3)),
    ("of \\boxed{", String(repeating: "\\boxed{", count: megabyte / 7)),
    ("of =", String(repeating: "=", count: megabyte)),
    ("of combining marks", "e" + String(repeating: "\u{301}", count: megabyte / 2)),
    ("of ideographs", String(repeating: "字", count: megabyte / 3)),
    ("of quotes", String(repeating: "\"", count: megabyte)),
    ("of $", String(repeating: "$", count: megabyte)), ("of periods", String(repeating: ".", count: megabyte)),
  ]

  @Test func theTableEarnsNothingInNoTime() throws {
    for (rule, reference, right) in Self.questions {
      let scorer = try rule.scorer(for: Reference(reference), Rule.Options(boxSpace: .unit, timeout: 1))
      // So that nothing below earns 0 because nothing ever earns anything.
      #expect(AnswerFormat.optional.answer(in: right).map(scorer) == Score(true), "\(rule)")
      for (name, text) in Self.answers {
        let start = cpuSeconds()
        let score = AnswerFormat.optional.answer(in: text).map(scorer) ?? .unparsable
        let time = cpuSeconds() - start
        let overlaps = rule == .openEnded && (name == "of words")
        #expect(score.value == 0 || overlaps && score.value < 0.01, "\(rule) earns \(score.value) for \(name)")
        #expect(time < 4, "\(rule) took \(time) s for \(name)")
      }
    }
  }

  /// With choices, whose texts are looked for wherever an answer may stand.
  @Test func choicesDoNotMakeAnswersSlow() throws {
    let choices = (0..<26).map { "the very long very very long text of choice \($0)" }
    let scorer = try Rule.mcq.scorer(for: Reference("B", choices: choices))
    for unit in [
      "The very long. ", "It is the very long very ", "very ", "a ", "is very long, ",
      "A. the very long text of choice 2\n",
    ] {
      let start = cpuSeconds()
      #expect(scorer(String(repeating: unit, count: Self.megabyte / unit.utf8.count)).value == 0)
      #expect(cpuSeconds() - start < 4, "\(unit)")
    }
  }

  @Test func longAnswersDoNotMakeLongReferencesSlow() throws {
    let text = (0..<20_000).map { "w\($0 % 977)" }.joined(separator: " ")
    let other = (0..<20_000).map { "w\($0 * 7 % 991)" }.joined(separator: " ")
    let start = cpuSeconds()
    #expect(try score(.openEnded, text, other).verdict == .partial)
    #expect(cpuSeconds() - start < 4)
  }
}

/// Of this thread: other work on the machine does not count.
private func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
