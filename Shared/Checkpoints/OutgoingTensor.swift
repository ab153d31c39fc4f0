// SPDX-License-Identifier: MIT
// Tensors on their way to a file, whatever they are made of.

import Failures
import Tensors

/// A tensor to be written: what the header says of it, and where its bytes come from.
public struct OutgoingTensor {
  public let name: String
  public let dtype: DType
  public let shape: [Int]
  /// Hands the bytes to the sink, in order, `byteCount` in all.
  let produce: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

  public var count: Int { shape.reduce(1, *) }
  public var byteCount: Int { count * dtype.size }

  init(
    name: String, dtype: DType, shape: [Int],
    produce: @escaping ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.produce = produce
  }

  /// f32 values made on the way: `fill` writes those of a range, block by block.
  public init(
    name: String, shape: [Int], generating fill: @escaping (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let count = shape.reduce(1, *)
    self.init(name: name, dtype: .f32, shape: shape) { sink in
      let block = Storage(count: min(count, OutgoingTensor.blockSize))
      for start in stride(from: 0, to: count, by: OutgoingTensor.blockSize) {
        let range = start..<min(count, start + OutgoingTensor.blockSize)
        fill(range, block.pointer)
        try sink(UnsafeRawBufferPointer(start: block.pointer, count: range.count * 4))
      }
    }
  }

  /// Values a block: 4 MiB of f32.
  static let blockSize = 1 << 20

  /// A stored tensor, byte for byte, under its own or another name.
  public init(copying tensor: StoredTensor, as name: String? = nil) {
    self.init(name: name ?? tensor.name, dtype: tensor.dtype, shape: tensor.shape) { sink in
      try tensor.withUnsafeBytes(sink)
    }
  }

  /// f32 values in memory.
  public init(_ tensor: Tensor, as name: String) {
    self.init(name: name, dtype: .f32, shape: tensor.shape) { sink in
      try withExtendedLifetime(tensor) {
        try sink(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
      }
    }
  }

  /// A stored tensor rounded to another dtype (F32, F16 or BF16, to nearest even); integers and tensors that have the
  /// dtype already are copied. Writing throws 65 where a finite value does not fit F16.
  public init(converting tensor: StoredTensor, to target: DType) {
    guard tensor.dtype.isFloatingPoint, tensor.dtype != target else {
      self.init(copying: tensor)
      return
    }
    self.init(name: tensor.name, dtype: target, shape: tensor.shape) { sink in
      let floats = Storage(count: min(tensor.count, OutgoingTensor.blockSize))
      let block = Storage(count: min(tensor.count, OutgoingTensor.blockSize))
      for start in stride(from: 0, to: tensor.count, by: OutgoingTensor.blockSize) {
        let range = start..<min(tensor.count, start + OutgoingTensor.blockSize)
        tensor.readFloats(range, into: floats.pointer)
        if target == .f16, let index = (0..<range.count).first(where: { isBeyondHalf(floats.pointer[$0]) }) {
          throw CheckpointError.beyondRange(
            path: tensor.path, key: tensor.name, value: floats.pointer[index], dtype: target.rawValue)
        }
        convertFromFloat(floats.pointer, count: range.count, to: target, into: block.pointer)
        try sink(UnsafeRawBufferPointer(start: block.pointer, count: range.count * target.size))
      }
    }
  }
}

extension OutgoingTensor {
  /// A stored matrix with rows behind it, up to `rows` in all, each the mean of the stored ones (as transformers
  /// resizes embeddings): a row that no text has trained then gets a logit like any other's, and changes none.
  public init(growing tensor: StoredTensor, as name: String, to rows: Int) {
    let (count, width) = (tensor.shape[0], tensor.shape.dropFirst().reduce(1, *))
    self.init(name: name, dtype: tensor.dtype, shape: [rows] + tensor.shape.dropFirst()) { sink in
      try tensor.withUnsafeBytes(sink)
      var sum = [Double](repeating: 0, count: width)
      let row = Storage(count: width)
      for index in 0..<count {
        tensor.readFloats(index * width..<(index + 1) * width, into: row.pointer)
        for column in 0..<width { sum[column] += Double(row.pointer[column]) }
      }
      for column in 0..<width { sum[column] /= Double(max(1, count)) }
      let mean = Storage(count: 2 * width)  // wide enough for F64
      if tensor.dtype == .f64 {
        sum.withUnsafeBytes {
          UnsafeMutableRawPointer(mean.pointer).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
      } else {
        for column in 0..<width { row.pointer[column] = Float(sum[column]) }
        convertFromFloat(row.pointer, count: width, to: tensor.dtype, into: mean.pointer)
      }
      for _ in count..<rows { try sink(UnsafeRawBufferPointer(start: mean.pointer, count: width * tensor.dtype.size)) }
    }
  }
}

/// True for finite values that F16 would round to infinity (65520 and beyond).
private func isBeyondHalf(_ value: Float) -> Bool { value.isFinite && value.magnitude >= 65520 }
