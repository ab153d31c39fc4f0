// SPDX-License-Identifier: MIT

extension MathEvaluator {
  /// A value as a set of real numbers: an interval, points, a condition on one variable. Unparsable if it is none.
  func region(of value: MathValue) throws(MathStop) -> MathRegion {
    switch value {
    case .region(let region): return region
    case .scalar(let scalar): return MathRegion(point: try bound(scalar))
    case .set(let members), .list(let members):
      var region = MathRegion.none
      for member in members {
        region = try region.combined(with: self.region(of: member), .union, algebra)
      }
      return region
    case .tuple(let ends, let isClosed):
      guard ends.count == 2 else { throw .unparsable }
      let (low, high) = (try end(ends[0], isLow: true), try end(ends[1], isLow: false))
      return try MathRegion(from: low, isClosed: isClosed.0, to: high, isClosed: isClosed.1)
    case .inequalities(let parts, let isAny):
      let names = try symbols(of: parts)
      guard names.count == 1, let name = names.first else { throw .unparsable }
      var region = isAny ? MathRegion.none : .all
      for part in parts {
        region = try region.combined(with: solution(of: part, for: name), isAny ? .union : .intersection, algebra)
      }
      return region
    case .equation(_, let right, isDefinition: true): return try region(of: right)
    default: throw .unparsable
    }
  }

  func symbols(of parts: [MathInequality]) throws(MathStop) -> Set<String> {
    var names: Set<String> = []
    for part in parts {
      names.formUnion(try algebra.symbols(of: part.left))
      names.formUnion(try algebra.symbols(of: part.right))
    }
    return names
  }

  private func bound(_ scalar: MathScalar) throws(MathStop) -> MathRegion.Bound {
    guard let value = try algebra.value(of: scalar.sum), value.im == 0 else { throw .unparsable }
    return MathRegion.Bound(scalar: scalar, value: value.re)
  }

  /// An end of an interval; nil for the infinity on its side.
  private func end(_ value: MathValue, isLow: Bool) throws(MathStop) -> MathRegion.Bound? {
    switch value {
    case .infinity(let isNegative):
      guard isNegative == isLow else { throw .unparsable }
      return nil
    case .scalar(let scalar): return try bound(scalar)
    default: throw .unparsable
    }
  }

  /// Where a linear inequality of one variable holds.
  private func solution(of part: MathInequality, for name: String) throws(MathStop) -> MathRegion {
    let variable = MathMonomial(factors: [.init(atom: algebra.number(of: .symbol(name)), exponent: .one)])
    let difference = try algebra.difference(part.left, part.right)  // c·x + d against 0
    guard let slope = difference.terms[variable] else { throw .unparsable }
    var rest = difference
    rest.terms[variable] = nil
    guard try algebra.symbols(of: rest).isEmpty else { throw .unparsable }
    let root = try bound(
      MathScalar(sum: algebra.scaled(rest, by: -slope.inverse()), isDecimal: part.isDecimal))
    switch slope.isNegative ? part.relation.reversed : part.relation {
    case .less: return try MathRegion(from: nil, isClosed: false, to: root, isClosed: false)
    case .lessOrEqual: return try MathRegion(from: nil, isClosed: false, to: root, isClosed: true)
    case .greater: return try MathRegion(from: root, isClosed: false, to: nil, isClosed: false)
    case .greaterOrEqual: return try MathRegion(from: root, isClosed: true, to: nil, isClosed: false)
    case .notEqual: return try MathRegion.all.combined(with: MathRegion(point: root), .difference, algebra)
    case .equal: return MathRegion(point: root)
    case .approximately, .element: throw .unparsable
    }
  }
}
