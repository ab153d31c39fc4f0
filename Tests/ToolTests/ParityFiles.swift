// SPDX-License-Identifier: MIT
// The tiny checkpoints of Tests/Fixtures, for the tools that run models.
import StrictJSON
import TensorStream
import TestSupport

/// A fixture's checkpoint, its stream of three pairs, and what PyTorch got from them.
struct ParityFiles {
  let checkpoint: String
  let pairs: String
  private let name: String

  init(_ name: String = "published") {
    self.name = name
    checkpoint = fixture("models/\(name)")
    pairs = fixture("parity/\(name)/pairs.frames")
  }

  func bytes() throws -> [UInt8] { try readFile(pairs) }

  func outputs() throws -> [String: RawTensor] {
    try FrameReader(paths: [fixture("parity/\(name)/outputs.safetensors")]).next()?.tensors ?? [:]
  }
}

/// The frames of a stream.
func read(_ bytes: [UInt8]) throws -> [Frame] {
  let reader = try FrameReader(bytes: bytes)
  var frames: [Frame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}

extension FrameWriter {
  /// The pairs of a fixture with changes, `copies` times over, as a stream with numbers and an end frame.
  static func pairs(_ files: ParityFiles, copies: Int = 1, _ change: (Int, inout Frame) throws -> Void) throws
    -> [UInt8]
  {
    let originals = try read(files.bytes())
    return try bytes(
      (0..<copies * originals.count).map { number in
        var frame = originals[number % originals.count]
        if copies > 1 { frame.metadata["id"] = "pair-\(number)" }
        try change(number, &frame)
        return frame
      })
  }
}

extension ToolResult {
  /// The numbers of one key in a step tool's log.
  func numbers(_ key: String) throws -> [Double?] { try lines.map { try JSONValue.parse($0)[key]?.double } }
}
