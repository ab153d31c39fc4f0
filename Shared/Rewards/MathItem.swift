// SPDX-License-Identifier: MIT

/// A stretch of mathematics in running text: a formula between its marks, a bare expression, or both where nothing
/// parts them ("$AB$ = 5"). It is never a fragment: what belongs to the expression is in it.
struct MathItem {
  /// In the text, marks included.
  var range: Range<Int>
  /// Without marks.
  var content: [UInt8]
  var isFormula: Bool
  /// It begins or ends with a sign whose other side could not be read.
  var isBroken = false

  /// More than a name: a digit, a constant, or an operation.
  var isValue: Bool {
    content.contains { $0.isDigit || "+=<>/^".utf8.contains($0) } || has("π") || has("\\pi") || has("√") || has("∞")
      || has("\\infty") || has("½") || has("\\emptyset") || has("≤") || has("≥") || hasFraction
  }

  var startsWithRelation: Bool {
    guard let first = content.first(where: { $0 > 32 }) else { return false }
    return first == UInt8(ascii: "=") || content.drop { $0 <= 32 }.starts(with: "≈".utf8)
  }

  /// It says by itself what it equals.
  var isRelation: Bool { content.contains { "=<>".utf8.contains($0) } || has("\\approx") || has("≈") }

  private var hasFraction: Bool { has("⅓") || has("⅔") || has("¼") || has("¾") || has("⅜") || has("⅛") || has("⅝") }
  private func has(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { text in
      guard content.count >= text.count else { return false }
      return (0...(content.count - text.count)).contains {
        content[$0] == text[0] && content[$0...].starts(with: text)
      }
    }
  }
}

extension MathSearch {
  /// The mathematics of a sentence, from left to right.
  func items(in sentence: Range<Int>) -> [MathItem] {
    var scanner = MathItemScanner(text, sentence, formulas: formulas(within: sentence))
    return scanner.items()
  }
}

/// Reads running text for expressions.
private struct MathItemScanner {
  private let text: [UInt8]
  private let end: Int
  private var at: Int
  private var formulas: ArraySlice<MathFormula>
  private var found: [MathItem] = []

  /// What the last token of the expression under way was.
  private enum Kind { case none, operand, sign, relation }
  private var kind = Kind.none
  private var start = 0
  private var stop = 0

  init(_ text: [UInt8], _ sentence: Range<Int>, formulas: ArraySlice<MathFormula>) {
    (self.text, at, end) = (text, sentence.lowerBound, sentence.upperBound)
    self.formulas = formulas
  }

  private func byte(_ index: Int) -> UInt8 { index >= 0 && index < end ? text[index] : 32 }

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

