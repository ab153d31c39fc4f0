// SPDX-License-Identifier: MIT
// The normal form: a sum of rational multiples of products of powers. Two texts of one polynomial, in variables, π, e,
// i and roots of primes, become the same sum.

/// A product of atoms (by their number in `Algebra`) to rational powers; no factors: 1.
struct Monomial: Hashable {
  struct Factor: Hashable {
    let atom: Int
    let exponent: Rational
  }
  /// By ascending atom, no exponent zero.
  var factors: [Factor] = []

  static let unit = Monomial()

  var isUnit: Bool { factors.isEmpty }

  /// An order for choosing a leading term: any total one serves.
  static func precedes(_ a: Monomial, _ b: Monomial) -> Bool {
    for (x, y) in zip(a.factors, b.factors) where x != y {
      return x.atom != y.atom ? x.atom < y.atom : y.exponent < x.exponent
    }
    return a.factors.count > b.factors.count
  }
}

/// Monomial → coefficient, none of them zero.
struct Sum: Hashable {
  var terms: [Monomial: Rational] = [:]

  init() {}
  init(_ constant: Rational) {
    if !constant.isZero { terms[.unit] = constant }
  }
  init(_ constant: Int) { self.init(Rational(constant)) }
  init(_ monomial: Monomial, times coefficient: Rational = .one) {
    if !coefficient.isZero { terms[monomial] = coefficient }
  }

  var isZero: Bool { terms.isEmpty }

  /// The value of a sum without atoms.
  var rational: Rational? {
    if terms.isEmpty { return .zero }
    return terms.count == 1 ? terms[.unit] : nil
  }

  /// The one term of a sum that has exactly one.
  var single: (monomial: Monomial, coefficient: Rational)? {
    terms.count == 1 ? terms.first.map { ($0.key, $0.value) } : nil
  }

  /// The terms in an order that does not change from run to run, as a dictionary's does.
  var ordered: [(monomial: Monomial, coefficient: Rational)] {
    if terms.count == 1 { return terms.map { ($0.key, $0.value) } }
    return terms.sorted { Monomial.precedes($0.key, $1.key) }.map { ($0.key, $0.value) }
  }

  /// The term whose monomial comes first.
  var leading: (monomial: Monomial, coefficient: Rational)? {
    terms.min { Monomial.precedes($0.key, $1.key) }.map { ($0.key, $0.value) }
  }
}

/// What a monomial multiplies.
enum Atom: Hashable {
  case symbol(String)
  case pi, e, i
  /// A positive integer above 1; `isProven` that it is prime.
  case prime(Int, isProven: Bool)
  /// Something in brackets that is not multiplied out: (x+1) of 1/(x+1).
  case base(Sum)
  /// base^exponent with an exponent that is no number.
  case power(Sum, Sum)
  case function(Function, [Sum])
}

/// Functions that stay themselves in the normal form.
enum Function: Hashable {
  case sin, cos, tan, cot, sec, csc, arcsin, arccos, arctan, sinh, cosh, tanh, ln
  case abs, floor, ceil, factorial, binomial, gcd, lcm, max, min
  /// One that the text leaves open, as f in f(x).
  case named(String)
}
