// SPDX-License-Identifier: MIT
// One unit for a whole expression: 180° − 72°, $20 + $30, 2 · 40°, 25π − 48 cm².

extension Node {
  /// The expression without the unit that its parts share; nil where they have none, or more than one.
  var sharingUnit: (Node, unit: String?)? {
    guard case .shared(let node, let unit) = parted else { return nil }
    return (node, unit)
  }

  private enum Parted {
    case bare(Node)
    case shared(Node, unit: String?)
    /// Of parts that do not go together: 5 m + 3 cm.
    case mixed
  }

  private var parted: Parted {
    switch self {
    case .degree(let inner): return inner.withUnit("degree")
    case .measured(let inner, let unit): return inner.withUnit(unit)
    case .negative(let inner):
      switch inner.parted {
      case .shared(let node, let unit): return .shared(.negative(node), unit: unit)
      case .bare: return .bare(self)
      case .mixed: return .mixed
      }
    case .sum(let terms): return Self.sum(of: terms)
    case .product(let factors): return Self.product(of: factors)
    case .percent, .infinity, .text: return .mixed
    default: return .bare(self)
    }
  }

  private func withUnit(_ unit: String?) -> Parted {
    if case .bare(let node) = parted { return .shared(node, unit: unit) }
    return .mixed
  }

  /// Every term has the unit, or only the last one, which names it for all; degrees stand at each.
  private static func sum(of terms: [Node]) -> Parted {
    var nodes: [Node] = []
    var units: [String?] = []
    for term in terms {
      switch term.parted {
      case .bare(let node): nodes.append(node)
      case .shared(let node, let unit):
        nodes.append(node)
        units.append(unit)
        if units.count < nodes.count, nodes.count < terms.count || unit == "degree" { return .mixed }
      case .mixed: return .mixed
      }
    }
    guard let unit = units.first else { return .bare(.sum(terms)) }
    guard units.allSatisfy({ $0 == unit }), units.count == terms.count || units.count == 1 else { return .mixed }
    if units.count == 1, case .bare = terms[terms.count - 1].parted { return .mixed }
    return .shared(.sum(nodes), unit: unit)
  }

  /// One factor has the unit; the others are numbers.
  private static func product(of factors: [Node]) -> Parted {
    var nodes: [Node] = []
    var found: String??
    for factor in factors {
      switch factor.parted {
      case .bare(let node):
        if case .reciprocal(let inner) = node, case .bare = inner.parted {
        } else if case .reciprocal = node {
          return .mixed
        }
        nodes.append(node)
      case .shared(let node, let unit):
        if found != nil { return .mixed }
        found = unit
        nodes.append(node)
      case .mixed: return .mixed
      }
    }
    guard let unit = found else { return .bare(.product(factors)) }
    return .shared(.product(nodes), unit: unit)
  }
}
