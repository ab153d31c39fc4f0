// SPDX-License-Identifier: MIT
// Recursive descent. From loose to tight: list, relation, union, sum, product, sign, power, what stands behind (! ° %),
// atom.

struct Parser {
  private(set) var tokens: [Token]
  let spaced: [Bool]
  let isLaTeX: Bool
  let budget: Budget
  var at = 0
  private var depth = 0
  /// The closing bars, `|`, that are waited for.
  var openBars = 0
  private static let maxDepth = 40

  init(_ tokenizer: Tokenizer, budget: Budget) {
    (tokens, spaced, isLaTeX) = (tokenizer.tokens, tokenizer.spaced, tokenizer.isLaTeX)
    self.budget = budget
  }

  /// The same place of the same text, which now ends at `end`; one level deeper.
  init(_ outer: Parser, until end: Int) throws(Stop) {
    self = outer
    tokens = Array(outer.tokens[..<end])
    depth += 1
    if depth > Self.maxDepth { throw .unparsable }
    try budget.spend(end)
  }

  var next: Token? { at < tokens.count ? tokens[at] : nil }
  func peek(_ offset: Int) -> Token? { at + offset < tokens.count ? tokens[at + offset] : nil }

  mutating func take(_ token: Token) -> Bool {
    guard next == token else { return false }
    at += 1
    return true
  }

  mutating func takeSign(_ sign: Unicode.Scalar) -> Bool { take(.sign(UInt8(ascii: sign))) }

  mutating func expect(_ token: Token) throws(Stop) {
    guard take(token) else { throw .unparsable }
  }

  /// Runs one level deeper; nesting beyond any real answer is unparsable.
  mutating func deeper<T>(_ body: (inout Parser) throws(Stop) -> T) throws(Stop) -> T {
    try budget.spend(2)
    depth += 1
    if depth > Self.maxDepth { throw .unparsable }
    defer { depth -= 1 }
    return try body(&self)
  }

  /// The whole text as one answer.
  mutating func answer() throws(Stop) -> Node {
    if tokens.isEmpty { throw .unparsable }
    let node = try list()
    guard at == tokens.count else { throw .unparsable }
    return node
  }

  /// a, b and c
  mutating func list() throws(Stop) -> Node {
    var elements = [try relation()]
    var joint: Node.Joint?
    while let next {
      let found: Node.Joint
      switch next {
      case .comma, .semicolon, .row: found = .comma
      case .and: found = .and
      case .or: found = .or
      default: return joined(elements, joint)
      }
      at += 1
      if found == .comma, self.next == .and || self.next == .or { continue }
      if found == .comma, self.next == nil, depth == 0 { break }
      joint = joint == nil || joint == .comma ? found : joint
      if joint != found && found != .comma { throw .unparsable }
      elements.append(try relation())
    }
    return joined(elements, joint)
  }

  private func joined(_ elements: [Node], _ joint: Node.Joint?) -> Node {
    elements.count == 1 ? elements[0] : .list(elements, joint: joint ?? .comma)
  }

  /// a = b = c, a < b ≤ c, x ∈ S
  mutating func relation() throws(Stop) -> Node {
    try deeper { (parser) throws(Stop) in
      if case .relation(let relation)? = parser.next, relation == .equal || relation == .approximately {
        parser.at += 1  // "= 5": what it equals was said before
      }
      let first = try parser.ratio()
      var rest: [(Relation, Node)] = []
      while case .relation(let relation)? = parser.next {
        parser.at += 1
        rest.append((relation, try parser.ratio()))
      }
      return rest.isEmpty ? first : .relation(first, rest)
    }
  }

  private mutating func ratio() throws(Stop) -> Node {
    var parts = [try union()]
    while next == .sign(UInt8(ascii: ":")) {
      // "AB: 5" labels, "AB : CD" and "3:5" compare
      let isLabel = !spaced[at] && at + 1 < spaced.count && spaced[at + 1] && parts.count == 1 && parts[0].isTarget
      at += 1
      if isLabel { return .relation(parts[0], [(.equal, try union())]) }
      parts.append(try union())
    }
    return parts.count == 1 ? parts[0] : .ratio(parts)
  }

  private mutating func union() throws(Stop) -> Node {
    var left = try sum()
    while case .set(let operation)? = next {
      at += 1
      left = .setOperation(operation, left, try sum())
      try deeperThan(left)
    }
    return left
  }

  /// A chain of unions leans to the left: its length counts as depth.
  private mutating func deeperThan(_ node: Node) throws(Stop) {
    var (count, rest) = (0, node)
    while case .setOperation(_, let left, _) = rest {
      (count, rest) = (count + 1, left)
      if count > Self.maxDepth { throw .unparsable }
    }
  }

  mutating func sum() throws(Stop) -> Node {
    var terms = [try product()]
    while let next {
      try budget.spend()
      switch next {
      case .sign(UInt8(ascii: "+")):
        at += 1
        terms.append(try product())
      case .sign(UInt8(ascii: "-")):
        at += 1
        terms.append(.negative(try product()))
      case .sign(UInt8(ascii: "p")), .sign(UInt8(ascii: "m")):
        at += 1
        terms.append(.eitherSign(try product(), isPlusFirst: next == .sign(UInt8(ascii: "p"))))
      default:
        return terms.count == 1 ? terms[0] : .sum(terms)
      }
    }
    return terms.count == 1 ? terms[0] : .sum(terms)
  }

