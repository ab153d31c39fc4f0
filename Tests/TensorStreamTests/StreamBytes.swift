// SPDX-License-Identifier: MIT
// Streams for the tests: made by hand, byte by byte, or by the writer.
import TensorStream
import TestSupport

/// A frame around a header as it stands; `data` bytes of tensors behind it.
func blob(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  blob(Array(header.utf8), data: data, length: length)
}

func blob(_ header: [UInt8], data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + header + [UInt8](repeating: 7, count: data)
}

/// A header with one tensor "t".
func header(_ entry: String, _ metadata: String = "") -> String {
  "{" + (metadata.isEmpty ? "" : "\"__metadata__\":{\(metadata)},") + "\"t\":{\(entry)}}"
}

/// Two small examples with tensors of several types.
func examples(_ count: Int = 2) -> [Frame] {
  (0..<count).map { index in
    Frame(
      metadata: ["id": "example-\(index)", "question": "Wo ist der \"Bär\"?\n🐻", "category": "vision"],
      tensors: [
        "patches": RawTensor(u8: (0..<12).map { UInt8($0 + index) }, shape: [1, 12]),
        "prompt": RawTensor(i32: [1, 2, Int32(index)]),
        "features": RawTensor(f32: [0.5, -1, Float(index)], shape: [1, 3]),
        "empty": RawTensor(f32: [], shape: [0, 3]),
      ])
  }
}

func readAll(_ bytes: [UInt8], name: String = "stdin") throws -> [Frame] {
  try readAll(FrameReader(bytes: bytes, name: name))
}

func readAll(_ reader: FrameReader) throws -> [Frame] {
  var frames: [Frame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}

/// The error a stream ends with, or nil.
func failure(_ bytes: [UInt8]) -> (any Error)? {
  do { _ = try readAll(bytes) } catch { return error }
  return nil
}
