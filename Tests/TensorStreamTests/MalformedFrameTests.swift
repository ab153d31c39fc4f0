// SPDX-License-Identifier: MIT
// Streams that are wrong, byte by byte, and what is said about each. Every one ends with status 65.
import Failures
import TensorStream
import TestSupport
import Testing

@Suite struct MalformedFrameTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let expected: String
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ expected: String) {
      (self.name, self.bytes, self.expected) = (name, bytes, expected)
    }
    /// A single frame whose header is this text.
    init(_ name: String, _ header: String, data: Int = 0, _ expected: String) {
      self.init(name, blob(header, data: data), expected)
    }
  }

  static let good = #""dtype":"U8","shape":[2],"data_offsets":[0,2]"#

  static let cases: [Case] = [
    Case("nothing", [], "stdin: nothing arrived, not even an end frame; did the command upstream fail?"),
    Case(
      "cut in the length", [8, 0, 0],
      "stdin: frame 0: the stream ends inside its header length (3 of 8 bytes): the writer upstream died"),
    Case(
      "cut in the header", blob("{}      ", length: 100),
      "stdin: frame 0: the stream ends inside its header (8 of 100 bytes): the writer upstream died"),
    Case(
      "cut in the tensors", blob(header(good, #""id":"x""#), data: 1),
      "stdin: frame 0 (id x): the stream ends inside its tensors (1 of 2 bytes): the writer upstream died"),
    Case(
      "huge header", blob("", length: 16 << 20 + 1),
      "stdin: frame 0: a header of 16777217 bytes, more than the 16777216 allowed: this is not safetensors, or bytes are "
        + "missing before it"),
    Case(
      "negative length", blob("", length: .max),
      "stdin: frame 0: a header of 18446744073709551615 bytes, more than the 16777216 allowed: this is not safetensors, or "
        + "bytes are missing before it"),
    Case(
      "text instead of frames", Array("{\"image\": \"a.jpg\"}\n".utf8),
      "stdin: frame 0: a header of 2478500838082421371 bytes, more than the 16777216 allowed: it starts with the text "
        + "\"{\\\"image\\\"\", which is no safetensors header"),
    Case(
      "longest header claimed, none sent", blob("", length: 16 << 20),
      "stdin: frame 0: the stream ends inside its header (0 of 16777216 bytes): the writer upstream died"),
    Case(
      "terabytes claimed, none sent", #"{"t":{"dtype":"U8","shape":[4398046511104],"data_offsets":[0,4398046511104]}}"#,
      "stdin: frame 0: the stream ends inside its tensors (0 of 4398046511104 bytes): the writer upstream died"),
    Case(
      "largest number claimed",
      #"{"t":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#,
      "stdin: frame 0: the tensors' sizes overflow"),

    Case("empty header", "", "stdin: frame 0: the header is not valid at its byte 0: the text ends, expected \"{\""),
    Case("no object", "[]", "stdin: frame 0: the header is not valid at its byte 0: \"[\", expected \"{\""),
    Case(
      "bytes behind the object", "{} x",
      "stdin: frame 0: the header is not valid at its byte 3: \"x\", expected the end of the text"),
    Case(
      "NUL padding", "{}\0",
      "stdin: frame 0: the header is not valid at its byte 2: the byte 0x00, expected the end of the text"),
    Case(
      "trailing comma", #"{"t":{\#(good)},}"#, data: 2,
      "stdin: frame 0: the header is not valid at its byte 53: \"}\", expected a key in double quotes"),
    Case(
      "invalid UTF-8", blob([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7B, 0x7D, 0x7D]),
      "stdin: frame 0: the header is not valid at its byte 2: a string that is not UTF-8"),
    Case(
      "raw control character", "{\"a\tb\":{}}",
      "stdin: frame 0: the header is not valid at its byte 3: a raw control character 0x09 in a string, expected \\u0009"
    ),
    Case(
      "lone surrogate", #"{"\ud800":{}}"#,
      "stdin: frame 0: the header is not valid at its byte 2: half of a surrogate pair (\\ud800) alone"),
    Case(
      "deep nesting", #"{"t":"# + String(repeating: "[", count: 100_000),
      "stdin: frame 0: tensor \"t\" is not described by an object"),

    Case("tensor twice", #"{"t":{\#(good)},"t":{\#(good)}}"#, data: 4, "stdin: frame 0: tensor \"t\" occurs twice"),
    Case(
      "tensor twice, once escaped", #"{"t":{\#(good)},"\u0074":{\#(good)}}"#, data: 4,
      "stdin: frame 0: tensor \"t\" occurs twice"),
    Case("metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#, "stdin: frame 0: \"__metadata__\" occurs twice"),
    Case(
      "metadata key twice", #"{"__metadata__":{"id":"a","id":"b"}}"#, "stdin: frame 0: metadata \"id\" occurs twice"),
    Case(
      "metadata no object", #"{"__metadata__":null}"#, "stdin: frame 0: \"__metadata__\" is not an object of strings"),
    Case(
      "metadata number", #"{"__metadata__":{"n":1}}"#,
      "stdin: frame 0: metadata \"n\" is not a string; everything that is no tensor travels as strings"),

    Case(
      "no dtype", header(#""shape":[2],"data_offsets":[0,2]"#), data: 2, "stdin: frame 0: tensor \"t\" has no dtype"),
    Case(
      "no shape", header(#""dtype":"U8","data_offsets":[0,2]"#), data: 2, "stdin: frame 0: tensor \"t\" has no shape"),
    Case(
      "no offsets", header(#""dtype":"U8","shape":[2]"#), data: 2, "stdin: frame 0: tensor \"t\" has no data_offsets"),
    Case(
      "shape twice", header(#""dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has \"shape\" twice"),
    Case(
      "unknown key", header(good + #","stride":[1]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has the unknown key \"stride\", expected dtype, shape and data_offsets"),
    Case(
      "unknown dtype", header(#""dtype":"F8","shape":[2],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has the unknown dtype \"F8\", expected one of F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 "
        + "U16 U8 BOOL"),
    Case(
      "dtype no string", header(#""dtype":1,"shape":[2],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has a dtype that is not a string"),
    Case(
      "shape no array", header(#""dtype":"U8","shape":2,"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has a shape that is not an array"),
    Case(
      "negative extent", header(#""dtype":"U8","shape":[-2],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has a shape with a number that is negative, fractional or too large"),
    Case(
      "fractional extent", header(#""dtype":"U8","shape":[2.0],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has a shape with a number that is negative, fractional or too large"),
    Case(
      "extent beyond 64 bits", header(#""dtype":"U8","shape":[18446744073709551618],"data_offsets":[0,2]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has a shape with a number that is negative, fractional or too large"),
    Case(
      "shape overflows", header(#""dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,0]"#),
      "stdin: frame 0: tensor \"t\" has the shape [4611686018427387904, 2], which overflows"),
    Case(
      "too many dimensions",
      header(
        #""dtype":"U8","shape":["# + (0..<33).map { _ in "1" }.joined(separator: ",") + #"],"data_offsets":[0,1]"#),
      data: 1, "stdin: frame 0: tensor \"t\" has 33 dimensions, expected at most 32"),
    Case(
      "one offset", header(#""dtype":"U8","shape":[2],"data_offsets":[0]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has 1 data_offsets, expected [start, end]"),
    Case(
      "offsets backwards", header(#""dtype":"U8","shape":[2],"data_offsets":[2,0]"#), data: 2,
      "stdin: frame 0: tensor \"t\" has data_offsets [2, 0], expected start <= end"),
    Case(
      "size disagrees", header(#""dtype":"F32","shape":[2,3],"data_offsets":[0,20]"#), data: 24,
      "stdin: frame 0: tensor \"t\" spans 20 bytes (0..20), expected 24 for F32 [2, 3]"),
    Case(
      "gap at the start", header(#""dtype":"U8","shape":[2],"data_offsets":[1,3]"#), data: 3,
      "stdin: frame 0: tensor \"t\" starts at byte 1 of the data, expected 0 (no gap, no overlap)"),
    Case(
      "gap between", #"{"t":{\#(good)},"u":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}"#, data: 5,
      "stdin: frame 0: tensor \"u\" starts at byte 3 of the data, expected 2 (no gap, no overlap)"),
    Case(
      "overlap", #"{"t":{\#(good)},"u":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, data: 3,
      "stdin: frame 0: tensor \"u\" starts at byte 1 of the data, expected 2 (no gap, no overlap)"),
    Case(
      "same bytes twice", #"{"t":{\#(good)},"u":{\#(good)}}"#, data: 4,
      "stdin: frame 0: tensor \"u\" starts at byte 0 of the data, expected 2 (no gap, no overlap)"),

    Case(
      "seq without checksum", #"{"__metadata__":{"seq":"0","id":"a"}}"#,
      "stdin: frame 0 (id a): has \"seq\" but no \"crc32\"; a numbered frame needs its checksum"),
    Case(
      "wrong checksum", #"{"__metadata__":{"seq":"0","id":"a","crc32":"00000000"}}"#,
      "stdin: frame 0 (id a): the checksum is 00000000, but the bytes give 72a25f49: damaged on the way"),
    Case(
      "checksum in capitals", #"{"__metadata__":{"seq":"0","crc32":"72A25F49"}}"#,
      "stdin: frame 0: metadata \"crc32\" is \"72A25F49\", expected eight hexadecimal digits in lower case"),
    Case(
      "checksum escaped", #"{"__metadata__":{"seq":"0","crc32":"\u00300000000"}}"#,
      "stdin: frame 0: metadata \"crc32\" is \"00000000\", expected eight hexadecimal digits in lower case"),
    Case(
      "end is no 1", #"{"__metadata__":{"end":"yes","frames":"0"}}"#,
      "stdin: the end frame says \"end\" = \"yes\", expected \"1\""),
    Case("end without count", #"{"__metadata__":{"end":"1"}}"#, "stdin: the end frame has no count \"frames\""),
    Case(
      "end with a wrong count", #"{"__metadata__":{"end":"1","frames":"3"}}"#,
      "stdin: the end frame counts 3 frames, but 0 were read"),
    Case(
      "end with a count that is none", #"{"__metadata__":{"end":"1","frames":"-1"}}"#,
      "stdin: the end frame says \"frames\" = \"-1\", expected a count"),
    Case(
      "end with skipped that is no count", #"{"__metadata__":{"end":"1","frames":"0","skipped":"some"}}"#,
      "stdin: the end frame says \"skipped\" = \"some\", expected a count"),
    Case(
      "end with tensors", header(good, #""end":"1","frames":"0""#), data: 2,
      "stdin: the end frame has tensors, expected none"),
    Case(
      "gzip that is none", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF],
      "stdin: the gzip data are damaged: invalid block type"),
    Case("gzip cut", [0x1F, 0x8B, 8], "stdin: the gzip data end early: the writer upstream died"),
    // What zlib makes of no input: a stream that was empty before it was packed.
    Case(
      "gzip of nothing", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      "stdin: nothing arrived, not even an end frame; did the command upstream fail?"),
  ]

  @Test(arguments: cases)
  func malformedStreamIsRefused(_ item: Case) throws {
    let error = try #require(failure(item.bytes) as? any Failure, "accepted")
    #expect(error.description == item.expected)
    #expect(error.exitStatus == .badData)
  }

  @Test(arguments: cases)
  func soItIsBehindAGoodStream(_ item: Case) throws {
    if item.bytes.isEmpty || item.bytes.starts(with: [0x1F, 0x8B]) { return }
    let error = try #require(failure(FrameWriter.bytes(examples(2)) + item.bytes) as? any Failure)
    #expect(error.exitStatus == .badData)
  }

  @Test func foreignFramesNeedNoBookkeeping() throws {
    let frame = blob(header(Self.good), data: 2)
    #expect(try readAll(frame + frame).count == 2)
    let end = blob(#"{"__metadata__":{"end":"1","frames":"1"}}"#)
    #expect(try readAll(frame + end + frame).count == 2)
    // An end frame counts from the last one, not from the beginning of the source.
    #expect(try readAll(frame + end + frame + end).count == 2)
    let both = failure(frame + end + frame + blob(#"{"__metadata__":{"end":"1","frames":"2"}}"#))
    #expect((both as? FrameError)?.description == "stdin: the end frame counts 2 frames, but 1 were read")
    #expect(try readAll(blob("{}")).count == 1)
  }

  /// Whatever is done to a valid stream, reading it ends with frames or with an error of ours: no trap, no hang, and no
  /// memory for sizes that are only claimed.
  @Test func randomDamageNeverTraps() throws {
    var random = SeededGenerator(seed: 5)
    // Without checksums, so that damage gets past them.
    let entry =
      #""a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}"#
    let plain = blob(#"{"__metadata__":{"id":"é","end ":"1"},\#(entry)}"#, data: 11)
    let closed = blob(#"{"__metadata__":{"end":"1","frames":"2"}}"#)
    let seeds = [
      plain + plain + closed, try FrameWriter.bytes(examples(2)), try FrameWriter.bytes(examples(2), gzipLevel: 1),
    ]
    let interesting = Array(#"{}[]",:0123456789-.eE\u"#.utf8) + [0, 0xFF, 0x80, 0x1F, 0x8B, 0x20]
    for seed in seeds {
      for _ in 0..<6_000 {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
          let at = Int.random(in: 0..<bytes.count, using: &random)
          switch random.next() % 5 {
          case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
          case 1: bytes[at] = interesting.randomElement(using: &random) ?? 0
          case 2: bytes.remove(at: at)
          case 3: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: at)
          default: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
          }
        }
        do {
          let reader = try FrameReader(bytes: bytes)
          while true {
            do {
              guard let frame = try reader.next() else { break }
              for tensor in frame.tensors.values {
                #expect(tensor.byteCount == tensor.shape.reduce(tensor.dtype.size, *))
              }
            } catch let error as FrameError where error.isRecoverable {}
          }
        } catch {
          #expect((error as? any Failure)?.exitStatus == .badData, "\(error)")
        }
      }
    }
  }
}
