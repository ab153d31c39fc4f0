// SPDX-License-Identifier: MIT

extension Evaluator {
  /// More terms are not added up.
  private static let maxTerms = 10_000

  /// A sum or product over integers, or the integral of a polynomial; anything else is unparsable.
  func ranged(
    _ operation: Operation, _ name: String, _ from: Sum, _ to: Sum, _ body: Node
  ) throws(Stop) -> Sum {
    if operation == .integral { return try integral(of: sum(body), over: name, from, to) }
    guard let first = from.rational?.int, let last = to.rational?.int else { throw .unparsable }
    guard first.magnitude < 1 << 40, last.magnitude < 1 << 40, last - first < Self.maxTerms else { throw .unparsable }
    var total = Sum(operation == .sum ? 0 : 1)
    guard first <= last else { return total }
    for index in first...last {
      try algebra.budget.spend(16)
      let term = try binding(name, to: Sum(index)).sum(body)
      total = try operation == .sum ? algebra.sum(total, term) : algebra.product(total, term)
    }
    return total
  }

  /// Term by term: ∫ c xⁿ = c (bⁿ⁺¹ - aⁿ⁺¹) / (n+1).
  private func integral(
    of body: Sum, over name: String, _ from: Sum, _ to: Sum
  ) throws(Stop) -> Sum {
    let variable = algebra.number(of: .symbol(name))
    var total = Sum()
    for (monomial, coefficient) in body.ordered {
      try algebra.budget.spend(16)
      var rest = monomial
      var degree = 0
      if let place = rest.factors.firstIndex(where: { $0.atom == variable }) {
        guard let power = rest.factors.remove(at: place).exponent.int, 0...200 ~= power else { throw .unparsable }
        degree = power
      }
      // The name inside another function or power: no polynomial.
      if try algebra.symbols(of: Sum(rest)).contains(name) { throw .unparsable }
      let exponent = Rational(degree + 1)
      let gain = try algebra.difference(algebra.power(to, exponent), algebra.power(from, exponent))
      let scale = try coefficient.multiplied(by: exponent.inverse(), algebra.budget)
      total = try algebra.sum(total, algebra.product(Sum(rest, times: scale), gain))
    }
    return total
  }
}
