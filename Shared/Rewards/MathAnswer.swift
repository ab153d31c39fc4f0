// SPDX-License-Identifier: MIT
// Mathematical answers: is what the answer says the same number, expression, set, equation … as the reference?
import Mathematics

/// How strictly the rule `math` compares.
public typealias MathOptions = Comparison.Options

/// Compares mathematical answers written in LaTeX or plain text, alone or in running text, in the sense of Math-Verify
/// (github.com/huggingface/Math-Verify): `Comparison` tells what is equal, `MathSearch` finds the final answer.
///
/// A wrong answer is never right: where the comparison is in doubt it says wrong, or unparsable. No text makes it fail,
/// and none makes it run for longer than its steps: `docs/MATH.md` has the rules and the limits.
public enum MathAnswer {
  /// Longer texts are not searched for an answer (bytes).
  public static let maxText = 1 << 20
  /// What one comparison may cost, in steps of some tens of nanoseconds.
  public static let defaultSteps = 1_000_000

  /// Whether `answer` says what `reference` says.
  ///
  /// Both may be bare expressions, or text of which the final answer is taken: the last `\boxed{…}`, what follows "the
  /// answer is", what is emphasised, the result of the last sentence. Not symmetric: the reference's form decides what is asked for.
  ///
  /// - Parameters:
  ///   - options: how strictly.
  ///   - deadline: when to stop at the latest. The same answer stops after the same `steps` on every machine; the
  ///     deadline is for those that are slow.
  /// - Returns: `right` or `wrong`; `unparsable` if either text holds no mathematics that can be read; `timeout`.
  public static func compare(
    reference: String, answer: String, options: MathOptions = MathOptions(),
    deadline: ContinuousClock.Instant? = nil, steps: Int = defaultSteps
  ) -> Verdict {
    if let verdict = quick(reference, answer) { return verdict }
    do {
      let comparison = Comparison(steps: steps, deadline: deadline, options: options)
      return try verdict(Array(reference.utf8), Array(answer.utf8), comparison)
    } catch {
      return error == .timeout ? .timeout : .unparsable
    }
  }

  /// The part of a text that `compare` takes for the final answer; nil where there is none that can be read.
  public static func finalAnswer(in text: String) -> String? {
    let comparison = Comparison(steps: defaultSteps)
    return (try? readings(of: Array(text.utf8), comparison)).flatMap { $0.0.isEmpty ? nil : $0.1?.text }
  }

  /// The same text, or two integers of at most 18 digits.
  private static func quick(_ reference: String, _ answer: String) -> Verdict? {
    var (reference, answer) = (reference, answer)
    return reference.withUTF8 { (a) -> Verdict? in
      answer.withUTF8 { (b) -> Verdict? in
        let (a, b) = (trimmed(a), trimmed(b))
        if a.isEmpty || b.isEmpty || isMissing(a) { return .unparsable }
        if a.count == b.count, a.elementsEqual(b) { return .right }
        guard let x = integer(a), let y = integer(b) else { return nil }
        return x == y ? .right : .wrong
      }
    }
  }

  private static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>> {
    var slice = bytes[...]
    while let first = slice.first, first <= 32 { slice.removeFirst() }
    while let last = slice.last, last <= 32 { slice.removeLast() }
    return slice
  }

  /// "nan", as a table without an answer writes it, is no reference.
  private static func isMissing(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    bytes.count == 3 && bytes.elementsEqual("nan".utf8) { $0 | 0x20 == $1 }
  }

  private static func integer(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    let isNegative = bytes.first == UInt8(ascii: "-")
    let digits = isNegative ? bytes.dropFirst() : bytes
    guard 1...18 ~= digits.count else { return nil }
    var value = 0
    for byte in digits {
      guard byte &- 48 < 10 else { return nil }
      value = value * 10 + Int(byte &- 48)
    }
    return isNegative ? -value : value
  }

  private static func verdict(
    _ reference: [UInt8], _ answer: [UInt8], _ comparison: Comparison
  ) throws(Stop) -> Verdict {
    if reference.count > maxText || answer.count > maxText { return .unparsable }
    let (expected, asked) = try readings(of: reference, comparison)
    let (given, said) = try readings(of: answer, comparison)
    if let asked, let said, asked.isSameText(as: said) { return .right }
    if expected.isEmpty || given.isEmpty { return .unparsable }
    if given.allSatisfy(\.isText), !expected.contains(where: \.isText) { return .unparsable }
    for value in expected {
      for other in given {
        do {
          if try comparison.matches(value, other) { return .right }
        } catch  where error != .timeout {
          continue  // this pair cannot be compared
        }
      }
    }
    return .wrong
  }

  /// What the final answer of a text may mean, and how it is written there.
  private static func readings(
    of text: [UInt8], _ comparison: Comparison
  ) throws(Stop) -> ([Comparison.Reading], WrittenAnswer?) {
    let (first, others) = MathSearch.candidates(in: text)
    for answer in first {
      let readings = try comparison.readings(of: answer)
      if !readings.isEmpty { return (readings, answer) }
    }
    for answer in others() {
      let readings = try comparison.readings(of: answer)
      if !readings.isEmpty { return (readings, answer) }
    }
    return ([], first.first)
  }
}
