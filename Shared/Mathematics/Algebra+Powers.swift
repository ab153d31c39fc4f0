// SPDX-License-Identifier: MIT
// Powers and roots. A root of odd degree of a negative number is the real one, as school books have it; everything else
// takes the principal value.

extension Algebra {
  func power(_ base: Sum, _ exponent: Sum) throws(Stop) -> Sum {
    try budget.spend(4)
    if let number = exponent.rational { return try power(base, number) }
    if base.isZero { throw .unparsable }
    if base.rational?.isOne == true { return base }
    guard let factors = try positiveFactors(of: base) else { return try split(base, exponent) }
    // b^(s+t) = b^s · b^t and, b being positive, b^(c·s) = (b^s)^c: 4^(x+1) and 2^(2x) · 4 meet here.
    var result = Sum(1)
    for factor in factors {
      for (monomial, coefficient) in exponent.ordered {
        let multiple = try factor.exponent.multiplied(by: coefficient, budget)
        let atomSum = sum(of: atoms[factor.atom])
        let part =
          monomial.isUnit
          ? try power(atomSum, multiple) : sum(of: .power(atomSum, Sum(monomial)), exponent: multiple)
        result = try product(result, part)
      }
    }
    return result
  }

  /// base^exponent where nothing is known about the base: only whole multiples may leave the exponent.
  private func split(_ base: Sum, _ exponent: Sum) throws(Stop) -> Sum {
    var result = Sum(1)
    for (monomial, coefficient) in exponent.ordered {
      let part: Sum
      if monomial.isUnit {
        part = try power(base, coefficient)
      } else if coefficient.isInteger {
        part = sum(of: .power(base, Sum(monomial)), exponent: coefficient)
      } else {
        part = sum(of: .power(base, Sum(monomial, times: coefficient)))
      }
      result = try product(result, part)
    }
    return result
  }

  func power(_ base: Sum, _ exponent: Rational) throws(Stop) -> Sum {
    try budget.spend(4)
    if exponent.isOne { return base }
    if base.isZero {
      if exponent.isZero || exponent.isNegative { throw .unparsable }
      return base
    }
    if exponent.isZero { return Sum(1) }
    if let (monomial, coefficient) = base.single {
      if let whole = exponent.int { return try wholePower(monomial, coefficient, whole) }
      if let root = try root(monomial, coefficient, exponent) { return root }
    } else if let whole = exponent.int, whole > 0, terms(base.terms.count, whole) <= Self.maxTerms {
      var result = base
      for _ in 1..<whole { result = try product(result, base) }
      return result
    }
    return try opaque(base, exponent)
  }

  /// How many terms the power of a sum can have: C(terms + exponent - 1, exponent).
  private func terms(_ count: Int, _ exponent: Int) -> Int {
    if count == 1 { return 1 }
    if exponent > Self.maxTerms { return exponent }
    let (short, long) = exponent < count - 1 ? (exponent, count - 1) : (count - 1, exponent)
    var result = 1
    for step in 1...short {
      result = result * (long + step) / step
      if result > Self.maxTerms { break }
    }
    return result
  }

  private func wholePower(
    _ monomial: Monomial, _ coefficient: Rational, _ exponent: Int
  ) throws(Stop) -> Sum {
    if exponent.magnitude > 1 << 40 { throw .overflow }
    var result = Sum(1)
    if coefficient.weight > 2
      || abs(exponent) * coefficient.numerator.bitWidth <= Self.maxFoldedBits
        && abs(exponent) * coefficient.denominator.bitWidth <= Self.maxFoldedBits
    {
      result = Sum(try coefficient.power(exponent, budget))
    } else if coefficient == Rational(-1) {
      result = Sum(exponent % 2 == 0 ? 1 : -1)
    } else {  // too long to write out: a product of powers of primes
      guard let factors = try primeFactors(of: coefficient) else { throw .overflow }
      for factor in factors {
        let multiple = try factor.exponent.multiplied(by: Rational(exponent), budget)
        result = try product(result, sum(of: atoms[factor.atom], exponent: multiple))
      }
      if coefficient.isNegative && exponent % 2 != 0 { result = try scaled(result, by: Rational(-1)) }
    }
    for factor in monomial.factors {
      let multiple = try factor.exponent.multiplied(by: Rational(exponent), budget)
      result = try product(result, atomPower(factor.atom, multiple))
    }
    return result
  }

  /// atom^exponent with its whole part folded in.
  private func atomPower(_ atom: Int, _ exponent: Rational) throws(Stop) -> Sum {
    let (number, rest) = try reduced(atom, exponent)
    if case .base(let sum) = atoms[atom], let whole = rest.int, whole > 0, terms(sum.terms.count, whole) <= 32 {
      return try power(sum, rest)
    }
    let power = rest.isZero ? Sum(1) : sum(of: atoms[atom], exponent: rest)
    return try scaled(power, by: number)
  }

