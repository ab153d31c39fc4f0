// SPDX-License-Identifier: MIT
// What happens to streams in pipelines: whole, cut, damaged, killed, closed early.
import TensorStream
import TestSupport
import Testing

@Suite struct FramesStreamTests {
  static let readers = ["cat", "ls", "json", "stats", "shuf", "head -n 100", "select"]

  @Test func aWholeStreamPassesUnchanged() throws {
    try withStreams { (folder) throws in
      for line in [
        "frames cat small", "frames cat < small", "cat small | frames cat | frames cat", "frames cat small.gz",
        "cat small.gz | frames cat", "frames cat --gzip=9 small | frames cat", "frames cat --gzip small | gunzip",
        "frames head -n 5 small", "frames select small",
      ] {
        let result = try runPipeline(line, in: folder)
        #expect(result.stdout == (try readFile(folder + "/small")), "\(line)")
        #expect(result.status == 0, "\(line): \(result.ending)")
        #expect(result.stderr == "", "\(line)")
      }
    }
  }

  @Test(arguments: readers)
  func aStreamCutInsideAFrameIsRefused(_ reader: String) throws {
    try withStreams { (folder) throws in
      for line in ["frames \(reader) cut", "cat cut | frames \(reader)", "gzip -c cut | frames \(reader)"] {
        let result = try runPipeline("\(line) >/dev/null", in: folder)
        #expect(result.status == 65, "\(line): \(result.ending)")
        #expect(result.stderr.contains("the stream ends inside its tensors (19 of 24 bytes): the writer upstream died"))
        #expect(result.stderr.contains("frame 2 (id example-2)"))
        #expect(result.stderr.split(separator: "\n").count == 1)
      }
    }
  }

