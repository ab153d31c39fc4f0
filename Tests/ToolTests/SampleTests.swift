// SPDX-License-Identifier: MIT
// sample and score --completions, through the executables.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct SampleTests {
  private func sample(_ arguments: [String], _ stream: [UInt8], model: String = "published") throws -> ToolResult {
    try runTool("sample", ["--ckpt", ParityFiles(model).checkpoint] + arguments, stdin: stream)
  }

  /// Rows without their padding.
  private func rows(_ frame: Frame) throws -> [[Int32]] {
    let tensor = try #require(frame.tensors["completions"])
    let (all, length) = (try tensor.int32s(), tensor.shape[1])
    return stride(from: 0, to: all.count, by: max(1, length)).map { Array(all[$0..<$0 + length].prefix { $0 != -1 }) }
  }

  private func texts(_ frame: Frame) throws -> [String] {
    try #require(JSONValue.parse(frame.metadata["completions"] ?? "null").array).compactMap(\.string)
  }

  @Test(arguments: parityModels)
  func greedyIdsAreThoseOfTransformers(model: String) throws {
    let files = ParityFiles(model)
    let expected = try FrameReader(paths: [fixture("parity/\(model)/generation.safetensors")]).next()?.tensors ?? [:]
    let encoded = try runTool("encode", ["--ckpt", files.checkpoint, "--drop", "patches"], stdin: files.bytes()).stdout
    for stream in [try files.bytes(), encoded] {
      let result = try sample(["--greedy", "--max-tokens", "24"], stream, model: model)
      #expect(result.status == 0 && result.stderr == "", "\(result.ending)")
      let frames = try read(result.stdout)
      #expect(frames.count == 3)
      for frame in frames {
        #expect(try rows(frame) == [#require(expected["\(frame.id).greedy"]).int32s()], "\(frame.id)")
        let logps = try #require(frame.tensors["completion_logps"]).floats()
        expectClose(logps, try #require(expected["\(frame.id).greedy_logps"]).floats(), tolerance: 2e-6)
        #expect(try #require(frame.tensors["sampling_logps"]).floats().allSatisfy { $0 == 0 })
        #expect(frame.metadata["policy"]?.count == 16)
      }
    }
  }

  /// The same bytes for every batch size, number of threads and neighbourhood.
  @Test func theSameSeedGivesTheSameTextWhateverRunsBeside() throws {
    let files = ParityFiles()
    let stream = try FrameWriter.pairs(files, copies: 5) { _, _ in }
    // The stops make lengths differ, so that later frames are done before earlier ones.
    let arguments = [
      "-n", "3", "--temperature", "1.2", "--top-p", "0.95", "--max-tokens", "20", "--seed", "5", "--stop", "e",
      "--stop", "s",
      "--stop", "a", "--stop", "h",
    ]
    let first = try sample(arguments + ["--batch-size", "1", "--threads", "1"], stream)
    #expect(first.status == 0, "\(first.ending)")
    for more in [["--batch-size", "4"], ["--batch-size", "64", "--threads", "3"]] {
      #expect(try sample(arguments + more, stream).stdout == first.stdout, "\(more)")
    }
    let frames = try read(first.stdout)
    #expect(frames.map(\.id) == (0..<15).map { "pair-\($0)" })
    let completions = try frames.flatMap(rows)
    #expect(Set(completions).count > 30 && Set(completions.map(\.count)).count > 5)
    // One frame of them alone.
    let alone = try FrameWriter.bytes([read(stream)[7]])
    let one = try read(sample(arguments, alone).stdout)[0]
    #expect(one.tensors == frames[7].tensors && one.metadata == frames[7].metadata)
    let other = try sample(["-n", "3", "--max-tokens", "20", "--seed", "6"], stream)
    #expect(try rows(read(other.stdout)[7]) != rows(frames[7]))
  }

  @Test func whatTravelsWithACompletion() throws {
    let files = ParityFiles()
    let result = try sample(
      ["-n", "4", "--temperature", "0.7", "--top-k", "50", "--seed", "2", "--max-tokens", "40"], files.bytes())
    for frame in try read(result.stdout) {
      let rows = try rows(frame)
      let shape = try #require(frame.tensors["completions"]).shape
      #expect(shape == [4, rows.map(\.count).max() ?? 0])
      for name in ["completion_logps", "sampling_logps"] {
        let tensor = try #require(frame.tensors[name])
        #expect(tensor.shape == shape)
        let values = try tensor.floats()
        for (row, ids) in rows.enumerated() {
          let padding = values[(row * shape[1] + ids.count)..<(row + 1) * shape[1]]
          #expect(padding.allSatisfy { $0 == 0 } && values.allSatisfy { $0 <= 0 && $0.isFinite })
        }
      }
      let finish = try #require(frame.metadata["finish"]).split(separator: ",")
      #expect(finish.count == 4)
      for (ids, finish) in zip(rows, finish) {
        #expect(finish == "eos" ? ids.last == 318 : ids.count == 40 && !ids.contains(318))
        #expect(ids.allSatisfy { $0 < 319 && ($0 != 318 || finish == "eos") })
      }
      #expect(try texts(frame).count == 4)
      #expect(
        frame.metadata["sampling"] == #"{"temperature":0.7,"top_p":1.0,"top_k":50,"seed":2,"greedy":false}"#)
      #expect(frame.tensors["prompt"] != nil && frame.tensors["chosen"] != nil)
    }
  }

  @Test func scoreOfTheSameCheckpointFindsTheSameLogProbabilities() throws {
    let files = ParityFiles("transformers5")
    let sampled = try sample(
      ["-n", "4", "--top-p", "0.9", "--max-tokens", "30"], files.bytes(), model: "transformers5")
    let scored = try runTool("score", ["--ckpt", files.checkpoint, "--completions"], stdin: sampled.stdout)
    #expect(scored.status == 0 && scored.stderr == "", "\(scored.ending)")
    for frame in try read(scored.stdout) {
      let (mine, theirs) = (
        try #require(frame.tensors["completion_logps"]), try #require(frame.tensors["reference_logps"])
      )
      #expect(theirs.shape == mine.shape)
      for (a, b) in zip(try mine.floats(), try theirs.floats()) { #expect(abs(a - b) <= 2e-5) }
      #expect(frame.metadata["reference"] == frame.metadata["policy"])
    }
    let explained = try runTool("score", ["--ckpt", files.checkpoint], stdin: without(sampled.stdout, ["chosen"]))
    #expect(explained.status == 65 && explained.stderr.contains("--completions"), "\(explained.ending)")
    let both = try runTool("score", ["--ckpt", files.checkpoint, "--choices", "--completions"])
    #expect(both.status == 64)
  }

  private func without(_ bytes: [UInt8], _ names: [String]) throws -> [UInt8] {
    try FrameWriter.bytes(
      read(bytes).map { frame in
        var frame = frame
        for name in names { frame.tensors[name] = nil }
        return frame
      })
  }

  @Test func aStopTextEndsACompletionAndIsNotPartOfItsText() throws {
    let stream = try FrameWriter.bytes([read(ParityFiles().bytes())[0]])
    let free = try read(sample(["--greedy", "--max-tokens", "24"], stream).stdout)[0]
    #expect(try texts(free)[0].contains(" squareer"))
    let stopped = try sample(["--greedy", "--max-tokens", "24", "--stop", "nothing", "--stop", "eer"], stream)
    let frame = try read(stopped.stdout)[0]
    let text = try texts(free)[0]
    #expect(try text.hasPrefix(texts(frame)[0] + "eer") && texts(frame)[0].hasSuffix(" squar"))
    #expect(frame.metadata["finish"] == "stop")
    #expect(try rows(free)[0].starts(with: rows(frame)[0]))
  }

  @Test func endsAreReadFromWhereverTheyAreStated() throws {
    let files = ParityFiles()
    let stream = try FrameWriter.bytes([read(files.bytes())[0]])
    let free = try rows(read(sample(["--greedy", "--max-tokens", "12"], stream).stdout)[0])[0]
    try withTemporaryDirectory { folder in
      let copy = folder + "/model"
      #expect(try runTool("ckpt", ["convert", files.checkpoint, copy]).status == 0)
      func run(_ arguments: [String] = []) throws -> Frame {
        let result = try runTool(
          "sample", ["--ckpt", copy, "--greedy", "--max-tokens", "12"] + arguments, stdin: stream)
        #expect(result.status == 0, "\(result.ending)")
        return try read(result.stdout)[0]
      }
      let list = "{\"eos_token_id\": [3, \(free[4]), \(free[2])]}"
      try writeFile(copy + "/generation_config.json", Array(list.utf8))
      let ended = try run()
      #expect(try rows(ended)[0] == Array(free[...2]) && ended.metadata["finish"] == "eos")
      #expect(try rows(run(["--ignore-eos"]))[0] == free)
      // A padding token is never chosen, an end that is one may be.
      try writeFile(copy + "/generation_config.json", Array("{\"pad_token_id\": \(free[0])}".utf8))
      #expect(try rows(run())[0][0] != free[0])
      try writeFile(
        copy + "/generation_config.json", Array("{\"pad_token_id\": \(free[0]), \"eos_token_id\": \(free[0])}".utf8))
      #expect(try rows(run())[0] == [free[0]])
      try writeFile(copy + "/generation_config.json", Array("{\"eos_token_id\": 100000}".utf8))
      let wrong = try runTool("sample", ["--ckpt", copy, "--greedy"], stdin: stream)
      #expect(wrong.status == 65 && wrong.stderr.contains("generation_config.json: eos_token_id is 100000"))
    }
  }

  @Test func badFramesAreRefusedOrLeftOut() throws {
    let files = ParityFiles()
    let cases: [(String, (inout Frame) -> Void)] = [
      ("there is no tensor \"prompt\"", { $0.tensors["prompt"] = nil }),
      ("has \"completions\" already", { $0.tensors["completions"] = RawTensor(i32: [1], shape: [1, 1]) }),
      (
        "takes 266 positions, and",
        {
          $0.tensors["prompt"] = RawTensor(i32: [Int32](repeating: 7, count: 266))
          $0.tensors["patches"] = nil
          $0.metadata["grid"] = nil
        }
      ),
      (
        "expected a token id below 328",
        {
          $0.tensors["prompt"] = RawTensor(i32: [5, 900])
          $0.tensors["patches"] = nil
          $0.metadata["grid"] = nil
        }
      ),
    ]
    for (words, change) in cases {
      let stream = try FrameWriter.pairs(files) { number, frame in if number == 1 { change(&frame) } }
      let refused = try sample(["--max-tokens", "3"], stream)
      #expect(refused.status == 65 && refused.stderr.contains(words), "\(refused.ending)")
      #expect(refused.stderr.contains("frame 1 (id pair-1)") && refused.stderr.split(separator: "\n").count == 1)
      let rest = try sample(["--max-tokens", "3", "--skip-bad", "--batch-size", "2"], stream)
      #expect(rest.status == 0 && rest.stderr.contains(words))
      #expect(try read(rest.stdout).map(\.id) == ["pair-0", "pair-2"])
    }
    let cut = try sample([], Array(FrameWriter.pairs(files) { _, _ in }.dropLast(700)))
    #expect(cut.status == 65, "\(cut.ending)")
    let empty = try sample([], FrameWriter.bytes([]))
    #expect(try empty.status == 0 && read(empty.stdout).isEmpty)
    #expect(try runPipeline("false | sample --ckpt \(files.checkpoint)").status != 0)
  }

  @Test func featuresThatAreNoNumbersAreRefusedOrLeftOut() throws {
    let files = ParityFiles()
    let encoded = try runTool("encode", ["--ckpt", files.checkpoint], stdin: files.bytes()).stdout
    let stream = try FrameWriter.bytes(
      read(encoded).enumerated().map { number, frame in
        var frame = frame
        if number == 1, let shape = frame.tensors["features"]?.shape {
          frame.tensors["features"] = RawTensor(f32: Array(repeating: .nan, count: shape.reduce(1, *)), shape: shape)
        }
        return frame
      })
    let refused = try sample(["-n", "3", "--max-tokens", "3"], stream)
    #expect(refused.status == 65 && refused.stderr.contains("frame 1 (id pair-1)"), "\(refused.ending)")
    #expect(refused.stderr.contains("its logits are not finite"))
    let rest = try sample(["-n", "3", "--max-tokens", "3", "--skip-bad", "--batch-size", "2"], stream)
    #expect(try rest.status == 0 && read(rest.stdout).map(\.id) == ["pair-0", "pair-2"], "\(rest.ending)")
  }

  @Test func memoryIsFlatInTheLengthOfTheStream() throws {
    let files = ParityFiles()
    func peak(_ copies: Int) throws -> Double {
      let stream = try FrameWriter.pairs(files, copies: copies) { _, frame in
        frame.tensors["more"] = RawTensor(u8: [UInt8](repeating: 1, count: 20_000))
      }
      let result = try sample(["--max-tokens", "2", "--verbose", "--batch-size", "4"], stream)
      let words = result.stderr.split(separator: " ")
      let at = try #require(words.firstIndex(of: "memory"), "\(result.ending)")
      return try #require(Double(words[at + 1]))
    }
    // 900 frames of 20 kB: 18 MB, if they were kept.
    let (few, many) = (try peak(20), try peak(300))
    #expect(many <= few + 6, "\(few) MB, then \(many) MB")
  }

  @Test func wrongOptionsAreRefusedBeforeAnythingIsOpened() throws {
    for arguments in [
      ["--temperature", "0"], ["--temperature", "-1"], ["--top-p", "0"], ["--top-p", "1.5"], ["--top-k", "-1"],
      ["--max-tokens", "0"], ["-n", "0"], ["--batch-size", "0"], ["--stop", ""], ["--greedy", "-n", "2"],
      ["--greedy", "--temperature", "0.5"],
    ] {
      let result = try runTool("sample", ["--ckpt", "/nowhere"] + arguments)
      #expect(result.status == 64 && result.stdout.isEmpty, "\(arguments): \(result.ending)")
    }
    #expect(try runTool("sample", ["--ckpt", "/nowhere"]).status == 66)
  }

  @Test func textsAreStreamedInTheOrderOfTheFrames() throws {
    let files = ParityFiles()
    let result = try sample(["-n", "2", "--stream", "--max-tokens", "6", "--batch-size", "5"], files.bytes())
    let starts = ["pair-0 1/2: ", "pair-0 2/2: ", "pair-1 1/2: ", "pair-1 2/2: ", "pair-2 1/2: ", "pair-2 2/2: "]
    var rest = Substring(result.stderr)
    for start in starts {
      let place = try #require(rest.firstRange(of: start), "\(start) in \(result.stderr)")
      rest = rest[place.upperBound...]
    }
    #expect(!result.stderr.unicodeScalars.contains { $0.value < 32 && $0 != "\n" && $0 != "\t" })
    #expect(try sample(["-n", "2", "--max-tokens", "6"], files.bytes()).stdout == result.stdout)
  }

  @Test func aCheckpointWithoutALanguageModelIsExplained() throws {
    try withTemporaryDirectory { folder in
      let made = try runTool("ckpt", ["detach", "vision", ParityFiles().checkpoint, folder + "/vision"])
      #expect(made.status == 0, "\(made.ending)")
      let result = try runTool("sample", ["--ckpt", folder + "/vision"], stdin: ParityFiles().bytes())
      #expect(result.status == 65 && result.stderr.contains("no language model"), "\(result.ending)")
    }
  }
}