  /// A fractional power of one term, where it is the product of the powers of its factors.
  private func root(
    _ monomial: Monomial, _ coefficient: Rational, _ exponent: Rational
  ) throws(Stop) -> Sum? {
    if !monomial.factors.allSatisfy({ isPositive($0.atom) }) {
      // √(4x) = 2 √x, but √(x²) is not x.
      guard monomial.factors.count == 1, monomial.factors[0].exponent.isOne, atoms[monomial.factors[0].atom] != .i,
        !coefficient.isNegative, let factors = try primeFactors(of: coefficient)
      else { return nil }
      return try product(
        product(of: factors, exponent), sum(of: atoms[monomial.factors[0].atom], exponent: exponent))
    }
    var sign = Sum(1)
    if coefficient.isNegative {
      let odd = exponent.numerator.dividing(by: Integer(2)).remainder.isZero ? 1 : -1
      if !exponent.denominator.dividing(by: Integer(2)).remainder.isZero {
        sign = Sum(odd)  // the real root
      } else if exponent.denominator == Integer(2), let power = exponent.numerator.int {
        sign = try wholePower(Monomial(factors: [.init(atom: number(of: .i), exponent: .one)]), .one, power)
      } else {
        return nil
      }
    }
    guard let factors = try primeFactors(of: coefficient) else { return nil }
    return try product(sign, product(of: factors + monomial.factors, exponent))
  }

  private func product(
    of factors: [Monomial.Factor], _ exponent: Rational
  ) throws(Stop) -> Sum {
    var result = Sum(1)
    for factor in factors {
      let part = try atomPower(factor.atom, factor.exponent.multiplied(by: exponent, budget))
      result = try product(result, part)
    }
    return result
  }

  /// (sum)^exponent with the content of the sum taken out: (2x + 2)^-1 = 1/2 · (x + 1)^-1.
  func opaque(_ base: Sum, _ exponent: Rational) throws(Stop) -> Sum {
    guard let leading = base.leading else { throw .unparsable }
    var content = leading.coefficient
    if !exponent.isInteger && content.isNegative { content = -content }
    var factor = Sum(1)
    if !exponent.isInteger {
      guard let factors = try primeFactors(of: content) else {
        return sum(of: .base(base), exponent: exponent)
      }
      factor = try product(of: factors, exponent)
    } else if !content.isOne {
      guard let whole = exponent.int else { throw .overflow }
      factor = try wholePower(.unit, content, whole)
    }
    let primitive = try scaled(base, by: content.inverse())
    return try product(factor, sum(of: .base(primitive), exponent: exponent))
  }

  private func isPositive(_ atom: Int) -> Bool {
    switch atoms[atom] {
    case .pi, .e, .prime: true
    default: false
    }
  }

  /// The factors of a positive constant of one term; nil for anything else.
  private func positiveFactors(of sum: Sum) throws(Stop) -> [Monomial.Factor]? {
    guard let (monomial, coefficient) = sum.single, !coefficient.isNegative,
      monomial.factors.allSatisfy({ isPositive($0.atom) }), let factors = try primeFactors(of: coefficient)
    else { return nil }
    return factors + monomial.factors
  }

  /// |value| as powers of primes; nil where its parts exceed a machine word. Trial division to 2^16: what is left then
  /// is prime below 2^32 and not proven to be beyond.
  private func primeFactors(of value: Rational) throws(Stop) -> [Monomial.Factor]? {
    guard var top = value.numerator.int?.magnitude, var bottom = value.denominator.int?.magnitude,
      top <= UInt(Int.max)
    else { return nil }
    var factors: [Monomial.Factor] = []
    func take(_ prime: UInt, isProven: Bool = true) {
      var count = 0
      while top % prime == 0 { (top, count) = (top / prime, count + 1) }
      while bottom % prime == 0 { (bottom, count) = (bottom / prime, count - 1) }
      if count != 0 {
        let atom = number(of: .prime(Int(prime), isProven: isProven))
        factors.append(.init(atom: atom, exponent: Rational(count)))
      }
    }
    take(2)
    var divisor: UInt = 3
    while divisor < 1 << 16, divisor * divisor <= max(top, bottom) {
      if divisor & 63 == 1 { try budget.spend(8) }
      take(divisor)
      divisor += 2
    }
    for rest in [top, bottom] where rest > 1 { take(rest, isProven: rest < 1 << 32) }
    return factors
  }
}
