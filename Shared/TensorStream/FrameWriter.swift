// SPDX-License-Identifier: MIT
import Clocks
import Failures
import Glibc
import Tensors

/// Thrown where whoever reads our output has gone away. A filter ends quietly then.
public struct ReaderLeft: Error {
  public init() {}
}

/// Writes a stream of frames: numbers them, adds checksums, and closes the stream with an end frame.
///
/// Nothing is complete without `finish`: a stream without its end frame is refused downstream.
public final class FrameWriter {
  private let sink: any ByteSink
  private let packer: GzipPacker?
  /// Small frames are collected here, so that many go out with one call.
  private var pending: [UInt8] = []
  private var lastFlush = 0.0

  /// The frames written so far.
  public private(set) var count = 0

  private static let capacity = 1 << 16
  /// Seconds for which a small frame may wait for the next.
  private static let patience = 0.02

  /// Writes to standard output.
  public convenience init(gzipLevel: Int? = nil) {
    self.init(DescriptorSink(name: "stdout", descriptor: 1), gzipLevel: gzipLevel)
  }

  /// Writes to a new file.
  public convenience init(path: String, gzipLevel: Int? = nil) throws {
    self.init(try DescriptorSink(path: path), gzipLevel: gzipLevel)
  }

  init(_ sink: any ByteSink, gzipLevel: Int? = nil) {
    self.sink = sink
    packer = gzipLevel.map { GzipPacker(level: Int32($0)) }
  }

  /// A whole stream in memory.
  public static func bytes(_ frames: [Frame], skipped: Int = 0, gzipLevel: Int? = nil) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = FrameWriter(sink, gzipLevel: gzipLevel)
    for frame in frames { try writer.write(frame) }
    try writer.finish(skipped: skipped)
    return sink.bytes
  }

  /// Writes one frame.
  ///
  /// - Throws: `ReaderLeft`; `PlainFailure` where writing fails; `FrameError` where the metadata use a reserved name.
  public func write(_ frame: Frame) throws {
    for key in [MetadataKey.sequence, .checksum, .end] where frame.metadata[key] != nil {
      throw frame.error(.reserved(key: key.description))
    }
    var metadata = frame.metadata
    try put(&metadata, frame.tensors)
    count += 1
    if pending.count >= Self.capacity || monotonicSeconds() - lastFlush > Self.patience { try flush() }
  }

  /// Writes one frame as a plain safetensors file, without number and checksum, and no stream around it.
  public func writeBare(_ frame: Frame) throws {
    try put(SafetensorsHeader(metadata: frame.metadata, tensors: frame.tensors.described), frame.tensors)
  }

  /// Writes the end frame and closes the output.
  ///
  /// - Parameter skipped: the examples that were left out.
  public func finish(skipped: Int = 0) throws {
    var metadata = Metadata()
    metadata[.end] = "1"
    metadata[.frames] = String(count)
    if skipped > 0 { metadata[.skipped] = String(skipped) }
    try put(&metadata, [:])
    try close()
  }

  /// Closes the output without an end frame.
  public func close() throws {
    try flush()
    if let packer {
      try packer.pack(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) { try sink.write($0) }
    }
    try sink.close()
  }

  /// Hands on what was collected.
  public func flush() throws {
    if !pending.isEmpty {
      defer { pending.removeAll(keepingCapacity: true) }
      try pending.withUnsafeBytes { try send($0) }
    }
    lastFlush = monotonicSeconds()
  }

  private func put(_ metadata: inout Metadata, _ tensors: [String: RawTensor]) throws {
    metadata[.sequence] = String(count)
    metadata[.checksum] = "00000000"
    let header = SafetensorsHeader(metadata: metadata, tensors: tensors.described)
    try put(header, tensors) { start, digitsAt in
      var checksum = Checksum()
      pending.withUnsafeBytes { checksum.add(UnsafeRawBufferPointer(rebasing: $0[start...])) }
      for entry in header.entries { tensors[entry.name]?.withUnsafeBytes { checksum.add($0) } }
      pending.replaceSubrange(digitsAt..<digitsAt + 8, with: checksum.digits)
    }
  }

  /// Sends header and tensors; `seal` sees where in `pending` the header and its last metadata value begin.
  private func put(
    _ header: SafetensorsHeader, _ tensors: [String: RawTensor], seal: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let start = pending.count
    let lastValue = header.write(to: &pending)
    seal(start, lastValue)
    for entry in header.entries {
      try tensors[entry.name]?.withUnsafeBytes { bytes in
        if bytes.count < Self.capacity / 4 {
          pending.append(contentsOf: bytes)
        } else {
          try flush()
          try send(bytes)
        }
      }
    }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws {
    if let packer {
      try packer.pack(bytes, isLast: false) { try sink.write($0) }
    } else {
      try sink.write(bytes)
    }
  }
}

extension [String: RawTensor] {
  fileprivate var described: [(name: String, dtype: DType, shape: [Int])] {
    map { ($0.key, $0.value.dtype, $0.value.shape) }
  }
}
