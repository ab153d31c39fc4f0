// SPDX-License-Identifier: MIT
import Failures
import Tensors

/// A tensor as it travels: element type, shape, and its bytes (row-major, little-endian, not necessarily aligned).
public struct RawTensor: Sendable {
  public let dtype: DType
  public let shape: [Int]
  let storage: ByteStorage
  let offset: Int
  public let byteCount: Int

  init(dtype: DType, shape: [Int], storage: ByteStorage, offset: Int, byteCount: Int) {
    self.dtype = dtype
    self.shape = shape
    self.storage = storage
    self.offset = offset
    self.byteCount = byteCount
  }

  /// Copies `bytes`, whose number must agree with dtype and shape.
  public init(dtype: DType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == shape.reduce(dtype.size, *), "\(bytes.count) bytes for \(dtype.rawValue) \(shape)")
    self.init(dtype: dtype, shape: shape, storage: ByteStorage(copying: bytes), offset: 0, byteCount: bytes.count)
  }

  /// I32 elements; without a shape, a row of them.
  public init(i32 values: [Int32], shape: [Int]? = nil) {
    self = values.withUnsafeBytes { RawTensor(dtype: .i32, shape: shape ?? [values.count], bytes: $0) }
  }

  /// U8 elements; without a shape, a row of them.
  public init(u8 values: [UInt8], shape: [Int]? = nil) {
    self = values.withUnsafeBytes { RawTensor(dtype: .u8, shape: shape ?? [values.count], bytes: $0) }
  }

  /// F32 elements; without a shape, a row of them.
  public init(f32 values: [Float], shape: [Int]? = nil) {
    self = values.withUnsafeBytes { RawTensor(dtype: .f32, shape: shape ?? [values.count], bytes: $0) }
  }

  /// F32 elements of a tensor.
  public init(_ tensor: Tensor) {
    let bytes = UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4)
    self.init(dtype: .f32, shape: tensor.shape, bytes: bytes)
  }

  /// Some rows, which share the memory of all.   [n, …]  ->  [range.count, …]
  public func rows(_ range: Range<Int>) -> RawTensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.first ?? 0, "rows \(range) of \(summary)")
    let rowBytes = shape.dropFirst().reduce(dtype.size, *)
    return RawTensor(
      dtype: dtype, shape: [range.count] + shape.dropFirst(), storage: storage,
      offset: offset + range.lowerBound * rowBytes, byteCount: range.count * rowBytes)
  }

  /// The number of elements.
  public var count: Int { byteCount / dtype.size }

  /// The bytes, valid during `body`. Load elements with `loadUnaligned`.
  public func withUnsafeBytes<Result, Problem: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: storage.base + offset, count: byteCount))
  }

  /// The elements of an I32 tensor.
  public func int32s() throws -> [Int32] {
    try demand(.i32)
    return elements()
  }

  /// The elements of a U8 tensor.
  public func uint8s() throws -> [UInt8] {
    try demand(.u8)
    return elements()
  }

  /// The elements of an F32, F16, BF16 or F64 tensor as 32-bit floats.
  public func floats() throws -> [Float] {
    guard dtype.isFloatingPoint else { throw PlainFailure.badData("is \(summary), expected F32, F16, BF16 or F64") }
    return floatElements()
  }

  private func demand(_ wanted: DType) throws {
    if dtype != wanted { throw PlainFailure.badData("is \(summary), expected \(wanted.rawValue)") }
  }

  func floatElements() -> [Float] {
    if dtype == .f32 { return elements() }
    if UInt(bitPattern: storage.base + offset) % UInt(dtype.size) != 0 {
      return withUnsafeBytes { RawTensor(dtype: dtype, shape: shape, bytes: $0) }.floatElements()  // aligns it
    }
    return [Float](unsafeUninitializedCapacity: count) { target, filled in
      withUnsafeBytes { source in
        if count > 0, let from = source.baseAddress, let to = target.baseAddress {
          convertToFloat(from, dtype, count: count, into: to)
        }
      }
      filled = count
    }
  }

  /// The bytes as elements of the dtype's Swift type, which the caller must have checked.
  func elements<Element: BitwiseCopyable>() -> [Element] {
    [Element](unsafeUninitializedCapacity: count) { target, filled in
      withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
      filled = count
    }
  }

  /// "F32 [2, 3]".
  public var summary: String { "\(dtype.rawValue) \(shape)" }
}

extension RawTensor: Equatable {
  /// The same dtype, shape and bytes.
  public static func == (a: RawTensor, b: RawTensor) -> Bool {
    a.dtype == b.dtype && a.shape == b.shape
      && a.withUnsafeBytes { a in b.withUnsafeBytes { b in a.elementsEqual(b) } }
  }
}
