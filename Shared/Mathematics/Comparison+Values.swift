// SPDX-License-Identifier: MIT
import Glibc

extension Comparison {
  /// Decimals agree within half a unit of the sixth place …
  static let absoluteTolerance = 5e-7
  /// … and within this fraction of the greater, so that small numbers are not all zero.
  static let relativeTolerance = 1e-4

  func matches(_ reference: Value, _ answer: Value) throws(Stop) -> Bool {
    try algebra.budget.spend(4)
    switch (reference, answer) {
    case (.rounded(let exact, let decimal, let places), _):
      if try matches(exact, answer) { return true }
      return try rounds(exact, decimal, places) ? matches(decimal, answer) : false
    case (_, .rounded(let exact, let decimal, let places)):
      if try matches(reference, exact) { return true }
      return try rounds(exact, decimal, places) ? matches(reference, decimal) : false
    case (.equation(let a, let b, let isNamed), .equation(let c, let d, let isAlsoNamed)):
      if isNamed && isAlsoNamed, try names(a, c), try matches(b, d) { return true }
      return try sameEquation(a, b, c, d)
    case (.inequalities, .equation): return false
    case (.equation, _) where options.isStrict: return false
    case (.list(let values), .list(let named)) where named.namesApart && !values.namesApart,
      (.list(let named), .list(let values)) where named.namesApart && !values.namesApart:
      return options.isStrict ? false : try inOrder(reference.members ?? values, answer.members ?? named)
    case (.list(let named), .set) where named.namesApart, (.set, .list(let named)) where named.namesApart: return false
    case (.tuple(let values, _), .list(let named)) where named.namesApart:
      return options.isStrict ? false : try inOrder(values, byName(named))
    case (_, .equation) where options.isStrict && !reference.isRelation: return false
    case (_, .equation(let left, let right, let isDefinition)):
      // The answer may be an equation where a value is asked for: x = 5, and 5 = x.
      if isSymbol(right) && !isSymbol(left) { return try matches(reference, left) }
      if try contradicts(left, right) { return false }
      if !isDefinition, isUnsolved(left) { return false }
      return try matches(reference, right)
    case (.equation(_, let value, isDefinition: true), _): return try matches(value, answer)
    case (.equation, _): return false
    case (.inequalities(let a, let anyA), .inequalities(let b, let anyB)):
      if anyA == anyB, try sameInequalities(a, b) { return true }
      // x > 2 is not y > 2
      let same = try evaluator.symbols(of: a) == evaluator.symbols(of: b)
      return same ? try sameRegion(reference, answer) : false
    case (.region, _), (_, .region), (.inequalities, .tuple), (.tuple, .inequalities), (.inequalities, .set),
      (.set, .inequalities):
      return try sameRegion(reference, answer)
    case (.scalar(let a), .scalar(let b)): return try same(a, b)
    case (.set(let a), .set(let b)), (.set(let a), .list(let b)), (.list(let a), .set(let b)),
      (.list(let a), .list(let b)):
      return try sameMembers(a, b)
    case (.list(let a), .tuple(let b, let isClosed)), (.tuple(let a, let isClosed), .list(let b)):
      if options.isStrict { return false }
      return (a.count > 2 || isClosed == (false, false)) ? try inOrder(a, b) : false
    case (.tuple(let a, let closedA), .tuple(let b, let closedB)):
      return (a.count > 2 || closedA == closedB) ? try inOrder(a, b) : false
    case (.set(let members), _) where members.count == 1: return try matches(members[0], answer)
    case (_, .set(let members)) where members.count == 1: return try matches(reference, members[0])
    case (.matrix(let a), .matrix(let b)):
      guard a.count == b.count, a.first?.count == b.first?.count else { return false }
      for (x, y) in zip(a.joined(), b.joined()) where try !same(x, y) { return false }
      return true
    case (.ratio(let a), .ratio(let b)): return try inOrder(a, b)
    case (.ratio(let parts), .scalar(let scalar)), (.scalar(let scalar), .ratio(let parts)):
      guard parts.count == 2, case .scalar(let a) = parts[0], case .scalar(let b) = parts[1] else { return false }
      return try same(Scalar(sum: algebra.quotient(a.sum, b.sum)), scalar)
    case (.infinity(let a), .infinity(let b)): return a == b
    case (.text(let a), .text(let b)): return !a.isEmpty && a == b
    case (.text(let letter), .scalar(let scalar)), (.scalar(let scalar), .text(let letter)):
      return letter.utf8.count == 1 ? isLetter(letter, scalar) : false
    default: return false
    }
  }

  /// \text{B} is B, and \text{e} is e.
  private func isLetter(_ letter: String, _ scalar: Scalar) -> Bool {
    let atom: Atom = letter == "e" ? .e : letter == "i" ? .i : .symbol(letter)
    return scalar.sum == algebra.sum(of: atom)
  }

  /// "6 = 5" says nothing, while "70/9 = 7.78" is rounded.
  private func contradicts(_ left: Value, _ right: Value) throws(Stop) -> Bool {
    guard case .scalar(let a) = left, case .scalar(let b) = right, let x = try algebra.value(of: a.sum),
      let y = try algebra.value(of: b.sum)
    else { return false }
    return !((x + -y).size <= 0.01 * max(x.size, y.size))
  }

