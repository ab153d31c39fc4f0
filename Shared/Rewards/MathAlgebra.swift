// SPDX-License-Identifier: MIT

/// Arithmetic on normal forms. One value serves both sides of a comparison, so that the same atom has the same number.
final class MathAlgebra {
  let budget: MathBudget
  private(set) var atoms: [MathAtom] = []
  private var numbers: [MathAtom: Int] = [:]

  /// A product of sums is multiplied out up to so many terms.
  static let maxTerms = 600
  /// Whole powers of primes are folded into the coefficient up to so many bits: 2^100000 stays a power.
  static let maxFoldedBits = 8_192

  init(budget: MathBudget) { self.budget = budget }

  func number(of atom: MathAtom) -> Int {
    if let number = numbers[atom] { return number }
    atoms.append(atom)
    numbers[atom] = atoms.count - 1
    return atoms.count - 1
  }

  func sum(of atom: MathAtom, exponent: MathRational = .one) -> MathSum {
    MathSum(MathMonomial(factors: [.init(atom: number(of: atom), exponent: exponent)]))
  }

  func sum(_ a: MathSum, _ b: MathSum) throws(MathStop) -> MathSum {
    var (result, other) = a.terms.count >= b.terms.count ? (a, b) : (b, a)
    try budget.spend(1 + other.terms.count)
    for (monomial, coefficient) in other.terms { try add(coefficient, monomial, to: &result) }
    other = result
    return other
  }

  func difference(_ a: MathSum, _ b: MathSum) throws(MathStop) -> MathSum {
    try sum(a, scaled(b, by: MathRational(-1)))
  }

  private func add(_ coefficient: MathRational, _ monomial: MathMonomial, to sum: inout MathSum) throws(MathStop) {
    guard let old = sum.terms[monomial] else {
      sum.terms[monomial] = coefficient
      return
    }
    let new = try old.adding(coefficient, budget)
    sum.terms[monomial] = new.isZero ? nil : new
  }

  func scaled(_ sum: MathSum, by factor: MathRational) throws(MathStop) -> MathSum {
    if factor.isZero { return MathSum() }
    if factor.isOne { return sum }
    var result = MathSum()
    for (monomial, coefficient) in sum.terms {
      try budget.spend()
      result.terms[monomial] = try coefficient.multiplied(by: factor, budget)
    }
    return result
  }

  func product(_ a: MathSum, _ b: MathSum) throws(MathStop) -> MathSum {
    if let factor = a.rational { return try scaled(b, by: factor) }
    if let factor = b.rational { return try scaled(a, by: factor) }
    if a.terms.count * b.terms.count > Self.maxTerms * 8 {
      return try product(opaque(a, .one), opaque(b, .one))
    }
    var result = MathSum()
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

  func quotient(_ a: MathSum, _ b: MathSum) throws(MathStop) -> MathSum { try product(a, power(b, MathRational(-1))) }

  /// The product of two monomials; what becomes a number comes back as the factor.
  private func product(_ a: MathMonomial, _ b: MathMonomial) throws(MathStop) -> (MathRational, MathMonomial) {
    if a.isUnit { return (.one, b) }
    if b.isUnit { return (.one, a) }
    var (factor, result) = (MathRational.one, MathMonomial())
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
  func reduced(_ atom: Int, _ exponent: MathRational) throws(MathStop) -> (MathRational, MathRational) {
    switch atoms[atom] {
    case .i:
      guard let whole = exponent.int else { return (.one, exponent) }
      let quarter = whole & 3
      return (MathRational(quarter >= 2 ? -1 : 1), MathRational(quarter & 1))
    case .prime(let prime, _):
      let whole = floor(exponent)
      guard let count = whole.int, count.magnitude < 1 << 20 else { return (.one, exponent) }
      if abs(count) * MathInteger(prime).bitWidth > Self.maxFoldedBits { return (.one, exponent) }
      let rest = try exponent.adding(MathRational(-whole), budget)
      return (try MathRational(prime).power(count, budget), rest)
    default:
      return (.one, exponent)
    }
  }

  private func floor(_ value: MathRational) -> MathInteger {
    let (quotient, remainder) = value.numerator.dividing(by: value.denominator)
    return remainder.isNegative ? (try? quotient - .one) ?? quotient : quotient
  }

  /// f(arguments), as a number where that is exact.
  func function(_ function: MathFunction, _ arguments: [MathSum]) throws(MathStop) -> MathSum {
    try budget.spend(8)
    if let value = try exactValue(function, arguments.compactMap(\.rational), of: arguments.count) {
      return MathSum(value)
    }
    return sum(of: .function(function, arguments))
  }

  private func exactValue(
    _ function: MathFunction, _ values: [MathRational], of count: Int
  ) throws(MathStop) -> MathRational? {
    guard values.count == count, let first = values.first else { return nil }
    switch function {
    case .abs: return first.isNegative ? -first : first
    case .floor: return MathRational(floor(first))
    case .ceil: return -MathRational(floor(-first))
    case .max: return values.dropFirst().reduce(first) { $0 < $1 ? $1 : $0 }
    case .min: return values.dropFirst().reduce(first) { $1 < $0 ? $1 : $0 }
    case .factorial:
      guard let n = first.int, n >= 0 else { return nil }
      if n > 3_000 { return nil }
      return MathRational(try product(of: 1...max(1, n)))
    case .binomial:
      guard values.count == 2, let n = first.int, let k = values[1].int, n >= 0, k >= 0 else { return nil }
      if k > n { return .zero }
      let short = min(k, n - k)
      if short > 2_000 { return nil }
      if short == 0 { return .one }
      let top = try product(of: n - short + 1...n)
      return try MathRational(top, try product(of: 1...short), budget)
    case .gcd, .lcm:
      guard values.allSatisfy(\.isInteger) else { return nil }
      var result = first.numerator.magnitude
      for value in values.dropFirst() {
        let divisor = try MathInteger.gcd(result, value.numerator, budget)
        if function == .gcd {
          result = divisor
        } else {
          if divisor.isZero { return .zero }
          result = try result * value.numerator.magnitude.dividing(by: divisor).quotient
        }
      }
      return MathRational(result)
    default: return nil
    }
  }

  private func product(of range: ClosedRange<Int>) throws(MathStop) -> MathInteger {
    var product = MathInteger.one
    for factor in range {
      try budget.spend(1 + product.weight / 4)
      product = try product * MathInteger(factor)
    }
    return product
  }
}
