// SPDX-License-Identifier: MIT

extension Evaluator {
  /// A value as a set of real numbers: an interval, points, a condition on one variable. Unparsable if it is none.
  func region(of value: Value) throws(Stop) -> Region {
    switch value {
    case .region(let region): return region
    case .scalar(let scalar): return Region(point: try bound(scalar))
    case .set(let members), .list(let members):
      var region = Region.none
      for member in members {
        region = try region.combined(with: self.region(of: member), .union, algebra)
      }
      return region
    case .tuple(let ends, let isClosed):
      guard ends.count == 2 else { throw .unparsable }
      let (low, high) = (try end(ends[0], isLow: true), try end(ends[1], isLow: false))
      return try Region(from: low, isClosed: isClosed.0, to: high, isClosed: isClosed.1)
    case .inequalities(let parts, let isAny):
      let names = try symbols(of: parts)
      guard names.count == 1, let name = names.first else { throw .unparsable }
      var region = isAny ? Region.none : .all
      for part in parts {
        region = try region.combined(with: solution(of: part, for: name), isAny ? .union : .intersection, algebra)
      }
      return region
    case .equation(_, let right, isDefinition: true): return try region(of: right)
    default: throw .unparsable
    }
  }

  func symbols(of parts: [Inequality]) throws(Stop) -> Set<String> {
    var names: Set<String> = []
    for part in parts {
      names.formUnion(try algebra.symbols(of: part.left))
      names.formUnion(try algebra.symbols(of: part.right))
    }
    return names
  }

  private func bound(_ scalar: Scalar) throws(Stop) -> Region.Bound {
    guard let value = try algebra.value(of: scalar.sum), value.im == 0 else { throw .unparsable }
    return Region.Bound(scalar: scalar, value: value.re)
  }

  /// An end of an interval; nil for the infinity on its side.
  private func end(_ value: Value, isLow: Bool) throws(Stop) -> Region.Bound? {
    switch value {
    case .infinity(let isNegative):
      guard isNegative == isLow else { throw .unparsable }
      return nil
    case .scalar(let scalar): return try bound(scalar)
    default: throw .unparsable
    }
  }

  /// Where a linear inequality of one variable holds.
  private func solution(of part: Inequality, for name: String) throws(Stop) -> Region {
    let variable = Monomial(factors: [.init(atom: algebra.number(of: .symbol(name)), exponent: .one)])
    let difference = try algebra.difference(part.left, part.right)  // c·x + d against 0
    guard let slope = difference.terms[variable] else { throw .unparsable }
    var rest = difference
    rest.terms[variable] = nil
    guard try algebra.symbols(of: rest).isEmpty else { throw .unparsable }
    let root = try bound(
      Scalar(sum: algebra.scaled(rest, by: -slope.inverse()), isDecimal: part.isDecimal))
    switch slope.isNegative ? part.relation.reversed : part.relation {
    case .less: return try Region(from: nil, isClosed: false, to: root, isClosed: false)
    case .lessOrEqual: return try Region(from: nil, isClosed: false, to: root, isClosed: true)
    case .greater: return try Region(from: root, isClosed: false, to: nil, isClosed: false)
    case .greaterOrEqual: return try Region(from: root, isClosed: true, to: nil, isClosed: false)
    case .notEqual: return try Region.all.combined(with: Region(point: root), .difference, algebra)
    case .equal: return Region(point: root)
    case .approximately, .element: throw .unparsable
    }
  }
}
