// SPDX-License-Identifier: MIT

extension Node {
  /// Whether any node of an expression's tree answers the question. Sets, lists and relations are not entered.
  private func contains(_ isMatch: (Node) -> Bool) -> Bool {
    if isMatch(self) { return true }
    switch self {
    case .sum(let nodes), .product(let nodes), .function(_, let nodes), .apply(_, let nodes):
      return nodes.contains { $0.contains(isMatch) }
    case .negative(let node), .eitherSign(let node, _), .reciprocal(let node), .percent(let node), .degree(let node),
      .measured(let node, _):
      return node.contains(isMatch)
    case .power(let base, let exponent): return base.contains(isMatch) || exponent.contains(isMatch)
    default: return false
    }
  }

  var hasEitherSign: Bool { contains { if case .eitherSign = $0 { true } else { false } } }
  var hasMatrix: Bool { contains { if case .matrix = $0 { true } else { false } } }
  var hasDecimal: Bool { contains { if case .number(let numeral) = $0 { numeral.isDecimal } else { false } } }

  /// Digits behind the point of a number as it is written; nil where it is none.
  var places: Int? {
    switch self {
    case .number(let numeral): numeral.places
    case .negative(let node), .measured(let node, _), .degree(let node), .percent(let node): node.places
    default: nil
    }
  }

  /// A number, and nothing that is unknown.
  var isNumeric: Bool {
    switch self {
    case .number, .pi: true
    case .negative(let node), .reciprocal(let node): node.isNumeric
    case .sum(let nodes), .product(let nodes): nodes.allSatisfy(\.isNumeric)
    case .power(let base, let exponent): base.isNumeric && exponent.isNumeric
    default: false
    }
  }

  var carriesUnit: Bool {
    switch self {
    case .measured, .degree, .percent: true
    default: false
    }
  }
}
