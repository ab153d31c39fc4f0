// SPDX-License-Identifier: MIT

/// A fraction in lowest terms with a positive denominator. Its digits are limited as `Integer`'s are.
struct Rational: Hashable {
  let numerator: Integer
  let denominator: Integer

  static let zero = Rational(0)
  static let one = Rational(1)

  init(_ value: Int) { self.init(Integer(value)) }
  init(_ value: Integer) { (numerator, denominator) = (value, .one) }

  private init(reduced numerator: Integer, _ denominator: Integer) {
    (self.numerator, self.denominator) = (numerator, denominator)
  }

  /// numerator / denominator; a denominator of zero is unparsable.
  init(_ numerator: Integer, _ denominator: Integer, _ budget: Budget) throws(Stop) {
    if denominator == .one {
      self.init(numerator)
      return
    }
    if denominator.isZero { throw .unparsable }
    let divisor = try Integer.gcd(numerator, denominator, budget)
    let sign = denominator.isNegative ? -divisor : divisor
    self.init(reduced: numerator.dividing(by: sign).quotient, denominator.dividing(by: sign).quotient)
  }

  var isZero: Bool { numerator.isZero }
  var isOne: Bool { numerator == .one && denominator == .one }
  var isInteger: Bool { denominator == .one }
  var isNegative: Bool { numerator.isNegative }
  /// The value where it is an integer that a machine word holds.
  var int: Int? { isInteger ? numerator.int : nil }
  var weight: Int { numerator.weight + denominator.weight }

  /// The nearest double but for a few ulp; correct also where both parts are beyond the range of doubles.
  var double: Double {
    let (top, bottom) = (numerator.double, denominator.double)
    if top.isFinite && bottom.isFinite { return top / bottom }
    let excess = numerator.bitWidth - denominator.bitWidth
    if excess > 1_100 { return isNegative ? -.infinity : .infinity }
    if excess < -1_100 { return 0 }
    let (a, b) = (numerator.limbs, denominator.limbs)
    let drop = max(0, min(a.count, b.count) - 8)
    let scaled = Integer(isNegative: isNegative, limbs: Array(a.dropFirst(drop))).double
    return scaled / Integer(isNegative: false, limbs: Array(b.dropFirst(drop))).double
  }

  static prefix func - (value: Rational) -> Rational {
    Rational(reduced: -value.numerator, value.denominator)
  }

  func adding(_ other: Rational, _ budget: Budget) throws(Stop) -> Rational {
    if isInteger && other.isInteger { return Rational(try numerator + other.numerator) }
    try budget.spend(weight * other.weight / 16)
    return try Rational(
      numerator * other.denominator + other.numerator * denominator, denominator * other.denominator, budget)
  }

  func multiplied(by other: Rational, _ budget: Budget) throws(Stop) -> Rational {
    if isInteger && other.isInteger { return Rational(try numerator * other.numerator) }
    try budget.spend(weight * other.weight / 16)
    return try Rational(numerator * other.numerator, denominator * other.denominator, budget)
  }

  /// 1 / self; zero is unparsable.
  func inverse() throws(Stop) -> Rational {
    if isZero { throw .unparsable }
    return isNegative
      ? Rational(reduced: -denominator, -numerator) : Rational(reduced: denominator, numerator)
  }

  /// self^exponent; a negative power of zero is unparsable.
  func power(_ exponent: Int, _ budget: Budget) throws(Stop) -> Rational {
    let base = exponent < 0 ? try inverse() : self
    let steps = abs(exponent)
    return Rational(
      reduced: try base.numerator.power(steps, budget), try base.denominator.power(steps, budget))
  }

  static func < (a: Rational, b: Rational) -> Bool {
    if a.denominator == b.denominator { return a.numerator < b.numerator }
    if let left = try? a.numerator * b.denominator, let right = try? b.numerator * a.denominator { return left < right }
    return a.double < b.double
  }
}
