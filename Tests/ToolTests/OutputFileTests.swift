// SPDX-License-Identifier: MIT
// What a tool reads is never what it writes.
import Glibc
import TensorStream
import TestSupport
import Testing

@Suite struct OutputFileTests {
  private func answers() throws -> [UInt8] {
    try FrameWriter.bytes(
      (0..<3).map {
        Frame(metadata: ["id": "q\($0)", "completions": #"["A"]"#, "gt": "A", "reward": "mcq", "benchmark": "GQA"])
      })
  }

  private func features(_ count: Int = 8, prefix: String = "image") throws -> [UInt8] {
    try FrameWriter.bytes(
      (0..<count).map { row in
        Frame(
          metadata: ["id": "\(prefix)-\(row)", "class": row % 2 == 0 ? "even" : "odd"],
          tensors: ["features": RawTensor(f32: [Float(row % 2), 1, Float(row)], shape: [1, 3])])
      })
  }

  /// Runs a line in a folder with the file `q`, links to it, and `old.jsonl`; all must be as they were, and nothing new.
  private func refuses(_ line: String, _ contents: [UInt8], _ words: String) throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", contents)
      try writeFile(folder + "/q.json.partial", contents)
      try writeFile(folder + "/other", contents)
      try writeFile(folder + "/old.jsonl", #"{"id":"q0","rewards":[1]}"# + "\n")
      symlink("q", folder + "/link")
      link(folder + "/q", folder + "/twin")
      let before = try runPipeline("ls; cat *", in: folder).stdout
      let result = try runPipeline(line + " > /dev/null", in: folder)
      #expect(result.status == 64 && result.stderr.contains(words), "\(line): \(result.ending)")
      #expect(result.stderr.split(separator: "\n").count == 1, "\(line): \(result.ending)")
      #expect(try runPipeline("ls; cat *", in: folder).stdout == before, "\(line)")
    }
  }

  @Test(arguments: [
    ("--ckpt out.bin --grads q q", "--grads q: is an input"),
    ("--ckpt out.bin --log ./q q", "--log ./q: is an input (q)"),
    ("--ckpt out.bin --grads link < q", "--grads link: is an input (standard input)"),
    ("--ckpt q q", "--ckpt q: is an input"),
  ])
  func aStepKeepsItsInputs(options: String, words: String) throws {
    let files = ParityFiles()
    try refuses("dpo-step --init \(files.checkpoint) --steps 1 \(options)", files.bytes(), words)
  }

  @Test(arguments: [
    ("reward --json q q", "--json q: is an input"), ("reward --lines q q", "--lines q: is an input"),
    ("reward --lines ./q other q", "--lines ./q: is an input (q)"),
    ("reward --json link q", "--json link: is an input (q)"), ("reward --json twin q", "--json twin: is an input (q)"),
    ("reward --json q < q", "--json q: is an input (standard input)"),
    ("reward --json q other - < q", "--json q: is an input (standard input)"),
    ("reward --lines new --json q q", "--json q: is an input"),
    ("reward --diff old.jsonl --lines old.jsonl q", "--lines old.jsonl: is an input"),
    ("reward --json q.json q.json.partial", "q.json.partial: is an input"),
  ])
  func rewardKeepsItsInputs(line: String, words: String) throws { try refuses(line, try answers(), words) }

  @Test(arguments: [
    ("--predictions q --split 0.5 q", "--predictions q: is an input"),
    ("--predictions q --test other q", "--predictions q: is an input"),
    ("--probabilities other --test other q", "--probabilities other: is an input"),
    ("--predictions new --confusion link --split 0.5 < q", "--confusion link: is an input (standard input)"),
    ("--confusion q --split 0.5 --compare q other", "--confusion q: is an input"),
  ])
  func probeKeepsItsInputs(options: String, words: String) throws {
    try refuses("probe linear \(options)", try features(), words)
  }

  /// What was there stays until the run is whole, and a link keeps leading where it did.
  @Test func outputsAppearWhole() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", try answers())
      try writeFile(folder + "/cut", try answers().dropLast(200))
      for name in ["sum", "lines"] { try writeFile("\(folder)/\(name)", "old\n") }
      symlink("lines", folder + "/link")
      let failed = try runPipeline("reward --json sum --lines link cut > /dev/null; echo $?; ls", in: folder)
      #expect(failed.lines == ["65", "cut", "lines", "link", "q", "sum"], "\(failed.text)")
      #expect(try readFile(folder + "/sum") == Array("old\n".utf8))
      #expect(try readFile(folder + "/lines") == Array("old\n".utf8))
      let good = try runPipeline("reward --json sum --lines link q > /dev/null; echo $?; ls", in: folder)
      #expect(good.lines == ["0", "cut", "lines", "link", "q", "sum"], "\(good.text)")
      #expect(try readFile(folder + "/lines").split(separator: 0x0A).count == 3)
      #expect(try readFile(folder + "/sum").first == UInt8(ascii: "{"))
      #expect(try runPipeline("readlink link", in: folder).text == "lines\n")
    }
  }

  /// Devices, pipes, and what standard error is are written as they are.
  @Test func specialFilesAreNoInputs() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/q", try answers())
      let null = try runPipeline("reward --json /dev/null --lines /dev/null < q > /dev/null", in: folder)
      #expect(null.status == 0, "\(null.ending)")
      let empty = try runPipeline("reward --json /dev/null < /dev/null", in: folder)
      #expect(empty.status == 65, "\(empty.ending)")
      let pipe = try runPipeline("reward --lines /dev/stderr q 2>&1 > /dev/null | wc -l", in: folder)
      #expect(pipe.text.contains("3"), "\(pipe.text)")
      let log = try runPipeline(
        "echo first > log; reward --summary --lines /dev/stderr q > /dev/null 2>> log; wc -l < log; head -1 log",
        in: folder)
      #expect((Int(log.lines.first ?? "") ?? 0) > 5 && log.lines.last == "first", "\(log.text)")
    }
  }
}
