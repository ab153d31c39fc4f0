// SPDX-License-Identifier: MIT
// --skip-bad over a file that is read again and again: bad examples are named and counted once, and a file without any good
// one ends the run.
import TensorStream
import TestSupport
import Testing

@Suite struct SkippingTests {
  private let files = ParityFiles()

  @Test func aFileWithoutAGoodFrameEndsTheRun() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", FrameWriter.pairs(files) { $1.metadata["tokenizer"] = "0123456789abcdef" })
      _ = try runPipeline("cp -r \(files.checkpoint) base", in: folder)
      let result = try runPipeline(
        "dpo-step --ckpt out.bin --init base --steps 5 --batch-size 2 --skip-bad pairs", in: folder, timeout: 60)
      #expect(result.status == 65, "\(result.ending)")
      #expect(result.stderr.contains("pairs: a whole pass over it gave no step"), "\(result.stderr)")
      #expect(result.stderr.split(separator: "\n").count { $0.contains("left out: ") } == 3, "\(result.stderr)")
    }
  }

  @Test func aBadFrameIsNamedOnceHoweverOftenItIsRead() throws {
    try withTemporaryDirectory { folder in
      try writeFile(
        folder + "/pairs", FrameWriter.pairs(files) { if $0 == 1 { $1.metadata["tokenizer"] = "0123456789abcdef" } })
      let result = try runPipeline(
        "dpo-step --ckpt out.bin --init \(files.checkpoint) --epochs 4 --batch-size 3 --warmup 0 --skip-bad pairs",
        in: folder)
      #expect(result.status == 0 && result.lines.count == 4, "\(result.ending)")
      #expect(result.stderr.split(separator: "\n").count { $0.contains("left out: ") } == 1, "\(result.stderr)")
      #expect(result.stderr.contains("1 bad example left out"), "\(result.stderr)")
    }
  }

  @Test func anotherLengthOfARunIsSaidInItsOwnWords() throws {
    try withTemporaryDirectory { folder in
      let command = "dpo-step --ckpt out.bin --init \(files.checkpoint) --batch-size 1 --warmup 0.5 \(files.pairs)"
      #expect(try runPipeline("\(command) --epochs 2", in: folder).status == 0)
      let result = try runPipeline("\(command) --epochs 4", in: folder)
      #expect(result.status == 64, "\(result.ending)")
      #expect(
        result.stderr.contains("--steps 12: the run in out.bin has 6; --epochs counts as the steps that it comes to"),
        "\(result.stderr)")
      for log in ["''", "-", "out.bin"] {
        #expect(try runPipeline("\(command) --epochs 2 --log \(log)", in: folder).status == 64)
      }
    }
  }
}