  private mutating func take(_ token: (end: Int, kind: Kind)) {
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
  private func joins(_ index: Int) -> Bool {
    let first = byte(index)
    if first.isDigit || first >= 0x80 || first == UInt8(ascii: "\\") { return true }
    return first.isLetter || first == UInt8(ascii: "(")
  }

  /// Ends the expression under way.
  private mutating func finish() {
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
    if last < text.count, "([{".utf8.contains(text[last]) || text[last...].starts(with: "..".utf8) { isBroken = true }
    if ["..", "#", "@", "№"].contains(where: text[..<start].hasSuffix) { isBroken = true }
    add(MathItem(range: start..<last, content: content, isFormula: false, isBroken: isBroken))
  }

  /// A bracket that closes behind words: "(so 5)", "(C)5".
  private func isMarked(_ index: Int) -> Bool {
    if text[index] == UInt8(ascii: "(") { return closing(index) != nil }
    return index > 1 && text[index] == UInt8(ascii: ")") && text[index - 1].isLetter
  }

  /// An item, joined to the one before where only a sign stands between.
  private mutating func add(_ item: MathItem) {
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

  private func isBlank(_ range: Range<Int>) -> Bool { text[range].allSatisfy { $0 <= 32 } }

  private func beginsWithSign(_ item: MathItem) -> Bool {
    !item.isFormula
      && ("=+*/^<>".utf8.contains(item.content[0]) || item.content.starts(with: "≈".utf8)
        || item.content.starts(with: "×".utf8) || item.content.starts(with: "π".utf8))
  }

  private func endsWithSign(_ item: MathItem) -> Bool { item.isBroken || item.content.last == UInt8(ascii: "=") }

  private mutating func skipWord() {
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
    while at < end, text[at] & 0xC0 == 0x80 { at += 1 }
  }

  // MARK: Tokens

  private func token(_ index: Int) -> (end: Int, kind: Kind)? {
    let first = byte(index)
    if first.isDigit || (first == UInt8(ascii: ".") && byte(index + 1).isDigit) { return number(index) }
    if first.isLetter { return letters(index) }
    if first >= 0x80 { return unicode(index) }
    return punctuation(index, first)
  }

  /// Digits with the marks between them, and letters glued to them: 1,234.5 and 5cm, 5th, 12x3.
  private func number(_ index: Int) -> (end: Int, kind: Kind)? {
    var index = index
    while true {
      if byte(index).isDigit {
        index += 1
      } else if ".,".utf8.contains(byte(index)), byte(index + 1).isDigit {
        index += 1
      } else if byte(index) | 0x20 == UInt8(ascii: "e"), "+-".utf8.contains(byte(index + 1)), byte(index + 2).isDigit {
        index += 2
      } else if byte(index).isLetter {
        while byte(index).isLetter || byte(index).isDigit { index += 1 }
        break
      } else {
        break
      }
    }
    return (index, .operand)
  }

  private static let functions: Set<String> = [
    "sqrt", "sin", "cos", "tan", "log", "ln", "exp", "lg", "arcsin", "arccos", "arctan", "max", "min", "gcd", "lcm", "cot",
    "abs",
  ]

  private func letters(_ index: Int) -> (end: Int, kind: Kind)? {
    var stop = index
    while byte(stop).isLetter { stop += 1 }
    if byte(stop).isDigit { return nil }  // H2O
    let word = String(decoding: text[index..<stop], as: UTF8.self)
    let isGlued = kind == .operand && self.stop == index
    if word == "pi" || word == "infinity" && kind != .none { return (stop, .operand) }
    var next = stop
    while byte(next) == 32, next < end { next += 1 }
    if Self.functions.contains(word.lowercased()) {
      let isCalled =
        byte(next).isDigit || "(_^\\".utf8.contains(byte(next)) || text[min(next, end)..<end].starts(with: "√".utf8)
        || (byte(next).isLetter && !byte(next + 1).isLetter) || byte(next) >= 0xCE && byte(next) <= 0xCF
      return isCalled ? (stop, .sign) : nil
    }
    let isName = word.utf8.count == 1 || word.utf8.count <= 5 && word.utf8.allSatisfy(\.isCapital) || isAngle(word)
    guard isName || isGlued else { return nil }
    let isUnit = MathUnits.name(word) != nil
    if kind == .sign || kind == .relation {
      // "3 - a cat": an article is no operand
      return self.stop < index && isArticle(word, next) ? nil : (stop, .operand)
    }
    if isGlued { return (stop, .operand) }
    if byte(stop) == UInt8(ascii: "("), word.utf8.count == 1, closing(stop) != nil { return (stop, .operand) }
    if kind == .operand, isUnit { return nil }
    return beginsOperation(next, isSpaced: next > stop) ? (stop, .operand) : nil
  }

  private func isAngle(_ word: String) -> Bool { word.first == "m" && word.utf8.count == 1 }

  private func isArticle(_ word: String, _ next: Int) -> Bool {
    (word == "a" || word == "A" || word == "I") && byte(next).isLetter
  }

  /// Whether an operation with another operand begins here.
  private func beginsOperation(_ index: Int, isSpaced: Bool) -> Bool {
    guard index < end else { return false }
    let first = byte(index)
    if "=<>^_|".utf8.contains(first) { return !isArrow(index) }
    for sign in ["×", "·", "⋅", "÷", "≤", "≥", "≠", "≈", "±", "²", "³", "∈", "°"]
    where text[index..<end].starts(with: sign.utf8) {
      return true
    }
    guard "+-*/:".utf8.contains(first) else { return kind == .operand && first.isDigit }
    var next = index + 1
    if first == UInt8(ascii: ":") {
      return (byte(next) != 32) == !isSpaced && (isOperand(next) || byte(next) == 32 && isOperand(next + 1))
    }
    let isTight = byte(next) != 32
    if isSpaced && isTight && first == UInt8(ascii: "-") { return false }  // "a -5"
    while byte(next) == 32, next < end { next += 1 }
    return isOperand(next)
  }

  /// A digit, or a name of one letter or of capitals.
  private func isOperand(_ index: Int) -> Bool {
    let first = byte(index)
    if first.isDigit || "(\\.-".utf8.contains(first) || (0xCE...0xCF).contains(first) { return index < end }
    guard first.isLetter else { return text[min(index, end)..<end].starts(with: "√".utf8) }
    var stop = index
    while byte(stop).isLetter { stop += 1 }
    let word = text[index..<stop]
    return word.count == 1 || word.allSatisfy(\.isCapital)
      || Self.functions.contains(String(decoding: word, as: UTF8.self))
  }

  /// Where <|im_end|>, </answer> and the like end.
  private func tagEnd(_ index: Int) -> Int? {
    guard byte(index) == UInt8(ascii: "<"), byte(index + 1).isLetter || "|/".utf8.contains(byte(index + 1)) else {
      return nil
    }
    var stop = index + 1
    while stop - index < 32, byte(stop).isASCIIWordPart || "|/-".utf8.contains(byte(stop)) { stop += 1 }
    return byte(stop) == UInt8(ascii: ">") && stop > index + 2 ? stop + 1 : nil
  }

  private func isArrow(_ index: Int) -> Bool {
    byte(index) == UInt8(ascii: "=") && byte(index + 1) == UInt8(ascii: ">")
      || byte(index) == UInt8(ascii: "-") && byte(index + 1) == UInt8(ascii: ">")
  }

  private func unicode(_ index: Int) -> (end: Int, kind: Kind)? {
    let length = byte(index) >= 0xF0 ? 4 : byte(index) >= 0xE0 ? 3 : 2
    let stop = min(index + length, end)
    guard let scalar = String(decoding: text[index..<stop], as: UTF8.self).unicodeScalars.first else { return nil }
    switch scalar {
    case "×", "·", "⋅", "∗", "÷", "±", "∓", "∪", "∩", "∖":
      return kind == .none && scalar != "±" ? nil : (stop, .sign)
    case "–":
      let isSpaced = byte(index - 1) == 32 && byte(stop) == 32
      return isSpaced && kind != .operand && !followsVerb(index) ? nil : (stop, .sign)
    case "≤", "≥", "≠", "≈", "≡", "∈", "⩽", "⩾": return (stop, .relation)
    case "√", "∛", "∑", "∫", "∏": return (stop, .sign)
    case "∠", "△": return kind == .none || kind == .operand && self.stop < index ? nil : (stop, .sign)
    case "π", "∞", "∅", "ℝ": return (stop, .operand)
    case "°", "′", "″": return kind == .operand ? (stop, .operand) : nil
    case "€", "£", "¥", "₹", "￥": return kind == .operand && self.stop < index ? nil : (stop, .operand)
    case "²", "³", "⁰", "¹", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "⁻":
      return kind == .operand ? (stop, .operand) : nil
    default:
      if MathVocabulary.fractions[scalar] != nil { return (stop, .operand) }
      if (0x391...0x3C9).contains(scalar.value) { return (stop, .operand) }
      return nil
    }
  }

  private func punctuation(_ index: Int, _ first: UInt8) -> (end: Int, kind: Kind)? {
    let next = byte(index + 1)
    switch first {
    case UInt8(ascii: "\\"): return command(index)
    case UInt8(ascii: "("), UInt8(ascii: "["):
      guard let close = closing(index) else { return nil }
      let isCall = kind == .operand && stop == index
      return isCall || isMathematics(index + 1..<close) ? (close + 1, .operand) : nil
    case UInt8(ascii: "{"):
      guard kind != .none || isMathematics(index + 1..<(closing(index) ?? index + 1)) else { return nil }
      return closing(index).map { ($0 + 1, .operand) }
    case UInt8(ascii: "$"):
      guard next.isDigit || next == UInt8(ascii: ".") || kind == .operand else { return nil }
      return (index + 1, kind == .operand ? .operand : .sign)
    case UInt8(ascii: "%"): return kind == .operand ? (index + 1, .operand) : nil
    case UInt8(ascii: "!"):
      guard kind == .operand, stop == index else { return nil }
      return (index + 1, .operand)
    case UInt8(ascii: "^"): return (index + 1, .sign)
    case UInt8(ascii: "_"): return (kind == .operand || kind == .sign) && stop == index && next != first ? (index + 1, .sign) : nil
    case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"):
      if first == UInt8(ascii: "="), next == UInt8(ascii: ">") { return nil }
      if tagEnd(index) != nil { return nil }
      var stop = index + 1
      while byte(stop) == UInt8(ascii: "=") { stop += 1 }
      if byte(stop) == UInt8(ascii: ">") { return nil }
      return (stop, .relation)
    case UInt8(ascii: "|"): return kind == .none && !isBarred(index) ? nil : (index + 1, .operand)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"): return sign(index, first)
    case UInt8(ascii: ":"):
      guard kind == .operand else { return nil }
      let isSpaced = stop < index
      guard isSpaced == (next == 32), isOperand(isSpaced ? index + 2 : index + 1) else { return nil }
      return (index + 1, .sign)
    case UInt8(ascii: "'"): return kind == .operand && stop == index && !next.isLetter ? (index + 1, .operand) : nil
    default: return nil
    }
  }

  private func sign(_ index: Int, _ first: UInt8) -> (end: Int, kind: Kind)? {
    if isArrow(index) { return nil }
    var after = index + 1
    if first == UInt8(ascii: "*"), byte(after) == first { after += 1 }
    var next = after
    while byte(next) == 32, next < end { next += 1 }
    let isTight = next == after
    guard isOperand(next) || text[min(next, end)..<end].starts(with: "π".utf8)
      || "$+-".utf8.contains(byte(next)) && isTight
    else {
      // A dash of the sentence, or half an operation.
      return kind == .operand && first != UInt8(ascii: "-") ? (after, .sign) : nil
    }
    switch first {
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      if kind == .none { return isTight || followsVerb(index) ? (after, .sign) : nil }
      return (after, .sign)
    default: return kind == .none ? nil : (after, .sign)
    }
  }

  /// "is - 5" has a sign, "Answer - 5" a dash.
  private func followsVerb(_ index: Int) -> Bool {
    var stop = index
    while stop > 0, text[stop - 1] == 32 { stop -= 1 }
    var start = stop
    while start > 0, text[start - 1].isLetter { start -= 1 }
    let word = String(decoding: text[start..<stop], as: UTF8.self).lowercased()
    return ["is", "are", "was", "be", "equals", "gives", "to", "get", "of", "by"].contains(word)
  }

  /// |AB|
  private func isBarred(_ index: Int) -> Bool {
    var next = index + 1
    while next < end, next - index < 24, byte(next) != UInt8(ascii: "|"), byte(next) > 32 { next += 1 }
    return byte(next) == UInt8(ascii: "|") && next > index + 1
  }

  /// \frac{3}{4}, with its arguments.
  private func command(_ index: Int) -> (end: Int, kind: Kind)? {
    var stop = index + 1
    guard byte(stop).isLetter else {
      // \, \; \{ \$ \% belong to an expression
      if byte(stop) == UInt8(ascii: "$") { return (stop + 1, .sign) }
      return kind != .none || "{|".utf8.contains(byte(stop)) ? (stop + 1, kind == .none ? .operand : kind) : nil
    }
    while byte(stop).isLetter { stop += 1 }
    let name = String(decoding: text[index + 1..<stop], as: UTF8.self)
    while byte(stop) == UInt8(ascii: "{") || byte(stop) == UInt8(ascii: "[") && name == "sqrt",
      let close = closing(stop)
    {
      stop = close + 1
    }
    switch MathVocabulary.commands[name] {
    case .sign?, .set?, .open?, .bar?: return (stop, name == "degree" ? .operand : .sign)
    case .relation?: return (stop, .relation)
    default: return (stop, ["sum", "int", "prod", "left"].contains(name) ? .sign : .operand)
    }
  }

  private func closing(_ open: Int) -> Int? {
    var (depth, index) = (0, open)
    while index < end, index - open < 400 {
      switch text[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return index }
      case UInt8(ascii: "\\"): index += 1
      default: break
      }
      index += 1
    }
    return nil
  }

  /// Numbers, names and signs only, with a digit in them or with an operation.
  private func isMathematics(_ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    var hasDigit = false
    while index < range.upperBound {
      let byte = text[index]
      if byte.isLetter {
        var stop = index
        while stop < range.upperBound, text[stop].isLetter { stop += 1 }
        let word = text[index..<stop]
        let isName = word.count == 1 || word.allSatisfy(\.isCapital)
        if !isName, !Self.functions.contains(String(decoding: word, as: UTF8.self)),
          index == range.lowerBound || text[index - 1] != UInt8(ascii: "\\"), !word.elementsEqual("pi".utf8),
          !word.elementsEqual("infinity".utf8), !word.elementsEqual("inf".utf8)
        {
          return false
        }
        index = stop
        continue
      }
      if byte >= 0x80, text[index..<range.upperBound].starts(with: "≈".utf8) { return false }
      if byte == UInt8(ascii: "~") { return false }
      hasDigit = hasDigit || byte.isDigit || "+-*/,".utf8.contains(byte)
      index += 1
    }
    return hasDigit
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
