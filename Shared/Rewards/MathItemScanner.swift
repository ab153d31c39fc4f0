// SPDX-License-Identifier: MIT
import Characters

/// Reads running text for expressions.
struct MathItemScanner {
  let text: [UInt8]
  let end: Int
  var at: Int
  var formulas: ArraySlice<MathFormula>
  var found: [MathItem] = []

  /// What the last token of the expression under way was.
  enum Kind { case none, operand, sign, relation }
  var kind = Kind.none
  var start = 0
  var stop = 0

  init(_ text: [UInt8], _ sentence: Range<Int>, formulas: ArraySlice<MathFormula>) {
    (self.text, at, end) = (text, sentence.lowerBound, sentence.upperBound)
    self.formulas = formulas
  }

  func byte(_ index: Int) -> UInt8 { index >= 0 && index < end ? text[index] : 32 }

  mutating func items() -> [MathItem] {
    while at < end {
      if let formula = formulas.first, formula.start <= at {
        finish()
        formulas.removeFirst()
        if formula.start == at {
          let content = Array(text[formula.content])
          add(MathItem(range: formula.start..<formula.end, content: content, isFormula: true))
          at = formula.end
        }
        continue
      }
      if byte(at) <= 32 {
        at += 1
      } else if let token = token(at) {
        take(token)
      } else {
        finish()
        skipWord()
      }
    }
    finish()
    return found
  }

  mutating func take(_ token: (end: Int, kind: Kind)) {
    let isSpaced = kind != .none && stop < at
    let continues: Bool =
      switch (kind, token.kind) {
      case (.none, _): false
      case (.sign, _), (.relation, _), (.operand, .sign), (.operand, .relation): true
      case (.operand, .operand): !isSpaced || joins(at)
      case (.operand, .none): true
      }
    if !continues {
      finish()
      start = at
    }
    (kind, stop) = (token.kind == .none ? .operand : token.kind, token.end)
    at = token.end
  }

  /// Whether an operand behind a space goes on with the expression: 2 1/2, 1 000, 24 pi, 5 √2.
  func joins(_ index: Int) -> Bool {
    let first = byte(index)
    if first.isDigit || first >= 0x80 || first == UInt8(ascii: "\\") { return true }
    if first == UInt8(ascii: "$") { return !byte(index + 1).isDigit }  // 2,74 $
    return first.isLetter || first == UInt8(ascii: "(")
  }

  /// Ends the expression under way.
  mutating func finish() {
    defer { kind = .none }
    guard kind != .none, stop > start else { return }
    var isBroken = kind != .operand
    let last = stop
    var content = Array(text[start..<last])
    if kind == .sign, content.last == UInt8(ascii: "-") || content.last == UInt8(ascii: ":") {
      content.removeLast()  // a dash or a colon of the sentence
      while content.last == 32 { content.removeLast() }
      isBroken = false
    }
    if let first = content.first, "*/^".utf8.contains(first) { isBroken = true }
    if content.isEmpty { return }
    // Half of a bracket, or of "1..2".
    if ")]}([{".utf8.contains(start > 0 ? text[start - 1] : 32) && !isMarked(start - 1) { isBroken = true }
    if last < text.count, "([{".utf8.contains(text[last]) && !opensRemark(last) || text[last...].starts(with: "..".utf8)
    {
      isBroken = true
    }
    if ["..", "#", "@", "№"].contains(where: text[..<start].hasSuffix) { isBroken = true }
    if isSign(after: last) || isSign(before: start) || isCutOff(last) || isHyphenated(last) { isBroken = true }
    add(MathItem(range: start..<last, content: content, isFormula: false, isBroken: isBroken))
  }

  /// The text ends in a backslash: the command that it began is lost.
  private func isCutOff(_ index: Int) -> Bool {
    text.last == UInt8(ascii: "\\") && text[index...].allSatisfy { $0 <= 32 || $0 == UInt8(ascii: "\\") }
  }

  /// "8(个)": a word in brackets, in letters that are no names of variables.
  private func opensRemark(_ index: Int) -> Bool {
    guard text[index] == UInt8(ascii: "("), let close = closing(index), close > index + 3 else { return false }
    return text[(index + 1)..<close].allSatisfy { $0 >= 0x80 } && text[index + 1] >= 0xE3
  }

