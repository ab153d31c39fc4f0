// SPDX-License-Identifier: MIT
// The fixed side of a matrix product, in whatever form its values are kept.
import CKernels
import Tensors

/// Who computes a product.
public enum Workers: Sendable {
  /// All threads of `Compute`.
  case all
  /// The calling thread alone, which is a worker of something larger.
  case caller
}

/// The weight W [rows, columns] = [outputs, inputs] of y = x·Wᵀ: f32 in own memory, a mapped matrix of any dtype, or another
/// form that knows how to multiply. The arithmetic is f32 whatever the form.
///
/// What a conforming type promises: the same bits for any number of threads, and `rows(_:)` without a copy.
public protocol MatrixOperand: Sendable {
  /// Outputs of the product.
  var rows: Int { get }
  /// Inputs of the product.
  var columns: Int { get }
  /// Bytes that a product with one row of x makes the memory deliver.
  var byteCount: Int { get }

  /// y = x·Wᵀ + bias.   x [T, columns], bias [rows]  ->  [T, rows]
  func product(_ x: Tensor, bias: Tensor?, on workers: Workers) -> Tensor
  /// dx = dy·W + beta·dx, the way back of `product`.   dy [T, rows], dx [T, columns]; beta 0 overwrites dx.
  func transposedProduct(_ dy: Tensor, beta: Float, into dx: Tensor, on workers: Workers)
  /// Some of the outputs, sharing memory.
  func rows(_ range: Range<Int>) -> Self
  /// Writes row `index` as f32 to `target` [columns].
  func copyRow(_ index: Int, to target: UnsafeMutablePointer<Float>)
}

/// f32 values in memory: OpenBLAS multiplies. Any tensor is [first extent, product of the others].
extension Tensor: MatrixOperand {
  public var byteCount: Int { count * 4 }

  public func product(_ x: Tensor, bias: Tensor? = nil, on workers: Workers = .all) -> Tensor {
    precondition(x.columns == columns, "product: x \(x.shape) does not fit \(shape)")
    let y = Tensor(uninitialized: [x.rows, rows])
    if let bias { kernel_fill_rows(bias.pointer, y.pointer, y.rows, rows) }
    multiply(Matrix(x), Matrix(self), .right, beta: bias == nil ? 0 : 1, into: Matrix(y), on: workers)
    return y
  }

  public func transposedProduct(_ dy: Tensor, beta: Float, into dx: Tensor, on workers: Workers = .all) {
    multiply(Matrix(dy), Matrix(self), beta: beta, into: Matrix(dx), on: workers)
  }

  public func copyRow(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    precondition((0..<rows).contains(index), "row \(index) of \(rows)")
    target.update(from: pointer + index * columns, count: columns)
  }
}
