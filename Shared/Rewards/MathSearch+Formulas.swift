// SPDX-License-Identifier: MIT

extension MathSearch {
  /// A formula between its delimiters.
  private struct Formula {
    let start: Int
    let content: Range<Int>
    let end: Int
  }

  /// $…$ on one line, $$…$$, \(…\), \[…\].
  private func formulas(in range: Range<Int>) -> [Formula] {
    var formulas: [Formula] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let (open, close): (Int, StaticString)
      if starts(with: "\\\\", at: index) || starts(with: "\\$", at: index) {
        index += 2
        continue
      } else if starts(with: "$$", at: index) {
        (open, close) = (2, "$$")
      } else if text[index] == UInt8(ascii: "$") {
        (open, close) = (1, "$")
      } else if starts(with: "\\(", at: index) {
        (open, close) = (2, "\\)")
      } else if starts(with: "\\[", at: index) {
        (open, close) = (2, "\\]")
      } else {
        index += 1
        continue
      }
      let content = index + open
      guard let end = closing(close, from: content, to: range.upperBound, isInline: open == 1) else {
        index = content
        if open == 2 { return formulas }  // no other can be closed either
        continue
      }
      formulas.append(Formula(start: index, content: content..<end, end: end + open))
      index = end + open
    }
    return formulas
  }

  private func closing(_ mark: StaticString, from start: Int, to end: Int, isInline: Bool) -> Int? {
    var index = start
    while index < end {
      if starts(with: mark, at: index), index > start { return index }
      if isInline && text[index] == 10 { return nil }
      index += text[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// The last formula with those that "and", "or" and commas join to it.
  func lastFormula() -> MathSpan? {
    let all = formulas(in: 0..<text.count).filter { !isPrice($0) }
    guard let last = all.indices.last else { return nil }
    var first = last
    while first > 0, isJoined(all[first - 1], all[first]) { first -= 1 }
    return span(all[first...last])
  }

  func firstFormula(in range: Range<Int>) -> MathSpan? {
    let all = formulas(in: range).filter { !isPrice($0) }
    guard !all.isEmpty else { return nil }
    var last = 0
    while last + 1 < all.count, isJoined(all[last], all[last + 1]) { last += 1 }
    return span(all[0...last])
  }

  private func isJoined(_ a: Formula, _ b: Formula) -> Bool { a.end < b.start && isJoint(text[a.end..<b.start]) }

  private func span(_ formulas: ArraySlice<Formula>) -> MathSpan {
    MathSpan(
      pieces: formulas.suffix(16).map { text[$0.content] }, isMathMode: true,
      isPercent: formulas.last.map { isPercent(after: $0.end) } ?? false)
  }

  /// "$5 for the first and $" is no formula.
  private func isPrice(_ formula: Formula) -> Bool {
    guard formula.content.first.map({ text[$0] &- 48 < 10 }) == true else { return false }
    var run = 0
    for byte in text[formula.content] {
      if byte == UInt8(ascii: "\\") { return false }
      run = (byte | 0x20) &- 97 < 26 ? run + 1 : 0
      if run == 3 { return true }
    }
    return false
  }
}
