// SPDX-License-Identifier: MIT
// dpo-step, through the executable.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct DPOStepTests {
  private let files = ParityFiles()

  /// Frames without reference log-probabilities.
  private func unscored(copies: Int = 1) throws -> [UInt8] {
    try FrameWriter.pairs(files, copies: copies) { _, frame in
      frame.tensors["logp_chosen"] = nil
      frame.tensors["logp_rejected"] = nil
    }
  }

  @Test func theDesignedPipelineTrainsTheEncoder() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 4))
      let result = try runPipeline(
        "cat pairs | encode | dpo-step --ckpt enc.bin --lr 1e-3", environment: ["PIVOT_CKPT": files.checkpoint],
        in: folder)
      #expect(result.status == 0, "\(result.ending)")
      #expect(result.lines.count == 2)
      expectClose(try result.numbers("loss")[0] ?? .nan, 0.6931472, tolerance: 1e-6)
      #expect(try (result.numbers("loss")[1] ?? 1) < 0.69)
      #expect(result.stderr.contains("second, frozen model") && result.stderr.contains("score"), "\(result.stderr)")
      let line = try JSONValue.parse(result.lines[1])
      for key in [
        "step", "loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen",
        "logps/rejected", "grad_norm", "grad_norm/vision", "grad_norm/projector", "grad_norm/llm", "learning_rate",
        "tokens_per_second", "pairs_per_second", "peak_memory_bytes",
      ] { #expect(line[key]?.double != nil, "\(key)") }
      // The same with scored frames needs no second model and gives the same loss.
      let scored = try runPipeline(
        "score pairs | dpo-step --ckpt two.bin --lr 1e-3", environment: ["PIVOT_CKPT": files.checkpoint], in: folder)
      #expect(scored.status == 0 && !scored.stderr.contains("frozen"), "\(scored.ending)")
      for (a, b) in zip(try result.numbers("loss"), try scored.numbers("loss")) {
        expectClose(a ?? .nan, b ?? .nan, tolerance: 1e-5)
      }
    }
  }

  @Test func anInterruptedStreamGoesOnWithResume() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 4))
      let options = "--init \(files.checkpoint) --batch-size 3 --schedule constant --warmup 0 --lr 1e-3"
      let whole = try runPipeline("dpo-step --ckpt whole.bin \(options) < pairs", in: folder)
      #expect(whole.status == 0 && whole.lines.count == 4, "\(whole.ending)")
      // The stream is cut after seven frames: two steps were taken, and are saved.
      let first = try runPipeline(
        "dpo-step --ckpt parts.bin \(options) < <(head -c $(( $(stat -c %s pairs) * 7 / 12 )) pairs)", in: folder)
      #expect(first.status == 65 && first.lines.count == 2, "\(first.ending)")
      let second = try runPipeline("dpo-step --ckpt parts.bin \(options) --resume < pairs", in: folder)
      #expect(second.status == 0 && second.lines.count == 2, "\(second.ending)")
      #expect(try second.numbers("step") == [3, 4])
      #expect(try readFile(folder + "/parts.bin") == readFile(folder + "/whole.bin"))
      #expect(
        try readFile(folder + "/parts.bin.state-4.safetensors") == readFile(folder + "/whole.bin.state-4.safetensors"))
      // Only the end frame was missing: all steps are taken, and resuming ends the call.
      let cut = try runPipeline("dpo-step --ckpt cut.bin \(options) < <(head -c -40 pairs)", in: folder)
      #expect(cut.status == 65 && cut.lines.count == 4, "\(cut.ending)")
      let rest = try runPipeline("dpo-step --ckpt cut.bin \(options) --resume < pairs", in: folder)
      #expect(rest.status == 0 && rest.lines.isEmpty, "\(rest.ending)")
      #expect(try readFile(folder + "/cut.bin") == readFile(folder + "/whole.bin"))
      // Without --resume a call takes its stream as new, and goes on with moments and step.
      let third = try runPipeline("dpo-step --ckpt parts.bin \(options) < pairs", in: folder)
      #expect(try third.status == 0 && third.numbers("step") == [5, 6, 7, 8], "\(third.ending)")
    }
  }

  @Test func aSignalSavesAndTheSameCommandGoesOn() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 4))
      let command = "dpo-step --ckpt out.bin --init \(files.checkpoint) --batch-size 3 --warmup 0 --schedule constant"
      for (signal, status) in [("TERM", Int32(143)), ("INT", 130)] {
        // The writer waits after six frames; the signal comes while the tool waits for the next.
        let stopped = try runPipeline(
          """
          set -m; set +o pipefail
          { (head -c $(( $(stat -c %s pairs) / 2 + 40 )) pairs; echo $BASHPID > writer; exec sleep 60) |
            (echo $BASHPID > tool; exec \(command) > log); echo ${PIPESTATUS[1]} > status; } &
          for i in $(seq 400); do [ "$(wc -l < log)" = 2 ] && break; sleep 0.05; done 2> /dev/null
          kill -\(signal) $(cat tool); while kill -0 $(cat tool) 2> /dev/null; do sleep 0.05; done
          kill $(cat writer); wait; cat status log; rm -f status log out.bin*
          """, in: folder)
        #expect(stopped.lines.first == "\(status)", "\(signal): \(stopped.text) \(stopped.stderr)")
        #expect(stopped.stderr.contains("stopped by a signal; out.bin is saved after step 2"), "\(stopped.stderr)")
      }
    }
  }

  @Test func aKilledRunNeverLosesACheckpointAndEndsWithTheSameBytes() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 5))
      let command =
        "dpo-step --init \(files.checkpoint) --batch-size 2 --epochs 6 --shuffle --save-every 1 --lr 1e-4 pairs"
      let whole = try runPipeline("\(command) --ckpt whole.bin", in: folder)
      #expect(whole.status == 0 && whole.lines.count == 48, "\(whole.ending)")
      let killed = try runPipeline(
        """
        delay=30
        until timeout -s KILL 0.$(printf %03d $delay) \(command) --ckpt parts.bin > /dev/null 2> errors; do
          [ -s errors ] && ! grep -q Killed errors && grep -v second errors >&2
          [ -e parts.bin ] && { ckpt show parts.bin > shown || echo unreadable; }
          delay=$(( delay + 7 )); kills=$(( kills + 1 )); [ $delay -lt 990 ] || delay=30; [ $kills -lt 200 ] || exit 1
        done
        echo $kills
        """, in: folder)
      #expect(killed.status == 0 && !killed.text.contains("unreadable"), "\(killed.text) \(killed.stderr)")
      #expect(try readFile(folder + "/parts.bin") == readFile(folder + "/whole.bin"))
      let left = try runPipeline("ls -A | grep parts", in: folder).lines
      #expect(left == ["parts.bin", "parts.bin.state-48.safetensors"], "\(left)")
    }
  }

  @Test func aStepThatIsNotFiniteIsNotTaken() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 2))
      let options =
        "--init \(files.checkpoint) --batch-size 3 --lr 1e38 --clip-norm 0 --warmup 0 --schedule constant pairs"
      let result = try runPipeline("dpo-step --ckpt out.bin \(options)", in: folder)
      #expect(result.status == 65 && result.lines.count == 1, "\(result.ending)")
      #expect(result.stderr.contains("step 2: ") && result.stderr.contains("is not finite"), "\(result.stderr)")
      #expect(result.stderr.contains("pair-3, pair-4, pair-5"), "\(result.stderr)")
      let skipped = try runPipeline("dpo-step --ckpt skip.bin --skip-bad \(options)", in: folder)
      #expect(
        skipped.status == 0 && skipped.lines.count == 1 && skipped.stderr.contains("pair-3, pair-4, pair-5"),
        "\(skipped.ending)")
    }
  }

  @Test func aLogThatNobodyReadsDoesNotStopTheRun() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 8))
      let result = try runPipeline(
        "dpo-step --ckpt out.bin --init \(files.checkpoint) --batch-size 1 pairs | head -n 1; echo ${PIPESTATUS[0]}",
        in: folder)
      #expect(result.lines.count == 2 && result.lines.last == "0", "\(result.text) \(result.stderr)")
      #expect(result.stderr.contains("saved after step 24"), "\(result.stderr)")
    }
  }

  @Test func framesOfARunAgreeOnTheirReference() throws {
    try withTemporaryDirectory { folder in
      func stream(_ change: (Int, inout Frame) -> Void) throws -> [UInt8] {
        try FrameWriter.pairs(files) { number, frame in
          frame.metadata["reference"] = "0123456789abcdef"
          change(number, &frame)
        }
      }
      let arguments = ["--ckpt", folder + "/out.bin", "--init", files.checkpoint, "--schedule", "constant"]
      let other = try runTool("dpo-step", arguments, stdin: stream { if $0 == 1 { $1.metadata["reference"] = "x" } })
      #expect(other.status == 65 && other.stderr.contains("frame 1 (id pair-1): its reference is x"), "\(other.ending)")
      let none = try runTool(
        "dpo-step", arguments,
        stdin: stream {
          if $0 == 2 { ($1.tensors["logp_chosen"], $1.tensors["logp_rejected"]) = (nil, nil) }
        })
      #expect(none.status == 65 && none.stderr.contains("frame 2 (id pair-2): has no reference"), "\(none.ending)")
      #expect(try runTool("dpo-step", arguments, stdin: stream { _, _ in }).status == 0)
      let resumed = try runTool("dpo-step", arguments, stdin: stream { $1.metadata["reference"] = "y" })
      #expect(
        resumed.status == 65 && resumed.stderr.contains("that of the run is 0123456789abcdef"), "\(resumed.ending)")
    }
  }

  @Test func wrongCommandLinesAreRefusedBeforeAnythingIsWritten() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored())
      let gzipped = try runPipeline("frames cat --gzip pairs > pairs.gz", in: folder)
      #expect(gzipped.status == 0, "\(gzipped.ending)")
      let base = ["--ckpt", "out.bin", "--init", files.checkpoint]
      let cases: [(arguments: [String], status: Int32, text: String)] = [
        (["--init", files.checkpoint, "pairs"], 64, "--ckpt"),
        (["--ckpt", "out.bin", "pairs"], 66, "give --init, or set PIVOT_CKPT"),
        (["--ckpt", "out.bin", "--init", "nowhere", "pairs"], 66, "nowhere"),
        (base + ["nowhere"], 66, "nowhere"),
        (base + ["--batch-size", "0", "pairs"], 64, "--batch-size 0: must be 1 or more"),
        (base + ["--train", "vision,head", "pairs"], 64, "--train"),
        (base + ["--schedule", "step", "pairs"], 64, "--schedule"),
        (base + ["--warmup", "1.5", "pairs"], 64, "--warmup"),
        (base + ["--label-smoothing", "0.5", "pairs"], 64, "--label-smoothing 0.5: must be"),
        (base + ["--schedule", "cosine"], 64, "--schedule cosine: needs to know the run's length"),
        (base + ["--epochs", "2"], 64, "--epochs: a pipe passes only once"),
        (base + ["--shuffle"], 64, "--shuffle: a pipe passes only once"),
        (base + ["--epochs", "2", "pairs.gz"], 64, "is compressed"),
        (base + ["--preset", "pivot-sft", "pairs"], 64, "sft-step"),
        (base + ["--grads", "no/folder/grads", "pairs"], 73, "--grads no/folder/grads: cannot create"),
        (base + ["--save-every", "0", "pairs"], 64, "--save-every 0"),
        (base + ["--precision", "f64", "pairs"], 64, "--precision"),
        (["--ckpt", "no/folder/out.bin", "--init", files.checkpoint, "pairs"], 73, "no/folder/out.bin"),
      ]
      for (arguments, status, text) in cases {
        let result = try runTool("dpo-step", arguments, in: folder)
        #expect(result.status == status && result.stderr.contains(text), "\(arguments): \(result.ending)")
        #expect(
          result.stderr.split(separator: "\n").count == 1 && result.stdout.isEmpty, "\(arguments): \(result.stderr)")
      }
      #expect(try runPipeline("ls -A", in: folder).lines == ["pairs", "pairs.gz"])
    }
  }

  @Test func aStreamWithoutFramesTrainsNothing() throws {
    try withTemporaryDirectory { folder in
      let arguments = ["--ckpt", folder + "/out.bin", "--init", files.checkpoint]
      for stream in [[], try FrameWriter.bytes([])] {
        let result = try runTool("dpo-step", arguments, stdin: stream)
        #expect(result.status == 65 && result.stderr.split(separator: "\n").count == 1, "\(result.ending)")
      }
      #expect(try runPipeline("ls -A \(folder)").lines == [])
    }
  }

  @Test func helpGoesToStandardOutputWithAnExample() throws {
    for tool in ["encode", "score", "sft-step", "dpo-step"] {
      let result = try runTool(tool, ["--help"])
      #expect(result.status == 0 && result.stderr == "")
      #expect(result.text.contains("Example: ") && result.text.contains("USAGE: \(tool)"))
    }
  }

  @Test func aPartThatIsCutOffFromTheLossIsAnError() throws {
    try withTemporaryDirectory { folder in
      // A projector whose last layer is zero hands no gradient down; with a rate of 0 it stays so.
      let created = try runPipeline("cp -r \(files.checkpoint) base && chmod u+w base/*", in: folder)
      #expect(created.status == 0, "\(created.ending)")
      var frame = try #require(try FrameReader(paths: [files.checkpoint + "/model.safetensors"]).next())
      let name = try #require(frame.tensors.keys.first { $0.hasSuffix("linear_2.weight") })
      let shape = try #require(frame.tensors[name]).shape
      frame.tensors[name] = RawTensor(f32: [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
      let writer = try FrameWriter(path: folder + "/base/model.safetensors")
      try writer.writeBare(frame)
      try writer.close()
      try writeFile(folder + "/pairs", unscored(copies: 10))
      let result = try runPipeline(
        "dpo-step --ckpt out.bin --init base --lr 0 --batch-size 1 pairs 2>errors; echo $?; cat errors", in: folder)
      // Of 30 pairs 20 have an image: the tenth of them is the fourteenth step.
      #expect(result.lines.filter { $0.hasPrefix("{") }.count == 13)
      #expect(
        result.lines.contains("65") && result.text.contains("--train vision: its gradient was exactly zero"),
        "\(result.text)")
      let fine = try runPipeline(
        "dpo-step --ckpt fine.bin --init base --lr 0 --train projector,llm --batch-size 1 pairs", in: folder)
      #expect(fine.status == 0 && fine.lines.count == 30, "\(fine.ending)")
    }
  }

  @Test func trainedInPlaceItIsNotItsOwnReference() throws {
    try withTemporaryDirectory { folder in
      let copied = try runTool("ckpt", ["convert", files.checkpoint, folder + "/enc.bin"])
      #expect(copied.status == 0, "\(copied.ending)")
      let arguments = ["--ckpt", folder + "/enc.bin", "--init", folder + "/enc.bin"]
      let refused = try runTool("dpo-step", arguments, stdin: unscored())
      #expect(refused.status == 64 && refused.stderr.contains("--in-place"), "\(refused.ending)")
      let unknown = try runTool("dpo-step", arguments + ["--in-place"], stdin: unscored())
      #expect(unknown.status == 64 && unknown.stderr.contains("name the reference with --init"), "\(unknown.ending)")
      let scored = try runTool("dpo-step", arguments + ["--in-place"], stdin: files.bytes())
      #expect(scored.status == 0, "\(scored.ending)")
      let again = try runTool("dpo-step", arguments, stdin: files.bytes())
      #expect(try again.status == 0 && again.numbers("step") == [2], "\(again.ending)")
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 3))
      for threads in [1, 2] {
        let result = try runPipeline(
          "dpo-step --ckpt \(threads).bin --init \(files.checkpoint) --threads \(threads) --epochs 2 --lr 1e-3 pairs",
          in: folder)
        #expect(result.status == 0, "\(result.ending)")
      }
      #expect(try readFile(folder + "/1.bin") == readFile(folder + "/2.bin"))
    }
  }

  @Test func memoryIsFlatInTheLengthOfTheStream() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", unscored(copies: 200))
      let result = try runPipeline(
        "dpo-step --ckpt out.bin --init \(files.checkpoint) --batch-size 4 < pairs", in: folder)
      #expect(result.status == 0, "\(result.ending)")
      let peaks = try result.numbers("peak_memory_bytes").compactMap { $0 }
      #expect(peaks.count == 150)
      #expect((peaks.last ?? .nan) <= peaks[20] + 8e6, "\(peaks[20]) after 20 steps, \(peaks.last ?? 0) after 150")
    }
  }

  /// Runs where Python has torch and transformers; elsewhere the script says that it has checked nothing.
  @Test(arguments: parityModels)
  func whatIsWrittenLoadsInTransformers(model: String) throws {
    let files = ParityFiles(model)
    let script = fixture("check_written.py")
    try withTemporaryDirectory { folder in
      let trained = try runPipeline(
        """
        dpo-step --ckpt dir --init \(files.checkpoint) --lr 1e-3 --warmup 0 --epochs 2 \(files.pairs) > /dev/null
        dpo-step --ckpt one.bin --init \(files.checkpoint) --lr 1e-3 --warmup 0 --epochs 2 \(files.pairs) > /dev/null
        dpo-step --ckpt same --init \(files.checkpoint) --lr 0 --warmup 0 \(files.pairs) > /dev/null
        """, in: folder)
      #expect(trained.status == 0, "\(trained.ending)")
      let checked = try runPipeline(
        """
        python3 \(script) same dir one.bin &&
        python3 \(script) model same --frames \(files.pairs) \\
          --expected \(fixture("parity/\(model)/outputs.safetensors"))
        """, in: folder)
      #expect([0, 77, 127].contains(checked.status), "\(checked.text) \(checked.stderr)")
      if checked.status == 0 { #expect(checked.lines.filter { $0.hasPrefix("ok: ") }.count == 2, "\(checked.text)") }
    }
  }

  @Test func damagedFramesAreRefusedOrLeftOut() throws {
    try withTemporaryDirectory { folder in
      var pairs = try unscored(copies: 4)
      pairs[pairs.count / 2 - 8] ^= 1
      try writeFile(folder + "/pairs", pairs)
      for input in ["pairs", "< pairs"] {
        let command = "dpo-step --init \(files.checkpoint) --schedule constant --batch-size 4"
        let refused = try runPipeline(
          "\(command) --ckpt refused.bin \(input); s=$?; rm -f refused.bin*; exit $s", in: folder)
        #expect(refused.status == 65 && refused.stderr.contains("checksum"), "\(input): \(refused.ending)")
        let skipped = try runPipeline(
          "\(command) --ckpt skipped.bin --skip-bad \(input); s=$?; rm -f skipped.bin*; exit $s", in: folder)
        #expect(skipped.status == 0 && skipped.lines.count == 3, "\(input): \(skipped.ending)")
        #expect(skipped.stderr.contains("1 bad example left out"), "\(input): \(skipped.stderr)")
      }
    }
  }

  /// Features of the frozen encoder serve policy and reference alike, whether `score` has been there or not.
  @Test func featuresServeWhereTheEncoderIsFrozen() throws {
    try withTemporaryDirectory { folder in
      let base = files.checkpoint
      let options = "--init \(base) --train projector,llm --lr 1e-3 --batch-size 3 --epochs 2 --warmup 0"
      let run = try runPipeline(
        """
        frames cat --drop logp_chosen,logp_rejected \(files.pairs) > pairs && score --ckpt \(base) pairs > scored
        for stream in pairs scored; do
          encode --ckpt \(base) $stream > both && frames cat --drop patches both > features
          dpo-step --quiet --ckpt direct-$stream.bin \(options) $stream > direct-$stream.jsonl
          dpo-step --quiet --ckpt features-$stream.bin \(options) features > features-$stream.jsonl
          ckpt diff --json direct-$stream.bin features-$stream.bin
        done
        """, in: folder)
      #expect(run.status == 0 && run.stderr.isEmpty, "\(run.ending)")
      #expect(run.lines.count == 2)
      for line in run.lines {
        let changed = try JSONValue.parse(line)["parts"]?.object?.map { $0.value["changed_values"] }
        #expect(changed == [0, 0, 0], "\(line)")
      }
      let moved = try runTool("ckpt", ["diff", "--json", base, "features-pairs.bin"], in: folder)
      let parts = try JSONValue.parse(moved.stdout)["parts"]
      #expect(parts?["vision"]?["changed_values"] == 0 && parts?["llm"]?["changed_values"] != 0)
    }
  }
}
