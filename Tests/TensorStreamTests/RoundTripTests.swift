// SPDX-License-Identifier: MIT
import Glibc
import TensorStream
import Tensors
import TestSupport
import Testing

@Suite struct RoundTripTests {
  @Test func theCommittedExampleReadsAsWritten() throws {
    let frames = try readAll(FrameReader(paths: [fixture("stream/example.frames")]))
    #expect(frames.map(\.id) == ["a", "b"])
    #expect(frames[0].metadata["question"] == "Wo ist der Bär? 🐻")
    #expect(frames[0].metadata.keys == ["id", "grid", "patch", "category", "question"])
    #expect(frames[0].names == ["chosen", "prompt", "rejected", "patches"])
    #expect(try frames[0].int32s("prompt") == [5, 7, 9])
    #expect(try frames[0].uint8s("patches", shape: [nil, 12]) == (0..<24).map { UInt8($0) })
    expectClose(try frames[1].floats("features"), [-1, -0.6, -0.2, 0.2, 0.6, 1], tolerance: 1e-7)
    #expect(try frames[1].int32s("label", shape: [1]) == [4])
  }

  @Test func rowsAreAPartOfTheWhole() throws {
    let tensor = RawTensor(i32: Array(0..<12), shape: [4, 3])
    #expect(try tensor.rows(1..<3).shape == [2, 3] && tensor.rows(1..<3).int32s() == [3, 4, 5, 6, 7, 8])
    #expect(try tensor.rows(1..<3).rows(1..<2).int32s() == [6, 7, 8])
    #expect(try tensor.rows(4..<4).int32s().isEmpty && tensor.rows(0..<4).int32s() == tensor.int32s())
  }

  @Test func theExampleIsWrittenBackByteForByte() throws {
    let bytes = try readFile(fixture("stream/example.frames"))
    #expect(try FrameWriter.bytes(readAll(bytes)) == bytes)
  }

  @Test func randomFramesComeBackAsTheyWere() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let frames = (0..<Int.random(in: 0...4, using: &random)).map { _ in randomFrame(&random) }
      let level = [nil, 1, 9].randomElement(using: &random) ?? nil
      let read = try readAll(FrameWriter.bytes(frames, gzipLevel: level))
      #expect(read.count == frames.count)
      for (a, b) in zip(read, frames) {
        #expect(a.metadata == b.metadata)
        #expect(a.tensors == b.tensors)
      }
    }
  }

  @Test func theDataOfEachTensorAreAlignedToItsType() throws {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<100 {
      let frame = randomFrame(&random)
      let header = SafetensorsHeader(
        metadata: frame.metadata, tensors: frame.tensors.map { ($0.key, $0.value.dtype, $0.value.shape) })
      let bytes = header.serialized()
      #expect(bytes.count % 8 == 0)
      for entry in header.entries { #expect((bytes.count + entry.range.lowerBound) % entry.dtype.size == 0) }
      let again = try bytes.withUnsafeBytes { bytes in
        try SafetensorsHeader(parsing: UnsafeRawBufferPointer(rebasing: bytes[8...]))
      }
      #expect(again.entries == header.entries)
    }
  }

  @Test func theSameFrameGivesTheSameBytes() throws {
    let one = Frame(metadata: Metadata(["b": "1", "a": "2", "c": "3"]), tensors: examples()[0].tensors)
    let other = Frame(metadata: Metadata(["c": "3", "a": "2", "b": "1"]), tensors: examples()[0].tensors)
    #expect(try FrameWriter.bytes([one]) == FrameWriter.bytes([other]))
  }

  @Test func floatsOfEveryTypeAreConverted() throws {
    let values: [Float] = [0, -1.5, 3.25, 1024]
    forEvery("dtype", [DType.f32, .f16, .bf16]) { (dtype) throws in
      var bytes = [UInt8](repeating: 0, count: 4 * dtype.size + 1)
      bytes.withUnsafeMutableBytes { bytes in
        if let base = bytes.baseAddress { convertFromFloat(values, count: 4, to: dtype, into: base) }
      }
      // A U8 tensor of odd size in front makes the next frame's tensors lie at odd addresses.
      let frames = [
        Frame(tensors: ["u": RawTensor(u8: [1, 2, 3])]),
        Frame(tensors: [
          "x": bytes.withUnsafeBytes {
            RawTensor(dtype: dtype, shape: [2, 2], bytes: .init(rebasing: $0[..<(4 * dtype.size)]))
          }
        ]),
      ]
      #expect(try readAll(FrameWriter.bytes(frames))[1].floats("x", shape: [2, nil]) == values)
    }
    let doubles = [1.5, -2.25].withUnsafeBytes { RawTensor(dtype: .f64, shape: [2], bytes: $0) }
    #expect(try doubles.floats() == [1.5, -2.25])
  }

  @Test func aBareFrameIsAPlainSafetensorsFile() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/one.safetensors"
      let writer = try FrameWriter(path: path)
      try writer.writeBare(examples()[1])
      try writer.close()
      let bytes = try readFile(path)
      #expect(!String(decoding: bytes, as: UTF8.self).contains("crc32"))
      let frames = try readAll(FrameReader(paths: [path]))
      #expect(frames.count == 1)
      #expect(frames[0].metadata == examples()[1].metadata)
      #expect(frames[0].tensors == examples()[1].tensors)
    }
  }

  private func randomFrame(_ random: inout SeededGenerator) -> Frame {
    var frame = Frame()
    let texts = ["", "x", "é\u{301}", "\"\\/\u{8}\u{1F}\n", "🐻", "a b", String(repeating: "long ", count: 40)]
    for index in 0..<Int.random(in: 0...5, using: &random) {
      frame.metadata["key \(index)" + (texts.randomElement(using: &random) ?? "")] = texts.randomElement(using: &random)
    }
    for index in 0..<Int.random(in: 0...5, using: &random) {
      let dtype = DType.allCases.randomElement(using: &random) ?? .u8
      let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...5, using: &random) }
      let bytes = (0..<shape.reduce(dtype.size, *)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let name = "t\(index)" + (texts.randomElement(using: &random) ?? "")
      frame.tensors[name] = bytes.withUnsafeBytes { RawTensor(dtype: dtype, shape: shape, bytes: $0) }
    }
    return frame
  }
}
