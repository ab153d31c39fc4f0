// SPDX-License-Identifier: MIT
// Every matrix product of the project goes through here.
import COpenBLAS
import Tensors

/// A strided view of an f32 matrix in row-major order.
public struct Matrix {
  public let pointer: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  /// Elements from one row to the next.
  public let stride: Int

  public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// A whole tensor as [rows, columns]: its first extent, and the product of the others.
  public init(_ tensor: Tensor) {
    self.init(tensor.pointer, rows: tensor.rows, columns: tensor.columns, stride: tensor.columns)
  }
}

/// Which operand of a product is transposed.
public enum Transposition { case none, left, right }

/// c = scale · a·b + beta · c, on the calling thread.
/// Shapes: none [m,k]·[k,n]; left: a is [k,m]; right: b is [n,k].  beta 0 overwrites c (its old contents may be undefined).
public func multiply(
  _ a: Matrix, _ b: Matrix, _ transposition: Transposition = .none, scale: Float = 1, beta: Float = 0, into c: Matrix
) {
  let depth = transposition == .left ? a.rows : a.columns
  precondition(depth == (transposition == .right ? b.columns : b.rows), "inner extents of a product differ")
  guard c.rows > 0, c.columns > 0 else { return }
  _ = Compute.singleThreadedBLAS
  cblas_sgemm(
    CblasRowMajor, transposition == .left ? CblasTrans : CblasNoTrans,
    transposition == .right ? CblasTrans : CblasNoTrans,
    blasint(c.rows), blasint(c.columns), blasint(depth), scale, a.pointer, blasint(a.stride), b.pointer,
    blasint(b.stride),
    beta, c.pointer, blasint(c.stride))
}

/// The same product, on the calling thread or on all.
public func multiply(
  _ a: Matrix, _ b: Matrix, _ transposition: Transposition = .none, scale: Float = 1, beta: Float = 0, into c: Matrix,
  on workers: Workers
) {
  switch workers {
  case .all: parallelMultiply(a, b, transposition, scale: scale, beta: beta, into: c)
  case .caller: multiply(a, b, transposition, scale: scale, beta: beta, into: c)
  }
}

/// The same product, split over threads along the rows or the columns of c. The split depends on the shape only.
public func parallelMultiply(
  _ a: Matrix, _ b: Matrix, _ transposition: Transposition = .none, scale: Float = 1, beta: Float = 0, into c: Matrix
) {
  let depth = transposition == .left ? a.rows : a.columns
  let byRows = c.rows >= c.columns
  let extent = byRows ? c.rows : c.columns
  // Each call packs the other operand again: a chunk must be wide enough to pay for that, and heavy enough to pay for a thread.
  let worthwhile = c.rows * c.columns / 1024 * depth / 1024 / 2
  let chunks = max(1, min(extent / 96, worthwhile, 16))
  let step = ((extent + chunks - 1) / chunks + 15) / 16 * 16
  parallelFor(chunks: (extent + step - 1) / step) { chunk in
    let range = chunk * step..<min(extent, (chunk + 1) * step)
    if byRows {
      let part =
        transposition == .left
        ? Matrix(a.pointer + range.lowerBound, rows: a.rows, columns: range.count, stride: a.stride)
        : Matrix(a.pointer + range.lowerBound * a.stride, rows: range.count, columns: a.columns, stride: a.stride)
      let out = Matrix(c.pointer + range.lowerBound * c.stride, rows: range.count, columns: c.columns, stride: c.stride)
      multiply(part, b, transposition, scale: scale, beta: beta, into: out)
    } else {
      let part =
        transposition == .right
        ? Matrix(b.pointer + range.lowerBound * b.stride, rows: range.count, columns: b.columns, stride: b.stride)
        : Matrix(b.pointer + range.lowerBound, rows: b.rows, columns: range.count, stride: b.stride)
      let out = Matrix(c.pointer + range.lowerBound, rows: c.rows, columns: range.count, stride: c.stride)
      multiply(a, part, transposition, scale: scale, beta: beta, into: out)
    }
  }
}
