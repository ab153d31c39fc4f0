// SPDX-License-Identifier: MIT
// The pipelines at a small size: killed at any moment, they end with the bytes of a run that nobody disturbed.
import TestSupport
import Testing

@Suite struct PipelineTests {
  /// Runs a line of bash in `folder` with the built tools, and `$pipelines` for the folder of the scripts.
  private func run(_ line: String, in folder: String, _ environment: [String: String]) throws -> ToolResult {
    var environment: [String: String?] = environment.mapValues { $0 }
    environment["PIVOT_BIN"] = productsFolder
    environment["pipelines"] = repositoryRoot + "/pipelines"
    return try runPipeline(line, environment: environment, in: folder)
  }

  /// Kills a pipeline and everything that it started after each of these times, then lets it run to its end.
  private func killed(_ call: String, after seconds: [String]) -> String {
    """
    for t in \(seconds.joined(separator: " ")); do
      setsid \(call) >/dev/null 2>&1 & p=$!
      sleep $t; kill -KILL -- -$p 2>/dev/null; wait $p 2>/dev/null
    done
    \(call)
    """
  }

  @Test func aBaseRunThatWasKilledEndsWithTheSameBytes() throws {
    let sizes = [
      "BATCH": "24", "CALL": "2", "SCENES": "12", "POINT_STEPS": "4", "ANSWER_STEPS": "5", "TEST_SCENES": "4",
    ]
    try withTemporaryDirectory { folder in
      let whole = try run("\"$pipelines/base\" a", in: folder, sizes)
      #expect(whole.status == 0, "\(whole.stderr)")
      #expect(whole.lines.first?.hasPrefix("type") == true && whole.lines.last?.hasPrefix("all") == true)
      let interrupted = try run(
        killed("\"$pipelines/base\" b", after: ["0.4", "0.7", "1.1", "1.6"]), in: folder, sizes)
      #expect(interrupted.status == 0, "\(interrupted.stderr)")
      let same = try runPipeline(
        """
        cmp a/base.safetensors b/base.safetensors && cmp a/points.bin b/points.bin && wc -l < b/points.jsonl &&
        wc -l < b/base.jsonl && diff a/accuracy.txt b/accuracy.txt && ls b
        """, in: folder)
      #expect(same.status == 0, "\(same.stderr)")
      #expect(same.lines.prefix(2) == ["4", "5"])
      #expect(!same.lines.contains { $0.hasSuffix(".frames") }, "\(same.lines)")
    }
  }

  @Test func aPivotRunThatWasKilledEndsWithTheSameTable() throws {
    let sizes = [
      "TRAIN_SCENES": "60", "VAL_SCENES": "6", "TEST_SCENES": "12", "PROBE_SCENES": "60", "EPOCHS": "1",
      "SFT_RATES": "1e-5 1e-4", "DPO_RATES": "1e-5 1e-4",
    ]
    try withTemporaryDirectory { folder in
      let whole = try run("\"$pipelines/pivot\" a", in: folder, sizes)
      #expect(whole.status == 0, "\(whole.stderr)")
      #expect(whole.text.contains("DPO: loss 0.693"), "\(whole.text)")
      for model in ["base", "sft", "dpo"] { #expect(whole.lines.contains { $0.hasPrefix(model + " ") }) }
      let interrupted = try run(killed("\"$pipelines/pivot\" b", after: ["0.3", "0.8", "1.5"]), in: folder, sizes)
      #expect(interrupted.status == 0, "\(interrupted.stderr)")
      let same = try runPipeline(
        "cmp a/dpo.bin b/dpo.bin && cmp a/sft.bin b/sft.bin && diff a/table.txt b/table.txt && ls b/*.partial*",
        in: folder)
      #expect(same.stdout.isEmpty && same.stderr.contains("No such file"), "\(same.text)\(same.stderr)")
      let again = try run("\"$pipelines/pivot\" a", in: folder, sizes)
      #expect(again.status == 0 && again.text == whole.text)
    }
  }

  /// Of the rounds with grpo-step, GRPOStepTests has the like.
  @Test func onPolicyPairsInRoundsThatWereKilledEndWithTheSamePolicy() throws {
    let sizes = [
      "METHOD": "dpo", "ROUNDS": "2", "PROMPTS": "24", "N": "4", "MAX_TOKENS": "8", "RULE": "--rule exact",
      "TEMPERATURE": "1.5",
    ]
    try withTemporaryDirectory { folder in
      let base = "\"$pipelines/base.safetensors\""
      _ = try runPipeline("miniworld --quiet --scenes 20 --types color,count,location w", in: folder)
      let call = "\"$pipelines/grpo\" \(base) w/choices.jsonl"
      let whole = try run(call + " a", in: folder, sizes)
      #expect(whole.status == 0, "\(whole.stderr)")
      let interrupted = try run(killed(call + " b", after: ["0.4", "0.8"]), in: folder, sizes)
      #expect(interrupted.status == 0, "\(interrupted.stderr)")
      let same = try runPipeline(
        "cmp a/round-2/policy.bin b/round-2/policy.bin && wc -l < b/round-2/log.jsonl", in: folder)
      #expect(same.status == 0, "\(same.stderr)")
    }
  }

  @Test func anEvaluationThatWasKilledEndsWithTheSameTable() throws {
    try withTemporaryDirectory { folder in
      _ = try runPipeline("miniworld --quiet --scenes 40 w", in: folder)
      let call = "\"$pipelines/eval\" \"$pipelines/base.safetensors\" w/choices.jsonl"
      let whole = try run(call, in: folder, ["REWARD": "--rule exact", "FOLDER": "a"])
      #expect(whole.status == 0, "\(whole.stderr)")
      let interrupted = try run(
        killed(call, after: ["0.2", "0.3", "0.4"]), in: folder, ["REWARD": "--rule exact", "FOLDER": "b"])
      #expect(interrupted.status == 0, "\(interrupted.stderr)")
      let same = try runPipeline(
        "diff a/table.txt b/table.txt && cmp a/choices.answers b/choices.answers && ls b/cache", in: folder)
      #expect(same.status == 0 && same.lines.count == 2, "\(same.text)\(same.stderr)")
    }
  }

  @Test func aCheckpointIsEvaluatedOverSeveralManifestsInOneTable() throws {
    try withTemporaryDirectory { folder in
      let result = try run(
        """
        for split in val test; do miniworld --quiet --scenes 8 --split $split $split; mv $split/choices.jsonl $split/$split.jsonl; done
        "$pipelines/eval" "$pipelines/base.safetensors" val/val.jsonl test/test.jsonl && ls eval-base
        """, in: folder, ["REWARD": "--rule exact"])
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.lines.contains { $0.hasPrefix("verdicts of 64 completions") }, "\(result.text)")
      #expect(result.lines.suffix(4) == ["scores.json", "table.txt", "test.answers", "val.answers"])
      let twice = try run("\"$pipelines/eval\" \"$pipelines/base.safetensors\" a/x.jsonl b/x.jsonl", in: folder, [:])
      #expect(twice.status != 0)
      let usage = try run("\"$pipelines/eval\" only-one", in: folder, [:])
      #expect(usage.status == 64 && usage.stderr.contains("  pipelines/eval CHECKPOINT MANIFEST..."), "\(usage.stderr)")
      let help = try run("\"$pipelines/eval\" --help", in: folder, [:])
      #expect(help.status == 0 && help.text == usage.stderr)
    }
  }
}
