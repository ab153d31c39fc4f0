// SPDX-License-Identifier: MIT
// --log, through the executable: runs that are killed at any moment, finished runs, several runs in one file.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct StepLogTests {
  private let files = ParityFiles()

  private func losses(_ path: String) throws -> [JSONValue] {
    let text = String(decoding: try readFile(path), as: UTF8.self)
    return try text.split(separator: "\n").map { line in
      let line = try JSONValue.parse(String(line))
      return ["step": line["step"] ?? .null, "loss": line["loss"] ?? .null, "run": line["run"] ?? .null]
    }
  }

  @Test func aRunThatIsKilledHasALineAStepExactlyOnce() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", FrameWriter.pairs(files, copies: 400) { _, _ in })
      let command =
        "dpo-step --quiet --init \(files.checkpoint) --batch-size 2 --lr 1e-3 --threads 1 pairs"
      let whole = try runPipeline("\(command) --ckpt whole.bin --log whole.jsonl", in: folder)
      #expect(whole.status == 0 && whole.stdout.isEmpty, "\(whole.ending)")
      // Killed once before the first save, and twice between two saves, each time with lines of steps beyond the last.
      let kills = """
        for lines in 20 150 300; do
          \(command) --ckpt parts.bin --log parts.jsonl --save-every $((lines == 20 ? 1000 : 7)) & run=$!
          while (( $(cat parts.jsonl 2>/dev/null | wc -l) < lines )); do sleep 0.01; kill -0 $run || exit 9; done
          kill -KILL $run; wait $run
        done 2>/dev/null
        cp parts.jsonl killed.jsonl
        \(command) --ckpt parts.bin --log parts.jsonl
        """
      let parts = try runPipeline(kills, in: folder)
      #expect(parts.status == 0 && parts.stdout.isEmpty, "\(parts.ending)")
      let (expected, found) = (try losses(folder + "/whole.jsonl"), try losses(folder + "/parts.jsonl"))
      #expect(expected.map { $0["step"]?.int } == (1...600).map { $0 })
      #expect(found.map { $0["step"] } == expected.map { $0["step"] })
      #expect(found.map { $0["loss"] } == expected.map { $0["loss"] })
      #expect(Set(found.map { $0["run"]?.string }).count == 1)
      #expect(try readFile(folder + "/parts.bin") == readFile(folder + "/whole.bin"))
      // A finished run leaves its log alone.
      let before = try readFile(folder + "/parts.jsonl")
      let again = try runPipeline("\(command) --ckpt parts.bin --log parts.jsonl", in: folder)
      #expect(again.status == 0, "\(again.ending)")
      #expect(try readFile(folder + "/parts.jsonl") == before)
    }
  }

  @Test func severalRunsShareAFileAndAreToldApart() throws {
    try withTemporaryDirectory { folder in
      let command = "--init \(files.checkpoint) --log log.jsonl --steps 2 \(files.pairs)"
      let runs = try runPipeline(
        "sft-step --ckpt a.bin \(command) && sft-step --ckpt b.bin --lr 1e-4 \(command)", in: folder)
      #expect(runs.status == 0 && runs.stdout.isEmpty, "\(runs.ending)")
      #expect(runs.stderr.contains("log.jsonl: has 2 lines of other runs"), "\(runs.stderr)")
      let lines = try losses(folder + "/log.jsonl")
      #expect(lines.map { $0["step"]?.int } == [1, 2, 1, 2])
      #expect(Set(lines.map { $0["run"]?.string }).count == 2)
    }
  }

  @Test func callsOnAStreamGoOnInOneFile() throws {
    try withTemporaryDirectory { folder in
      let command =
        "sft-step --quiet --ckpt a.bin --init \(files.checkpoint) --batch-size 1 --log log.jsonl < \(files.pairs)"
      let calls = try runPipeline("\(command) && \(command)", in: folder)
      #expect(calls.status == 0 && calls.stdout.isEmpty && calls.stderr.isEmpty, "\(calls.ending)")
      #expect(try losses(folder + "/log.jsonl").map { $0["step"]?.int } == [1, 2, 3, 4, 5, 6])
    }
  }
}
