// SPDX-License-Identifier: MIT
// Matrices in the dtype in which they are stored. Decoding reads every weight once a token, so its speed is the memory's:
// bf16 that stays bf16 is read twice as fast as a copy in f32.
import CKernels
import Tensors

/// A matrix [rows, columns] of F32, F16 or BF16 values in somebody else's memory (a mapped checkpoint). Never written.
public struct StoredMatrix: MatrixOperand, @unchecked Sendable {
  public let rows: Int
  public let columns: Int
  public let dtype: DType
  private let base: UnsafeRawPointer
  private let owner: AnyObject

  /// `base` must be aligned to the dtype's size, and live as long as `owner`.
  public init(rows: Int, columns: Int, dtype: DType, base: UnsafeRawPointer, owner: AnyObject) {
    precondition(dtype == .f32 || dtype == .f16 || dtype == .bf16, "a stored matrix of \(dtype.rawValue)")
    (self.rows, self.columns, self.dtype, self.base, self.owner) = (rows, columns, dtype, base, owner)
  }

  /// The values of a tensor, as [rows, columns].
  public init(_ tensor: Tensor) {
    self.init(
      rows: tensor.rows, columns: tensor.columns, dtype: .f32, base: UnsafeRawPointer(tensor.pointer),
      owner: tensor.storage)
  }

  public var byteCount: Int { rows * columns * dtype.size }

  /// y = x·Wᵀ + bias.   x [T, columns], bias [rows]  ->  [T, rows]
  ///
  /// f32 sums over weights that become f32 one vector at a time. The bits of a row of y depend on that row of x alone: not on
  /// T, not on the other rows, not on the number of threads.
  public func product(_ x: Tensor, bias: Tensor? = nil, on workers: Workers = .all) -> Tensor {
    precondition(x.columns == columns, "product: x \(x.shape) does not fit [\(rows), \(columns)]")
    let y = Tensor(uninitialized: [x.rows, rows])
    // A thread must find enough to do: 64 KiB of weights for one row, less for many.
    let enough = max(48, (1 << 16) / max(1, columns * dtype.size * min(x.rows, 8)) / 12 * 12)
    inChunks(rows, size: workers == .all ? enough : max(1, rows)) { range in
      let start = base + range.lowerBound * columns * dtype.size
      let (bias, out) = (bias.map { $0.pointer + range.lowerBound }, y.pointer + range.lowerBound)
      switch dtype {
      case .bf16:
        kernel_rows_times_bf16(
          x.pointer, start.assumingMemoryBound(to: UInt16.self), bias, out, rows, x.rows, range.count, columns)
      case .f16:
        kernel_rows_times_f16(
          x.pointer, start.assumingMemoryBound(to: UInt16.self), bias, out, rows, x.rows, range.count, columns)
      default:
        kernel_rows_times_f32(
          x.pointer, start.assumingMemoryBound(to: Float.self), bias, out, rows, x.rows, range.count, columns)
      }
    }
    return y
  }

  /// dx = dy·W + beta·dx.   dy [T, rows], dx [T, columns]
  ///
  /// Runs of rows become f32 one after the other, so that no copy of the whole is made.
  public func transposedProduct(_ dy: Tensor, beta: Float, into dx: Tensor, on workers: Workers = .all) {
    precondition(
      dy.columns == rows && dx.columns == columns, "product: dy \(dy.shape) does not fit [\(rows), \(columns)]")
    let run = 512
    for start in stride(from: 0, to: rows, by: run) {
      let range = start..<min(rows, start + run)
      let values = Tensor(uninitialized: [range.count, columns])
      convertToFloat(base + start * columns * dtype.size, dtype, count: values.count, into: values.pointer)
      let part = Matrix(dy.pointer + start, rows: dy.rows, columns: range.count, stride: rows)
      multiply(part, Matrix(values), beta: start == 0 ? beta : 1, into: Matrix(dx), on: workers)
    }
  }

  public func rows(_ range: Range<Int>) -> StoredMatrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return StoredMatrix(
      rows: range.count, columns: columns, dtype: dtype, base: base + range.lowerBound * columns * dtype.size,
      owner: owner)
  }

  /// Writes row `index` as f32 to `target` [columns].
  public func copyRow(_ index: Int, to target: UnsafeMutablePointer<Float>) {
    precondition((0..<rows).contains(index), "row \(index) of \(rows)")
    convertToFloat(base + index * columns * dtype.size, dtype, count: columns, into: target)
  }
}
