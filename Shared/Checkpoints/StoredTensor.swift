// SPDX-License-Identifier: MIT
// A tensor as it lies in a checkpoint file.

import Failures
import LinearAlgebra
import Tensors

/// A tensor in a mapped file: its name and dtype as stored, and its bytes without a copy.
public struct StoredTensor: Sendable {
  /// The name in the file (see `KeyNaming` for canonical names).
  public let name: String
  public let dtype: DType
  public let shape: [Int]
  /// Elements: the product of the shape.
  public let count: Int
  /// The data's place in `file`.
  let range: Range<Int>
  let file: MappedFile

  /// Path of the file the tensor lies in.
  public var path: String { file.path }
  public var byteCount: Int { range.count }

  /// The bytes, little-endian, row-major; valid inside `body`.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(file) { try body(UnsafeRawBufferPointer(rebasing: file.bytes[range])) }
  }

  /// The values as f32: the mapped file itself where it is F32 (nobody may write to it), an own copy for F16, BF16
  /// (exact) and F64 (rounded). Throws 65 for other dtypes.
  public func floats() throws -> Tensor {
    guard dtype.isFloatingPoint else {
      throw CheckpointError.notFloat(path: path, key: name, dtype: dtype.rawValue)
    }
    return withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, count > 0 else { return Tensor(zeros: shape) }
      if dtype == .f32, Int(bitPattern: start) % 4 == 0 {
        let values = start.assumingMemoryBound(to: Float.self)
        return Tensor(shape: shape, storage: Storage(borrowing: values, count: count, owner: file))
      }
      let copy = Tensor(uninitialized: shape)
      readFloats(0..<count, into: copy.pointer)
      return copy
    }
  }

  /// The values as a matrix [first extent, the others' product] in their own dtype, without a copy; as an f32 copy where the
  /// dtype is F64 or the file does not align them. Throws 65 for integers.
  public func matrix() throws -> StoredMatrix {
    let isBorrowable = dtype == .f32 || dtype == .f16 || dtype == .bf16
    let rows = shape.first ?? 1
    let borrowed = withUnsafeBytes { bytes -> StoredMatrix? in
      guard isBorrowable, let start = bytes.baseAddress, Int(bitPattern: start) % dtype.size == 0 else { return nil }
      return StoredMatrix(rows: rows, columns: count / max(1, rows), dtype: dtype, base: start, owner: file)
    }
    return try borrowed ?? StoredMatrix(floats())
  }

  /// Writes the values `range` as f32 to `target`; the dtype must be a floating-point type.
  public func readFloats(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, !range.isEmpty else { return }
      let start = base + range.lowerBound * dtype.size
      if Int(bitPattern: start) % dtype.size == 0 {
        convertToFloat(start, dtype, count: range.count, into: target)
      } else {  // a header whose length is not a multiple of the element size
        withUnsafeTemporaryAllocation(byteCount: range.count * dtype.size, alignment: 8) { aligned in
          guard let copy = aligned.baseAddress else { return }
          copy.copyMemory(from: start, byteCount: range.count * dtype.size)
          convertToFloat(copy, dtype, count: range.count, into: target)
        }
      }
    }
  }
}
