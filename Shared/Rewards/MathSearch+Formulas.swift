// SPDX-License-Identifier: MIT
import Characters
import Mathematics

/// A formula between its delimiters: $…$ on one line, $$…$$, \(…\), \[…\].
struct MathFormula {
  let start: Int
  let content: Range<Int>
  let end: Int
}

extension MathSearch {
  /// All formulas of a text. "$5 for the first and $" is none.
  static func formulas(of text: [UInt8]) -> [MathFormula] {
    var formulas: [MathFormula] = []
    func starts(_ mark: StaticString, _ index: Int) -> Bool {
      mark.withUTF8Buffer { text.count - index >= $0.count && text[index...].starts(with: $0) }
    }
    /// Where the formula that is open ends.
    func closing(_ mark: StaticString, from start: Int, isInline: Bool) -> Int? {
      var index = start
      while index < text.count {
        if starts(mark, index), index > start { return index }
        if isInline && text[index] == 10 { return nil }
        index += text[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      return nil
    }
    var index = 0
    while let next = text[index...].firstIndex(where: { $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "\\") }) {
      index = next
      let (open, close): (Int, StaticString)
      if starts("$$", index) {
        (open, close) = (2, "$$")
      } else if text[index] == UInt8(ascii: "$") {
        (open, close) = (1, "$")
      } else if starts("\\(", index) {
        (open, close) = (2, "\\)")
      } else if starts("\\[", index) {
        (open, close) = (2, "\\]")
      } else {
        index = min(index + 2, text.count)
        continue
      }
      let content = index + open
      guard let end = closing(close, from: content, isInline: open == 1) else {
        index = content
        if open == 2 { return formulas }  // no other can be closed either
        continue
      }
      let formula = MathFormula(start: index, content: content..<end, end: end + open)
      if isPrice(text[formula.content]) || open == 1 && isSumOfPrices(text, formula) {
        index = content
      } else {
        formulas.append(formula)
        index = formula.end
      }
    }
    return formulas
  }

  /// "$20 + $" of "$20 + $30": a space before the mark that would close, a digit behind it.
  private static func isSumOfPrices(_ text: [UInt8], _ formula: MathFormula) -> Bool {
    guard text[formula.content].last == 32, formula.end < text.count else { return false }
    return text[formula.end].isDigit
  }

  private static func isPrice(_ content: ArraySlice<UInt8>) -> Bool {
    guard content.first?.isDigit == true else { return false }
    if content.last == 32, content.contains(where: \.isLetter), !content.contains(UInt8(ascii: "\\")) { return true }
    var run = 0
    for byte in content {
      if byte == UInt8(ascii: "\\") { return false }
      run = byte.isLetter ? run + 1 : 0
      if run == 3 { return true }
    }
    return false
  }

  func formulas(within range: Range<Int>) -> ArraySlice<MathFormula> {
    func first(from position: Int) -> Int {
      var (low, high) = (0, formulas.count)
      while low < high {
        let middle = (low + high) / 2
        if formulas[middle].start < position { low = middle + 1 } else { high = middle }
      }
      return low
    }
    if formulas.isEmpty { return [] }
    let found = formulas[first(from: range.lowerBound)..<first(from: range.upperBound)]
    return found.last.map { $0.end > range.upperBound } ?? false ? found.dropLast() : found
  }

  /// The last formula with those that "and", "or" and commas join to it.
  func lastFormula() -> WrittenAnswer? {
    guard let last = formulas.indices.last else { return nil }
    var first = last
    while first > 0, isJoined(formulas[first - 1], formulas[first]) {
      first -= 1
      if last - first == 16 { return nil }  // no answer has so many
    }
    let joined = formulas[first...last]
    return WrittenAnswer(
      pieces: joined.map { text[$0.content] }, isMathMode: true,
      isPercent: joined.last.map { isPercent(after: $0.end) } ?? false)
  }

  private func isJoined(_ a: MathFormula, _ b: MathFormula) -> Bool {
    a.end < b.start && isJoint(text[a.end..<b.start])
  }
}
