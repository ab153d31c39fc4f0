// SPDX-License-Identifier: MIT
// miniworld as a user runs it: what it writes, what it says, how it ends.
import TestSupport
import Testing

@Suite struct MiniworldToolTests {
  @Test func aWorldIsWrittenInSilenceAndTheSameOptionsGiveTheSameBytes() throws {
    try withTemporaryDirectory { base in
      let options = ["--scenes", "5", "--seed", "3", "--questions", "2", "--types", "shape,color", "--split", "probe"]
      for name in ["a", "b"] {
        let run = try runTool("miniworld", options + [name], in: base)
        #expect(run.status == 0 && run.stdout.isEmpty && run.stderr.isEmpty)
      }
      let same = try runPipeline(
        "diff -r a b && ls a a/images && grep -c '\"type\":\"shape\"\\|\"type\":\"color\"' a/pairs.jsonl", in: base)
      #expect(same.status == 0)
      #expect(
        same.lines == [
          "a:", "captions.jsonl", "choices.jsonl", "images", "labels.jsonl", "masks", "masks.jsonl", "pairs.jsonl",
          "points.jsonl", "qa.jsonl", "a/images:",
          "000000.png", "000001.png", "000002.png", "000003.png", "000004.png", "10",
        ])
    }
  }

  @Test func verboseSumsUpOnStandardError() throws {
    try withTemporaryDirectory { base in
      let run = try runTool("miniworld", ["--scenes", "3", "--types", "texture", "--verbose", "w"], in: base)
      #expect(run.status == 0 && run.stdout.isEmpty)
      #expect(run.stderr.hasPrefix("miniworld: w: 3 scenes in "), "\(run.stderr)")
    }
  }

  @Test(arguments: [
    (["--types", "shape,foo", "w"], 64, "\"foo\" is none of shape, color, texture, digit, count, leftright"),
    (["--scenes=-3", "w"], 64, "--scenes -3: must be 0 or more"),
    (["--points=-1", "w"], 64, "--points -1: must be 0 or more"),
    (["--rejected-from", "none.frames", "w"], 66, "none.frames"),
    (["--questions=-1", "w"], 64, "--questions -1: must be 0 or more"),
    (["--split", "all", "w"], 64, "'all' is invalid for '--split <split>'"),
    ([], 64, "Missing expected argument '<outdir>'"),
    (["full"], 73, "miniworld: full: the folder is not empty; name a new one or remove it"),
    (["full/file"], 73, "miniworld: full/file: cannot be a folder: Not a directory"),
    (["missing/w"], 73, "cannot be created: No such file or directory"),
  ]) func aWrongCallIsRefusedInOneLine(_ arguments: [String], _ status: Int32, _ text: String) throws {
    try withTemporaryDirectory { base in
      let run = try runPipeline("mkdir full && echo mine > full/file", in: base)
      #expect(run.status == 0)
      let refused = try runTool("miniworld", arguments, in: base)
      #expect(refused.status == status && refused.stdout.isEmpty)
      #expect(refused.stderr.contains(text), "\(refused.stderr)")
      #expect(refused.stderr.split(separator: "\n").count == 1)
      #expect(try runPipeline("ls -A . full", in: base).lines == [".:", "full", "full:", "file"])
    }
  }

  @Test func whatAModelGetsWrongIsRejected() throws {
    try withTemporaryDirectory { base in
      let world = "miniworld --quiet --scenes 30 --seed 2 --questions 3 --split train"
      let made = try runPipeline(
        """
        set -e; ckpt new --quiet --preset mini m.bin; \(world) w
        imgtok --ckpt m.bin w/choices.jsonl | score --ckpt m.bin --choices > scored
        \(world) --rejected-from scored a; \(world) --rejected-from scored b; cmp a/pairs.jsonl b/pairs.jsonl
        cmp w/choices.jsonl a/choices.jsonl; cmp w/images/000007.png a/images/000007.png
        wc -l < w/pairs.jsonl; wc -l < a/pairs.jsonl
        diff <(grep -o '"rejected":"[^"]*"' w/pairs.jsonl) <(grep -o '"rejected":"[^"]*"' a/pairs.jsonl) | grep -c '^>' || true
        frames head -n 10 scored > few
        \(world) --rejected-from few c
        """, in: base)
      #expect(made.status == 65, "\(made.stderr)")
      let counts = made.lines.compactMap { Int($0.trimmingPrefix { $0 == " " }) }
      // An untrained model is sure of nothing, so that nearly every question stays, most with another mistake.
      #expect(counts.count == 3 && counts[0] >= 80 && counts[1] >= counts[0] * 9 / 10 && counts[2] >= counts[0] / 3)
      #expect(
        made.stderr.contains(
          "miniworld: no scored frame has the id train2-000003-1; score choices.jsonl of a world with the same seed, split, "
            + "scenes and types"), "\(made.stderr)")
      let foreign = try runPipeline(
        "frames select --drop logp_choices scored | cat > x; \(world) --rejected-from x d", in: base)
      #expect(foreign.status == 65 && foreign.stderr.contains("has no \"logp_choices\"; score --choices adds them"))
    }
  }

  @Test func anInterruptedRunLeavesNothing() throws {
    try withTemporaryDirectory { base in
      let run = try runPipeline(
        """
        miniworld --scenes 1000000 w & p=$!
        for i in $(seq 200); do if ls -d w.partial-* >/dev/null 2>&1; then break; fi; sleep 0.05; done
        kill -TERM $p; wait $p; echo "status $?"; ls -A
        """, in: base)
      #expect(run.lines == ["status 143"])
      #expect(run.stderr == "miniworld: interrupted; nothing was written\n")
    }
  }
}
