// SPDX-License-Identifier: MIT

extension Comparison {
  /// a = b and c = d say the same if one difference of the sides is a multiple of the other.
  func sameEquation(_ a: Value, _ b: Value, _ c: Value, _ d: Value) throws(Stop) -> Bool {
    guard case .scalar(let a) = a, case .scalar(let b) = b, case .scalar(let c) = c, case .scalar(let d) = d else {
      return try inOrder([a, b], [c, d])
    }
    let first = try cleared(algebra.difference(a.sum, b.sum))
    let second = try cleared(algebra.difference(c.sum, d.sum))
    return try factor(of: first, in: second) != nil
  }

  /// The sum multiplied by its denominators: y - 1/x becomes xy - 1.
  private func cleared(_ sum: Sum) throws(Stop) -> Sum {
    var result = sum
    for _ in 0..<8 {
      var denominator: Monomial.Factor?
      for monomial in result.terms.keys {
        for factor in monomial.factors where factor.exponent.isInteger && factor.exponent.isNegative {
          if denominator.map({ $0.atom > factor.atom || ($0.atom == factor.atom && factor.exponent < $0.exponent) })
            ?? true
          {
            denominator = factor
          }
        }
      }
      guard let denominator else { return result }
      var product = Sum()
      let power = algebra.sum(of: algebra.atoms[denominator.atom], exponent: -denominator.exponent)
      for (monomial, coefficient) in result.ordered {
        var term = try algebra.product(Sum(monomial, times: coefficient), power)
        term = try expanded(term, denominator.atom)
        product = try algebra.sum(product, term)
      }
      result = product
    }
    return result
  }

  /// A bracket that has lost its negative exponent, multiplied out.
  private func expanded(_ term: Sum, _ atom: Int) throws(Stop) -> Sum {
    guard case .base(let base) = algebra.atoms[atom], let (monomial, coefficient) = term.single,
      let place = monomial.factors.firstIndex(where: { $0.atom == atom }),
      monomial.factors[place].exponent.isInteger, !monomial.factors[place].exponent.isNegative
    else { return term }
    var rest = monomial
    let exponent = rest.factors.remove(at: place).exponent
    return try algebra.product(Sum(rest, times: coefficient), algebra.power(base, exponent))
  }

  /// The number c with a = c · b, where there is one and neither is zero.
  private func factor(of a: Sum, in b: Sum) throws(Stop) -> Rational? {
    guard let leading = a.leading, let other = b.terms[leading.monomial] else { return nil }
    let factor = try leading.coefficient.multiplied(by: other.inverse(), algebra.budget)
    return try algebra.isZero(algebra.difference(a, algebra.scaled(b, by: factor))) ? factor : nil
  }

  /// The same conditions, in any order and with sides moved.
  func sameInequalities(_ a: [Inequality], _ b: [Inequality]) throws(Stop) -> Bool {
    guard a.count == b.count else { return false }
    var rest = b
    search: for part in a {
      for index in rest.indices where try same(part, rest[index]) {
        rest.remove(at: index)
        continue search
      }
      return false
    }
    return true
  }

  private func same(_ a: Inequality, _ b: Inequality) throws(Stop) -> Bool {
    let first = try algebra.difference(a.left, a.right)
    let second = try algebra.difference(b.left, b.right)
    guard let factor = try factor(of: first, in: second) else { return false }
    return a.relation == (factor.isNegative ? b.relation.reversed : b.relation)
  }
}
