// SPDX-License-Identifier: MIT

extension Parser {
  /// Lines of equations: the last one counts, and several that each begin with a name are a list of what they define.
  mutating func lines() throws(Stop) -> Node {
    var lines: [Node] = []
    while !take(.end("lines")) {
      if take(.row) || take(.cell) || take(.comma) { continue }
      let start = at
      var node = try lineOfCells()
      if next == .comma { at += 1 }
      guard at > start else { throw .unparsable }
      if case .relation(let first, let rest) = node, rest.count > 1 { node = .relation(first, rest) }
      lines.append(node)
    }
    guard let last = lines.last else { throw .unparsable }
    let names = lines.compactMap(\.definedName)
    if names.count == lines.count, Set(names).count == names.count, names.count > 1 {
      return .list(lines, joint: .comma)
    }
    return last
  }

  /// a &= b
  private mutating func lineOfCells() throws(Stop) -> Node {
    if case .relation(let relation)? = next {
      at += 1
      let node = try self.relation()
      return relation == .equal ? node : .relation(node, [])
    }
    var sides = [try sum()]
    var relations: [Relation] = []
    while true {
      _ = take(.cell)
      guard case .relation(let relation)? = next else { break }
      at += 1
      _ = take(.cell)
      relations.append(relation)
      sides.append(try sum())
    }
    return relations.isEmpty ? sides[0] : .relation(sides[0], Array(zip(relations, sides.dropFirst())))
  }
}

extension Node {
  /// x of "x = 5".
  fileprivate var definedName: String? {
    if case .relation(.symbol(let name), let rest) = self, rest.allSatisfy({ $0.0 == .equal }) { return name }
    return nil
  }

  static func integer(_ value: Int) -> Node {
    .number(Numeral(value: Rational(value), isDecimal: false, digits: "\(value)"))
  }
}
