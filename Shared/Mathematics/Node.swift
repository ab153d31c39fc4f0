// SPDX-License-Identifier: MIT

/// What was written, as a tree. Sums and products are flat, so that the tree is no deeper than the brackets are.
indirect enum Node {
  case number(Numeral)
  /// 204_5: digits in a base.
  case based(String, Int)
  case symbol(String)
  case pi, e, i, infinity
  case text(String)
  case sum([Node])
  case negative(Node)
  /// ± and ∓: one of two signs, chosen alike in the whole expression.
  case eitherSign(Node, isPlusFirst: Bool)
  case product([Node])
  case reciprocal(Node)
  case power(Node, Node)
  case function(FunctionName, [Node])
  case apply(String, [Node])
  case percent(Node)
  case degree(Node)
  case measured(Node, unit: String?)
  /// (a, b), [a, b), {a, b} with two or more elements.
  case bracketed(UInt8, [Node], UInt8)
  /// \{ … \} with any number of elements.
  case set([Node])
  case list([Node], joint: Joint)
  case matrix([[Node]])
  case determinant([[Node]])
  case relation(Node, [(Relation, Node)])
  case setOperation(SetOperation, Node, Node)
  case emptySet, reals
  /// 1:2, and 12:00.
  case ratio([Node])
  /// \sum_{k=1}^{n}, \int_0^1 … dx: over a name, from, to.
  case ranged(Operation, name: String, Node, Node, Node)

  /// What stands between the members of a list.
  enum Joint { case comma, and, or }

  /// Names alone: what an equation may define. f(x), AB, x_1, \text{area}.
  var isTarget: Bool {
    switch self {
    case .symbol, .text, .apply: true
    case .e, .i: true  // as names of things
    case .product(let factors): factors.allSatisfy(\.isTarget) || isFigure
    case .bracketed(_, let elements, _), .list(let elements, _): elements.allSatisfy(\.isTarget)
    default: isFigure
    }
  }

  /// What figures are asked for by: |AB|, AB/CD, A:B, S_1:S_2, tan A.
  private var isFigure: Bool {
    switch self {
    case .function(.plain(.abs), let arguments): arguments.allSatisfy(\.isSegment)
    case .function(.plain(let function), let arguments):
      [.sin, .cos, .tan, .cot, .sec, .csc].contains(function) && arguments.allSatisfy(\.isTarget)
    case .ratio(let parts): parts.allSatisfy { $0.isSegment || $0.isCapital }
    case .product(let factors):
      factors.contains { if case .reciprocal = $0 { true } else { false } }
        && factors.allSatisfy {
          if case .reciprocal(let inner) = $0 { inner.isSegment } else { $0.isSegment || $0.isCapital }
        }
    default: false
    }
  }

  /// AB, the segment between two points.
  private var isSegment: Bool {
    if case .product(let factors) = self { return factors.count > 1 && factors.allSatisfy(\.isCapital) }
    return false
  }

  private var isCapital: Bool {
    if case .symbol(let name) = self { return name.utf8.first?.isCapital ?? false }
    return false
  }
}
