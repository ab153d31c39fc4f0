// SPDX-License-Identifier: MIT

/// A fraction in lowest terms with a positive denominator. Its digits are limited as `MathInteger`'s are.
struct MathRational: Hashable {
  let numerator: MathInteger
  let denominator: MathInteger

  static let zero = MathRational(0)
  static let one = MathRational(1)

  init(_ value: Int) { self.init(MathInteger(value)) }
  init(_ value: MathInteger) { (numerator, denominator) = (value, .one) }

  private init(reduced numerator: MathInteger, _ denominator: MathInteger) {
    (self.numerator, self.denominator) = (numerator, denominator)
  }

  /// numerator / denominator; a denominator of zero is unparsable.
  init(_ numerator: MathInteger, _ denominator: MathInteger, _ budget: MathBudget) throws(MathStop) {
    if denominator == .one {
      self.init(numerator)
      return
    }
    if denominator.isZero { throw .unparsable }
    let divisor = try MathInteger.gcd(numerator, denominator, budget)
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
    let scaled = MathInteger(isNegative: isNegative, limbs: Array(a.dropFirst(drop))).double
    return scaled / MathInteger(isNegative: false, limbs: Array(b.dropFirst(drop))).double
  }

  static prefix func - (value: MathRational) -> MathRational {
    MathRational(reduced: -value.numerator, value.denominator)
  }

  func adding(_ other: MathRational, _ budget: MathBudget) throws(MathStop) -> MathRational {
    if isInteger && other.isInteger { return MathRational(try numerator + other.numerator) }
    try budget.spend(weight * other.weight / 16)
    return try MathRational(
      numerator * other.denominator + other.numerator * denominator, denominator * other.denominator, budget)
  }

  func multiplied(by other: MathRational, _ budget: MathBudget) throws(MathStop) -> MathRational {
    if isInteger && other.isInteger { return MathRational(try numerator * other.numerator) }
    try budget.spend(weight * other.weight / 16)
    return try MathRational(numerator * other.numerator, denominator * other.denominator, budget)
  }

  /// 1 / self; zero is unparsable.
  func inverse() throws(MathStop) -> MathRational {
    if isZero { throw .unparsable }
    return isNegative
      ? MathRational(reduced: -denominator, -numerator) : MathRational(reduced: denominator, numerator)
  }

  /// self^exponent; a negative power of zero is unparsable.
  func power(_ exponent: Int, _ budget: MathBudget) throws(MathStop) -> MathRational {
    let base = exponent < 0 ? try inverse() : self
    let steps = abs(exponent)
    return MathRational(
      reduced: try base.numerator.power(steps, budget), try base.denominator.power(steps, budget))
  }

  static func < (a: MathRational, b: MathRational) -> Bool {
    if a.denominator == b.denominator { return a.numerator < b.numerator }
    if let left = try? a.numerator * b.denominator, let right = try? b.numerator * a.denominator { return left < right }
    return a.double < b.double
  }
}
