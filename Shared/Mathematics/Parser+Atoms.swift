// SPDX-License-Identifier: MIT

extension Parser {
  /// A number, a name, something in brackets, a fraction, a root, a function.
  mutating func atom() throws(Stop) -> Node {
    guard let token = next else { throw .unparsable }
    return try deeper { (parser) throws(Stop) in
      parser.at += 1
      switch token {
      case .number(let numeral): return try parser.numeral(numeral)
      case .symbol(let name): return try parser.named(name)
      case .pi: return .pi
      case .e: return parser.next == .sign(UInt8(ascii: "_")) ? try parser.named("e") : .e
      case .i: return parser.next == .sign(UInt8(ascii: "_")) ? try parser.named("i") : .i
      case .infinity: return .infinity
      case .emptySet: return .emptySet
      case .reals: return .reals
      case .word(let word): return parser.words(word)
      case .currency(let unit): return .measured(try parser.scaled(parser.power()), unit: unit)
      case .function(let name): return try parser.call(name)
      case .fraction: return try parser.fraction()
      case .root: return try parser.root()
      case .rootOfDegree(let degree): return .power(try parser.operand(), .reciprocal(.integer(degree)))
      case .binomial: return .function(.plain(.binomial), [try parser.operand(), try parser.operand()])
      case .open(let bracket): return try parser.bracketed(bracket)
      case .bar:
        parser.openBars += 1
        let inside = try parser.sum()
        parser.openBars -= 1
        try parser.expect(.bar)
        return .function(.plain(.abs), [inside])
      case .begin(let environment): return try parser.environment(environment)
      case .operation(let operation): return try parser.ranged(operation)
      default: throw .unparsable
      }
    }
  }

  /// A number, and what turns it into another: a base, the fraction of a mixed number.
  private mutating func numeral(_ numeral: Numeral) throws(Stop) -> Node {
    let isInteger = !numeral.digits.isEmpty
    if isInteger, next == .sign(UInt8(ascii: "_")) {
      at += 1
      guard case .number(let base) = try operand(), let radix = base.value.int, 2...36 ~= radix else {
        throw .unparsable
      }
      return .based(numeral.digits, radix)
    }
    if isInteger, let choice = choice(from: numeral) { return choice }
    guard isInteger, let part = try mixedFraction() else { return .number(numeral) }
    return .sum([.number(numeral), part])
  }

  /// $2.5 million and $2.5M
  private mutating func scaled(_ amount: Node) throws(Stop) -> Node {
    guard case .number = amount else { return amount }
    let factor: Int? =
      switch next {
      case .word(let word)?: Lexicon.scales[word.lowercased()]
      case .symbol(let letter)? where !spaced[at]: ["K": 1_000, "k": 1_000, "M": 1_000_000, "B": 1_000_000_000][letter]
      default: nil
      }
    guard let factor else { return amount }
    at += 1
    return .product([amount, .integer(factor)])
  }

  /// 5C2 and 5P2: choices without and with order.
  private mutating func choice(from top: Numeral) -> Node? {
    guard case .symbol(let letter)? = next, letter == "C" || letter == "P", case .number(let bottom)? = peek(1),
      !spaced[at], !spaced[at + 1], !bottom.digits.isEmpty
    else { return nil }
    at += 2
    let chosen = Node.function(.plain(.binomial), [.number(top), .number(bottom)])
    return letter == "C" ? chosen : .product([chosen, .function(.plain(.factorial), [.number(bottom)])])
  }

  /// 3\frac12 and "3 1/2": a proper fraction right behind an integer is added.
  private mutating func mixedFraction() throws(Stop) -> Node? {
    let start = at
    var (top, bottom): (Numeral?, Numeral?)
    if take(.fraction) {
      let parts = try fractionParts()
      guard case .number(let a) = parts.top, case .number(let b) = parts.bottom else {
        at = start  // 3\frac{x}{2} is a product
        return nil
      }
      (top, bottom) = (a, b)
    } else if at < spaced.count, spaced[at], case .number(let a)? = next, peek(1) == .sign(UInt8(ascii: "/")),
      case .number(let b)? = peek(2)
    {
      at += 3
      (top, bottom) = (a, b)
    }
    guard let top, let bottom else { return nil }
    guard !top.digits.isEmpty, !bottom.digits.isEmpty, top.value < bottom.value else { throw .unparsable }
    return quotient(of: .number(top), by: .number(bottom))
  }

