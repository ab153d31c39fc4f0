// SPDX-License-Identifier: MIT

/// A set of real numbers made of intervals and points: the numbers where membership changes, in ascending order, and
/// what belongs to the set at them and between them. Union, intersection and difference are then taken place by place.
struct Region {
  struct Bound {
    let scalar: Scalar
    let value: Double
  }
  private(set) var bounds: [Bound] = []
  private(set) var atBounds: [Bool] = []
  /// One more than the bounds: from minus infinity to the first, …, from the last to infinity.
  private(set) var between: [Bool] = [false]

  static let none = Region()
  static let all = Region(between: [true])

  private init(bounds: [Bound] = [], atBounds: [Bool] = [], between: [Bool] = [false]) {
    (self.bounds, self.atBounds, self.between) = (bounds, atBounds, between)
  }

  init(point: Bound) { self.init(bounds: [point], atBounds: [true], between: [false, false]) }

  /// From `low` to `high`; nil is infinite. Ends that are the wrong way round are unparsable.
  init(from low: Bound?, isClosed lowClosed: Bool, to high: Bound?, isClosed highClosed: Bool) throws(Stop) {
    switch (low, high) {
    case (nil, nil): self = .all
    case (let low?, nil): self.init(bounds: [low], atBounds: [lowClosed], between: [false, true])
    case (nil, let high?): self.init(bounds: [high], atBounds: [highClosed], between: [true, false])
    case (let low?, let high?):
      guard low.value < high.value else { throw .unparsable }
      self.init(bounds: [low, high], atBounds: [lowClosed, highClosed], between: [false, true, false])
    }
  }

  func combined(
    with other: Region, _ operation: SetOperation, _ algebra: Algebra
  ) throws(Stop) -> Region {
    func decide(_ a: Bool, _ b: Bool) -> Bool {
      switch operation {
      case .union: a || b
      case .intersection: a && b
      case .difference: a && !b
      }
    }
    var result = Region(between: [decide(between[0], other.between[0])])
    var (i, j) = (0, 0)
    while i < bounds.count || j < other.bounds.count {
      try algebra.budget.spend(2)
      var order = 0  // of the next bound of each: which comes first, or both
      if i == bounds.count {
        order = 1
      } else if j == other.bounds.count {
        order = -1
      } else {
        let (a, b) = (bounds[i], other.bounds[j])
        if try !algebra.isZero(algebra.difference(a.scalar.sum, b.scalar.sum)) { order = a.value < b.value ? -1 : 1 }
      }
      let here = decide(
        order <= 0 ? atBounds[i] : between[i], order >= 0 ? other.atBounds[j] : other.between[j])
      let bound = order <= 0 ? bounds[i] : other.bounds[j]
      if order <= 0 { i += 1 }
      if order >= 0 { j += 1 }
      let after = decide(between[i], other.between[j])
      // A bound where nothing changes is none.
      if here != after || here != result.between[result.between.count - 1] {
        result.bounds.append(bound)
        result.atBounds.append(here)
        result.between.append(after)
      }
    }
    return result
  }
}
