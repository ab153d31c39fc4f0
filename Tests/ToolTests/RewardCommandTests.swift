// SPDX-License-Identifier: MIT
// The commands beside reward end when it does, however it ends.
import Glibc
import TensorStream
import TestSupport
import Testing

@Suite struct RewardCommandTests {
  private let frames = [
    Frame(metadata: ["id": "a", "completions": #"["hard to say"]"#, "gt": "A", "reward": "mcq"]),
    Frame(metadata: ["id": "b", "completions": #"["a dog"]"#, "gt": "a cat", "reward": "open-ended"]),
  ]

  /// A script that starts a child, notes both ids, and never answers.
  private func script(_ folder: String, _ body: String) throws -> String {
    try writeFile(folder + "/command.sh", "sleep 1000 &\necho $$ $! > \(folder)/ids\n\(body)\n")
    return "sh \(folder)/command.sh"
  }

  /// Whether the script and its child are gone, or dead and only not yet waited for.
  private func areGone(_ folder: String) throws -> Bool {
    let ids = String(decoding: try readFile(folder + "/ids"), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    #expect(ids.count == 2)
    for _ in 0..<100 {
      let states = ids.map { (try? readFile("/proc/\($0)/stat")).map { String(decoding: $0, as: UTF8.self) } }
      if states.allSatisfy({ $0?.contains(") Z ") ?? true }) { return true }
      usleep(20_000)
    }
    for id in ids { kill(pid_t(id) ?? 0, SIGKILL) }
    return false
  }

  /// The pipe behind `2>&1 |` ends with reward: nobody else holds standard error.
  @Test(arguments: ["--extractor", "--judge"])
  func aCommandThatDoesNotAnswerIsEndedWithItsChildren(option: String) throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", FrameWriter.bytes(frames))
      let command = try script(folder, "wait")
      let line = "reward \(option) '\(command)' \(option)-timeout 0.3 q 2>&1 > /dev/null | cat"
      let result = try runPipeline(line, in: folder, timeout: 20)
      #expect(result.status == 74 && result.text.contains("did not answer within 0.3 s"), "\(result.text)")
      #expect(try areGone(folder))
    }
  }

  @Test func aCommandThatIgnoresTheRequestToEndIsKilled() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", FrameWriter.bytes(frames))
      let command = try script(folder, "trap '' TERM; while :; do sleep 1000; done")
      let line = "reward --judge '\(command)' --judge-timeout 0.3 q 2>&1 > /dev/null | cat"
      #expect(try runPipeline(line, in: folder, timeout: 20).status == 74)
      #expect(try areGone(folder))
    }
  }

  @Test func anErrorOfAFrameEndsThem() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", FrameWriter.bytes([frames[1], Frame(metadata: ["id": "c"])]))
      let command = try script(folder, #"read x; echo '{"references":[1],"answers":[1]}'; wait"#)
      let result = try runPipeline("reward --judge '\(command)' q 2>&1 > /dev/null | cat", in: folder, timeout: 20)
      #expect(result.status == 65, "\(result.text)")
      #expect(try areGone(folder))
    }
  }

  /// The terminal sends its signals to reward's group alone; closing it (HUP) and Ctrl-\ (QUIT) too.
  @Test(arguments: ["INT", "TERM", "HUP", "QUIT"])
  func aSignalEndsThem(signal: String) throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", FrameWriter.bytes(frames))
      let command = try script(folder, "wait")
      // A background job of a shell ignores SIGINT; env gives it back.
      let line = """
        env --default-signal=INT,QUIT reward --judge '\(command)' q > /dev/null & p=$!
        until [ -s ids ]; do sleep 0.02; done; kill -\(signal) $p; wait $p; echo $?
        """
      let result = try runPipeline(line, in: folder, timeout: 20)
      let number = ["INT": 2, "TERM": 15, "HUP": 1, "QUIT": 3][signal] ?? 0
      #expect(result.lines == ["\(128 + number)"], "\(result.text) \(result.ending)")
      #expect(try areGone(folder))
    }
  }

  @Test func howACommandEndedIsSaidAsItWas() throws {
    let answer = #"read x; echo '{"references":[1],"answers":[1]}'; cat > /dev/null; exit 1"#
    let bytes = try FrameWriter.bytes([frames[1]])
    let late = try runTool("reward", ["--judge", answer], stdin: bytes)
    #expect(late.status == 74 && late.stderr.contains("ended with status 1 after it had answered everything"))
    #expect(!late.stderr.contains("before it had answered") && !late.stderr.contains("stands above"))
    let early = try runTool("reward", ["--judge", "exit 1"], stdin: bytes)
    #expect(early.status == 74 && early.stderr.contains("ended with status 1 before it had answered"))
  }

  @Test func optionsThatNoFrameMeetsAreWarnedOf() throws {
    func warnings(_ arguments: [String], _ metadata: Metadata) throws -> [String] {
      var frame = Frame(metadata: ["id": "a", "completions": #"["A"]"#, "gt": "A", "reward": "exact"])
      for (key, value) in metadata { frame.metadata[key] = value }
      let result = try runTool("reward", arguments, stdin: FrameWriter.bytes([frame]))
      #expect(result.status == 0, "\(result.ending)")
      return result.stderr.split(separator: "\n").map { String($0.dropFirst("reward: warning: ".count)) }
    }
    let colour: Metadata = ["category": "colour", "benchmark": "POPE"]
    #expect(
      try warnings(["--rule", "color=exact", "--rule", "exact"], colour)
        == [#"--rule color=exact: no frame has the category or benchmark "color"; there are "POPE", "colour""#])
    #expect(
      try warnings(["--rule", "color=exact"], [:])
        == [#"--rule color=exact: no frame has the category or benchmark "color"; none has either"#])
    #expect(try warnings(["--rule", "colour=mcq", "--rule", "POPE=exact"], colour) == [])
    for (arguments, wanted) in [
      (["--judge", "cat"], "open-ended"), (["--extractor", "cat"], "mcq or math"), (["--precision", "2"], "math"),
      (["--strict"], "math"),
    ] {
      #expect(
        try warnings(arguments, [:])
          == ["\(arguments[0]) had no effect: no frame has the rule \(wanted); there are exact"])
    }
    #expect(try warnings(["--extractor", "cat"], ["reward": "mcq"]) == [])
    #expect(try warnings(["--precision", "2", "--strict"], ["reward": "math"]) == [])
    #expect(try warnings(["--judge", "cat"], ["reward": "open-ended", "completions": #"["<think>"]"#]) == [])
  }

  @Test func aMisspeltRuleIsAnsweredWithTheRules() throws {
    for argument in ["exat", "POPE=exat"] {
      let result = try runTool("reward", ["--rule", argument], stdin: [])
      #expect(result.status == 64 && result.stderr.split(separator: "\n").count == 1, "\(result.ending)")
      let rules = "digit, mcq, math, iou, open-ended, exact, yesno, vqa, anls, relaxed, format"
      #expect(result.stderr.contains("\"exat\" is no rule; expected one of \(rules)"), "\(result.ending)")
    }
    let nameless = try runTool("reward", ["--rule", "=exact"], stdin: [])
    #expect(nameless.status == 64 && nameless.stderr.contains("expected RULE or NAME=RULE"), "\(nameless.ending)")
  }
}
