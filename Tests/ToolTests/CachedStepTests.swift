// SPDX-License-Identifier: MIT
// What a pipeline does not repeat was made from the same checkpoint, the same manifest and the same options.
import TestSupport
import Testing

@Suite struct CachedStepTests {
  private let base = "\"$pipelines/base.safetensors\""

  private func run(_ line: String, in folder: String, _ environment: [String: String] = [:]) throws -> ToolResult {
    var environment: [String: String?] = environment.mapValues { $0 }
    environment["PIVOT_BIN"] = productsFolder
    environment["pipelines"] = repositoryRoot + "/pipelines"
    return try runPipeline(line, environment: environment, in: folder)
  }

  /// Evaluates a checkpoint on w/choices.jsonl.
  ///
  /// - Returns: the accuracy of the line "all", and whether the checkpoint was asked.
  private func evaluate(
    _ checkpoint: String, in folder: String, _ environment: [String: String] = [:]
  ) throws -> (accuracy: String, asked: Bool) {
    let knobs = ["REWARD": "--rule exact", "MAX_TOKENS": "12"].merging(environment) { $1 }
    let result = try run("\"$pipelines/eval\" \(checkpoint) w/choices.jsonl", in: folder, knobs)
    #expect(result.status == 0, "\(result.ending)")
    let all = result.lines.last { $0.hasPrefix("all ") }?.split(separator: " ").map(String.init)
    return (try #require(all)[2], result.stderr.contains("eval: w/choices.jsonl"))
  }

  @Test func checkpointsOfOneNameHaveTheirOwnAnswers() throws {
    try withTemporaryDirectory { folder in
      _ = try run(
        """
        miniworld --quiet --scenes 8 --split val w && mkdir one other && cp \(base) one/policy.bin &&
        ckpt new --quiet --preset mini --seed 1 other/policy.bin
        """, in: folder)
      let good = try evaluate("one/policy.bin", in: folder)
      let blind = try evaluate("other/policy.bin", in: folder)
      #expect(try #require(Double(good.accuracy)) >= 50 && blind.accuracy == "0.0", "\(good) \(blind)")
      #expect(good.asked && blind.asked)
      #expect(try evaluate("one/policy.bin", in: folder) == (good.accuracy, false))
      // The same bytes by another way are the same checkpoint; other bytes by the same way are another.
      _ = try run(
        "ln -s \"$PWD/one\" linked && cp other/policy.bin retrained && mv retrained one/policy.bin", in: folder)
      #expect(try evaluate("linked/policy.bin", in: folder) == (blind.accuracy, false))
    }
  }

  @Test func answersDependOnLengthManifestAndPictures() throws {
    try withTemporaryDirectory { folder in
      _ = try run("miniworld --quiet --scenes 8 --split val w && cp \(base) policy.bin", in: folder)
      let first = try evaluate("policy.bin", in: folder)
      #expect(try first.asked && !evaluate("policy.bin", in: folder).asked)
      let short = try evaluate("policy.bin", in: folder, ["MAX_TOKENS": "1"])
      #expect(short.asked && short.accuracy != first.accuracy)
      // Every picture is another's now; the manifest is the same, byte for byte.
      _ = try run("for f in w/images/*; do cp w/images/000000.png other && mv other $f; done", in: folder)
      let blindfolded = try evaluate("policy.bin", in: folder)
      #expect(blindfolded.asked && blindfolded.accuracy != first.accuracy)
      _ = try run("head -n 20 w/choices.jsonl > half && mv half w/choices.jsonl", in: folder)
      #expect(try evaluate("policy.bin", in: folder).asked)
      #expect(try !evaluate("policy.bin", in: folder).asked)
    }
  }

  @Test func aFolderIsItsWeightsAndConfigsWithoutATrainingState() throws {
    try withTemporaryDirectory { folder in
      _ = try run("miniworld --quiet --scenes 2 w && ckpt convert --quiet --dtype f32 \(base) policy", in: folder)
      #expect(try evaluate("policy/", in: folder).asked)
      _ = try run("echo 1 > policy/training-state-120.safetensors; echo 2 > policy/README.md", in: folder)
      #expect(try !evaluate("policy", in: folder).asked)
      _ = try run("ckpt convert --quiet --dtype bf16 policy half && mv half/*.safetensors policy/", in: folder)
      #expect(try evaluate("policy", in: folder).asked)
      _ = try run("sed -i 's/helpful/silent/' policy/chat_template.jinja", in: folder)
      #expect(try evaluate("policy", in: folder).asked)
    }
  }

  @Test func aCheckpointThatIsReplacedWhileItAnswersHasNoAnswers() throws {
    try withTemporaryDirectory { folder in
      let result = try run(
        """
        miniworld --quiet --scenes 2 w && cp \(base) policy.bin && mkdir tools && ln -s "$PIVOT_BIN"/* tools/ && rm tools/sample
        printf '#!/bin/sh\\n"%s/sample" "$@" && case $1 in --ckpt) echo >> policy.bin ;; esac\\n' "$PIVOT_BIN" > tools/sample
        chmod +x tools/sample; PIVOT_BIN=$PWD/tools "$pipelines/eval" policy.bin w/choices.jsonl; s=$?
        ls eval-policy eval-policy/cache; exit $s
        """, in: folder, ["REWARD": "--rule exact"])
      #expect(
        result.status == 65 && result.stderr.contains("policy.bin was replaced while it answered"), "\(result.ending)")
      #expect(!result.lines.contains { $0.hasSuffix(".answers") || $0 == "table.txt" }, "\(result.text)")
    }
  }

