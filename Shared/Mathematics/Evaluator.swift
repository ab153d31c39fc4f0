// SPDX-License-Identifier: MIT

/// Turns what was written into values. One for both sides of a comparison: they share the algebra.
struct Evaluator {
  let algebra: Algebra
  /// Which of its two signs ± takes.
  private var sign = 1
  /// What the name of a sum or product stands for.
  private var bindings: [String: Sum] = [:]

  func binding(_ name: String, to value: Sum) -> Evaluator {
    var other = self
    other.bindings[name] = value
    return other
  }

  init(_ algebra: Algebra) { self.algebra = algebra }

  /// The value of a whole answer: ± gives both of its values.
  func value(of node: Node) throws(Stop) -> Value {
    try algebra.budget.spend()
    switch node {
    case .list(let nodes, let joint): return try list(nodes, joint)
    case .set(let nodes): return .set(try members(nodes))
    case .bracketed(let open, let nodes, let close):
      var elements: [Value] = []
      for element in nodes { elements.append(try value(of: element)) }
      return .tuple(elements, isClosed: (open == UInt8(ascii: "["), close == UInt8(ascii: "]")))
    case .text(let text):
      return Vocabulary.phrases[text].map { $0 == .reals ? .region(.all) : .region(.none) } ?? .text(text)
    case .emptySet: return .region(.none)
    case .reals: return .region(.all)
    case .infinity: return .infinity(isNegative: false)
    case .negative(.infinity): return .infinity(isNegative: true)
    case .sum(let terms) where terms.count == 1: return try value(of: terms[0])
    case .relation(let first, let rest): return try relation(first, rest)
    case .setOperation(let operation, let left, let right):
      let a = try region(of: value(of: left))
      return .region(try a.combined(with: region(of: value(of: right)), operation, algebra))
    case .ratio(let nodes):
      var parts: [Value] = []
      for part in nodes { parts.append(try value(of: part)) }
      return .ratio(parts)
    default: return try either(node)
    }
  }

  /// The members of a set, with both values of each ±.
  private func members(_ nodes: [Node]) throws(Stop) -> [Value] {
    var members: [Value] = []
    for node in nodes {
      let value = try value(of: node)
      if node.hasEitherSign, case .set(let both) = value { members += both } else { members.append(value) }
      try algebra.budget.spend()
    }
    return members
  }

  private func list(_ nodes: [Node], _ joint: Node.Joint) throws(Stop) -> Value {
    let members = try members(nodes)
    var inequalities: [Inequality] = []
    for member in members {
      guard case .inequalities(let parts, isAny: false) = member,
        joint == .and || parts.count == 1 || members.count == 1
      else { return .list(members) }
      inequalities += parts
    }
    // "x < 1 or x > 3" is one condition; behind a comma it could be either
    return joint == .comma ? .list(members) : .inequalities(inequalities, isAny: joint == .or)
  }

  private func either(_ node: Node) throws(Stop) -> Value {
    guard node.hasEitherSign else { return try quantity(node) }
    var other = self
    other.sign = -1
    return .set([try quantity(node), try other.quantity(node)])
  }

  /// A scalar or a matrix, with its unit.
  private func quantity(_ node: Node) throws(Stop) -> Value {
    switch node {
    case .measured(let inner, let unit):
      guard case .scalar(var scalar) = try quantity(inner) else { throw .unparsable }
      scalar.unit = unit
      return .scalar(scalar)
    case .degree(let inner):
      guard case .scalar(var scalar) = try quantity(inner) else { throw .unparsable }
      scalar.unit = "degree"
      return .scalar(scalar)
    case .percent(let inner):
      guard case .scalar(var scalar) = try quantity(inner) else { throw .unparsable }
      scalar.percentage = scalar.sum
      scalar.sum = try algebra.quotient(scalar.sum, Sum(100))
      return .scalar(scalar)
    case .negative(let inner) where inner.carriesUnit:
      guard case .scalar(var scalar) = try quantity(inner) else { throw .unparsable }
      scalar.sum = try algebra.scaled(scalar.sum, by: Rational(-1))
      scalar.percentage = try scalar.percentage.map { (sum) throws(Stop) in
        try algebra.scaled(sum, by: Rational(-1))
      }
      return .scalar(scalar)
    case .sum, .product:
      if let (inner, unit) = node.sharingUnit {
        return try quantity(unit == "degree" ? .degree(inner) : .measured(inner, unit: unit))
      }
      fallthrough
    default:
      if node.hasMatrix { return .matrix(try matrix(node)) }
      return .scalar(Scalar(sum: try sum(node), isDecimal: node.hasDecimal))
    }
  }

