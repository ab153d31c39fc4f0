// SPDX-License-Identifier: MIT

extension MathEvaluator {
  /// More terms are not added up.
  private static let maxTerms = 10_000

  /// A sum or product over integers, or the integral of a polynomial; anything else is unparsable.
  func ranged(
    _ operation: MathOperation, _ name: String, _ from: MathSum, _ to: MathSum, _ body: MathNode
  ) throws(MathStop) -> MathSum {
    if operation == .integral { return try integral(of: sum(body), over: name, from, to) }
    guard let first = from.rational?.int, let last = to.rational?.int else { throw .unparsable }
    guard first.magnitude < 1 << 40, last.magnitude < 1 << 40, last - first < Self.maxTerms else { throw .unparsable }
    var total = MathSum(operation == .sum ? 0 : 1)
    guard first <= last else { return total }
    for index in first...last {
      try algebra.budget.spend(16)
      let term = try binding(name, to: MathSum(index)).sum(body)
      total = try operation == .sum ? algebra.sum(total, term) : algebra.product(total, term)
    }
    return total
  }

  /// Term by term: ∫ c xⁿ = c (bⁿ⁺¹ - aⁿ⁺¹) / (n+1).
  private func integral(
    of body: MathSum, over name: String, _ from: MathSum, _ to: MathSum
  ) throws(MathStop) -> MathSum {
    let variable = algebra.number(of: .symbol(name))
    var total = MathSum()
    for (monomial, coefficient) in body.ordered {
      try algebra.budget.spend(16)
      var rest = monomial
      var degree = 0
      if let place = rest.factors.firstIndex(where: { $0.atom == variable }) {
        guard let power = rest.factors.remove(at: place).exponent.int, 0...200 ~= power else { throw .unparsable }
        degree = power
      }
      // The name inside another function or power: no polynomial.
      if try algebra.symbols(of: MathSum(rest)).contains(name) { throw .unparsable }
      let exponent = MathRational(degree + 1)
      let gain = try algebra.difference(algebra.power(to, exponent), algebra.power(from, exponent))
      let scale = try coefficient.multiplied(by: exponent.inverse(), algebra.budget)
      total = try algebra.sum(total, algebra.product(MathSum(rest, times: scale), gain))
    }
    return total
  }
}