  /// What `reward FOLDER/*.answers` finds is one checkpoint's, and a half-written file is no answer.
  @Test func aFolderNamesTheAnswersOfOneCheckpoint() throws {
    try withTemporaryDirectory { folder in
      let made = try run(
        """
        set -e
        miniworld --quiet --scenes 3 --seed 1 a; mv a/choices.jsonl a/a.jsonl
        miniworld --quiet --scenes 3 --seed 2 b; mv b/choices.jsonl b/b.jsonl
        mkdir other; ckpt new --quiet --preset mini --seed 1 other/base.bin
        "$pipelines/eval" \(base) a/a.jsonl b/b.jsonl; echo eval-base/*.answers
        "$pipelines/eval" other/base.bin a/a.jsonl; echo eval-base/*.answers
        "$pipelines/eval" other/base.bin b/b.jsonl; echo eval-base/*.answers
        echo cut short > "$(ls eval-base/cache/*.answers | head -n 1).partial.1"
        "$pipelines/eval" \(base) a/a.jsonl b/b.jsonl; frames stats --check eval-base/*.answers
        """, in: folder, ["REWARD": "--rule exact", "MAX_TOKENS": "12"])
      #expect(made.status == 0, "\(made.ending)")
      let both = "eval-base/a.answers eval-base/b.answers"
      #expect(
        made.lines.filter { $0.hasPrefix("eval-base/") && $0.hasSuffix("s") } == [both, "eval-base/a.answers", both])
      #expect(made.stderr.split(separator: "\n").count { $0.hasPrefix("eval: ") } == 4, "\(made.stderr)")
    }
  }

  /// An old folder is not gone on with from something else: the call says what differs and changes nothing.
  private func expectRefusal(
    _ call: String, _ changed: [String: String], naming difference: String, in folder: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let list = "find run -type f -exec sha256sum {} + | sort"
    let before = try run(list, in: folder).text
    let refused = try run(call, in: folder, changed)
    #expect(refused.status == 64, "\(refused.ending)", sourceLocation: sourceLocation)
    #expect(refused.stderr.contains(difference), "\(refused.stderr)", sourceLocation: sourceLocation)
    #expect(refused.stderr.split(separator: "\n").count == 1 && refused.stdout.isEmpty, sourceLocation: sourceLocation)
    #expect(try run(list, in: folder).text == before, sourceLocation: sourceLocation)
  }

  @Test func roundsOfAnotherBaseRateRuleOrManifestAreRefused() throws {
    try withTemporaryDirectory { folder in
      let sizes = ["ROUNDS": "1", "PROMPTS": "4", "N": "2", "MAX_TOKENS": "6", "RULE": "--rule exact"]
      _ = try run("miniworld --quiet --scenes 4 w; ckpt new --quiet --preset mini --seed 1 other.bin", in: folder)
      let call = "\"$pipelines/grpo\" \(base) w/choices.jsonl run"
      // A call that made nothing leaves nothing to disagree with.
      let failed = try run("echo '[' > bad; \"$pipelines/grpo\" \(base) bad run", in: folder, sizes)
      #expect(failed.status == 65, "\(failed.ending)")
      #expect(try run(call, in: folder, sizes).status == 0)
      let changes = [
        ("RULE", "--rule open-ended", "RULE was \"--rule exact\" and is \"--rule open-ended\""),
        ("STEP", "--lr 1e-4", "STEP was \"--batch-size 4 --lr 3e-5 --kl-coef 0.01\" and is \"--lr 1e-4\""),
        ("METHOD", "dpo", "METHOD was \"grpo\" and is \"dpo\""), ("SEED", "2", "SEED was \"1\" and is \"2\""),
        ("TEMPERATURE", "0.7", "TEMPERATURE was \"1\" and is \"0.7\""),
        ("N", "3", "N was \"2\" and is \"3\""), ("PROMPTS", "8", "PROMPTS was \"4\" and is \"8\""),
      ]
      for (key, value, difference) in changes {
        try expectRefusal(call, sizes.merging([key: value]) { $1 }, naming: difference, in: folder)
      }
      try expectRefusal("\"$pipelines/grpo\" other.bin w/choices.jsonl run", sizes, naming: "BASE was ", in: folder)
      _ = try run("sed -i 1d w/choices.jsonl", in: folder)
      try expectRefusal(call, sizes, naming: "MANIFEST was ", in: folder)
      _ = try run("rm run/inputs", in: folder)
      try expectRefusal(call, sizes, naming: "run: no record of what it was made from", in: folder)
    }
  }

  @Test func moreRoundsGoOn() throws {
    let sizes = ["PROMPTS": "4", "N": "2", "MAX_TOKENS": "6"]
    try withTemporaryDirectory { folder in
      let result = try run(
        """
        set -e
        miniworld --quiet --scenes 4 w
        for rounds in 1 2; do ROUNDS=$rounds "$pipelines/grpo" \(base) w/choices.jsonl a; done
        ROUNDS=2 "$pipelines/grpo" \(base) w/choices.jsonl b
        cmp a/round-2/policy.bin b/round-2/policy.bin
        """, in: folder, sizes)
      #expect(result.status == 0, "\(result.ending)")
    }
  }

  @Test func aPivotRunOfAnotherBaseOrRateIsRefused() throws {
    try withTemporaryDirectory { folder in
      let sizes = [
        "TRAIN_SCENES": "40", "VAL_SCENES": "4", "TEST_SCENES": "4", "PROBE_SCENES": "40", "EPOCHS": "1",
        "SFT_RATES": "1e-5", "DPO_RATES": "1e-5",
      ]
      let call = "\"$pipelines/pivot\" run"
      let made = try run(call, in: folder, sizes)
      #expect(made.status == 0, "\(made.ending)")
      for (key, value) in [("DPO_RATES", "1e-5 1e-4"), ("SFT_RATES", "1e-4"), ("EPOCHS", "2"), ("TEST_SCENES", "5")] {
        try expectRefusal(
          call, sizes.merging([key: value]) { $1 }, naming: "\(key) was \"\(sizes[key]!)\" and is \"\(value)\"",
          in: folder)
      }
      _ = try run("ckpt new --quiet --preset mini --seed 1 other.safetensors", in: folder)
      try expectRefusal(
        call, sizes.merging(["BASE": folder + "/other.safetensors"]) { $1 }, naming: "BASE was ", in: folder)
    }
  }

  @Test func aBaseRunOfOtherSizesIsRefused() throws {
    try withTemporaryDirectory { folder in
      let sizes = [
        "BATCH": "24", "CALL": "2", "SCENES": "12", "POINT_STEPS": "2", "ANSWER_STEPS": "2", "TEST_SCENES": "4",
      ]
      let call = "\"$pipelines/base\" run"
      let made = try run(call, in: folder, sizes)
      #expect(made.status == 0, "\(made.ending)")
      for (key, value) in [("BATCH", "12"), ("SCENES", "20"), ("ANSWER_STEPS", "3")] {
        try expectRefusal(
          call, sizes.merging([key: value]) { $1 }, naming: "\(key) was \"\(sizes[key]!)\" and is \"\(value)\"",
          in: folder)
      }
    }
  }
}
