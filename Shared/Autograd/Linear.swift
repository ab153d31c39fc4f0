// SPDX-License-Identifier: MIT
// Matrix products with a weight, and sums of branches.
import CKernels
import LinearAlgebra
import Tensors

/// What a product is taken with: a variable, which may learn, or values that are only read.
public protocol Weight {
  var operand: any MatrixOperand { get }
  /// Where the gradient goes; nil: nowhere.
  var variable: Variable? { get }
}

extension Variable: Weight {
  public var operand: any MatrixOperand { value }
  public var variable: Variable? { self }
}

/// A weight that is only read, in whatever form it is kept.
public struct FrozenWeight: Weight {
  public let operand: any MatrixOperand
  public var variable: Variable? { nil }

  public init(_ operand: any MatrixOperand) { self.operand = operand }
}

/// y = x·Wᵀ + b.   x [T, in], weight [out, in] (or any shape whose first extent is out), bias [out]  ->  [T, out]
public func linear(_ x: Variable, weight: any Weight, bias: Variable? = nil) -> Variable {
  let operand = weight.operand
  precondition(
    x.columns == operand.columns, "linear: x \(x.shape) does not fit weight [\(operand.rows), \(operand.columns)]")
  let y = operand.product(x.value, bias: bias?.value, on: .all)
  return Variable(y, from: [x, weight.variable, bias].compactMap { $0 }) { dy in
    x.accumulate { dx, beta in operand.transposedProduct(dy, beta: beta, into: dx, on: .all) }
    weight.variable?.accumulate { dw, beta in
      parallelMultiply(Matrix(dy), Matrix(x.value), .left, beta: beta, into: Matrix(dw))
    }
    bias?.accumulate { db, beta in
      if beta == 0 { db.fill(0) }
      kernel_column_sums_add(dy.pointer, db.pointer, dy.rows, dy.columns)
    }
  }
}

/// Elementwise sum of two variables of the same shape: a residual connection.
public func + (a: Variable, b: Variable) -> Variable {
  precondition(a.value.count == b.value.count, "+: \(a.shape) and \(b.shape) differ")
  let y = Tensor(uninitialized: a.shape)
  inChunks(y.count) { range in
    let at = range.lowerBound
    kernel_add(a.value.pointer + at, b.value.pointer + at, y.pointer + at, range.count)
  }
  return Variable(y, from: [a, b]) { dy in
    a.accumulate(dy)
    b.accumulate(dy)
  }
}

/// x [n·P, D] + table [P, D], the table repeated n times: position embeddings of n images.
public func addRepeating(_ x: Variable, table: Variable) -> Variable {
  let period = table.rows
  let width = table.columns
  precondition(x.columns == width && x.rows % period == 0, "addRepeating: x \(x.shape), table \(table.shape)")
  let y = Tensor(uninitialized: x.shape)
  parallelFor(chunks: x.rows / period) { image in
    let at = image * period * width
    kernel_add(x.value.pointer + at, table.value.pointer, y.pointer + at, period * width)
  }
  return Variable(y, from: [x, table]) { dy in
    x.accumulate(dy)
    table.accumulate { dtable, beta in
      if beta == 0 { dtable.fill(0) }
      for image in 0..<dy.rows / period {
        kernel_axpy(1, dy.pointer + image * period * width, dtable.pointer, period * width)
      }
    }
  }
}
