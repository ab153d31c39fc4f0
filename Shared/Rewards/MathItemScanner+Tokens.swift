// SPDX-License-Identifier: MIT
import Characters
import Mathematics

extension MathItemScanner {
  func token(_ index: Int) -> (end: Int, kind: Kind)? {
    let first = byte(index)
    if first.isDigit || (first == UInt8(ascii: ".") && byte(index + 1).isDigit) { return number(index) }
    if first.isLetter { return letters(index) }
    if first >= 0x80 { return unicode(index) }
    return punctuation(index, first)
  }

  /// Digits with the marks between them, and letters glued to them: 1,234.5 and 5cm, 5th, 12x3.
  func number(_ index: Int) -> (end: Int, kind: Kind)? {
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

  static let functions: Set<String> = [
    "sqrt", "sin", "cos", "tan", "log", "ln", "exp", "lg", "arcsin", "arccos", "arctan", "max", "min", "gcd", "lcm",
    "cot",
    "abs",
  ]

  func letters(_ index: Int) -> (end: Int, kind: Kind)? {
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
    let isName = word.utf8.count == 1 || word.utf8.count <= 5 && word.utf8.allSatisfy(\.isCapital)
    guard isName || isGlued else { return nil }
    let isUnit = Units.name(word) != nil
    if kind == .sign || kind == .relation {
      // "3 - a cat": an article is no operand
      return self.stop < index && isArticle(word, next) ? nil : (stop, .operand)
    }
    if isGlued { return (stop, .operand) }
    if byte(stop) == UInt8(ascii: "("), word.utf8.count == 1, closing(stop) != nil { return (stop, .operand) }
    if kind == .operand, isUnit { return nil }
    return beginsOperation(next, isSpaced: next > stop) ? (stop, .operand) : nil
  }

  func isArticle(_ word: String, _ next: Int) -> Bool {
    (word == "a" || word == "A" || word == "I") && byte(next).isLetter
  }

  func unicode(_ index: Int) -> (end: Int, kind: Kind)? {
    let length = byte(index) >= 0xF0 ? 4 : byte(index) >= 0xE0 ? 3 : 2
    let stop = min(index + length, end)
    guard let scalar = String(decoding: text[index..<stop], as: UTF8.self).unicodeScalars.first else { return nil }
    switch scalar {
    case "×", "·", "⋅", "∗", "÷", "±", "∓", "∪", "∩", "∖":
      return kind == .none && scalar != "±" ? nil : (stop, .sign)
    case "–":
      let isSpaced = byte(index - 1) == 32 && byte(stop) == 32
      if isSpaced, kind == .operand ? !isOperand(stop + 1) : !followsVerb(index) { return nil }  // a dash
      return (stop, .sign)
    case "≤", "≥", "≠", "≈", "≡", "∈", "⩽", "⩾": return (stop, .relation)
    case "√", "∛", "∜", "∑", "∫", "∏": return (stop, .sign)
    case "∠", "△":
      if kind == .none, let name = nameOfAngle(stop) { return (name, .operand) }
      return kind == .none || kind == .operand && self.stop < index ? nil : (stop, .sign)
    case "π", "∞", "∅", "ℝ": return (stop, .operand)
    case "°", "′", "″": return kind == .operand ? (stop, .operand) : nil
    case "€", "£", "¥", "₹", "￥": return kind == .operand && self.stop < index ? nil : (stop, .operand)
    case "²", "³", "⁰", "¹", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "⁻":
      return kind == .operand ? (stop, .operand) : nil
    default:
      if Vocabulary.isFraction(scalar) { return (stop, .operand) }
      if (0x391...0x3C9).contains(scalar.value) { return (stop, .operand) }
      return nil
    }
  }

  /// Where the 1 of "∠1 =" ends.
  func nameOfAngle(_ index: Int) -> Int? {
    var stop = index
    while byte(stop).isDigit { stop += 1 }
    guard stop > index else { return nil }
    var next = stop
    while byte(next) == 32, next < end { next += 1 }
    return byte(next) == UInt8(ascii: "=") && !isArrow(next) ? stop : nil
  }

  func punctuation(_ index: Int, _ first: UInt8) -> (end: Int, kind: Kind)? {
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
    case UInt8(ascii: "_"):
      return (kind == .operand || kind == .sign) && stop == index && next != first ? (index + 1, .sign) : nil
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

  func sign(_ index: Int, _ first: UInt8) -> (end: Int, kind: Kind)? {
    if isArrow(index) { return nil }
    var after = index + 1
    if first == UInt8(ascii: "*"), byte(after) == first { after += 1 }
    var next = after
    while byte(next) == 32, next < end { next += 1 }
    let isTight = next == after
    guard
      isOperand(next) || text[min(next, end)..<end].starts(with: "π".utf8)
        || "$+-".utf8.contains(byte(next)) && isTight || byte(next) == UInt8(ascii: "$") && byte(next + 1).isDigit
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
  func followsVerb(_ index: Int) -> Bool {
    var stop = index
    while stop > 0, text[stop - 1] == 32 { stop -= 1 }
    var start = stop
    while start > 0, text[start - 1].isLetter { start -= 1 }
    let word = String(decoding: text[start..<stop], as: UTF8.self).lowercased()
    return ["is", "are", "was", "be", "equals", "gives", "to", "get", "of", "by"].contains(word)
  }

  /// |AB|
  func isBarred(_ index: Int) -> Bool {
    var next = index + 1
    while next < end, next - index < 24, byte(next) != UInt8(ascii: "|"), byte(next) > 32 { next += 1 }
    return byte(next) == UInt8(ascii: "|") && next > index + 1
  }

  /// \frac{3}{4}, with its arguments.
  func command(_ index: Int) -> (end: Int, kind: Kind)? {
    var stop = index + 1
    guard stop < end else { return nil }  // a lone backslash at the end of the sentence
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
    switch Vocabulary.role(ofCommand: name) {
    case .sign: return (stop, name == "degree" ? .operand : .sign)
    case .relation: return (stop, .relation)
    case .operand: return (stop, ["sum", "int", "prod", "left"].contains(name) ? .sign : .operand)
    }
  }

  func closing(_ open: Int) -> Int? {
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
  func isMathematics(_ range: Range<Int>) -> Bool {
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
