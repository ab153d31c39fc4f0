// SPDX-License-Identifier: MIT
// Between the stored dtypes and the f32 of all arithmetic.
import CKernels

extension DType {
  /// F32, F16, BF16 and F64 can become f32; integers are not weights.
  public var isFloatingPoint: Bool { self == .f32 || self == .f16 || self == .bf16 || self == .f64 }
}

/// Reads `count` little-endian values of a floating-point `dtype` as f32 (exact for F32, F16, BF16; rounded for F64).
/// `source` must be aligned to the dtype's size.
public func convertToFloat(
  _ source: UnsafeRawPointer, _ dtype: DType, count: Int, into target: UnsafeMutablePointer<Float>
) {
  let raw = UInt(bitPattern: source)
  inChunks(count, size: 1 << 18) { range in
    guard let start = UnsafeRawPointer(bitPattern: raw)?.advanced(by: range.lowerBound * dtype.size) else { return }
    let out = target + range.lowerBound
    switch dtype {
    case .f32: out.update(from: start.assumingMemoryBound(to: Float.self), count: range.count)
    case .bf16: kernel_bf16_to_f32(start.assumingMemoryBound(to: UInt16.self), out, range.count)
    case .f16: kernel_f16_to_f32(start.assumingMemoryBound(to: UInt16.self), out, range.count)
    case .f64: kernel_f64_to_f32(start.assumingMemoryBound(to: Double.self), out, range.count)
    default: preconditionFailure("\(dtype.rawValue) is not a floating-point dtype")
    }
  }
}

/// Writes f32 values as F32, BF16 or F16, rounding to nearest even.
public func convertFromFloat(
  _ source: UnsafePointer<Float>, count: Int, to dtype: DType, into target: UnsafeMutableRawPointer
) {
  switch dtype {
  case .f32: target.copyMemory(from: source, byteCount: count * 4)
  case .bf16: kernel_f32_to_bf16(source, target.assumingMemoryBound(to: UInt16.self), count)
  case .f16: kernel_f32_to_f16(source, target.assumingMemoryBound(to: UInt16.self), count)
  default: preconditionFailure("weights are written as F32, BF16 or F16, not \(dtype.rawValue)")
  }
}