  /// A variable with its primes and subscript; f(x) is no product.
  private mutating func named(_ letter: String) throws(Stop) -> Node {
    var name = letter
    while takeSign("'") { name += "'" }
    if takeSign("_") { name += "_" + (try subscriptText()) }
    while takeSign("'") { name += "'" }
    if next == .open(UInt8(ascii: "(")), name.utf8.first?.isCapital ?? false {  // the point M(2, -1)
      let start = at
      at += 1
      let coordinates = try elements(until: UInt8(ascii: ")"))
      if coordinates.count > 1 { return .bracketed(UInt8(ascii: "("), coordinates, UInt8(ascii: ")")) }
      at = start
    }
    let isFunction = ["f", "g"].contains(letter.first.map(String.init) ?? "") && letter.utf8.count == 1
    if isFunction, next == .open(UInt8(ascii: "(")) {
      at += 1
      return .apply(name, try elements(until: UInt8(ascii: ")")))
    }
    return .symbol(name)
  }

  private mutating func subscriptText() throws(Stop) -> String {
    var text = ""
    let isGroup = take(.open(UInt8(ascii: "{")))
    repeat {
      guard let token = next else { throw .unparsable }
      switch token {
      case .number(let numeral): text += numeral.digits
      case .symbol(let name): text += name
      case .word(let word): text += word
      case .e: text += "e"
      case .i: text += "i"
      case .pi: text += "π"
      case .comma: text += ","
      case .sign(let sign) where sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"):
        text += String(UnicodeScalar(sign))
      default: throw .unparsable
      }
      at += 1
      try budget.spend()
    } while isGroup && !take(.close(UInt8(ascii: "}")))
    return text
  }

  /// Words in a row, as one.
  private mutating func words(_ first: String) -> Node {
    var text = first.utf8.count > 1 ? first.lowercased() : first
    while case .word(let word)? = next {
      text += " " + word.lowercased()
      at += 1
    }
    return .text(text)
  }

  /// The argument of \frac, \sqrt, _: a group, or one token.
  mutating func operand() throws(Stop) -> Node {
    if take(.open(UInt8(ascii: "{"))) {
      let inside = try list()
      try expect(.close(UInt8(ascii: "}")))
      return inside
    }
    if case .number(let numeral)? = next {
      at += 1
      return .number(numeral)
    }
    return try atom()
  }

  private mutating func fraction() throws(Stop) -> Node {
    let parts = try fractionParts()
    return quotient(of: parts.top, by: parts.bottom)
  }

  /// Numerator and denominator; \frac12 and \frac1{2} have one digit each.
  private mutating func fractionParts() throws(Stop) -> (top: Node, bottom: Node) {
    if case .number(let numeral)? = next, numeral.digits.utf8.count == 2 {
      at += 1
      return (digit(numeral, first: true), digit(numeral, first: false))
    }
    let top = try operand()
    return (top, try operand())
  }

  private func quotient(of top: Node, by bottom: Node) -> Node { .product([top, .reciprocal(bottom)]) }

  private func digit(_ numeral: Numeral, first: Bool) -> Node {
    let digit = (first ? numeral.digits.first : numeral.digits.last)?.wholeNumberValue ?? 0
    return .number(Numeral(value: Rational(digit), isDecimal: false, digits: "\(digit)"))
  }

  private mutating func root() throws(Stop) -> Node {
    var degree: Node?
    if isLaTeX, take(.open(UInt8(ascii: "["))) {
      degree = try sum()
      try expect(.close(UInt8(ascii: "]")))
    }
    let radicand = try operand()
    let two = Node.number(Numeral(value: Rational(2), isDecimal: false, digits: "2"))
    return .power(radicand, .reciprocal(degree ?? two))
  }

