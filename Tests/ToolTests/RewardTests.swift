// SPDX-License-Identifier: MIT
// reward, through the executable.
import StrictJSON
import TensorStream
import TestSupport
import Testing

/// A group as `sample` writes it: an id a character and 99 at the end, unless it was cut off.
private func group(
  _ id: String, _ completions: [String], gt: String?, capped: Set<Int> = [], _ metadata: [String: String] = [:]
) -> Frame {
  let rows = completions.enumerated().map { number, text in
    text.utf8.map { Int32($0) } + (capped.contains(number) ? [] : [99])
  }
  let length = rows.map(\.count).max() ?? 0
  let padded = rows.flatMap { $0 + [Int32](repeating: -1, count: length - $0.count) }
  var frame = Frame(
    metadata: [
      "id": id, "completions": JSONValue.array(completions.map { .string($0) }).text(),
      "finish": completions.indices.map { capped.contains($0) ? "length" : "eos" }.joined(separator: ","),
      "sampling": #"{"temperature":1}"#, "policy": "0123456789abcdef",
    ],
    tensors: [
      "prompt": RawTensor(i32: [1, 2]), "completions": RawTensor(i32: padded, shape: [rows.count, length]),
      "completion_logps": RawTensor(f32: padded.map { _ in -1 }, shape: [rows.count, length]),
    ])
  if let gt { frame.metadata["gt"] = gt }
  for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { frame.metadata[key] = value }
  return frame
}

private func reward(_ arguments: [String], _ frames: [Frame]) throws -> ToolResult {
  try runTool("reward", arguments, stdin: FrameWriter.bytes(frames))
}

