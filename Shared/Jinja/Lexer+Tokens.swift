// SPDX-License-Identifier: MIT
// The tokens inside a tag: names, numbers, strings, operators.

extension Lexer {
  private static let pairs = ["==", "!=", ">=", "<=", "//", "**"]
  private static let singles = Set("+-/*%~[](){}><=.:|,".unicodeScalars)

  /// Reads one token or a stretch of white space.
  mutating func readToken(_ first: Unicode.Scalar, _ brackets: inout [Unicode.Scalar]) throws {
    if first.isPythonSpace { return advance(1) }
    if first.isDigit { return try readNumber() }
    if first.isNameStart {
      let rest = source[position...].prefix { $0.isNameStart || $0.isDigit }
      add(.name(String(rest)))
      return advance(rest.count)
    }
    if first == "'" || first == "\"" { return try readString(first) }
    if let pair = Self.pairs.first(where: starts) {
      add(.symbol(pair))
      return advance(2)
    }
    guard Self.singles.contains(first) else { throw error("unexpected character \"\(first)\" in a tag") }
    switch first {
    case "(": brackets.append(")")
    case "[": brackets.append("]")
    case "{": brackets.append("}")
    case ")", "]", "}":
      guard brackets.popLast() == first else { throw error("unexpected \"\(first)\"") }
    default: break
    }
    add(.symbol(String(first)))
    advance(1)
  }

  private mutating func readNumber() throws {
    var text = digits()
    var isFloat = false
    let isAttribute = tokens.last?.kind == .symbol(".")
    if !isAttribute, scalar() == ".", scalar(1)?.isDigit == true {
      advance(1)
      text += "." + digits()
      isFloat = true
    }
    if !isAttribute, scalar() == "e" || scalar() == "E" {
      let sign = scalar(1).flatMap { $0 == "+" || $0 == "-" ? String($0) : nil } ?? ""
      if scalar(1 + sign.utf8.count)?.isDigit == true {
        advance(1 + sign.utf8.count)
        text += "e" + sign + digits()
        isFloat = true
      }
    }
    if isFloat {
      guard let number = Double(text), number.isFinite else { throw error("the number \(text) is too large") }
      add(.float(number))
    } else {
      guard text == "0" || !text.hasPrefix("0") else {
        throw JinjaError(.unsupported, "the number \(text) is not written in base ten", line: line)
      }
      guard let number = Int(text) else { throw error("the number \(text) is too large") }
      add(.integer(number))
    }
  }

  private mutating func digits() -> String {
    var text = ""
    while let next = scalar(), next.isDigit || (next == "_" && scalar(1)?.isDigit == true) {
      if next != "_" { text.unicodeScalars.append(next) }
      advance(1)
    }
    return text
  }

  // MARK: Strings

  private mutating func readString(_ quote: Unicode.Scalar) throws {
    let opening = line
    var text = String.UnicodeScalarView()
    advance(1)
    while let next = scalar(), next != quote {
      if next == "\\" {
        try readEscape(into: &text)
      } else {
        text.append(next)
        advance(1)
      }
    }
    guard scalar() == quote else { throw JinjaError(.syntax, "the string has no end", line: opening) }
    tokens.append(Token(kind: .string(String(text)), line: opening))
    advance(1)
  }

  /// Python's escapes; an unknown one stands for itself, backslash and all.
  private mutating func readEscape(into text: inout String.UnicodeScalarView) throws {
    guard let letter = scalar(1) else { throw error("the string has no end") }
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
      "v": "\u{0B}",
    ]
    if let scalar = simple[letter] {
      text.append(scalar)
      return advance(2)
    }
    if letter == "\n" { return advance(2) }
    guard let count: Int = ["x": 2, "u": 4, "U": 8][letter] else {
      guard letter != "N", !letter.isDigit else {
        throw JinjaError(.unsupported, "the escape \\\(letter) is not supported", line: line)
      }
      text.append("\\")
      text.append(letter)
      return advance(2)
    }
    let digits = String(source[(position + 2)...].prefix(count))
    guard digits.utf8.count == count, let value = UInt32(digits, radix: 16), !digits.hasPrefix("+"),
      let scalar = Unicode.Scalar(value)
    else { throw error("the escape \\\(letter)\(digits) names no character") }
    text.append(scalar)
    advance(2 + count)
  }
}

extension Unicode.Scalar {
  var isDigit: Bool { (0x30...0x39).contains(value) }

  /// May begin a name, and with digits continue it.
  var isNameStart: Bool { self == "_" || (isASCII ? properties.isAlphabetic : properties.isXIDContinue) }
}