  /// The 5 of "5-year-old" and "5-fold".
  private func isHyphenated(_ index: Int) -> Bool {
    index > 0 && text[index - 1].isDigit && byte(index) == UInt8(ascii: "-") && byte(index + 1).isLetter
  }

  /// A sign that is not read stands right behind: 5ˣ, 5₂, 5‰.
  private func isSign(after index: Int) -> Bool {
    guard index < text.count, text[index] >= 0x80 else { return false }
    return String(decoding: text[index..<min(index + 4, text.count)], as: UTF8.self).unicodeScalars.first
      .map(Self.isSign) ?? false
  }

  /// One stands right before: ¬5, ⌊5. An arrow leads to a result.
  private func isSign(before index: Int) -> Bool {
    guard index > 0, text[index - 1] >= 0x80 else { return index > 0 && text[index - 1] == UInt8(ascii: "!") }
    var first = index - 1
    while first > 0, text[first] & 0xC0 == 0x80 { first -= 1 }
    guard let scalar = String(decoding: text[first..<index], as: UTF8.self).unicodeScalars.first else { return false }
    return Self.isSign(scalar) && !(0x2190...0x21FF).contains(scalar.value) && !(0x27F0...0x27FF).contains(scalar.value)
      && !["∴", "∵", "∠", "△", "∆", "≈", "⊥", "∥"].contains(scalar)
  }

  private static func isSign(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "‰" || (0x2308...0x230B).contains(scalar.value) { return true }
    guard scalar.value < 0x3000 else { return false }
    switch scalar.properties.generalCategory {
    case .mathSymbol, .modifierLetter, .otherNumber, .nonspacingMark, .enclosingMark, .modifierSymbol: return true
    default: return false
    }
  }

  /// A bracket that closes behind words: "(so 5)", "(C)5".
  func isMarked(_ index: Int) -> Bool {
    if text[index] == UInt8(ascii: "(") { return closing(index) != nil }
    return index > 1 && text[index] == UInt8(ascii: ")") && text[index - 1].isLetter
  }

  /// An item, joined to the one before where only a sign stands between.
  mutating func add(_ item: MathItem) {
    var item = item
    if let before = found.last, isBlank(before.range.upperBound..<item.range.lowerBound),
      before.isFormula || item.isFormula, beginsWithSign(item) || endsWithSign(before)
    {
      item = MathItem(
        range: before.range.lowerBound..<item.range.upperBound, content: before.content + [32] + item.content,
        isFormula: true, isBroken: item.isBroken)
      found.removeLast()
    }
    found.append(item)
  }

  func isBlank(_ range: Range<Int>) -> Bool { text[range].allSatisfy { $0 <= 32 } }

  func beginsWithSign(_ item: MathItem) -> Bool {
    !item.isFormula
      && ("=+*/^<>".utf8.contains(item.content[0]) || item.content.starts(with: "≈".utf8)
        || item.content.starts(with: "×".utf8) || item.content.starts(with: "π".utf8))
  }

  func endsWithSign(_ item: MathItem) -> Bool { item.isBroken || item.content.last == UInt8(ascii: "=") }

  mutating func skipWord() {
    if byte(at) == UInt8(ascii: "("), let close = closing(at), close - at < 200 {
      // A remark in brackets is read as words only: "(≈ 8.66)", "(a hexagon)".
      at = close + 1
      return
    }
    if isArrow(at) {
      at += 2
      return
    }
    if let tag = tagEnd(at) {
      at = tag
      return
    }
    let isWord = byte(at).isWordPart
    at += 1
    while isWord, at < end, byte(at).isASCIIWordPart { at += 1 }
    if isWord, byte(at) == UInt8(ascii: "^") {  // cm^2
      at += 1
      if byte(at) == UInt8(ascii: "{"), let close = closing(at) { at = close + 1 }
      while byte(at).isDigit || byte(at) == UInt8(ascii: "-") { at += 1 }
    }
    while at < end, text[at] & 0xC0 == 0x80 { at += 1 }
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
