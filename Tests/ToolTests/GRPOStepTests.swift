// SPDX-License-Identifier: MIT
// grpo-step, through the executable.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct GRPOStepTests {
  private let files = ParityFiles()
  private let groups = fixture("grpo/groups.frames")

  /// The groups of Tests/Fixtures/grpo, whose completions are of no policy, as a stream.
  private func stream(copies: Int = 1, _ change: (Int, inout Frame) throws -> Void = { _, _ in }) throws -> [UInt8] {
    let originals = try read(readFile(groups))
    return try FrameWriter.bytes(
      (0..<copies * originals.count).map { number in
        var frame = originals[number % originals.count]
        frame.metadata["id"] = "group-\(number)"
        try change(number, &frame)
        return frame
      })
  }

  @Test func aStepIsOneLineWithTheNamesOfTRL() throws {
    try withTemporaryDirectory { folder in
      let result = try runTool(
        "grpo-step",
        [
          "--ckpt", "out.bin", "--init", files.checkpoint, "--off-policy", "--kl-coef", "0.5", "--warmup", "0",
          "--threads", "2", groups,
        ], in: folder)
      #expect(result.status == 0 && result.lines.count == 1, "\(result.ending)")
      let summary = try JSONValue.parse(readFile(fixture("grpo/summary.json")))
      let expected = try #require(summary["losses"]?["grpo-kl"])
      let line = try JSONValue.parse(result.lines[0])
      for (key, name) in [("loss", "loss"), ("kl", "kl"), ("ratio/mean", "ratio"), ("ratio/max", "ratio_max")] {
        expectClose(line[key]?.double ?? .nan, expected[name]?.double ?? .nan, tolerance: 1e-5, key)
      }
      for key in [
        "step", "reward", "reward_std", "zero_variance_groups", "frac_reward_zero_std", "completions/mean_length",
        "completions/max_length", "completions/clipped_ratio", "clip_ratio/region_mean", "clip_ratio/low_mean",
        "clip_ratio/high_mean", "kl_coef", "nll", "inner_epoch", "grad_norm", "grad_norm/vision", "learning_rate",
        "tokens_per_second", "groups_per_second", "peak_memory_bytes",
      ] { #expect(line[key]?.double != nil, "\(key)") }
      #expect(result.stderr.contains("out.bin: saved after step 1"), "\(result.stderr)")
    }
  }

  /// Two calls on pipes are one run: step, moments and coefficient go on; a call that was cut goes on with --resume, in
  /// the middle of a batch's inner epochs too.
  @Test func roundsOnAPipeAreOneRun() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/groups", stream(copies: 2))
      let options =
        "--init \(files.checkpoint) --off-policy --batch-size 4 --inner-epochs 2 --minibatch-size 2 --lr 1e-3 --warmup 0 "
        + "--schedule constant --kl-coef 0.5 --kl-target 0.02 --kl-horizon 50"
      let first = try runPipeline("grpo-step --ckpt out.bin \(options) < groups", in: folder)
      #expect(try first.status == 0 && first.numbers("step") == [1, 2, 3, 4, 5, 6, 7, 8], "\(first.ending)")
      let second = try runPipeline("grpo-step --ckpt out.bin \(options) < groups", in: folder)
      #expect(try second.status == 0 && second.numbers("step").first == 9, "\(second.ending)")
      let before = try first.numbers("kl_coef").compactMap { $0 }
      let after = try second.numbers("kl_coef").compactMap { $0 }
      // Step 6 steers it last: steps 7 and 8 are of the second inner epoch.
      expectClose(after[0], before[7], tolerance: 1e-12)
      #expect(before[0] == 0.5 && before[1] > before[0] && before[3] == before[2])
      // Cut inside the sixth frame: the first batch's four steps are saved.
      let cut = try runPipeline(
        "head -c $(( $(stat -c %s groups) * 11 / 16 )) groups | grpo-step --ckpt cut.bin \(options)", in: folder)
      #expect(cut.status == 65 && cut.lines.count == 4, "\(cut.ending)")
      let rest = try runPipeline("grpo-step --ckpt cut.bin \(options) --resume < groups", in: folder)
      #expect(try rest.status == 0 && rest.numbers("step") == [5, 6, 7, 8], "\(rest.ending)")
      let whole = try runPipeline("grpo-step --ckpt whole.bin \(options) < groups", in: folder)
      #expect(whole.status == 0, "\(whole.ending)")
      for file in [".bin", ".bin.state-8.safetensors"] {
        #expect(try readFile(folder + "/cut\(file)") == readFile(folder + "/whole\(file)"), "\(file)")
      }
    }
  }

  @Test func aKilledRunEndsWithTheSameBytes() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/groups", stream(copies: 3))
      let command =
        "grpo-step --init \(files.checkpoint) --off-policy --batch-size 3 --minibatch-size 2 --inner-epochs 3 --epochs 2 "
        + "--shuffle --save-every 1 --lr 1e-4 --kl-coef 0.1 --kl-target 0.02 groups"
      let whole = try runPipeline("\(command) --ckpt whole.bin", in: folder)
      #expect(whole.status == 0 && whole.lines.count == 48, "\(whole.ending)")
      let killed = try runPipeline(
        """
        delay=30
        until timeout -s KILL 0.$(printf %03d $delay) \(command) --ckpt parts.bin > /dev/null 2> errors; do
          [ -e parts.bin ] && { ckpt show parts.bin > shown || echo unreadable; }
          delay=$(( delay + 7 )); kills=$(( kills + 1 )); [ $delay -lt 990 ] || delay=30; [ $kills -lt 200 ] || exit 1
        done
        echo $kills
        """, in: folder)
      #expect(killed.status == 0 && !killed.text.contains("unreadable"), "\(killed.text) \(killed.stderr)")
      #expect(try readFile(folder + "/parts.bin") == readFile(folder + "/whole.bin"))
      #expect(
        try readFile(folder + "/parts.bin.state-48.safetensors") == readFile(folder + "/whole.bin.state-48.safetensors")
      )
    }
  }

  @Test func completionsOfAnotherPolicyAreRefused() throws {
    try withTemporaryDirectory { folder in
      let arguments = ["--ckpt", folder + "/out.bin", "--init", files.checkpoint, "--schedule", "constant"]
      let strange = try runTool("grpo-step", arguments, stdin: stream())
      #expect(
        strange.status == 65 && strange.stderr.contains("frame 0 (id group-0): completion 0"), "\(strange.ending)")
      #expect(strange.stderr.contains("another policy, temperature or checkpoint"), "\(strange.stderr)")
      let named = try runTool("grpo-step", arguments, stdin: stream { $1.metadata["policy"] = "0123456789abcdef" })
      #expect(
        named.status == 65 && named.stderr.contains("were sampled by the policy 0123456789abcdef"), "\(named.ending)")
      for result in [strange, named] { #expect(result.stderr.split(separator: "\n").count == 1, "\(result.stderr)") }
      #expect(try runPipeline("ls -A \(folder)").lines == [])
      #expect(try runTool("grpo-step", arguments + ["--off-policy"], stdin: stream()).status == 0)
    }
  }

  @Test func badFramesAreRefusedOrLeftOut() throws {
    try withTemporaryDirectory { folder in
      let arguments = ["--init", files.checkpoint, "--off-policy", "--schedule", "constant"]
      let bytes = try stream { if $0 == 1 { $1.tensors["rewards"] = RawTensor(f32: [0, .nan, 1]) } }
      let refused = try runTool("grpo-step", ["--ckpt", "a.bin"] + arguments, stdin: bytes, in: folder)
      #expect(refused.status == 65, "\(refused.ending)")
      #expect(
        refused.stderr.contains("frame 1 (id group-1): \"rewards\"[1] is nan, expected a finite reward"),
        "\(refused.stderr)")
      let skipped = try runTool("grpo-step", ["--ckpt", "b.bin", "--skip-bad"] + arguments, stdin: bytes, in: folder)
      #expect(skipped.status == 0 && skipped.stderr.contains("1 bad example left out"), "\(skipped.ending)")
      let dead = try runPipeline("false | grpo-step --ckpt c.bin --init \(files.checkpoint)", in: folder)
      #expect(dead.status == 65, "\(dead.ending)")
      let empty = try runTool("grpo-step", ["--ckpt", "d.bin"] + arguments, stdin: FrameWriter.bytes([]), in: folder)
      #expect(empty.status == 65, "\(empty.ending)")
    }
  }

  /// pipelines/grpo: rounds that sample from the policy of the round before; killed again and again it ends with the same
  /// bytes.
  @Test func roundsOfThePipelineSurviveKills() throws {
    try withTemporaryDirectory { folder in
      let pipeline = "\(repositoryRoot)/pipelines/grpo base world/choices.jsonl"
      let made = try runPipeline(
        """
        ckpt new --preset mini --seed 1 base
        miniworld --quiet --scenes 4 --questions 2 --seed 1 world
        export PIVOT_BIN=$(dirname "$(command -v sample)") ROUNDS=3 PROMPTS=3 N=3 MAX_TOKENS=6
        \(pipeline) whole
        for delay in 1 2 3 4 5 6; do timeout -s KILL 0.$delay \(pipeline) parts > /dev/null 2>&1 || true; done
        \(pipeline) parts
        """, in: folder)
      #expect(made.status == 0, "\(made.ending)")
      for file in ["policy.bin", "policy.bin.state-3.safetensors", "rollouts"] {
        #expect(
          try readFile(folder + "/whole/round-3/\(file)") == readFile(folder + "/parts/round-3/\(file)"), "\(file)")
      }
      let log = try runPipeline("cat whole/round-*/log.jsonl", in: folder)
      #expect(try log.numbers("step") == [1, 2, 3] && log.numbers("policy_age") == [0, 0, 0], "\(log.text)")
    }
  }

  @Test func wrongCommandLinesAreRefusedBeforeAnythingIsWritten() throws {
    try withTemporaryDirectory { folder in
      let base = ["--ckpt", "out.bin", "--init", files.checkpoint]
      let cases: [(arguments: [String], text: String)] = [
        (base + ["--loss", "ppo", groups], "--loss"),
        (base + ["--loss", "dr-grpo", groups], "give --normalizer"),
        (base + ["--kl-target", "0.1", groups], "--kl-target"),
        (base + ["--clip-low", "1", groups], "--clip-low 1.0"),
        (base + ["--minibatch-size", "9", groups], "--minibatch-size 9"),
        (base + ["--inner-epochs", "0", groups], "--inner-epochs 0"),
        (base + ["--min-lr", "1", groups], "--min-lr 1.0"),
        (base + ["--preset", "pivot-dpo", groups], "is one of dpo-step"),
        (base + ["--preset", "vlaa-grpo"], "--schedule cosine: needs to know the run's length"),
        (["--init", files.checkpoint, groups], "--ckpt"),
      ]
      for (arguments, text) in cases {
        let result = try runTool("grpo-step", arguments, in: folder)
        #expect(result.status == 64 && result.stderr.contains(text), "\(arguments): \(result.ending)")
        #expect(result.stderr.split(separator: "\n").count == 1 && result.stdout.isEmpty, "\(arguments)")
      }
      #expect(try runPipeline("ls -A", in: folder).lines == [])
      let help = try runTool("grpo-step", ["--help"])
      #expect(help.status == 0 && help.text.contains("Example: ") && help.stderr.isEmpty)
    }
  }
}