private func rewards(_ frame: Frame) throws -> [Float] { try #require(frame.tensors["rewards"]).floats() }

@Suite struct RewardTests {
  @Test func eachFrameIsScoredByItsRule() throws {
    let frames = [
      group("a", ["3", "4", "<think>3</think>"], gt: "3", ["reward": "digit"]),
      group("b", ["A", "B or A", "(a)"], gt: "A.", ["reward": "mcq"]),
      group("c", ["[0.1,0.2,0.7,0.5]", "[0.1,0.2,0.4,0.5]", "[1,2,3,4]"], gt: "[0.1,0.2,0.7,0.5]", ["reward": "iou"]),
      group("d", [#"\frac{1}{2}"#, "0.5", "2"], gt: "1/2", ["reward": "math"]),
    ]
    let result = try reward(["--box-space", "unit"], frames)
    #expect(result.status == 0 && result.stderr == "", "\(result.ending)")
    let scored = try read(result.stdout)
    #expect(try scored.map(rewards) == [[1, 0, 0], [1, 0, 1], [1, 0.5, 0], [1, 1, 0]])
    #expect(
      scored.map { $0.metadata["verdicts"] } == [
        "right,wrong,unparsable", "right,wrong,right", "right,partial,unparsable", "right,right,wrong",
      ])
    #expect(scored[0].metadata["scored"] == #"["3","4",null]"#)
    #expect(scored.map { $0.tensors["rewards_\($0.metadata["reward"] ?? "")"] } == scored.map { $0.tensors["rewards"] })
    // What was there is passed on.
    #expect(scored[0].tensors["completions"] == frames[0].tensors["completions"])
    #expect(scored[0].metadata["policy"] == "0123456789abcdef")
  }

  @Test func mathematicsIsAsPreciseAndAsStrictAsAsked() throws {
    let frames = [
      group("a", ["0.33", "0.333333", "0.34"], gt: "1/3", ["reward": "math"]),
      group("b", ["x = 5", "5", "5 cm"], gt: "5", ["reward": "math"]),
    ]
    for (arguments, expected) in [
      ([], [[0, 1, 0], [1, 1, 1]]), (["--precision", "2"], [[1, 1, 0], [1, 1, 1]]),
      (["--strict"], [[0, 1, 0], [0, 1, 0]]),
    ] as [([String], [[Float]])] {
      let result = try reward(arguments, frames)
      #expect(result.status == 0, "\(result.ending)")
      #expect(try read(result.stdout).map(rewards) == expected, "\(arguments)")
    }
    let wrong = try reward(["--precision", "13"], frames)
    #expect(wrong.status == 64 && wrong.stderr.contains("--precision 13: must be 0 to 12"))
  }

  @Test func theCommandLineNamesRulesByCategory() throws {
    let frames = [
      group("a", ["red"], gt: "red", ["category": "colour", "reward": "digit"]),
      group("b", ["yes, it is"], gt: "yes", ["benchmark": "POPE"]), group("c", ["Red wine"], gt: "red wine"),
    ]
    let result = try reward(["--rule", "colour=exact", "--rule", "POPE=yesno", "--rule", "open"], frames)
    #expect(result.status == 0, "\(result.ending)")
    let scored = try read(result.stdout)
    #expect(scored.map { $0.metadata["reward"] } == ["exact", "yesno", "open-ended"])
    #expect(try scored.map(rewards) == [[1], [1], [1]])
    // Scored again with another rule: what the first left is gone.
    let again = try read(runTool("reward", ["--rule", "anls"], stdin: result.stdout).stdout)
    #expect(again[1].tensors["rewards_yesno"] == nil && again[1].tensors["rewards_anls"] != nil)
    #expect(try rewards(again[1]) == [0])
    #expect(again[1].metadata["reward"] == "anls")
  }

  @Test func theAnswerServesWhereThereIsNoTruth() throws {
    let frame = group("a", ["A cat.", "dog"], gt: nil, ["answer": "a cat", "reward": "exact"])
    #expect(try rewards(read(reward([], [frame]).stdout)[0]) == [1, 0])
  }

  @Test func theFormatMayBeRequiredAndWeighed() throws {
    let frame = group(
      "a", ["3", "<think>so</think> <answer>3</answer>", "<think>so</think><answer>4</answer>"], gt: "3")
    func run(_ options: [String]) throws -> [Float] {
      try rewards(read(reward(["--rule", "digit"] + options, [frame]).stdout)[0])
    }
    #expect(try run([]) == [1, 1, 0])
    #expect(try run(["--format", "required"]) == [0, 1, 0])
    #expect(try run(["--format-weight", "0.25"]) == [0.75, 1, 0.25])
    #expect(try rewards(read(reward(["--rule", "format"], [frame]).stdout)[0]) == [0, 1, 1])
  }

  @Test func wrongCommandLinesAreRefused() throws {
    for (arguments, words) in [
      (["--rule", "best"], "'best' is invalid"), (["--rule", "exact", "--rule", "mcq"], "two rules for all frames"),
      (["--margin", "0.1"], "--margin belongs to --pairs"), (["--format-weight", "2"], "must be 0 to 1"),
      (["--judge-beta", "0"], "must be above 0"), (["--pairs=most"], "most"), (["--box-space", "metres"], "metres"),
    ] {
      let result = try runTool("reward", arguments, stdin: [])
      #expect(result.status == 64 && result.stderr.contains(words), "\(arguments) \(result.ending)")
      #expect(result.stdout.isEmpty)
    }
  }

  @Test func framesThatCannotBeScoredAreNamed() throws {
    func changed(_ change: (inout Frame) -> Void) -> Frame {
      var frame = group("q7", ["3", "4"], gt: "3", ["reward": "digit"])
      change(&frame)
      return frame
    }
    for (frame, words) in [
      (changed { $0.metadata["reward"] = nil }, "give one with --rule"),
      (changed { $0.metadata["reward"] = "best" }, "expected one of digit"),
      (changed { $0.metadata["gt"] = nil }, "neither metadata \"gt\" nor \"answer\""),
      (changed { $0.metadata["gt"] = "many" }, "the reference \"many\" does not suit the reward digit"),
      (changed { $0.metadata["completions"] = nil }, "run sample before this"),
      (changed { $0.metadata["completions"] = "[1]" }, "no JSON array of texts"),
      (changed { $0.metadata["completions"] = "[\"3\"" }, "no JSON"),
      (changed { $0.metadata["completions"] = #"["3"]"# }, "has 2 rows, and the metadata has 1 texts"),
      (changed { $0.metadata["finish"] = "eos" }, "counts 1 completions"),
      (changed { $0.metadata["box_space"] = "miles" }, "expected one of pixels"),
      (
        changed {
          $0.metadata["reward"] = "iou"
          $0.metadata["gt"] = "[1,2,3,4]"
        }, "give --box-space"
      ),
    ] {
      let result = try reward([], [frame])
      #expect(result.status == 65 && result.stderr.contains(words), "\(result.ending)")
      #expect(result.stderr.contains("frame 0 (id q7)") && result.stderr.split(separator: "\n").count == 1)
    }
    let good = group("good", ["3"], gt: "3", ["reward": "digit"])
    let skipped = try reward(["--skip-bad"], [changed { $0.metadata["gt"] = nil }, good])
    #expect(skipped.status == 0 && skipped.stderr.contains("1 bad example left out"), "\(skipped.ending)")
    #expect(try read(skipped.stdout).map(\.id) == ["good"])
  }

  @Test func aStreamThatWasCutIsRefused() throws {
    let bytes = try FrameWriter.bytes((0..<5).map { group("q\($0)", ["3"], gt: "3", ["reward": "digit"]) })
    let cut = try runTool("reward", ["--summary"], stdin: Array(bytes.dropLast(700)))
    #expect(cut.status == 65 && !cut.stderr.contains("verdicts of"), "\(cut.ending)")
    #expect(try runTool("reward", [], stdin: []).status == 65)
    let upstream = try runPipeline("false | reward --rule exact | cat")
    #expect(upstream.status != 0)
  }

  @Test func aMegabyteOfBracketsPassesThrough() throws {
    let brackets = String(repeating: "[", count: 1 << 20)
    for rule in ["digit", "mcq", "math", "iou", "open-ended", "exact", "vqa", "anls", "relaxed"] {
      let frame = group(
        "a", [brackets, "NaN", "A or B or C"], gt: rule == "mcq" ? "A" : rule == "iou" ? "[0,0,1,1]" : "3")
      let result = try reward(["--rule", rule, "--box-space", "unit"], [frame])
      #expect(result.status == 0, "\(rule) \(result.ending)")
      let scored = try #require(try read(result.stdout).first)
      #expect(try rewards(scored) == [0, 0, 0], "\(rule)")
      #expect((scored.metadata["scored"]?.utf8.count ?? .max) < 2000)
    }
  }

  @Test func helpExplainsTheRules() throws {
    let help = try runTool("reward", ["--help"])
    #expect(help.status == 0 && help.text.contains("open-ended") && help.text.contains("--judge"))
  }
}

@Suite struct RewardPairsTests {
  private static let groups = [
    group("a", ["3", "4", "three", "5"], gt: "3", ["reward": "digit", "answer": "3"]),
    group("flat", ["4", "4", "5"], gt: "3", ["reward": "digit"]),
    group("capped", ["3", "4"], gt: "3", capped: [0], ["reward": "digit"]),
  ]

  @Test func aGroupBecomesThePairOfBestAndWorst() throws {
    let result = try reward(["--pairs"], Self.groups)
    #expect(result.status == 0, "\(result.ending)")
    #expect(
      result.stderr
        == "reward: 1 pair of 3 groups; 2 gave none: 1 all 0, 1 within --margin, or better only where cut off\n")
    let pairs = try read(result.stdout)
    #expect(pairs.map(\.id) == ["a"])
    #expect(try pairs[0].tensors["chosen"]?.int32s() == [51, 99])
    #expect(try pairs[0].tensors["rejected"]?.int32s() == [52, 99])
    #expect(pairs[0].tensors.keys.sorted() == ["chosen", "prompt", "rejected"])
    #expect(pairs[0].metadata["chosen"] == "3" && pairs[0].metadata["rejected"] == "4")
    #expect(pairs[0].metadata["reward_chosen"] == "1.0" && pairs[0].metadata["reward_rejected"] == "0.0")
    #expect(pairs[0].metadata["completions"] == nil && pairs[0].metadata["finish"] == nil)
    #expect(pairs[0].metadata["policy"] == "0123456789abcdef")
  }

  @Test func allPairsGetIdsOfTheirOwn() throws {
    let result = try reward(["--pairs", "all", "--capped", "both"], Self.groups)
    let pairs = try read(result.stdout)
    #expect(pairs.map(\.id) == ["a#1", "a#2", "a#3", "a#4", "capped"])
    // A completion that was cut off gets no end-of-turn token.
    #expect(try pairs[4].tensors["chosen"]?.int32s() == [51])
    #expect(
      pairs.prefix(4).map { "\($0.metadata["chosen"] ?? "")>\($0.metadata["rejected"] ?? "")" } == [
        "3>4", "3>5", "three>4", "three>5",
      ])
  }

  @Test func aRandomPairDependsOnSeedAndIdOnly() throws {
    let many = (0..<30).map { group("q\($0)", ["3", "4", "three", "5"], gt: "3", ["reward": "digit"]) }
    func drawn(_ seed: String, _ frames: [Frame]) throws -> [String: String] {
      let pairs = try read(reward(["--pairs", "random", "--seed", seed], frames).stdout)
      return Dictionary(
        uniqueKeysWithValues: pairs.map { ($0.id, ($0.metadata["chosen"] ?? "") + ($0.metadata["rejected"] ?? "")) })
    }
    let first = try drawn("1", many)
    #expect(first.count == 30 && Set(first.values).count == 4)
    #expect(try drawn("1", many.reversed()) == first)
    #expect(try drawn("2", many) != first)
  }

  @Test func pairsNeedTokens() throws {
    var frame = Self.groups[0]
    frame.tensors["completions"] = nil
    #expect(try reward([], [frame]).status == 0)
    let result = try reward(["--pairs"], [frame])
    #expect(result.status == 65 && result.stderr.contains("keep what sample wrote"), "\(result.ending)")
  }

  /// The output is the input of `score`, and of `dpo-step` behind it.
  @Test func pairsAreScoredAndTrainedOn() throws {
    let files = ParityFiles()
    let frames = try read(files.bytes()).map { frame in
      var frame = frame
      let (good, bad) = (
        try #require(frame.tensors["chosen"]).int32s(), try #require(frame.tensors["rejected"]).int32s()
      )
      let length = max(good.count, bad.count)
      func padded(_ ids: [Int32]) -> [Int32] { ids + [Int32](repeating: -1, count: length - ids.count) }
      frame.tensors["completions"] = RawTensor(i32: padded(bad) + padded(good), shape: [2, length])
      frame.metadata["completions"] = #"["no","yes"]"#
      frame.metadata["gt"] = "yes"
      return frame
    }
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/groups", FrameWriter.bytes(frames))
      let result = try runPipeline(
        "reward --rule exact --pairs \(folder)/groups | score --ckpt \(files.checkpoint) "
          + "| dpo-step --init \(files.checkpoint) --ckpt \(folder)/enc.bin --lr 1e-4")
      #expect(result.status == 0, "\(result.ending)")
      #expect(result.lines.first?.contains("\"loss\"") == true, "\(result.text)")
      // The same pairs that the frames had: the same log-probabilities.
      let mine = try runPipeline("reward --rule exact --pairs \(folder)/groups | score --ckpt \(files.checkpoint)")
      let direct = try runTool("score", ["--ckpt", files.checkpoint], stdin: files.bytes())
      for (a, b) in zip(try read(mine.stdout), try read(direct.stdout)) {
        #expect(a.tensors["logp_chosen"] == b.tensors["logp_chosen"], "\(a.id)")
      }
    }
  }
}

@Suite struct RewardReportTests {
  private static let frames = (0..<6).map { number in
    group(
      "q\(number)", [number % 3 == 0 ? "A" : "B"], gt: "A",
      ["reward": "mcq", "benchmark": "MMVP", "pair_id": "\(number / 2)", "category": "pairs"])
  }

  @Test func shufflingDoesNotChangeThePairScore() throws {
    try withTemporaryDirectory { folder in
      func run(_ frames: [Frame], _ name: String) throws -> (table: String, json: String) {
        let result = try reward(["--summary", "--json", "\(folder)/\(name)"], frames)
        #expect(result.status == 0, "\(result.ending)")
        return (result.stderr, String(decoding: try readFile("\(folder)/\(name)"), as: UTF8.self))
      }
      var frames = Self.frames
      frames[0].metadata["pair_id"] = "2"  // q0 and q3 are right; as neighbours no pair is
      frames[3].metadata["pair_id"] = "2"
      frames[4] = group(
        "q4", ["A"], gt: "A", ["reward": "mcq", "benchmark": "MMVP", "pair_id": "0", "category": "pairs"])
      frames[5].metadata["pair_id"] = "1"
      let first = try run(frames, "a.json")
      #expect(try run(Array(frames.reversed()), "b.json") == first)
      #expect(try run([0, 3, 1, 4, 2, 5].map { frames[$0] }, "c.json") == first)
      let json = try JSONValue.parse(first.json)
      let score = json["benchmarks"]?.array?[0]
      #expect(score?["name"]?.string == "MMVP" && json["accuracy"]?.double == 0.5)
      #expect(score?["score"]?.double.map { abs($0 - 1.0 / 3) < 1e-12 } == true, "\(first.json)")
      #expect(first.table.contains("Vision-centric"), "\(first.table)")
    }
  }

  @Test func anotherKeyMayNameThePairsAndHalfAPairIsNoted() throws {
    let frames = Self.frames.map { frame in
      var frame = frame
      frame.metadata["twin"] = frame.metadata["pair_id"]
      frame.metadata["pair_id"] = nil
      return frame
    }
    let result = try reward(["--pair-key", "twin", "--summary"], Array(frames.dropLast()))
    #expect(result.stderr.contains("\"twin\": 1 value is in one frame only"), "\(result.stderr)")
    let plain = try reward(["--summary"], frames)
    #expect(!plain.stderr.contains("pairs  right"), "\(plain.stderr)")
    let warning = "reward: warning: MMVP: 6 of 6 frames have no metadata \"pair_id\""
    #expect(plain.stderr.ranges(of: warning).count == 1, "\(plain.stderr)")
    #expect(try reward([], frames).stderr == "")
  }

  @Test func flipsAreListedById() throws {
    try withTemporaryDirectory { folder in
      let old = try reward(["--lines", folder + "/old.jsonl"], Self.frames)
      try writeFile(folder + "/old", old.stdout)
      var frames = Array(Self.frames.dropFirst().reversed())
      frames[0] = group("q5", ["A"], gt: "A", ["reward": "mcq"])  // was wrong
      frames[1] = group("q4", ["A"], gt: "A", ["reward": "mcq"])  // was wrong
      frames[2] = group("q3", ["B"], gt: "A", ["reward": "mcq"])  // was right
      frames.append(group("new", ["A"], gt: "A", ["reward": "mcq"]))
      for name in ["old", "old.jsonl"] {
        let result = try reward(["--diff", "\(folder)/\(name)"], frames)
        #expect(result.status == 0)
        #expect(
          result.stderr == """
            q5: 0.0 -> 1.0
            q4: 0.0 -> 1.0
            q3: 1.0 -> 0.0
            3 rewards differ from \(folder)/\(name): 2 better, 1 worse; 5 frames compared, 1 not in it, \
            1 of its frames not seen

            """, "\(result.stderr)")
      }
      let missing = try reward(["--diff", folder + "/none"], frames)
      #expect(missing.status == 66 && missing.stdout.isEmpty, "\(missing.ending)")
      let twice = try reward(["--diff", folder + "/old"], [frames[0], frames[0]])
      #expect(twice.status == 65 && twice.stderr.contains("occurs twice"), "\(twice.ending)")
      try writeFile(folder + "/bad.jsonl", "{\"id\":\"a\"}\n")
      let bad = try reward(["--diff", folder + "/bad.jsonl"], frames)
      #expect(bad.status == 65 && bad.stderr.contains("bad.jsonl:1"), "\(bad.ending)")
      #expect(try reward(["--json", folder + "/no/such"], frames).status == 73)
    }
  }
}

