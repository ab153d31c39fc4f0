// SPDX-License-Identifier: MIT
// What each sub-command of frames does to good streams.
import StrictJSON
import TensorStream
import Tensors
import TestSupport
import Testing

@Suite struct FramesTests {
  private let example = fixture("stream/example.frames")

  @Test(arguments: ["", "ls", "head", "cat", "shuf", "split", "select", "stats", "json", "png"])
  func helpGoesToStandardOutputWithAnExample(_ command: String) throws {
    let result = try runTool("frames", (command.isEmpty ? [] : [command]) + ["--help"])
    #expect(result.status == 0)
    #expect(result.stderr == "")
    #expect(result.text.contains("Example"))
    #expect(result.text.contains("USAGE: frames"))
  }

  /// No BLAS and no kernels: nothing is computed here.
  @Test func theVersionIsThatOfThePackage() throws {
    for arguments in [["--version"], ["cat", "--version"]] {
      let result = try runTool("frames", arguments)
      #expect(result.status == 0)
      #expect(result.lines.count == 1 && result.text.hasPrefix("pivot ") && !result.text.contains("BLAS"))
    }
  }

  @Test func lsPrintsALineAFrame() throws {
    #expect(
      try runTool("frames", ["ls", example]).lines == [
        "0\ta\tchosen I32 [2], prompt I32 [3], rejected I32 [2], patches U8 [2, 12]",
        "1\tb\tfeatures F32 [2, 3], label I32 [1]",
      ])
  }

  @Test func jsonPrintsMetadataShapesAndSmallTensors() throws {
    let lines = try runTool("frames", ["json", example]).lines
    #expect(
      lines[1]
        == #"{"number":1,"metadata":{"id":"b","class":"bear"},"tensors":{"features":{"dtype":"F32","shape":[2,3]},"label":{"dtype":"I32","shape":[1]}}}"#
    )
    let values = try runTool("frames", ["json", "--values", "--max-values", "6", example]).lines.map {
      try JSONValue.parse($0)
    }
    #expect(values[0]["metadata"]?["question"] == "Wo ist der Bär? 🐻")
    #expect(values[0]["tensors"]?["prompt"]?["values"] == [5, 7, 9])
    #expect(values[0]["tensors"]?["patches"]?["values"] == nil)
    #expect(values[1]["tensors"]?["features"]?["values"] == [-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])
  }

  @Test func everyTypeIsPrintedAsItsValues() throws {
    func tensor<Element>(_ values: [Element], _ dtype: String) -> (String, RawTensor)? {
      values.withUnsafeBytes { bytes in
        DType(rawValue: dtype).map { (dtype, RawTensor(dtype: $0, shape: [values.count], bytes: bytes)) }
      }
    }
    let tensors = [
      tensor([1.5, -.infinity] as [Double], "F64"), tensor([0.1, .nan] as [Float], "F32"),
      tensor([0x3C00] as [UInt16], "F16"),
      tensor([0x3F80] as [UInt16], "BF16"), tensor([Int64.min] as [Int64], "I64"), tensor([-5] as [Int16], "I16"),
      tensor([-5] as [Int8], "I8"), tensor([UInt64.max] as [UInt64], "U64"), tensor([UInt32.max] as [UInt32], "U32"),
      tensor([65535] as [UInt16], "U16"), tensor([1, 0] as [UInt8], "BOOL"),
    ].compactMap { $0 }
    #expect(tensors.count == 11)
    let stream = try FrameWriter.bytes([Frame(tensors: Dictionary(uniqueKeysWithValues: tensors))])
    let printed = try JSONValue.parse(runTool("frames", ["json", "--values"], stdin: stream).text)["tensors"]
    let expected: [(String, JSONValue)] = [
      ("F64", [1.5, .null]), ("F32", [0.1, .null]), ("F16", [1.0]), ("BF16", [1.0]), ("I64", [.int(.min)]),
      ("I16", [-5]),
      ("I8", [-5]), ("U64", [.double(18_446_744_073_709_551_615)]), ("U32", [4_294_967_295]), ("U16", [65535]),
      ("BOOL", [true, false]),
    ]
    for (name, values) in expected { #expect(printed?[name]?["values"] == values, "\(name)") }
  }

  @Test func headTakesTheFirst() throws {
    try withStreams(long: true) { (folder) throws in
      #expect(try ids("frames head -n 2 small", folder) == [0, 1])
      #expect(try ids("frames head small long", folder) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    }
  }

  @Test func catThinsFrames() throws {
    try withStreams { (folder) throws in
      let kept = try runPipeline("frames cat --keep prompt small | frames json | head -n 1", in: folder)
      #expect(
        kept.text
          == #"{"number":0,"metadata":{"id":"example-0","category":"even"},"tensors":{"prompt":{"dtype":"I32","shape":[1]}}}"#
          + "\n")
      let dropped = try runPipeline("frames cat --drop patches,category small | frames json | head -n 1", in: folder)
      #expect(
        dropped.text == #"{"number":0,"metadata":{"id":"example-0"},"tensors":{"prompt":{"dtype":"I32","shape":[1]}}}"#
          + "\n")
      let unknown = try runPipeline("frames cat --drop patchse small | frames ls", in: folder)
      #expect(unknown.status == 0)
      #expect(unknown.stderr == "frames: warning: no frame has \"patchse\", named in --keep or --drop\n")
    }
  }

  @Test func shufIsRepeatableAndComplete() throws {
    try withStreams(long: true) { (folder) throws in
      let one = try ids("frames shuf --seed 1 long", folder)
      #expect(one.sorted() == Array(0..<200))
      #expect(one != one.sorted())
      #expect(try ids("frames shuf --seed 2 long", folder) != one)
      // A file, a pipe and a compressed pipe give the same order.
      #expect(try ids("cat long | frames shuf --seed 1", folder) == one)
      #expect(try ids("frames cat --gzip=1 long | frames shuf --seed 1", folder) == one)
      #expect(try ids("frames shuf --seed 1 -n 7 long", folder) == Array(one.prefix(7)))
      #expect(try ids("frames shuf -n 1000 small", folder).count == 5)
    }
  }

  @Test func shufLeavesNothingInTheTemporaryFolder() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline(
        "mkdir t; cat small | TMPDIR=$PWD/t frames shuf >/dev/null; ls t; TMPDIR=/nowhere frames shuf - < small",
        in: folder)
      #expect(result.text == "")
      #expect(result.status == 73)
      #expect(result.stderr.contains("set TMPDIR to another folder"))
    }
  }

  @Test func theFirstOfAShuffleIsUniform() throws {
    // 5 frames, 100 seeds: each comes first about 20 times (standard deviation 4).
    var counts = [Int](repeating: 0, count: 5)
    try withStreams { (folder) throws in
      let result = try runPipeline(
        "for s in {1..100}; do frames shuf --seed $s -n 1 small | frames ls; done", in: folder)
      for line in result.lines {
        if let index = line.split(separator: "\t")[1].last?.wholeNumberValue { counts[index] += 1 }
      }
    }
    #expect(counts.reduce(0, +) == 100)
    for count in counts { #expect((4...36).contains(count), "\(counts)") }
  }

  @Test func selectMatchesIdsIndicesAndMetadata() throws {
    try withStreams { (folder) throws in
      #expect(try ids("frames select --id example-3 --id example-1 --id none small", folder) == [1, 3])
      #expect(try ids("frames select --index 1:3 --index 4 small", folder) == [1, 2, 4])
      #expect(try ids("frames select --index 3: small", folder) == [3, 4])
      #expect(try ids("frames select --where category=odd small", folder) == [1, 3])
      #expect(try ids("frames select --where category=odd --index :2 small", folder) == [1])
      #expect(try ids("frames select --where category=odd --where id=x small", folder) == [])
      #expect(try ids("frames select --invert --where category=odd small", folder) == [0, 2, 4])
      let none = try runPipeline("frames select --id none small | frames ls", in: folder)
      #expect(none.status == 0)
      #expect(none.stderr == "frames: none of 5 frames matches\n")
    }
  }

  @Test func aBareFrameHasNoStreamAroundIt() throws {
    try withStreams { (folder) throws in
      let bare = try runPipeline(
        "frames select --bare --id example-1 small | tee one | wc -c; frames json one", in: folder)
      #expect(bare.status == 0, "\(bare.ending)")
      #expect(bare.lines.last?.contains(#""metadata":{"id":"example-1","category":"odd"}"#) == true)
      let bytes = try readFile(folder + "/one")
      let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      #expect(bytes.count == 8 + length + 8 + 12)
      #expect(!String(decoding: bytes, as: UTF8.self).contains("seq"))
      // Foreign frames become a stream of ours.
      #expect(try ids("frames cat one one small", folder) == [1, 1, 0, 1, 2, 3, 4])
      let none = try runPipeline("frames select --bare --id none small", in: folder)
      #expect(none.status == 65)
      #expect(none.stdout.isEmpty)
    }
  }

  @Test func statsCountAndMeasure() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline("frames stats small", in: folder)
      #expect(
        result.lines == [
          "frames\t5", "tensor bytes\t96", "tensor\tpatches\tU8 [1, 12]\tin 5\t60 bytes",
          "tensor\tprompt\tI32 [1..3]\tin 5\t36 bytes", "metadata\tcategory\t\"even\", \"odd\"\tin 5",
          "metadata\tid\t\"example-0\", \"example-1\", \"example-2\", \"example-3\", \"example-4\"\tin 5",
        ])
      let json = try JSONValue.parse(runPipeline("frames stats --json small small.gz", in: folder).text)
      #expect(json["frames"] == 10)
      #expect(json["tensors"]?.array?[1]["shape_max"] == [3])
    }
  }

  @Test func statsTestManyFilesQuickly() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline(
        "frames select --bare small > one; frames stats --check small cut flipped one small.gz", in: folder)
      #expect(result.status == 65)
      #expect(
        result.lines == [
          "small: 5 frames, whole", "one: 1 frames, 1 of them without numbers: nobody can tell whether all are there",
          "small.gz: 5 frames, whole",
        ])
      #expect(result.stderr.split(separator: "\n").count == 2)
      #expect(try runPipeline("frames stats --check small small.gz", in: folder).status == 0)
    }
  }

  /// The numbers in the ids of the frames a pipeline writes.
  private func ids(_ line: String, _ folder: String) throws -> [Int] {
    let result = try runPipeline("\(line) | frames ls", in: folder)
    #expect(result.status == 0, "\(line): \(result.ending)")
    return result.lines.compactMap { Int($0.split(separator: "\t")[1].dropFirst("example-".count)) }
  }
}
