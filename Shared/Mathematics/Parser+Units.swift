// SPDX-License-Identifier: MIT

extension Parser {
  /// The unit behind a quantity, to the end of its words: cm, m/s^2, "square feet", "miles per hour", "apples". A nil
  /// name is one that is not compared. Nil: no unit follows.
  mutating func unit(after factors: [Node]) throws(Stop) -> Unit? {
    guard let first = next, beginsUnit(first, after: factors) else { return nil }
    var names: [String] = []
    var isKnown = true
    var scale = 1
    loop: while let token = next {
      try budget.spend()
      switch token {
      case .word(let word):
        if names.isEmpty, Lexicon.operations.contains(word.lowercased()) { throw .unparsable }
        let ideographs = word.utf8.first.map { $0 < 0xE0 } ?? true ? (factor: 1, length: 0) : Units.scale(of: word)
        if ideographs.length > 0 {
          guard names.isEmpty, isKnown, scale == 1 else { throw .unparsable }
          scale = ideographs.factor
          if ideographs.length < word.utf8.count { isKnown = false }
        } else if names.isEmpty, isKnown, scale < 1 << 30, let factor = Lexicon.scales[word.lowercased()] {
          scale *= factor
        } else {
          add(word, &names, &isKnown)
        }
      case .symbol(let letter) where Units.isLetter(letter): add(letter, &names, &isKnown)
      case .currency(let name): add(name, &names, &isKnown)
      case .sign(UInt8(ascii: "/")), .sign(UInt8(ascii: "*")):
        guard let after = peek(1), beginsUnit(after, after: factors) || isUnitLetter(after) else { break loop }
        names.append(token == .sign(UInt8(ascii: "/")) ? "/" : "*")
      case .sign(UInt8(ascii: "^")):
        at += 1
        guard case .number(let numeral) = try operand() else { throw .unparsable }
        names.append("^" + numeral.digits)
        continue
      case .open(UInt8(ascii: "(")):  // "5 cm (rounded)"
        guard case .word? = peek(1) else { break loop }
        try skipParenthesis()
        continue
      default: break loop
      }
      at += 1
    }
    return Unit(name: isKnown && !names.isEmpty ? normalised(names) : nil, scale: scale)
  }

  private func add(_ word: String, _ names: inout [String], _ isKnown: inout Bool) {
    let lower = word.lowercased()
    if lower == "per" {
      names.append("/")
    } else if lower == "squared" || lower == "cubed" {
      names.append(lower == "squared" ? "^2" : "^3")
    } else if let name = Units.name(word) {
      names.append(name)
    } else {
      isKnown = false
    }
  }

  /// Whether a token begins a unit behind these factors.
  private func beginsUnit(_ token: Token, after factors: [Node]) -> Bool {
    switch token {
    case .word: return true
    case .currency: return isNumber(factors)
    case .symbol: return !isLaTeX && at > 0 && spaced[at] && isUnitLetter(token) && isNumber(factors) && endsQuantity()
    default: return false
    }
  }

  private func isUnitLetter(_ token: Token) -> Bool {
    if case .symbol(let letter) = token { return !isLaTeX && Units.isLetter(letter) }
    return false
  }

  private func isNumber(_ factors: [Node]) -> Bool {
    factors.allSatisfy(\.isNumeric)
  }

  /// "5 m" and "5 m/s" end here; "5 m + 3" is algebra.
  private func endsQuantity() -> Bool {
    var offset = 1
    while let token = peek(offset) {
      switch token {
      case .sign(UInt8(ascii: "/")), .sign(UInt8(ascii: "^")), .number, .open(UInt8(ascii: "{")),
        .close(UInt8(ascii: "}")):
        offset += 1
      case .symbol: if isUnitLetter(token) { offset += 1 } else { return false }
      case .comma, .and, .or, .semicolon: return true
      default: return false
      }
      if offset > 12 { return false }
    }
    return true
  }

  private mutating func skipParenthesis() throws(Stop) {
    at += 1
    while let token = next {
      at += 1
      if token == .close(UInt8(ascii: ")")) { return }
      guard case .word = token else { throw .unparsable }
    }
    throw .unparsable
  }

  /// "square feet" and "ft^2" alike.
  private func normalised(_ names: [String]) -> String {
    var result = ""
    var pending = ""
    for name in names {
      if name == "square" || name == "cubic" {
        pending = name == "square" ? "^2" : "^3"
      } else {
        result += name
        if !["/", "*"].contains(name), !name.hasPrefix("^") { (result, pending) = (result + pending, "") }
      }
    }
    return result
  }
}