  private func isSymbol(_ value: Value) -> Bool {
    guard case .scalar(let scalar) = value, let single = scalar.sum.single, single.monomial.factors.count == 1,
      case .symbol = algebra.atoms[single.monomial.factors[0].atom]
    else { return false }
    return single.coefficient.isOne && single.monomial.factors[0].exponent.isOne
  }

  /// x = 1 is not y = 1; what is called by a word may have any name.
  private func names(_ a: Value, _ b: Value) throws(Stop) -> Bool {
    switch (a, b) {
    case (.text, _), (_, .text): return true
    default: return try matches(a, b)
    }
  }

  /// Equations in the order of their names: "y = 2, x = 1" is (1, 2).
  private func byName(_ equations: [Value]) -> [Value] {
    equations.map { ($0, name(of: $0)) }.sorted { $0.1 < $1.1 }.map(\.0)
  }

  private func name(of equation: Value) -> String {
    guard case .equation(.scalar(let scalar), _, _) = equation, let factor = scalar.sum.single?.monomial.factors.first,
      case .symbol(let name) = algebra.atoms[factor.atom]
    else { return "" }
    return name
  }

  /// x² = 9 and 2x = 10 do not say what x is, and a circle's equation is no radius; x + y = 7 says what is asked for.
  private func isUnsolved(_ left: Value) -> Bool {
    guard case .scalar(let scalar) = left else { return false }
    if isSymbol(left) { return false }
    var names: Set<Int> = []
    for (monomial, coefficient) in scalar.sum.terms {
      let symbols = monomial.factors.filter { if case .symbol = algebra.atoms[$0.atom] { true } else { false } }
      if symbols.contains(where: { !$0.exponent.isOne }) { return true }
      // A product of names is a name, as the segment AB.
      if symbols.count == 1, scalar.sum.terms.count == 1, !coefficient.isOne { return true }
      names.formUnion(symbols.map(\.atom))
    }
    return names.count == 1 && scalar.sum.terms.count > 1
  }

  /// Whether a decimal is what an exact value rounds to, to the decimal's last digit.
  private func rounds(_ exact: Value, _ decimal: Value, _ places: Int?) throws(Stop) -> Bool {
    if case .equation(_, let value, _) = exact { return try rounds(value, decimal, places) }
    guard case .scalar(let a) = exact, case .scalar(let b) = decimal, let places,
      let gap = try algebra.value(of: algebra.difference(a.sum, b.sum)), let size = try algebra.value(of: a.sum)
    else { return false }
    return gap.size <= 0.5 * pow(10, -Double(places)) * (1 + 1e-9) && gap.size <= 0.1 * size.size
  }

  func inOrder(_ a: [Value], _ b: [Value]) throws(Stop) -> Bool {
    guard a.count == b.count else { return false }
    for (x, y) in zip(a, b) where try !matches(x, y) { return false }
    return true
  }

  /// Each member of one has its own partner in the other.
  private func sameMembers(_ a: [Value], _ b: [Value]) throws(Stop) -> Bool {
    guard a.count == b.count else { return false }
    var rest = b
    search: for member in a {
      for index in rest.indices where try matches(member, rest[index]) {
        rest.remove(at: index)
        continue search
      }
      return false
    }
    return true
  }

  private func sameRegion(_ a: Value, _ b: Value) throws(Stop) -> Bool {
    let (x, y) = (try evaluator.region(of: a), try evaluator.region(of: b))
    guard x.atBounds == y.atBounds, x.between == y.between else { return false }
    for (p, q) in zip(x.bounds, y.bounds) where try !same(p.scalar, q.scalar) { return false }
    return true
  }

  /// Numbers and expressions; units count where both have one.
  func same(_ a: Scalar, _ b: Scalar) throws(Stop) -> Bool {
    if let one = a.unit, let other = b.unit, one != other { return false }
    if a.mayBeName && b.unit == nil { return false }
    if options.isStrict, a.unit != b.unit || (a.percentage == nil) != (b.percentage == nil) { return false }
    let isDecimal = a.isDecimal || b.isDecimal
    if try equal(a.sum, b.sum, isDecimal) { return true }
    if (a.percentage == nil) != (b.percentage == nil) {
      return try equal(a.percentage ?? a.sum, b.percentage ?? b.sum, isDecimal)
    }
    if (a.unit == "degree") != (b.unit == "degree") {
      let radians = try algebra.quotient(algebra.sum(of: .pi), Sum(180))
      let (x, y) = a.unit == "degree" ? (a.sum, b.sum) : (b.sum, a.sum)
      return try equal(algebra.product(x, radians), y, isDecimal)
    }
    return false
  }

  private func equal(_ a: Sum, _ b: Sum, _ isDecimal: Bool) throws(Stop) -> Bool {
    let difference = try algebra.difference(a, b)
    if try algebra.isZero(difference) { return true }
    guard isDecimal, let gap = try algebra.value(of: difference), let x = try algebra.value(of: a),
      let y = try algebra.value(of: b)
    else { return false }
    if let decimals = options.decimals {
      guard x.isReal, y.isReal else { return false }
      let scale = pow(10, Double(decimals))
      return (x.re * scale).rounded(.toNearestOrEven) == (y.re * scale).rounded(.toNearestOrEven)
    }
    return gap.size <= max(Self.absoluteTolerance, gap.error)
      && gap.size <= Self.relativeTolerance * max(x.size, y.size)
  }
}