  @Test(arguments: readers)
  func aStreamWhoseWriterIsKilledIsRefused(_ reader: String) throws {
    try withStreams { (folder) throws in
      // Cut where a frame ends: only the missing end frame tells.
      let three = try FrameWriter.bytes(frames(3)).count - FrameWriter.bytes([]).count
      let result = try runPipeline(
        "bash -c 'head -c \(three) small; kill -9 $$' | frames \(reader) >/dev/null", in: folder)
      #expect(result.status == 65, "\(result.ending)")
      #expect(
        result.stderr
          == "frames: stdin: the stream ended early after frame 2 (id example-2): the writer upstream died\n")
    }
  }

  @Test(arguments: readers)
  func aFlippedBitIsRefused(_ reader: String) throws {
    try withStreams { (folder) throws in
      let result = try runPipeline("frames \(reader) flipped >/dev/null", in: folder)
      #expect(result.status == 65, "\(result.ending)")
      #expect(result.stderr.contains("flipped: frame 2 (id example-2): the checksum is"))
    }
  }

  @Test(arguments: readers)
  func nothingAtAllIsRefused(_ reader: String) throws {
    try withStreams { (folder) throws in
      let failed = try runPipeline("false | frames \(reader)", in: folder)
      #expect(failed.status == 65, "\(failed.ending)")
      #expect(
        failed.stderr == "frames: stdin: nothing arrived, not even an end frame; did the command upstream fail?\n")
      #expect(failed.stdout.isEmpty || reader == "stats")
      #expect(try runTool("frames", reader.split(separator: " ").map(String.init) + ["empty"], in: folder).status == 65)
    }
  }

  @Test func joinedStreamsAreNumberedAnew() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline("cat small small | frames cat - small.gz | frames ls", in: folder)
      #expect(result.status == 0, "\(result.ending)")
      #expect(result.lines.count == 15)
      #expect(result.lines.last == "14\texample-4\tprompt I32 [2], patches U8 [1, 12]")
    }
  }

  @Test func anEmptyStreamStaysValid() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline(
        "frames head -n 0 small | frames cat | frames shuf | frames stats --check", in: folder)
      #expect(result.status == 0, "\(result.ending)")
      #expect(result.text == "stdin: 0 frames, whole\n")
    }
  }

  @Test(arguments: [
    "frames cat long | frames head -n 2 | frames ls", "cat long | frames head -n 2", "frames cat long | head -c 1000",
    "frames json long | head -n 1", "frames shuf long | frames head -n 1", "frames cat --gzip=1 long | head -c 10",
  ])
  func aReaderThatLeavesEndsAFilterQuietly(_ line: String) throws {
    try withStreams(long: true) { (folder) throws in
      // cat(1) itself is ended by the signal: only our tools' statuses count.
      let result = try runPipeline("\(line) >/dev/null; echo ${PIPESTATUS[@]}", in: folder)
      let statuses = result.text.split(whereSeparator: \.isWhitespace)
      for (command, status) in zip(line.split(separator: "|"), statuses) where command.contains("frames") {
        #expect(status == "0", "\(command): \(result.ending)")
      }
      #expect(result.stderr == "")
    }
  }

  @Test func badExamplesAreLeftOutWhereAsked() throws {
    try withStreams { (folder) throws in
      let result = try runPipeline("frames cat --skip-bad flipped | tee out | frames ls", in: folder)
      #expect(result.status == 0, "\(result.ending)")
      #expect(
        result.lines.map { $0.split(separator: "\t")[1] } == ["example-0", "example-1", "example-3", "example-4"])
      #expect(result.stderr.contains("frames: left out: flipped: frame 2 (id example-2): the checksum"))
      #expect(result.stderr.contains("frames: 1 bad example left out\n"))
      #expect(String(decoding: try readFile(folder + "/out"), as: UTF8.self).contains(#""frames":"4","skipped":"1""#))
      // The count goes on downstream.
      let shuffled = try runPipeline("frames shuf --skip-bad flipped | frames cat | frames stats --json", in: folder)
      #expect(shuffled.text.contains(#""frames":4,"#))
      #expect(shuffled.text.contains(#""skipped":1"#))
      // A damaged header or a cut cannot be passed over.
      #expect(try runPipeline("frames cat --skip-bad cut >/dev/null", in: folder).status == 65)
    }
  }

  @Test func noGoodExampleIsAFailure() throws {
    try withTemporaryDirectory { folder in
      var bytes = try FrameWriter.bytes(frames(1))
      bytes[bytes.count - (try FrameWriter.bytes([])).count - 1] ^= 1
      try writeFile(folder + "/bad", bytes)
      let result = try runPipeline("frames cat --skip-bad bad >/dev/null", in: folder)
      #expect(result.status == 65, "\(result.ending)")
      #expect(result.stderr.hasSuffix("frames: 1 bad example left out, and none was good\n"))
    }
  }

  @Test func whatCannotBeReadIsMissingInput() throws {
    let missing = try runTool("frames", ["cat", "nowhere/pairs"])
    #expect(missing.status == 66)
    #expect(missing.stderr == "frames: nowhere/pairs: No such file or directory\n")
    #expect(try runTool("frames", ["ls", "/tmp"]).status == 66)
    #expect(try runTool("frames", ["stats", fixture("stream/example.frames"), "nowhere"]).status == 66)
  }

  @Test(arguments: [
    ["cat", "--no-such-option"], ["no-such-command"], [], ["head", "-n", "-1"], ["head", "-n", "many"],
    ["select", "--index", "5:3"], ["select", "--where", "novalue"], ["cat", "--gzip=12"],
    ["cat", "--quiet", "--verbose"],
    ["shuf", "--seed", "x"],
  ])
  func aWrongCommandLineIsUsage(_ arguments: [String]) throws {
    let result = try runTool("frames", arguments)
    #expect(result.status == 64, "\(result.ending)")
    #expect(result.stdout.isEmpty)
    #expect(result.stderr.hasPrefix("frames: "))
    #expect(result.stderr.split(separator: "\n").count == 1)
  }

  @Test func anOutputThatCannotBeWrittenIsAnIOError() throws {
    try withStreams { (folder) throws in
      for line in [
        "frames cat small > /dev/full", "frames ls small > /dev/full", "frames cat small >&-",
        "frames --help > /dev/full",
      ] {
        #expect(try runPipeline(line, in: folder).status == 74, "\(line)")
      }
    }
  }

  @Test func signalsEndAFilterWithTheirStatus() throws {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
      let result = try runPipeline("timeout --preserve-status -s \(signal) 0.5 frames cat < <(sleep 5)")
      #expect(result.status == status, "\(result.ending)")
    }
  }

  @Test func aMappedFileThatShrinksIsAnInputError() throws {
    try withStreams(long: true) { (folder) throws in
      let result = try runPipeline("frames cat long | (sleep 0.5; truncate -s 1000 long; cat > /dev/null)", in: folder)
      #expect(result.status == 74, "\(result.ending)")
      #expect(
        result.stderr == "frames: an input file became shorter while it was read; it must not be changed meanwhile\n")
    }
  }
}
