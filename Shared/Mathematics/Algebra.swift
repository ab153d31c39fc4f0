// SPDX-License-Identifier: MIT

/// Arithmetic on normal forms. One value serves both sides of a comparison, so that the same atom has the same number.
final class Algebra {
  let budget: Budget
  private(set) var atoms: [Atom] = []
  private var numbers: [Atom: Int] = [:]

  /// A product of sums is multiplied out up to so many terms.
  static let maxTerms = 600
  /// Whole powers of primes are folded into the coefficient up to so many bits: 2^100000 stays a power.
  static let maxFoldedBits = 8_192

  init(budget: Budget) { self.budget = budget }

  func number(of atom: Atom) -> Int {
    if let number = numbers[atom] { return number }
    atoms.append(atom)
    numbers[atom] = atoms.count - 1
    return atoms.count - 1
  }

  func sum(of atom: Atom, exponent: Rational = .one) -> Sum {
    Sum(Monomial(factors: [.init(atom: number(of: atom), exponent: exponent)]))
  }

  func sum(_ a: Sum, _ b: Sum) throws(Stop) -> Sum {
    var (result, other) = a.terms.count >= b.terms.count ? (a, b) : (b, a)
    try budget.spend(1 + other.terms.count)
    for (monomial, coefficient) in other.terms { try add(coefficient, monomial, to: &result) }
    other = result
    return other
  }

  func difference(_ a: Sum, _ b: Sum) throws(Stop) -> Sum {
    try sum(a, scaled(b, by: Rational(-1)))
  }

  private func add(_ coefficient: Rational, _ monomial: Monomial, to sum: inout Sum) throws(Stop) {
    guard let old = sum.terms[monomial] else {
      sum.terms[monomial] = coefficient
      return
    }
    let new = try old.adding(coefficient, budget)
    sum.terms[monomial] = new.isZero ? nil : new
  }

  func scaled(_ sum: Sum, by factor: Rational) throws(Stop) -> Sum {
    if factor.isZero { return Sum() }
    if factor.isOne { return sum }
    var result = Sum()
    for (monomial, coefficient) in sum.terms {
      try budget.spend()
      result.terms[monomial] = try coefficient.multiplied(by: factor, budget)
    }
    return result
  }

  func product(_ a: Sum, _ b: Sum) throws(Stop) -> Sum {
    if let factor = a.rational { return try scaled(b, by: factor) }
    if let factor = b.rational { return try scaled(a, by: factor) }
    if a.terms.count * b.terms.count > Self.maxTerms * 8 {
      return try product(opaque(a, .one), opaque(b, .one))
    }
    var result = Sum()
    for (x, c) in a.terms {
      for (y, d) in b.terms {
        try budget.spend(4 + x.factors.count + y.factors.count)
        let (factor, monomial) = try product(x, y)
        let coefficient = try c.multiplied(by: d, budget).multiplied(by: factor, budget)
        try add(coefficient, monomial, to: &result)
      }
    }
    return result
  }

  func quotient(_ a: Sum, _ b: Sum) throws(Stop) -> Sum { try product(a, power(b, Rational(-1))) }

  /// The product of two monomials; what becomes a number comes back as the factor.
  private func product(_ a: Monomial, _ b: Monomial) throws(Stop) -> (Rational, Monomial) {
    if a.isUnit { return (.one, b) }
    if b.isUnit { return (.one, a) }
    var (factor, result) = (Rational.one, Monomial())
    var (i, j) = (0, 0)
    while i < a.factors.count || j < b.factors.count {
      if j == b.factors.count || (i < a.factors.count && a.factors[i].atom < b.factors[j].atom) {
        result.factors.append(a.factors[i])
        i += 1
      } else if i == a.factors.count || b.factors[j].atom < a.factors[i].atom {
        result.factors.append(b.factors[j])
        j += 1
      } else {
        let exponent = try a.factors[i].exponent.adding(b.factors[j].exponent, budget)
        let (number, rest) = try reduced(a.factors[i].atom, exponent)
        factor = try factor.multiplied(by: number, budget)
        if !rest.isZero { result.factors.append(.init(atom: a.factors[i].atom, exponent: rest)) }
        (i, j) = (i + 1, j + 1)
      }
    }
    return (factor, result)
  }

  /// atom^exponent as a number and what is left of the exponent: 2^(3/2) = 2 · 2^(1/2), i^3 = -1 · i.
  func reduced(_ atom: Int, _ exponent: Rational) throws(Stop) -> (Rational, Rational) {
    switch atoms[atom] {
    case .i:
      guard let whole = exponent.int else { return (.one, exponent) }
      let quarter = whole & 3
      return (Rational(quarter >= 2 ? -1 : 1), Rational(quarter & 1))
    case .prime(let prime, _):
      let whole = floor(exponent)
      guard let count = whole.int, count.magnitude < 1 << 20 else { return (.one, exponent) }
      if abs(count) * Integer(prime).bitWidth > Self.maxFoldedBits { return (.one, exponent) }
      let rest = try exponent.adding(Rational(-whole), budget)
      return (try Rational(prime).power(count, budget), rest)
    default:
      return (.one, exponent)
    }
  }

  private func floor(_ value: Rational) -> Integer {
    let (quotient, remainder) = value.numerator.dividing(by: value.denominator)
    return remainder.isNegative ? (try? quotient - .one) ?? quotient : quotient
  }

  /// f(arguments), as a number where that is exact.
  func function(_ function: Function, _ arguments: [Sum]) throws(Stop) -> Sum {
    try budget.spend(8)
    if let value = try exactValue(function, arguments.compactMap(\.rational), of: arguments.count) {
      return Sum(value)
    }
    return sum(of: .function(function, arguments))
  }

  private func exactValue(
    _ function: Function, _ values: [Rational], of count: Int
  ) throws(Stop) -> Rational? {
    guard values.count == count, let first = values.first else { return nil }
    switch function {
    case .abs: return first.isNegative ? -first : first
    case .floor: return Rational(floor(first))
    case .ceil: return -Rational(floor(-first))
    case .max: return values.dropFirst().reduce(first) { $0 < $1 ? $1 : $0 }
    case .min: return values.dropFirst().reduce(first) { $1 < $0 ? $1 : $0 }
    case .factorial:
      guard let n = first.int, n >= 0 else { return nil }
      if n > 3_000 { return nil }
      return Rational(try product(of: 1...max(1, n)))
    case .binomial:
      guard values.count == 2, let n = first.int, let k = values[1].int, n >= 0, k >= 0 else { return nil }
      if k > n { return .zero }
      let short = min(k, n - k)
      if short > 2_000 { return nil }
      if short == 0 { return .one }
      let top = try product(of: n - short + 1...n)
      return try Rational(top, try product(of: 1...short), budget)
    case .gcd, .lcm:
      guard values.allSatisfy(\.isInteger) else { return nil }
      var result = first.numerator.magnitude
      for value in values.dropFirst() {
        let divisor = try Integer.gcd(result, value.numerator, budget)
        if function == .gcd {
          result = divisor
        } else {
          if divisor.isZero { return .zero }
          result = try result * value.numerator.magnitude.dividing(by: divisor).quotient
        }
      }
      return Rational(result)
    default: return nil
    }
  }

  private func product(of range: ClosedRange<Int>) throws(Stop) -> Integer {
    var product = Integer.one
    for factor in range {
      try budget.spend(1 + product.weight / 4)
      product = try product * Integer(factor)
    }
    return product
  }
}
