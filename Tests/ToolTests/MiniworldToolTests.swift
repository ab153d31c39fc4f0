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
          "a:", "choices.jsonl", "images", "labels.jsonl", "masks", "masks.jsonl", "pairs.jsonl", "qa.jsonl",
          "a/images:",
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
