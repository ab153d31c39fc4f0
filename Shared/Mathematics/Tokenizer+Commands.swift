// SPDX-License-Identifier: MIT

extension Tokenizer {
  /// A backslash and what follows it.
  mutating func command(_ budget: Budget) throws(Stop) {
    let start = at + 1
    guard let first = byte(start) else { throw .unparsable }
    guard isLetter(start) else {
      at = start + 1
      return try symbolCommand(first)
    }
    at = start
    while isLetter(at) { at += 1 }
    let name = text(start..<at)
    if name == "angle" || name == "triangle" {
      nameOfNumber(name == "angle" ? "∠" : "△")
    } else if Vocabulary.layout.contains(name) {
      skipBracketOfNothing(name)
    } else if Vocabulary.text.contains(name) {
      guard let range = argument() else { throw .unparsable }
      try embed(range, isText: true, budget)
    } else if name == "overline" || name == "dot", case .number(let numeral)? = tokens.last, numeral.isDecimal {
      try repeatingDecimal(after: numeral, budget)
    } else if name == "dot", case .number? = tokens.last {
      throw .unparsable  // of 0.\dot{1}2\dot{3} what repeats is not read
    } else if Vocabulary.decorations.contains(name) {
      if name == "color" || name == "textcolor" { _ = argument() }
    } else if name == "mathrm" || name == "operatorname" || name == "mathbb" {
      try namedCommand(name, budget)
    } else if name == "begin" || name == "end" {
      guard let range = argument() else { throw .unparsable }
      try environment(text(range), isBegin: name == "begin")
    } else if name == "circ" {
      append(.sign(UInt8(ascii: "d")))
    } else if let token = Vocabulary.commands[name] {
      if case .open = token { enterBracket() }
      if case .close = token { leaveBracket() }
      append(token)
    } else if let function = FunctionName.names[name] {
      append(.function(function))
    } else if Vocabulary.greek.contains(name) {
      append(.symbol(name))
    } else if name == "newline" {
      append(.row)
    } else {
      throw .unparsable
    }
  }

  /// `\left.` has no bracket.
  private mutating func skipBracketOfNothing(_ name: String) {
    if name == "left" || name == "right", byte(at) == UInt8(ascii: ".") { at += 1 }
  }

  private mutating func symbolCommand(_ byte: UInt8) throws(Stop) {
    switch byte {
    case UInt8(ascii: "{"):
      enterBracket()
      append(.open(UInt8(ascii: "s")))
    case UInt8(ascii: "}"):
      leaveBracket()
      append(.close(UInt8(ascii: "s")))
    case UInt8(ascii: "%"): append(.sign(byte))
    case UInt8(ascii: "$"): append(.currency("dollar"))
    case UInt8(ascii: "|"): append(.bar)
    case UInt8(ascii: "\\"):
      append(.row)
      if self.byte(at) == UInt8(ascii: "[") {  // \\[2pt]
        while at < end, self.byte(at) != UInt8(ascii: "]") { at += 1 }
        at += 1
      }
    case UInt8(ascii: ","), UInt8(ascii: "!"), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: ">"),
      UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["),
      UInt8(ascii: "]"), UInt8(ascii: "/"):
      sawSpace = true
    case UInt8(ascii: "#"), UInt8(ascii: "&"), UInt8(ascii: "_"): throw .unparsable
    default: throw .unparsable
    }
  }

  /// The range inside the braces that come next; nil where they are missing or do not close.
  mutating func argument() -> Range<Int>? {
    while byte(at) == UInt8(ascii: " ") { at += 1 }
    guard byte(at) == UInt8(ascii: "{") else { return nil }
    var (depth, index) = (0, at)
    while index < end {
      switch byte(index) {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 {
          defer { at = index + 1 }
          return at + 1..<index
        }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// \mathrm{cm}, \operatorname{arcsin}, \mathbb{R}, \mathrm{e}
  private mutating func namedCommand(_ command: String, _ budget: Budget) throws(Stop) {
    guard let range = argument() else {
      if command == "mathbb", byte(at) == UInt8(ascii: "R") {
        at += 1
        append(.reals)
        return
      }
      throw .unparsable
    }
    let name = text(range)
    if command == "mathbb" {
      append(name == "R" ? .reals : .symbol("mathbb " + name))
    } else if let function = FunctionName.names[name] {
      append(.function(function))
    } else {
      let followsNumber = if case .number? = tokens.last { true } else { false }
      try embed(range, isText: followsNumber || range.count > 2, budget)
    }
  }

  private mutating func environment(_ name: String, isBegin: Bool) throws(Stop) {
    let plain = name.last == "*" ? String(name.dropLast()) : name
    switch plain {
    case "pmatrix", "bmatrix", "matrix", "smallmatrix", "Bmatrix", "array":
      if isBegin, plain == "array", argument() == nil { throw .unparsable }
      if isBegin { enterBracket() } else { leaveBracket() }
      append(isBegin ? .begin("matrix") : .end("matrix"))
    case "vmatrix":
      append(isBegin ? .begin("determinant") : .end("determinant"))
    case "equation", "math", "displaymath", "center": break
    case "align", "aligned", "gather", "gathered", "split", "cases", "alignat", "eqnarray":
      append(isBegin ? .begin("lines") : .end("lines"))
    default: throw .unparsable
    }
  }
}
