// SPDX-License-Identifier: MIT
import Tensors

/// One example of a stream: named tensors and strings.
public struct Frame: Sendable {
  /// Strings, without the stream's own bookkeeping (`seq`, `crc32`).
  public var metadata: Metadata
  public var tensors: [String: RawTensor]
  /// Where it was read; for a new frame, where it was made.
  public var origin: FramePlace

  public init(metadata: Metadata = [:], tensors: [String: RawTensor] = [:], source: String = "new", number: Int = 0) {
    self.metadata = metadata
    self.tensors = tensors
    origin = FramePlace(source: source, number: number)
  }

  /// The example's name: metadata `id`, else `frame-N` with its number in the input.
  public var id: String { metadata[.id] ?? "frame-\(origin.number)" }

  /// The tensors' names in the order in which they are written: the widest dtype first, then by name.
  public var names: [String] {
    tensors.sorted {
      $0.value.dtype.size != $1.value.dtype.size
        ? $0.value.dtype.size > $1.value.dtype.size : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }.map(\.key)
  }

  /// An error about this frame.
  public func error(_ problem: FrameError.Problem) -> FrameError {
    FrameError(FramePlace(source: origin.source, number: origin.number, id: metadata[.id]), problem)
  }

  /// An error about this frame in a tool's own words: what is wrong, what was expected; what to do.
  public func error(_ text: String) -> FrameError { error(.other(text)) }

  /// The tensor of this name, nil where there is none, checked as `tensor` does.
  public func optionalTensor(
    _ name: String, _ dtypes: [DType], shape: [Int?]? = nil
  ) throws(FrameError) -> RawTensor? {
    guard let tensor = tensors[name] else { return nil }
    let fits =
      shape.map { shape in
        shape.count == tensor.shape.count && zip(shape, tensor.shape).allSatisfy { $0 == nil || $0 == $1 }
      } ?? true
    guard dtypes.contains(tensor.dtype), fits else {
      let extents = shape.map { " [" + $0.map { $0.map(String.init) ?? "n" }.joined(separator: ", ") + "]" } ?? ""
      let expected = dtypes.map(\.rawValue).joined(separator: " or ") + extents
      throw error(.wrong(tensor: name, is: tensor.summary, expected: expected))
    }
    return tensor
  }

  /// The tensor of this name, which must be there with one of these dtypes and this shape (nil: any extent).
  ///
  /// - Parameter hint: what to do where it is missing, for example "run encode before this".
  public func tensor(
    _ name: String, _ dtypes: [DType], shape: [Int?]? = nil, hint: String = ""
  ) throws(FrameError) -> RawTensor {
    guard let tensor = try optionalTensor(name, dtypes, shape: shape) else {
      throw error(.missing(tensor: name, hint: hint))
    }
    return tensor
  }

  /// The elements of an I32 tensor; any shape unless one is given.
  public func int32s(_ name: String, shape: [Int?]? = nil, hint: String = "") throws(FrameError) -> [Int32] {
    try tensor(name, [.i32], shape: shape, hint: hint).elements()
  }

  /// The elements of a U8 tensor.
  public func uint8s(_ name: String, shape: [Int?]? = nil, hint: String = "") throws(FrameError) -> [UInt8] {
    try tensor(name, [.u8], shape: shape, hint: hint).elements()
  }

  /// The elements of a floating-point tensor as 32-bit floats.
  public func floats(_ name: String, shape: [Int?]? = nil, hint: String = "") throws(FrameError) -> [Float] {
    try tensor(name, DType.floating, shape: shape, hint: hint).floatElements()
  }
}

extension DType {
  static let floating: [DType] = [.f32, .bf16, .f16, .f64]
}
