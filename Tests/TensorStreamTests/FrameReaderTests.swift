// SPDX-License-Identifier: MIT
import Failures
import Glibc
import TensorStream
import TestSupport
import Testing

@Suite struct FrameReaderTests {
  @Test func joinedStreamsAreOneStream() throws {
    let bytes =
      try FrameWriter.bytes(examples(2), skipped: 3) + FrameWriter.bytes([])
      + FrameWriter.bytes(examples(3), skipped: 4)
    let reader = try FrameReader(bytes: bytes)
    #expect(try readAll(reader).map(\.id) == ["example-0", "example-1", "example-0", "example-1", "example-2"])
    #expect(reader.skippedUpstream == 7)
    #expect(reader.count == 5)
  }

  @Test func joinedGzipMembersAreOneStream() throws {
    let bytes = try FrameWriter.bytes(examples(2), gzipLevel: 6) + FrameWriter.bytes(examples(1), gzipLevel: 1)
    #expect(try readAll(bytes).count == 3)
  }

  @Test func anEmptyStreamWithItsEndFrameIsValid() throws {
    #expect(try readAll(FrameWriter.bytes([])).isEmpty)
  }

  @Test func severalFilesAreReadOneAfterTheOther() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/own", FrameWriter.bytes(examples(2)))
      try writeFile(folder + "/packed.gz", FrameWriter.bytes(examples(2), gzipLevel: 6))
      try writeFile(folder + "/foreign", blob(#"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, data: 2))
      let paths = ["foreign", "own", "packed.gz", "foreign", "own"].map { folder + "/" + $0 }
      let frames = try readAll(FrameReader(paths: paths))
      #expect(frames.count == 8)
      #expect(frames.map(\.origin.number) == [0, 0, 1, 0, 1, 0, 0, 1])
      #expect(frames[0].id == "frame-0")
      #expect(frames[2].origin == FramePlace(source: folder + "/own", number: 1, id: "example-1"))
    }
  }