@Suite struct RewardJudgeTests {
  private static let frames = [
    group("a", ["a dog runs", "", "cat"], gt: "a dog", ["reward": "open-ended", "question": "What?"]),
    group("b", ["3"], gt: "3", ["reward": "digit"]),
    group("c", ["one two three four"], gt: #"["x", "one two"]"#, ["reward": "open-ended"]),
  ]

  private static let judge = """
    import json, sys
    for line in sys.stdin:
        request = json.loads(line)
        sys.stderr.write(json.dumps(sorted(request)) + "\\n")
        keys = ("references", "answers")
        print(json.dumps({key: [len(text.split()) for text in request[key]] for key in keys}), flush=True)
    """

  /// S is the number of words: 3 against 2, and 1 against 2; 4 against the better of 1 and 2.
  @Test func aJudgesScoresAreShaped() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/judge.py", Self.judge)
      let result = try reward(["--judge", "python3 \(folder)/judge.py", "--judge-beta", "0.5"], Self.frames)
      #expect(result.status == 0, "\(result.ending)")
      let scored = try read(result.stdout)
      expectClose(try rewards(scored[0]), [0.39346934, 0, 0], tolerance: 1e-6)
      #expect(scored[0].metadata["verdicts"] == "partial,unparsable,wrong")
      #expect(try rewards(scored[1]) == [1])
      expectClose(try rewards(scored[2]), [0.63212056], tolerance: 1e-6)
      #expect(
        result.stderr.split(separator: "\n").map(String.init) == [
          #"["answers", "id", "question", "references"]"#, #"["answers", "id", "references"]"#,
        ])
    }
  }

  @Test(arguments: [
    ("exit 3", 74, "ended with status 3"), ("kill -9 $$", 74, "was ended by signal 9"),
    ("true", 74, "ended with status 0"),
    ("exec >&-; exec sleep 30", 74, "has closed its output"), ("no-such-command-here", 74, "ended with status 127"),
    ("exec sleep 30", 74, "did not answer within 0.5 s"), ("echo hello; cat > /dev/null", 74, "is no JSON"),
    ("echo '{}'; cat > /dev/null", 74, "expected \"references\" with 1 number"),
    (#"echo '{"references":[1],"answers":[1]}'; cat > /dev/null"#, 74, "expected \"answers\" with 2 numbers"),
    (#"echo '{"references":[1],"answers":[1,NaN]}'; cat > /dev/null"#, 74, "is no JSON"),
    (#"echo '{"id":"b","references":[1],"answers":[1,2]}'; cat > /dev/null"#, 74, "is about \"b\""),
    (#"read x; echo '{"references":[1],"answers":[1,2]}'; exit 5"#, 74, "ended with status 5"),
  ])
  func aJudgeThatFailsEndsTheRun(command: String, status: Int, words: String) throws {
    let result = try reward(["--judge", command, "--judge-timeout", "0.5"], [Self.frames[0]])
    #expect(Int(result.status) == status && result.stderr.contains(words), "\(command): \(result.ending)")
  }

  /// More than a pipe holds goes in before anything comes out.
  @Test func longAnswersDoNotBlock() throws {
    let long = String(repeating: "word ", count: 100_000)
    let frame = group("a", [long, long], gt: "x", ["reward": "open-ended"])
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/judge.py", Self.judge)
      let result = try reward(["--judge", "python3 \(folder)/judge.py"], [frame, frame])
      #expect(result.status == 0, "\(result.ending.prefix(300))")
      #expect(try rewards(read(result.stdout)[0]) == [1, 1])
    }
  }
}
