// SPDX-License-Identifier: MIT
import Foundation
import Rewards
import TestSupport
import Testing

/// No answer crashes the comparison, none holds it up, and none gets a reward for it.
@Suite struct MathLimitsTests {
  static let attacks: [(name: String, text: String)] = [
    ("a megabyte of brackets", String(repeating: "(", count: 1 << 20)),
    ("a megabyte of pairs", String(repeating: "()", count: 1 << 19)),
    ("boxes in boxes", String(repeating: "\\boxed{", count: 100_000)),
    ("closed boxes", String(repeating: "\\boxed{1}", count: 100_000) + "+"),
    ("dollars", String(repeating: "$", count: 500_000)),
    ("lone dollars on lines", String(repeating: "$\n", count: 300_000)),
    ("unclosed formulas", String(repeating: "\\(", count: 300_000)),
    ("answers", String(repeating: "answer ", count: 100_000)),
    ("answers with colons", String(repeating: "answer: ", count: 100_000)),
    ("letters and digits", String(repeating: "a1", count: 500_000)),
    ("digits", String(repeating: "9", count: 1 << 20)),
    ("commas", String(repeating: "1,", count: 2_000)),
    ("deep brackets", String(repeating: "(", count: 2_000) + "1" + String(repeating: ")", count: 2_000)),
    ("deep fractions", String(repeating: "\\frac{1}{", count: 400) + "2" + String(repeating: "}", count: 400)),
    ("deep roots", String(repeating: "\\sqrt", count: 800) + "2"),
    ("deep functions", String(repeating: "\\sin", count: 1_000) + " x"),
    ("deep powers", String(repeating: "2^", count: 2_000) + "2"),
    ("deep text", String(repeating: "\\text{", count: 300) + "5" + String(repeating: "}", count: 300)),
    ("deep bars", String(repeating: "|", count: 4_000)),
    ("signs", String(repeating: "-", count: 4_000) + "6"),
    ("both signs", String(repeating: "\\pm", count: 1_000) + "6"),
    ("many signs", String(repeating: "1\\pm", count: 800) + "6"),
    ("factorials", "6" + String(repeating: "!", count: 4_000)),
    ("factorials of factorials", "((3000!)!)!"),
    ("a great factorial", "3000!"),
    ("powers", "9^9^9^9"),
    ("powers of powers", "((((9^9)^9)^9)^9)^9"),
    ("a great exponent", "10^{999999999999999999999999}"),
    ("a small base", "(1+10^{-9})^{10^{18}}"),
    ("a great root", "\\sqrt[999999999]{7}"),
    ("a great decimal", "1e999999999"),
    ("a long decimal", "0." + String(repeating: "3", count: 4_000)),
    ("a great product", "(a+b+c+d+e+f)^{60}(a+b+c+d+g+h)^{60}"),
    ("products of sums", String(repeating: "(a+b+c+d+f+g+h+k)", count: 200)),
    ("long sums", String(repeating: "1/7+", count: 1_000) + "1"),
    ("many fractions", (1...700).map { "1/\($0 + 1_000)" }.joined(separator: "+")),
    ("many symbols", (1...600).map { "x_{\($0)}" }.joined(separator: "+")),
    ("many roots", (1...500).map { "\\sqrt{\($0)}" }.joined(separator: "+")),
    ("a great set", "\\{" + (1...900).map(String.init).joined(separator: ",") + "\\}"),
    ("a great union", (1...500).map { "(\($0),\($0 + 1))" }.joined(separator: "\\cup")),
    ("a great matrix", "\\begin{pmatrix}" + String(repeating: "1&", count: 1_500) + "1\\end{pmatrix}"),
    ("products of matrices", String(repeating: "\\begin{pmatrix}1&1\\\\1&0\\end{pmatrix}", count: 100)),
    ("a hard number", "\\sqrt{9223372036854775783}+\\sqrt{9223372036854775643}"),
    ("a great sum", "\\sum_{k=1}^{999999999999} k"), ("a long sum", "\\sum_{k=1}^{9999} 1/k"),
    ("sums in sums", String(repeating: "\\sum_{k=1}^{9999}", count: 30) + "k"),
    ("sums of powers", "\\sum_{k=1}^{9999} k^{k^k}"), ("a great series of factors", "\\prod_{k=1}^{9999} k^9"),
    ("integrals in integrals", String(repeating: "\\int_0^1 ", count: 38) + "x" + String(repeating: " dx", count: 38)),
    ("open integrals", String(repeating: "\\int_0^1 ", count: 400) + "x dx"),
    ("an integral of powers", "\\int_0^{9999} (x+1)^{400} dx"), ("open sums", String(repeating: "\\sum_{", count: 500)),
    ("a megabyte of stars", String(repeating: "*", count: 1 << 20)),
    ("a megabyte of bold marks", String(repeating: "**a** ", count: 1 << 17)),
    ("open bold marks", String(repeating: " **a", count: 1 << 18)),
    ("bold numbers", String(repeating: "**7** ", count: 1 << 17)),
    ("headings", String(repeating: "# ", count: 1 << 19)),
    ("code marks", String(repeating: "`a", count: 1 << 19)), ("underscores", String(repeating: " __a", count: 1 << 18)),
    ("prices", String(repeating: "$7 for $", count: 100_000)),
    ("formulas", String(repeating: "$x$ is ", count: 100_000)),
    ("a sentence of formulas", String(repeating: "$7$ and ", count: 100_000)),
    ("sentences", String(repeating: "It is 7. ", count: 100_000)),
    ("short lines", String(repeating: "7\n", count: 500_000)),
    ("abbreviations", String(repeating: "sq. ", count: 1 << 18)),
    ("corrections", "\\boxed{7} " + String(repeating: "wait, ", count: 1 << 17)),
    ("announcements", String(repeating: "the answer is not ", count: 50_000)),
    ("foreign announcements", String(repeating: "答案", count: 1 << 17)),
    ("full-width digits", String(repeating: "７", count: 300_000)),
    ("ideographs and digits", String(repeating: "是7", count: 1 << 18)),
    ("tags", String(repeating: "<|a|>", count: 1 << 17)),
    ("bars and numbers", String(repeating: "|7", count: 1_000)),
    ("ratios", String(repeating: "7:", count: 2_000) + "7"),
    ("signs of equality", String(repeating: "7=", count: 2_000) + "7"),
    ("lines of equations", "\\begin{aligned}" + String(repeating: "x&=7\\\\", count: 500) + "\\end{aligned}"),
    ("millions", "7" + String(repeating: " million", count: 500)), ("choices", "9999C4999"),
    ("NaN", "NaN"), ("infinity", "inf"), ("minus infinity", "-inf"), ("nothing by nothing", "0/0"),
    ("zero to zero", "0^0"), ("infinity less itself", "\\infty-\\infty"), ("log of nothing", "\\ln 0"),
    ("nothing", ""), ("white space", " \n\t "), ("a zero byte", "\0"), ("a backslash", "\\"), ("a brace", "{"),
    ("replacement characters", "\u{FFFD}\u{FFFD}"), ("other digits", "٥"), ("joined emoji", "👨‍👩‍👧‍👦"),
    ("marks", "e\u{301}\u{301}"),
  ]

