// SPDX-License-Identifier: MIT

/// Cuts LaTeX or plain text into tokens. Which of the two it is matters for letters only: in plain text "apples" is a
/// word, in LaTeX ab is a product.
struct Tokenizer {
  private let bytes: ArraySlice<UInt8>
  var at: Int
  let isLaTeX: Bool
  /// Inside \text{…} every run of letters is a word.
  private let isText: Bool
  /// How a comma between digits outside brackets is read.
  let commas: Commas
  /// Whether the letter of 5m is a unit, as in plain text it may be.
  private let hasGluedUnits: Bool
  private var depth = 0
  private let level: Int
  private(set) var tokens: [Token] = []
  /// Whether white space came before the token.
  private(set) var spaced: [Bool] = []
  var sawSpace = false

  enum Commas { case thousands, list, point }

  init(
    _ bytes: ArraySlice<UInt8>, isLaTeX: Bool, isText: Bool = false, commas: Commas = .thousands,
    hasGluedUnits: Bool = false, level: Int = 0
  ) {
    self.bytes = bytes
    self.hasGluedUnits = hasGluedUnits
    (self.isLaTeX, self.isText, self.commas, self.level) = (isLaTeX, isText, commas, level)
    at = bytes.startIndex
  }

  var end: Int { bytes.endIndex }
  func byte(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }
  func isDigit(_ index: Int) -> Bool { byte(index).map { $0 &- 48 < 10 } ?? false }
  func isLetter(_ index: Int) -> Bool { byte(index).map { ($0 | 0x20) &- 97 < 26 } ?? false }
  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
  func slice(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }
  func starts(with text: StaticString, at index: Int) -> Bool {
    text.withUTF8Buffer { bytes[min(index, end)...].starts(with: $0) }
  }

  mutating func append(_ token: Token) {
    tokens.append(token)
    spaced.append(sawSpace)
    sawSpace = false
  }

  mutating func replaceLast(_ token: Token) { tokens[tokens.count - 1] = token }

  /// All tokens of the text.
  mutating func run(_ budget: Budget) throws(Stop) {
    while at < end {
      try budget.spend()
      try next(budget)
    }
  }