  func relation(_ first: Node, _ rest: [(Relation, Node)]) throws(Stop) -> Value {
    if rest.count == 1, rest[0].0 == .element {
      let set = try value(of: rest[0].1)
      if case .scalar = set { throw .unparsable }  // "1 in 17"
      return set
    }
    // a = b ≈ 0.3: what is approximate repeats what is exact
    var parts = rest
    if let cut = parts.firstIndex(where: { $0.0 == .approximately }), cut > 0 || !first.isTarget,
      parts.allSatisfy({ $0.0 == .equal || $0.0 == .approximately })
    {
      let rounded = parts[cut].1
      parts.removeSubrange(cut...)
      let exact = try parts.isEmpty ? value(of: first) : relation(first, parts)
      return .rounded(exact, to: try value(of: rounded), places: rounded.places)
    }
    if parts.allSatisfy({ $0.0 == .equal || $0.0 == .approximately }), let last = parts.last {
      let right = try value(of: last.1)
      if first.isTarget { return .equation(try target(first), right, isDefinition: true) }
      return parts.count == 1 ? .equation(try value(of: first), right, isDefinition: false) : right
    }
    guard parts.allSatisfy({ $0.0.isInequality || $0.0 == .equal }) else { throw .unparsable }
    var inequalities: [Inequality] = []
    var left = try sum(unlessInfinite: first)
    for (relation, node) in parts {
      let right = try sum(unlessInfinite: node)
      if let left, let right {
        let isDecimal = first.hasDecimal || parts.contains { $0.1.hasDecimal }
        inequalities.append(Inequality(left: left, relation: relation, right: right, isDecimal: isDecimal))
      }
      left = right
    }
    if inequalities.isEmpty || !parts.contains(where: { $0.0.isInequality }) { throw .unparsable }
    return .inequalities(inequalities, isAny: false)
  }

  /// A name on the left of an equals sign.
  private func target(_ node: Node) throws(Stop) -> Value {
    switch node {
    case .text(let text): return .text(text)
    case .bracketed, .list, .ratio: return try value(of: node)
    case .function(.plain(.abs), let segment) where segment.count == 1: return try target(segment[0])
    case .product(let factors) where factors.contains(where: { if case .text = $0 { true } else { false } }):
      return .text("")
    default: return .scalar(Scalar(sum: try sum(node)))
    }
  }

  /// x < ∞ says nothing.
  private func sum(unlessInfinite node: Node) throws(Stop) -> Sum? {
    switch node {
    case .infinity, .negative(.infinity): return nil
    default: return try sum(node)
    }
  }

  /// The normal form of an expression.
  func sum(_ node: Node) throws(Stop) -> Sum {
    try algebra.budget.spend(2)
    switch node {
    case .number(let numeral): return Sum(numeral.value)
    case .based(let digits, let base): return algebra.sum(of: .symbol(try Self.inBase(digits, base)))
    case .symbol(let name): return bindings[name] ?? algebra.sum(of: .symbol(name))
    case .ranged(let operation, let name, let from, let to, let body):
      return try ranged(operation, name, sum(from), sum(to), body)
    case .pi: return algebra.sum(of: .pi)
    case .e: return algebra.sum(of: .e)
    case .i: return bindings["i"] ?? algebra.sum(of: .i)
    case .sum(let terms):
      var total = Sum()
      for term in terms { total = try algebra.sum(total, sum(term)) }
      return total
    case .negative(let inner): return try algebra.scaled(sum(inner), by: Rational(-1))
    case .eitherSign(let inner, let isPlusFirst):
      return try algebra.scaled(sum(inner), by: Rational(isPlusFirst ? sign : -sign))
    case .product(let factors):
      var total = Sum(1)
      for factor in factors { total = try algebra.product(total, sum(factor)) }
      return total
    case .reciprocal(let inner): return try algebra.power(sum(inner), Rational(-1))
    case .power(let base, let exponent): return try algebra.power(sum(base), sum(exponent))
    case .percent(let inner): return try algebra.quotient(sum(inner), Sum(100))
    case .degree(let inner):
      return try algebra.product(sum(inner), algebra.quotient(algebra.sum(of: .pi), Sum(180)))
    case .function(let name, let arguments): return try function(name, arguments)
    case .apply(let name, let arguments):
      return algebra.sum(of: .function(.named(name), try sums(arguments)))
    case .determinant(let rows): return try determinant(rows)
    case .text, .infinity, .measured, .bracketed, .set, .list, .matrix, .relation, .setOperation, .emptySet, .reals,
      .ratio:
      throw .unparsable
    }
  }

  private func sums(_ nodes: [Node]) throws(Stop) -> [Sum] {
    var sums: [Sum] = []
    for node in nodes { sums.append(try sum(node)) }
    return sums
  }

  private func function(_ name: FunctionName, _ nodes: [Node]) throws(Stop) -> Sum {
    let arguments = try sums(nodes)
    guard let first = arguments.first else { throw .unparsable }
    switch name {
    case .exp:
      guard arguments.count == 1 else { throw .unparsable }
      return try algebra.power(algebra.sum(of: .e), first)
    case .log, .lg:
      guard arguments.count == 1 else { throw .unparsable }
      return try algebra.quotient(
        algebra.function(.ln, [first]), algebra.function(.ln, [Sum(10)]))
    case .plain(let function):
      let count: ClosedRange<Int> =
        switch function {
        case .max, .min, .gcd, .lcm: 1...32
        case .binomial: 2...2
        default: 1...1
        }
      guard count.contains(arguments.count) else { throw .unparsable }
      if function == .ln, first.rational?.isOne == true { return Sum() }
      return try algebra.function(function, arguments)
    }
  }

  /// A number in another base keeps its base: 204_5 is compared with numbers of base 5.
  private static func inBase(_ digits: String, _ base: Int) throws(Stop) -> String {
    for digit in digits.utf8 where Int(digit) - 48 >= base || digit < 48 { throw .unparsable }
    let significant = digits.drop { $0 == "0" }
    return (significant.isEmpty ? "0" : String(significant)) + "_\(base)"
  }
}