  @Test func noAttackIsRightOrSlow() {
    for attack in Self.attacks {
      let start = ContinuousClock.now
      let verdict = MathAnswer.compare(reference: "5", answer: attack.text)
      let boxed = MathAnswer.compare(reference: "5", answer: "\\boxed{\(attack.text)}")
      let asked = MathAnswer.compare(reference: attack.text, answer: "5")
      let span = MathAnswer.finalAnswer(in: attack.text)
      let took = ContinuousClock.now - start
      #expect(verdict != .right && boxed != .right && asked != .right, "\(attack.name)")
      // Four calls of at most a million steps; generous, since tests share the machine.
      #expect(took < .seconds(8), "\(attack.name) took \(took) and has \(span?.utf8.count ?? 0) bytes")
    }
  }

  @Test func nestingFitsASmallStack() {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for attack in Self.attacks where attack.text.utf8.count < 4_096 {
        _ = MathAnswer.compare(reference: "5", answer: attack.text)
      }
      for text in ["(", "\\sqrt{", "-(", "\\frac{1}{1+", "[", "\\sin(", "2^{", "|"].map({
        String(repeating: $0, count: 39)
      }) {
        let brackets: [Character: Character] = ["(": ")", "{": "}", "[": "]", "|": "|"]
        let closing = String(text.reversed().compactMap { brackets[$0] })
        _ = MathAnswer.compare(reference: "5", answer: text + "x" + closing)
      }
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.start()
    #expect(done.wait(timeout: .now() + 60) == .success)
  }

  @Test func stepsRunOutAsTimeout() {
    let (reference, answer) = ("(a+b+c+d)^{8}", "(d+c+b+a)^{7}(a+b+c+d)")
    #expect(MathAnswer.compare(reference: reference, answer: answer) == .right)
    #expect(MathAnswer.compare(reference: reference, answer: answer, steps: 2_000) == .timeout)
  }

  @Test func aPassedDeadlineIsATimeout() {
    let past = ContinuousClock.now - .seconds(1)
    #expect(MathAnswer.compare(reference: "(x+1)^2", answer: "x^2+2x+1", deadline: past) == .timeout)
    let future = ContinuousClock.now + .seconds(600)
    #expect(MathAnswer.compare(reference: "(x+1)^2", answer: "x^2+2x+1", deadline: future) == .right)
  }

  @Test func randomTextNeverCrashes() {
    let pieces = [
      "1", "2", "9", "12", ".", ",", "x", "y", "n", "e", "i", "+", "-", "*", "/", "^", "_", "!", "'", "%", "°", ":",
      "(", ")",
      "[", "]", "{", "}", "\\{", "\\}", "|", "=", "<", ">", "\\le", "\\frac", "\\frac{1}{2}", "\\sqrt", "\\sqrt[3]",
      "\\pi",
      "\\infty", "\\pm", "\\cup", "\\setminus", "\\in", "\\sin", "\\log_2", "\\max", "\\binom", "\\text{cm}", "\\text{",
      "\\boxed{", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\\\", "&", "\\begin{pmatrix}", "\\end{pmatrix}", " ", "\n",
      "and",
      "or", "answer is", "final answer:", "percent", "km", "½", "²", "√", "{,}", ",\\!", "\\,", "\\overline{3}", "0.1",
      "1e9", "\\left(", "\\right)", "\\lfloor", "\\rfloor", "^\\circ", "\\mathrm{", "\\mathbb{R}", "e\u{301}", "€",
      "f(x)",
    ]
    var state: UInt64 = 20_240_607
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    func text() -> String { (0..<(1 + next(14))).map { _ in pieces[next(pieces.count)] }.joined() }
    var verdicts: [Verdict: Int] = [:]
    for _ in 0..<20_000 { verdicts[MathAnswer.compare(reference: text(), answer: text()), default: 0] += 1 }
    #expect(verdicts[.unparsable, default: 0] > 10_000)
    #expect(verdicts[.wrong, default: 0] > 20)
  }
}
