// SPDX-License-Identifier: MIT
// The safetensors format: an 8-byte little-endian length, a JSON header of that length, the tensors' bytes.
// https://github.com/huggingface/safetensors
import Tensors

/// The header of a safetensors blob: which tensors lie where in the data, and the metadata.
public struct SafetensorsHeader: Sendable {
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let dtype: DType
    public let shape: [Int]
    /// The tensor's bytes, counted from the start of the data.
    public let range: Range<Int>

    public init(name: String, dtype: DType, shape: [Int], range: Range<Int>) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
      self.range = range
    }
  }

  /// The tensors in the order of their bytes.
  public internal(set) var entries: [Entry]
  public var metadata: Metadata
  /// Where in the parsed header the eight digits of `crc32` stand.
  var checksumOffset: Int?

  /// The length prefix's own size.
  public static let prefixSize = 8
  /// The longest header a frame of a stream may have: 16 MiB.
  public static let streamLimit = 16 << 20
  /// The longest header a checkpoint may have (the safetensors library's own limit).
  public static let checkpointLimit = 100_000_000

  /// Bytes of data behind the header.
  public var dataCount: Int { entries.last?.range.upperBound ?? 0 }

  /// Lays tensors out: the widest element type first, so that each is aligned, then by name.
  public init(metadata: Metadata = [:], tensors: some Sequence<(name: String, dtype: DType, shape: [Int])>) {
    self.metadata = metadata
    let ordered = tensors.sorted {
      $0.dtype.size != $1.dtype.size
        ? $0.dtype.size > $1.dtype.size : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var start = 0
    entries = ordered.map { tensor in
      let end = start + tensor.shape.reduce(tensor.dtype.size, *)
      defer { start = end }
      return Entry(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, range: start..<end)
    }
  }

  init(metadata: Metadata, entries: [Entry], checksumOffset: Int?) {
    self.metadata = metadata
    self.entries = entries
    self.checksumOffset = checksumOffset
  }

  /// The header's length from the 8 bytes in front of it.
  ///
  /// - Throws: `HeaderError.tooLong` beyond `limit`; nothing may be allocated from a length before it is checked.
  public static func length(prefix: UnsafeRawBufferPointer, limit: Int) throws(HeaderError) -> Int {
    let length = UInt64(littleEndian: prefix.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(limit) else {
      throw .tooLong(length: length, limit: limit, start: Array(prefix.prefix(prefixSize)))
    }
    return Int(length)
  }
}

/// Why a safetensors header is refused.
public enum HeaderError: Error, Equatable, Sendable {
  case tooLong(length: UInt64, limit: Int, start: [UInt8])
  case notJSON(message: String, offset: Int)
  case metadata(key: String?, problem: String)
  case tensor(name: String, problem: String)

  /// What is wrong and what was expected, without the place.
  public var text: String {
    switch self {
    case .tooLong(let length, let limit, let start):
      let isText = start.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
      let hint =
        isText
        ? "it starts with the text \(quoted(String(decoding: start, as: UTF8.self))), which is no safetensors header"
        : "this is not safetensors, or bytes are missing before it"
      return "a header of \(length) bytes, more than the \(limit) allowed: \(hint)"
    case .notJSON(let message, let offset):
      return "the header is not valid at its byte \(offset): \(message)"
    case .metadata(let key?, let problem):
      return "metadata \(quoted(key)) \(problem)"
    case .metadata(nil, let problem):
      return "\"__metadata__\" \(problem)"
    case .tensor(let name, let problem):
      return "tensor \(quoted(name)) \(problem)"
    }
  }
}