  @Test func aFileThatIsNotThereIsNamedBeforeAnythingIsRead() throws {
    let error = #expect(throws: PlainFailure.self) {
      try FrameReader(paths: [fixture("stream/example.frames"), "/nowhere/x"])
    }
    #expect(error == .missingInput("/nowhere/x: No such file or directory"))
    #expect(throws: PlainFailure.missingInput("/tmp: is a folder, expected a file of frames")) {
      try FrameReader(paths: ["/tmp"])
    }
  }

  @Test func everyCutIsRefused() throws {
    let bytes = try FrameWriter.bytes(examples(2))
    for length in 0..<bytes.count {
      let error = failure(Array(bytes[..<length])) as? FrameError
      #expect(error != nil, "cut to \(length) of \(bytes.count) bytes")
    }
    let packed = try FrameWriter.bytes(examples(2), gzipLevel: 6)
    for length in 0..<packed.count {
      #expect((failure(Array(packed[..<length])) as? any Failure)?.exitStatus == .badData, "cut to \(length)")
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let bytes = try FrameWriter.bytes(examples(2))
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        #expect(failure(flipped) is FrameError, "bit \(bit) of byte \(index)")
      }
    }
  }

  @Test func framesThatAreMissingRepeatedOrSwappedAreRefused() throws {
    let bytes = try FrameWriter.bytes(examples(3))
    // Where each frame begins.
    var starts: [Int] = [0]
    while let last = starts.last, last < bytes.count {
      let length = bytes[last..<last + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try Array(bytes[(last + 8)..<(last + 8 + length)]).withUnsafeBytes {
        try SafetensorsHeader(parsing: $0)
      }
      starts.append(last + 8 + length + header.dataCount)
    }
    func stream(_ order: [Int]) -> [UInt8] { order.flatMap { bytes[starts[$0]..<starts[$0 + 1]] } }
    #expect(failure(stream([0, 1, 2, 3])) == nil)
    for order in [
      [0, 2, 3], [1, 2, 3], [0, 1, 1, 2, 3], [1, 0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2, 0, 1, 2, 3],
    ] {
      #expect(failure(stream(order)) is FrameError, "\(order)")
    }
    #expect(
      (failure(stream([0, 1, 3])) as? FrameError)?.description
        == "stdin: the end frame is out of place: \"seq\" is \"3\", expected \"2\": frames are missing, repeated or out of order"
    )
    #expect(
      (failure(stream([0, 1, 2])) as? FrameError)?.description
        == "stdin: the stream ended early after frame 2 (id example-2): the writer upstream died")
  }

  @Test func readingGoesOnBehindADamagedFrame() throws {
    var bytes = try FrameWriter.bytes(examples(3))
    // The last byte of the second frame's tensors.
    let first = try FrameWriter.bytes(examples(1)).count - FrameWriter.bytes([]).count
    bytes[first * 2 - 1] ^= 1
    let reader = try FrameReader(bytes: bytes)
    #expect(try reader.next()?.id == "example-0")
    let error = #expect(throws: FrameError.self) { try reader.next() }
    #expect(error?.isRecoverable == true)
    #expect(error?.id == "example-1")
    #expect(try reader.next()?.id == "example-2")
    #expect(try reader.next() == nil)
  }

  @Test func aFatalErrorStaysFatal() throws {
    let reader = try FrameReader(bytes: FrameWriter.bytes(examples(1)).dropLast(40) + [])
    _ = try reader.next()
    #expect(throws: FrameError.self) { try reader.next() }
    #expect(throws: FrameError.self) { try reader.next() }
  }

  @Test func tensorsOutliveTheReadersBuffer() throws {
    // Frames of 100 kB: the buffer is used again many times.
    let frames = (0..<40).map { index in
      Frame(tensors: ["x": RawTensor(u8: [UInt8](repeating: UInt8(index), count: 100_000))])
    }
    let kept = try readAll(FrameWriter.bytes(frames))
    for (index, frame) in kept.enumerated() { #expect(frame.tensors["x"] == frames[index].tensors["x"]) }
  }

  @Test func aTensorsTypeAndShapeAreChecked() throws {
    let frame = try readAll(FrameWriter.bytes(examples(1)))[0]
    func text(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(
      text { _ = try frame.int32s("features", shape: [nil]) }
        == "stdin: frame 0 (id example-0): \"features\" is F32 [1, 3], expected I32 [n]")
    #expect(
      text { _ = try frame.int32s("chosen", hint: "was imgtok given preference pairs?") }
        == "stdin: frame 0 (id example-0): there is no tensor \"chosen\"; was imgtok given preference pairs?")
    #expect(
      text { _ = try frame.floats("features", shape: [nil, 4]) }
        == "stdin: frame 0 (id example-0): \"features\" is F32 [1, 3], expected F32 or BF16 or F16 or F64 [n, 4]")
    #expect(text { _ = try frame.tensors["prompt"]?.floats() } == "is I32 [3], expected F32, F16, BF16 or F64")
  }

  @Test func reservedMetadataAreRefusedByTheWriter() throws {
    for key in ["seq", "crc32", "end"] {
      var frame = examples(1)[0]
      frame.metadata[key] = "1"
      #expect(throws: FrameError.self) { try FrameWriter.bytes([frame]) }
    }
  }

  @Test func aFileOfFramesIsReadInAnyOrder() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/frames"
      try writeFile(path, FrameWriter.bytes(examples(5)) + FrameWriter.bytes(examples(2)))
      let file = try FrameFile(path: path)
      #expect(file.count == 7)
      #expect(try [4, 0, 6, 4].map { try file.frame($0).id } == ["example-4", "example-0", "example-1", "example-4"])
      #expect(try file.frame(3).tensors == examples(4)[3].tensors)
      #expect(try file.digest == FrameFile(path: path).digest)

      let spooled = try FrameFile(spooling: FrameReader(bytes: FrameWriter.bytes(examples(3), gzipLevel: 1)).next)
      #expect(try (0..<3).map { try spooled.frame($0).id } == ["example-0", "example-1", "example-2"])

      var bytes = try readFile(path)
      bytes[bytes.count - (try FrameWriter.bytes([])).count - 1] ^= 1  // the last frame's last byte
      try writeFile(path, bytes)
      #expect(throws: FrameError.self) { try file.frame(6) }
      #expect(throws: FrameError.self) { try FrameFile(path: path) }
      let damaged = try FrameFile(path: path, keepsDamaged: true)
      #expect(damaged.count == 7)
      #expect(throws: FrameError.self) { try damaged.frame(6) }
      #expect(try damaged.frame(5).id == "example-0")
      try writeFile(path, FrameWriter.bytes(examples(1), gzipLevel: 1))
      #expect(throws: PlainFailure.self) { try FrameFile(path: path) }
    }
  }

  private func failure(_ bytes: [UInt8]) -> (any Error)? { TensorStreamTests.failure(bytes) }
}
