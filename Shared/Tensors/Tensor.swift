// SPDX-License-Identifier: MIT
// The one tensor of all arithmetic: f32, contiguous, row-major.
import CKernels

/// An f32 tensor, contiguous and row-major. Copies of the value share the memory (reference semantics, like an array of
/// pixels); `copy()` makes a new one.
public struct Tensor: @unchecked Sendable {
  public let shape: [Int]
  public private(set) var storage: Storage
  private let offset: Int

  /// Number of elements.
  public let count: Int
  public var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

  public init(shape: [Int], storage: Storage, offset: Int = 0) {
    let count = shape.reduce(1, *)
    precondition(offset >= 0 && offset + count <= storage.count, "tensor \(shape) does not fit its storage")
    self.shape = shape
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// Undefined contents: for outputs that are written whole.
  public init(uninitialized shape: [Int]) {
    self.init(shape: shape, storage: Storage(count: shape.reduce(1, *)))
  }

  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    pointer.update(repeating: 0, count: count)
  }

  public init(_ values: [Float], shape: [Int]? = nil) {
    self.init(uninitialized: shape ?? [values.count])
    precondition(count == values.count, "\(values.count) values for shape \(self.shape)")
    values.withUnsafeBufferPointer { if let from = $0.baseAddress { pointer.update(from: from, count: count) } }
  }

  /// Extent of the first dimension (rows of a matrix).
  public var rows: Int { shape.first ?? 1 }
  /// Elements a row: the product of all extents but the first.
  public var columns: Int { rows == 0 ? shape.dropFirst().reduce(1, *) : count / rows }

  /// The same memory under another shape of the same count.
  public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, storage: storage, offset: offset) }

  /// Rows `range` of the first dimension, sharing memory.
  public func rows(_ range: Range<Int>) -> Tensor {
    Tensor(shape: [range.count] + shape.dropFirst(), storage: storage, offset: offset + range.lowerBound * columns)
  }

  public func copy() -> Tensor {
    let result = Tensor(uninitialized: shape)
    result.pointer.update(from: pointer, count: count)
    return result
  }

  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// True where no other tensor shares the memory, so that it may be written without anyone noticing.
  public mutating func isUniquelyReferenced() -> Bool { storage.isOwned && isKnownUniquelyReferenced(&storage) }

  /// self += other, elementwise.
  public func add(_ other: Tensor) {
    precondition(count == other.count)
    inChunks(count) {
      kernel_add(pointer + $0.lowerBound, other.pointer + $0.lowerBound, pointer + $0.lowerBound, $0.count)
    }
  }

  public func scale(by factor: Float) {
    inChunks(count) { kernel_scale(factor, pointer + $0.lowerBound, $0.count) }
  }

  public func fill(_ value: Float) {
    inChunks(count) { (pointer + $0.lowerBound).update(repeating: value, count: $0.count) }
  }

  /// Σ x², in f64, added chunk by chunk in order.
  public var sumOfSquares: Double {
    orderedSum(count) { kernel_sum_of_squares(pointer + $0.lowerBound, $0.count) }
  }

  public var maxAbs: Float { kernel_max_abs(pointer, count) }
  public var isFinite: Bool { kernel_all_finite(pointer, count) }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    let head = UnsafeBufferPointer(start: pointer, count: min(count, 6)).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape) [\(head)\(count > 6 ? ", …" : "")]"
  }
}
