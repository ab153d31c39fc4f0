// SPDX-License-Identifier: MIT

extension Evaluator {
  /// Matrices with their sums, products and multiples worked out.
  func matrix(_ node: Node) throws(Stop) -> [[Scalar]] {
    try algebra.budget.spend(2)
    switch node {
    case .matrix(let rows):
      return try map(rows) { (element) throws(Stop) in
        guard case .scalar(let scalar) = try value(of: element) else { throw .unparsable }
        return scalar
      }
    case .negative(let inner): return try scaled(matrix(inner), by: Sum(-1))
    case .sum(let terms):
      guard let first = terms.first else { throw .unparsable }
      var total = try matrix(first)
      for term in terms.dropFirst() { total = try combined(total, matrix(term)) }
      return total
    case .product(let factors):
      var factor = Sum(1)
      var product: [[Scalar]]?
      for node in factors {
        if node.hasMatrix {
          let right = try matrix(node)
          product = try product.map { (left) throws(Stop) in try multiplied(left, right) } ?? right
        } else {
          factor = try algebra.product(factor, sum(node))
        }
      }
      guard let product else { throw .unparsable }
      return try scaled(product, by: factor)
    default: throw .unparsable
    }
  }

  private func map<A, B>(
    _ rows: [[A]], _ body: (A) throws(Stop) -> B
  ) throws(Stop) -> [[B]] {
    var result: [[B]] = []
    for row in rows {
      var line: [B] = []
      for element in row { line.append(try body(element)) }
      result.append(line)
    }
    return result
  }

  private func scaled(_ rows: [[Scalar]], by factor: Sum) throws(Stop) -> [[Scalar]] {
    try map(rows) { (element) throws(Stop) in
      Scalar(sum: try algebra.product(element.sum, factor), isDecimal: element.isDecimal)
    }
  }

  private func combined(_ a: [[Scalar]], _ b: [[Scalar]]) throws(Stop) -> [[Scalar]] {
    guard a.count == b.count, a.first?.count == b.first?.count else { throw .unparsable }
    var result = a
    for row in a.indices {
      for column in a[row].indices {
        result[row][column].sum = try algebra.sum(a[row][column].sum, b[row][column].sum)
        result[row][column].isDecimal = a[row][column].isDecimal || b[row][column].isDecimal
      }
    }
    return result
  }

  private func multiplied(_ a: [[Scalar]], _ b: [[Scalar]]) throws(Stop) -> [[Scalar]] {
    guard let width = b.first?.count, a.first?.count == b.count else { throw .unparsable }
    return try map(a.map { row in (0..<width).map { (row, $0) } }) { (row, column) throws(Stop) in
      var element = Scalar(sum: Sum())
      for index in row.indices {
        let factor = b[index][column]
        element.sum = try algebra.sum(element.sum, algebra.product(row[index].sum, factor.sum))
        element.isDecimal = element.isDecimal || row[index].isDecimal || factor.isDecimal
      }
      return element
    }
  }

  /// By its first row, for the few rows that answers have.
  func determinant(_ rows: [[Node]]) throws(Stop) -> Sum {
    guard let width = rows.first?.count, width == rows.count, width <= 4 else { throw .unparsable }
    return try determinant(map(rows) { (element) throws(Stop) in try sum(element) })
  }

  private func determinant(_ rows: [[Sum]]) throws(Stop) -> Sum {
    if rows.count == 1 { return rows[0][0] }
    var total = Sum()
    for column in rows[0].indices {
      let minor = rows.dropFirst().map { row in row.indices.filter { $0 != column }.map { row[$0] } }
      let term = try algebra.product(rows[0][column], determinant(minor))
      total = column % 2 == 0 ? try algebra.sum(total, term) : try algebra.difference(total, term)
    }
    return total
  }
}