  /// sin x, sin²(x), log_2 8, max(a, b)
  private mutating func call(_ written: FunctionName) throws(Stop) -> Node {
    var name = written
    var base: Node?
    var exponent: Node?
    while case .sign(let sign)? = next, sign == UInt8(ascii: "_") || sign == UInt8(ascii: "^") {
      at += 1
      if sign == UInt8(ascii: "_"), base == nil {
        base = try operand()
      } else if exponent == nil {
        exponent = try operandOrSigned()
      } else {
        throw .unparsable
      }
    }
    if case .negative(.number(let one))? = exponent, one.value.isOne {
      guard let inverse = name.inverse else { throw .unparsable }
      (name, exponent) = (inverse, nil)
    }
    let arguments = try self.arguments()
    var result = Node.function(name, arguments)
    if let base {
      guard name == .log, arguments.count == 1 else { throw .unparsable }
      let ln = FunctionName.plain(.ln)
      result = .product([.function(ln, arguments), .reciprocal(.function(ln, [base]))])
    }
    return exponent.map { .power(result, $0) } ?? result
  }

  private mutating func operandOrSigned() throws(Stop) -> Node {
    if takeSign("-") { return .negative(try operand()) }
    return try operand()
  }

  /// In brackets, or everything up to the next sign or function: sin 2x cos y.
  private mutating func arguments() throws(Stop) -> [Node] {
    for bracket in [UInt8(ascii: "("), UInt8(ascii: "[")] where take(.open(bracket)) {
      return try elements(until: bracket == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "]"))
    }
    if takeSign("-") { return [.negative(try power())] }
    var factors = [try power()]
    while let next, beginsFactor(next) {
      if case .function = next { break }
      if case .open = next { break }
      if case .number = next { throw .unparsable }
      factors.append(try power())
    }
    if takeSign("/") { factors.append(.reciprocal(try power())) }  // sin π/6
    return [factors.count == 1 ? factors[0] : .product(factors)]
  }

  /// Elements and the closing bracket.
  mutating func elements(until bracket: UInt8) throws(Stop) -> [Node] {
    let bars = openBars
    openBars = 0
    defer { openBars = bars }
    var elements = [try relation()]
    while take(.comma) || take(.semicolon) { elements.append(try relation()) }
    try expect(.close(bracket))
    return elements
  }

  private mutating func bracketed(_ bracket: UInt8) throws(Stop) -> Node {
    let bars = openBars
    openBars = 0
    defer { openBars = bars }
    switch bracket {
    case UInt8(ascii: "s"):
      if take(.close(bracket)) { return .emptySet }
      return .set(try elements(until: bracket))
    case UInt8(ascii: "{"):
      if take(.close(UInt8(ascii: "}"))) {
        if isLaTeX { throw .unparsable }
        return .emptySet
      }
      let inside = try list()
      try expect(.close(UInt8(ascii: "}")))
      if !isLaTeX, case .list(let elements, _) = inside { return .set(elements) }
      return inside
    case UInt8(ascii: "f"), UInt8(ascii: "c"):
      let inside = try sum()
      try expect(.close(bracket))
      return .function(.plain(bracket == UInt8(ascii: "f") ? .floor : .ceil), [inside])
    case UInt8(ascii: "<"):
      return .bracketed(UInt8(ascii: "("), try elements(until: UInt8(ascii: ">")), UInt8(ascii: ")"))
    default:
      var elements = [try relation()]
      while take(.comma) || take(.semicolon) { elements.append(try relation()) }
      guard case .close(let closing)? = next, closing == UInt8(ascii: ")") || closing == UInt8(ascii: "]") else {
        throw .unparsable
      }
      at += 1
      if elements.count > 1 { return .bracketed(bracket, elements, closing) }
      let isPair = (bracket == UInt8(ascii: "(")) == (closing == UInt8(ascii: ")"))
      guard isPair else { throw .unparsable }
      return elements[0]
    }
  }

  private mutating func environment(_ name: String) throws(Stop) -> Node {
    if name == "lines" { return try lines() }
    var rows: [[Node]] = [[]]
    while true {
      if take(.end(name)) { break }
      if take(.row) {
        if next != .end(name) { rows.append([]) }
        continue
      }
      rows[rows.count - 1].append(try relation())
      if !take(.cell), next != .row, next != .end(name) { throw .unparsable }
    }
    guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width }) else { throw .unparsable }
    return name == "matrix" ? .matrix(rows) : .determinant(rows)
  }
}

extension FunctionName {
  /// What \sin^{-1} means.
  fileprivate var inverse: FunctionName? {
    switch self {
    case .plain(.sin): .plain(.arcsin)
    case .plain(.cos): .plain(.arccos)
    case .plain(.tan): .plain(.arctan)
    default: nil
    }
  }
}