  private mutating func next(_ budget: Budget) throws(Stop) {
    let first = bytes[at]
    switch first {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "~"):
      sawSpace = true
      at += 1
    case UInt8(ascii: "0")...UInt8(ascii: "9"): try number(budget)
    case UInt8(ascii: ".") where isDigit(at + 1): try number(budget)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): letters()
    case UInt8(ascii: "\\"): try command(budget)
    case 0x80...: try unicode(budget)
    default: try punctuation(first)
    }
  }

  private mutating func punctuation(_ byte: UInt8) throws(Stop) {
    at += 1
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["):
      depth += 1
      append(.open(byte))
    case UInt8(ascii: ")"), UInt8(ascii: "]"):
      depth -= 1
      append(.close(byte))
    case UInt8(ascii: "{"):
      if !isLaTeX { depth += 1 }
      append(.open(byte))
    case UInt8(ascii: "}"):
      if !isLaTeX { depth -= 1 }
      append(.close(byte))
    case UInt8(ascii: "*"):
      if self.byte(at) == byte {
        at += 1
        append(.sign(UInt8(ascii: "^")))
      } else {
        append(.sign(byte))
      }
    case UInt8(ascii: "!") where self.byte(at) == UInt8(ascii: "="):
      at += 1
      append(.relation(.notEqual))
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "^"), UInt8(ascii: "_"),
      UInt8(ascii: "!"), UInt8(ascii: "'"), UInt8(ascii: "%"), UInt8(ascii: ":"):
      append(.sign(byte))
    case UInt8(ascii: "="):
      while self.byte(at) == byte { at += 1 }
      append(.relation(.equal))
    case UInt8(ascii: "<"), UInt8(ascii: ">"):
      let orEqual = self.byte(at) == UInt8(ascii: "=")
      if orEqual { at += 1 }
      let isLess = byte == UInt8(ascii: "<")
      append(.relation(isLess ? (orEqual ? .lessOrEqual : .less) : (orEqual ? .greaterOrEqual : .greater)))
    case UInt8(ascii: ","): append(.comma)
    case UInt8(ascii: ";"): append(.semicolon)
    case UInt8(ascii: "|"): append(.bar)
    case UInt8(ascii: "&"): append(.cell)
    case UInt8(ascii: "$"): if !isLaTeX { append(.currency("dollar")) }
    default: throw .unparsable
    }
  }

  private mutating func letters() {
    let start = at
    while isLetter(at) { at += 1 }
    let run = text(start..<at)
    if isText {
      append(["and": .and, "or": .or][run.lowercased()] ?? .word(run))
      return
    }
    if at - start == 1, hasGluedUnits, !sawSpace, followsQuantity, Units.isGluedLetter(run, isLaTeX: isLaTeX),
      !(run == "s" && followsDecade)
    {
      append(.word(run))
      return
    }
    if at - start > 1 {
      if !isLaTeX, followsQuantity, ["am", "pm"].contains(run.lowercased()) {
        append(.word(run))
        return
      }
      if let token = Self.keywords[run] ?? (isLaTeX ? nil : Self.keywords[run.lowercased()]) {
        append(token)
        return
      }
      let isWord =
        Units.isUnmistakable(run) && (followsQuantity || at - start > 3)
        || !isLaTeX && (at - start > 3 || (at - start > 2 && followsQuantity && sawSpace))
      if isWord {
        append(.word(run))
        return
      }
    }
    for letter in run { append(Self.letter(String(letter))) }
  }

  /// 1990s are years, no seconds.
  private var followsDecade: Bool {
    guard case .number(let numeral)? = tokens.last, let year = numeral.value.int else { return false }
    return 1_100...2_100 ~= year && year % 10 == 0
  }

  /// Behind a number or a word a run of letters is a word sooner than a product.
  private var followsQuantity: Bool {
    switch tokens.last {
    case .number?, .word?, .pi?, .close?, .sign(UInt8(ascii: "d"))?, .sign(UInt8(ascii: "%"))?: true
    default: false
    }
  }

  private static func letter(_ letter: String) -> Token {
    switch letter {
    case "e": .e
    case "i": .i
    default: .symbol(letter)
    }
  }

  private static let keywords: [String: Token] = {
    var keywords: [String: Token] = [
      "pi": .pi, "inf": .infinity, "infty": .infinity, "infinity": .infinity, "oo": .infinity, "sqrt": .root,
      "and": .and, "or": .or, "percent": .sign(UInt8(ascii: "%")), "percentage": .sign(UInt8(ascii: "%")),
      "pct": .sign(UInt8(ascii: "%")), "degrees": .sign(UInt8(ascii: "d")), "degree": .sign(UInt8(ascii: "d")),
      "union": .set(.union), "in": .relation(.element),
    ]
    for (name, function) in FunctionName.names { keywords[name] = .function(function) }
    return keywords
  }()

  private mutating func unicode(_ budget: Budget) throws(Stop) {
    let length = bytes[at] >= 0xF0 ? 4 : bytes[at] >= 0xE0 ? 3 : 2
    let stop = min(at + length, end)
    guard let scalar = text(at..<stop).unicodeScalars.first else { throw .unparsable }
    if scalar.properties.isWhitespace || scalar == "\u{200B}" || scalar == "\u{2061}" {
      sawSpace = true
      at = stop
      return
    }
    if scalar == "∠" || scalar == "△" {
      at = stop
      nameOfNumber(scalar)
    } else if Vocabulary.raised[scalar] != nil {
      try raisedNumber(budget)
    } else if let (top, bottom) = Vocabulary.fractions[scalar] {
      at = stop
      let wasNumber = if case .number? = tokens.last { true } else { false }
      if wasNumber { sawSpace = true }
      for part in [top, bottom] {
        if part == bottom { append(.sign(UInt8(ascii: "/"))) }
        if wasNumber && part == top { sawSpace = true }
        append(.number(Numeral(value: Rational(part), isDecimal: false, digits: "\(part)")))
      }
    } else if let known = Vocabulary.unicode[scalar] {
      at = stop
      for token in known { append(token) }
    } else if scalar.properties.isAlphabetic && !isLaTeX {
      let start = at
      while at < end, bytes[at] >= 0x80 || isLetter(at) { at += 1 }
      append(.word(text(start..<at)))
    } else {
      throw .unparsable
    }
  }

  /// ∠1 is a name; before letters the sign says nothing.
  mutating func nameOfNumber(_ sign: Unicode.Scalar) {
    while byte(at) == UInt8(ascii: " ") { at += 1 }
    let start = at
    while isDigit(at) { at += 1 }
    if at > start { append(.symbol("\(sign)" + text(start..<at))) }
  }

  private mutating func raisedNumber(_ budget: Budget) throws(Stop) {
    var digits: [UInt8] = []
    while at < end, bytes[at] >= 0xC2 {
      let length = bytes[at] >= 0xE0 ? 3 : 2
      guard let scalar = text(at..<min(at + length, end)).unicodeScalars.first,
        let digit = Vocabulary.raised[scalar]
      else { break }
      digits.append(digit)
      at += length
    }
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits.removeFirst() }
    guard !digits.isEmpty, !digits.contains(UInt8(ascii: "-")) else { throw .unparsable }
    let value = Rational(try Integer(digits: digits))
    append(.sign(UInt8(ascii: "^")))
    append(.open(UInt8(ascii: "{")))
    let written = String(decoding: digits, as: UTF8.self)
    append(.number(Numeral(value: isNegative ? -value : value, isDecimal: false, digits: written)))
    append(.close(UInt8(ascii: "}")))
  }

  /// The tokens of \text{…} or of a formatted name.
  mutating func embed(_ range: Range<Int>, isText: Bool, _ budget: Budget) throws(Stop) {
    if level > 8 { throw .unparsable }
    var inner = Tokenizer(bytes[range], isLaTeX: !isText, isText: isText, commas: commas, level: level + 1)
    inner.depth = depth
    try inner.run(budget)
    for (token, space) in zip(inner.tokens, inner.spaced) {
      sawSpace = sawSpace || space
      append(token)
    }
    sawSpace = sawSpace || inner.sawSpace
  }

  var isInBrackets: Bool { depth > 0 }
  mutating func enterBracket() { depth += 1 }
  mutating func leaveBracket() { depth -= 1 }
}