  mutating func product() throws(Stop) -> Node {
    var factors = [try signed()]
    while let next {
      try budget.spend()
      switch next {
      case .sign(UInt8(ascii: "*")):
        at += 1
        factors.append(try signed())
      case .sign(UInt8(ascii: "/")):
        at += 1
        factors.append(.reciprocal(try signed()))
      default:
        if let unit = try unit(after: factors) {
          if unit.scale > 1 { factors.append(.integer(unit.scale)) }
          factors = [.measured(factors.count == 1 ? factors[0] : .product(factors), unit: unit.name)]
        } else if next == .open(UInt8(ascii: "(")), peek(1) == .relation(.approximately) || isRemark(factors) {
          try skipRemark()
        } else if beginsFactor(next) {
          if case .number = next { throw .unparsable }  // "2 3" and "x2" may mean anything
          factors.append(try power())
        } else {
          return factors.count == 1 ? factors[0] : .product(factors)
        }
      }
    }
    return factors.count == 1 ? factors[0] : .product(factors)
  }

  /// "8 (个)"
  private func isRemark(_ factors: [Node]) -> Bool {
    guard factors.count == 1, case .number = factors[0], case .word(let word)? = peek(1),
      peek(2) == .close(UInt8(ascii: ")"))
    else { return false }
    return Units.name(word) == nil
  }

  /// "(≈ 8.66)" repeats what stands before it.
  private mutating func skipRemark() throws(Stop) {
    while let next, next != .close(UInt8(ascii: ")")) { at += 1 }
    try expect(.close(UInt8(ascii: ")")))
  }

  /// Whether a factor may follow without a sign of multiplication.
  func beginsFactor(_ token: Token) -> Bool {
    switch token {
    case .number, .symbol, .pi, .e, .i, .function, .fraction, .root, .rootOfDegree, .binomial, .infinity, .operation:
      true
    case .open(let bracket): bracket != UInt8(ascii: "s")
    case .begin("matrix"), .begin("determinant"): true
    case .bar: openBars == 0
    default: false
    }
  }

  private mutating func signed() throws(Stop) -> Node {
    var isNegative = false
    while let next {
      try budget.spend()
      if next == .sign(UInt8(ascii: "-")) {
        isNegative.toggle()
      } else if next == .sign(UInt8(ascii: "p")) || next == .sign(UInt8(ascii: "m")) {
        at += 1
        let operand = try deeper { (parser) throws(Stop) in try parser.signed() }
        return .eitherSign(operand, isPlusFirst: (next == .sign(UInt8(ascii: "p"))) != isNegative)
      } else if next != .sign(UInt8(ascii: "+")) {
        break
      }
      at += 1
    }
    let operand = try power()
    return isNegative ? .negative(operand) : operand
  }

  mutating func power() throws(Stop) -> Node {
    let base = try postfixed(atom())
    guard takeSign("^") else { return base }
    if takeSign("d") { return try raisedDegree(base) }
    if next == .open(UInt8(ascii: "{")), peek(1) == .sign(UInt8(ascii: "d")), peek(2) == .close(UInt8(ascii: "}")) {
      at += 3
      return try raisedDegree(base)
    }
    let exponent = try deeper { (parser) throws(Stop) in try parser.exponent() }
    return try postfixed(.power(base, exponent))
  }

  private mutating func raisedDegree(_ base: Node) throws(Stop) -> Node {
    if case .symbol(let letter)? = next, letter == "C" || letter == "F" {
      at += 1
      return .measured(base, unit: "degree " + letter)
    }
    return try postfixed(.degree(base))
  }

  /// What follows ^: a signed power. Its number takes no fraction behind it: x^2\frac13 is no x^{2⅓}.
  private mutating func exponent() throws(Stop) -> Node {
    var isNegative = false
    while takeSign("-") { isNegative.toggle() }
    var node: Node
    if case .number(let numeral)? = next {
      at += 1
      node = .number(numeral)
      if takeSign("^") { node = .power(node, try deeper { (parser) throws(Stop) in try parser.exponent() }) }
    } else {
      node = try power()
    }
    return isNegative ? .negative(node) : node
  }

  /// What stands behind an atom: factorials, percent, degrees, primes.
  private mutating func postfixed(_ atom: Node) throws(Stop) -> Node {
    var node = atom
    var count = 0
    while case .sign(let sign)? = next {
      switch sign {
      case UInt8(ascii: "!"): node = .function(.plain(.factorial), [node])
      case UInt8(ascii: "%"): node = .percent(node)
      case UInt8(ascii: "d"):
        if case .symbol(let letter)? = peek(1), letter == "C" || letter == "F" {
          at += 2
          return .measured(node, unit: "degree " + letter)
        }
        node = .degree(node)
      default: return node
      }
      at += 1
      count += 1
      if count > 3 { throw .unparsable }
    }
    return node
  }
}
