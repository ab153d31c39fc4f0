// SPDX-License-Identifier: MIT
// reward --extractor: a command reads what the rules mcq and math cannot.
import StrictJSON
import TensorStream
import TestSupport
import Testing

private func question(_ id: String, _ completions: [String], gt: String, _ metadata: [String: String]) -> Frame {
  var frame = Frame(metadata: [
    "id": id, "completions": JSONValue.array(completions.map { .string($0) }).text(), "gt": gt,
  ])
  for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { frame.metadata[key] = value }
  return frame
}

private func reward(_ arguments: [String], _ frames: [Frame]) throws -> ToolResult {
  try runTool("reward", arguments, stdin: FrameWriter.bytes(frames))
}

@Suite struct RewardExtractorTests {
  /// Prose in which no rule finds an answer.
  private static let prose = "It could be many things, hard to say which."
  private static let frames = [
    question(
      "a", [prose, "A", prose, ""], gt: "B",
      ["reward": "mcq", "question": "Which?", "choices": #"["cat", "dog"]"#, "extracted": "stale"]),
    question("b", [prose], gt: "yes", ["reward": "yesno"]),
    question("c", ["no number here"], gt: "12", ["reward": "math"]),
    question("d", ["B"], gt: "B", ["reward": "mcq"]),
  ]

  /// Answers each request from a list; what came in is written beside.
  private func script(_ folder: String, _ answers: [String]) -> String {
    let lines = answers.map { "read -r line; printf '%s\\n' \"$line\" >> \(folder)/asked; echo '\($0)'" }
    return (lines + ["cat >> \(folder)/asked"]).joined(separator: "\n")
  }

  @Test func whatNoRuleReadsIsExtractedAndScoredByTheSameRule() throws {
    try withTemporaryDirectory { folder in
      try writeFile(
        folder + "/extract.sh",
        script(folder, [#"{"id":"a","answers":["B",null]}"#, #"{"answers":["The answer is 12."]}"#]))
      let arguments = [
        "--extractor", "sh \(folder)/extract.sh", "--summary", "--json", folder + "/sum.json", "--lines",
        folder + "/lines.jsonl",
      ]
      let result = try reward(arguments, Self.frames)
      #expect(result.status == 0, "\(result.ending)")
      let scored = try read(result.stdout)
      #expect(
        scored.map { $0.metadata["verdicts"] } == ["right,wrong,unparsable,unparsable", "unparsable", "right", "right"])
      #expect(
        scored.map { $0.metadata["extracted"] } == [#"["B",null,null,null]"#, nil, #"["The answer is 12."]"#, nil])
      // Only the rules mcq and math, only unparsable answers, and never the reference.
      let asked = try readFile(folder + "/asked").split(separator: 0x0A).map { try JSONValue.parse(Array($0)) }
      #expect(asked.count == 2)
      #expect(asked[0]["answers"] == [.string(Self.prose), .string(Self.prose)] && asked[0]["rule"] == "mcq")
      #expect(asked[0]["choices"] == ["cat", "dog"] && asked[0]["question"] == "Which?" && asked[0]["id"] == "a")
      #expect(asked.allSatisfy { $0["gt"] == nil && $0["references"] == nil && $0["reference"] == nil })
      #expect(asked[1]["id"] == "c" && asked[1]["rule"] == "math" && asked[1]["choices"] == nil)
      // Counted.
      #expect(result.stderr.contains("; extracted 2"), "\(result.stderr)")
      #expect(try JSONValue.parse(readFile(folder + "/sum.json"))["extracted"]?.int == 2)
      let lines = try readFile(folder + "/lines.jsonl").split(separator: 0x0A).map { try JSONValue.parse(Array($0)) }
      #expect(
        lines.map { $0["extracted"]?.text() ?? "none" } == [
          #"["B",null,null,null]"#, "none", #"["The answer is 12."]"#, "none",
        ])
      // Scored again without it, nothing of it is left.
      let again = try read(runTool("reward", [], stdin: result.stdout).stdout)
      #expect(again.allSatisfy { $0.metadata["extracted"] == nil })
      #expect(again[0].metadata["verdicts"] == "unparsable,wrong,unparsable,unparsable")
    }
  }

  @Test(arguments: [
    ("exit 3", "ended with status 3"), ("echo hello; cat > /dev/null", "is no JSON"),
    (#"echo '{"answers":["B"]}'; cat > /dev/null"#, "expected \"answers\" with 2 texts or null"),
    (#"echo '{"answers":["B",2]}'; cat > /dev/null"#, "expected \"answers\" with 2 texts or null"),
    (#"echo '{"id":"b","answers":["B","B"]}'; cat > /dev/null"#, "is about \"b\""),
    (#"read x; echo '{"answers":["B","B"]}'; exit 5"#, "ended with status 5"),
    ("exec sleep 30", "did not answer within 0.5 s"),
  ])
  func anExtractorThatFailsEndsTheRun(command: String, words: String) throws {
    let arguments = ["--skip-bad", "--extractor", command, "--extractor-timeout", "0.5"]
    let result = try reward(arguments, [Self.frames[0]])
    #expect(result.status == 74 && result.stderr.contains(words), "\(command): \(result.ending)")
    #expect(result.stderr.contains("extractor"), "\(result.stderr)")
  }

  /// The page's own extractor, as somebody pastes it.
  @Test func thePagesExtractorWorks() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/REWARDS.md"), as: UTF8.self)
    let section = try #require(page.split(separator: "\n## ").first { $0.hasPrefix("The extractor") })
    let parts = section.split(separator: "```")
    let code = try #require(parts.first { $0.hasPrefix("python\n") }).dropFirst("python\n".count)
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/extract.py", String(code))
      // The page's request, without its arrow.
      let request = try #require(section.split(separator: "\n").first { $0.hasPrefix("    -> ") }).dropFirst(7)
      let answers = try runPipeline("python3 \(folder)/extract.py", stdin: Array((request + "\n").utf8))
      #expect(answers.status == 0 && answers.text == "{\"answers\": [\"A\", null]}\n", "\(answers.ending)")
      let frame = question(
        "q", ["Whiskers, a tail: I see a cat there I guess", Self.prose], gt: "A",
        ["reward": "mcq", "choices": #"["a cat", "a dog"]"#])
      let result = try reward(["--extractor", "python3 \(folder)/extract.py"], [frame])
      #expect(result.status == 0, "\(result.ending)")
      #expect(try read(result.stdout)[0].metadata["verdicts"] == "right,unparsable")
    }
  }

  @Test func itsTimeoutIsChecked() throws {
    let result = try runTool("reward", ["--extractor", "cat", "--extractor-timeout", "0"], stdin: [])
    #expect(result.status == 64 && result.stderr.contains("must be above 0"), "\(result.ending)")
  }
}
