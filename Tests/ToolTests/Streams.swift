// SPDX-License-Identifier: MIT
// Small and long streams for the tests of the tools.
import TensorStream
import TestSupport

/// Examples with ids "example-0"...; `category` alternates between "even" and "odd".
func frames(_ count: Int, bytes: Int = 12) -> [Frame] {
  (0..<count).map { index in
    Frame(
      metadata: ["id": "example-\(index)", "category": index % 2 == 0 ? "even" : "odd"],
      tensors: [
        "patches": RawTensor(u8: [UInt8](repeating: UInt8(index & 255), count: bytes), shape: [1, bytes]),
        "prompt": RawTensor(i32: [Int32](repeating: 3, count: index % 3 + 1)),
      ])
  }
}

/// Runs `body` in a folder that holds `small` (5 frames), `small.gz`, `cut` (inside the third frame of `small`), `flipped`
/// (one bit of the third frame's tensors), `empty`, and where asked `long` (200 frames of 100 kB, more than a pipe holds).
func withStreams(long: Bool = false, _ body: (String) throws -> Void) throws {
  try withTemporaryDirectory { folder in
    let small = try FrameWriter.bytes(frames(5))
    let behindThree = try FrameWriter.bytes(frames(3)).count - FrameWriter.bytes([]).count
    try writeFile(folder + "/small", small)
    try writeFile(folder + "/small.gz", FrameWriter.bytes(frames(5), gzipLevel: 6))
    if long { try writeFile(folder + "/long", FrameWriter.bytes(frames(200, bytes: 100_000))) }
    try writeFile(folder + "/cut", small[..<(behindThree - 5)])
    var flipped = small
    flipped[behindThree - 1] ^= 4
    try writeFile(folder + "/flipped", flipped)
    try writeFile(folder + "/empty", [])
    try body(folder)
  }
}

extension ToolResult {
  /// Status and messages in one line, for an expectation's comment.
  var ending: String { "status \(status): \(stderr)" }
}
