// SPDX-License-Identifier: MIT
// Frames that fit a checkpoint in every size and belong to another: scored by other weights, tokenized otherwise, too long.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct StrangeFramesTests {
  private let files = ParityFiles()

  /// A folder with `base` (the fixture's checkpoint) and `pairs`, made by imgtok.
  private func withPairs(_ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let made = try runPipeline(
        "cp -r \(files.checkpoint) base && imgtok --quiet --ckpt base \(fixture("parity/published/pairs.jsonl")) > pairs",
        in: folder)
      #expect(made.status == 0, "\(made.ending)")
      try body(folder)
    }
  }

  // MARK: The reference

  @Test func aReferenceThatIsNotTheStartIsWarnedOfOnce() throws {
    try withPairs { folder in
      let made = try runPipeline(
        """
        sft-step --quiet --ckpt moved.bin --init base --lr 1e-2 --warmup 0 pairs > /dev/null
        score --quiet --ckpt base < pairs > of-base
        score --quiet --ckpt moved.bin < pairs > of-moved
        """, in: folder)
      #expect(made.status == 0, "\(made.ending)")
      func train(_ name: String, _ options: String) throws -> ToolResult {
        try runPipeline("dpo-step --ckpt \(name).bin --batch-size 1 --warmup 0 \(options)", in: folder)
      }
      let stale = try train("stale", "--init moved.bin of-base")
      #expect(stale.status == 0 && stale.lines.count == 3, "\(stale.ending)")
      let warnings = stale.stderr.split(separator: "\n").filter { $0.contains("warning: the reference of the frames") }
      #expect(warnings.count == 1, "\(stale.stderr)")
      let prints = try ["base", "moved.bin"].map { checkpoint in
        let shown = try runTool("ckpt", ["show", "--json", checkpoint], in: folder)
        return try #require(JSONValue.parse(shown.text)["reference"]?.string, "\(shown.text)")
      }
      #expect(prints[0] != prints[1] && prints.allSatisfy { warnings[0].contains($0) }, "\(warnings), \(prints)")
      #expect(warnings[0].contains("moved.bin") && warnings[0].contains("--any-reference"))
      for (name, options) in [
        ("meant", "--any-reference --init moved.bin of-base"), ("right", "--init moved.bin of-moved"),
      ] {
        let quiet = try train(name, options)
        #expect(quiet.status == 0 && !quiet.stderr.contains("warning"), "\(quiet.ending)")
      }
    }
  }

  // MARK: The tokenizer

  /// Writes `folder/tokenizer.json` anew, its model changed.
  private func rewrite(_ folder: String, _ change: (inout JSONObject) throws -> Void) throws {
    var tokenizer = try #require(JSONValue.parse(readFile(folder + "/tokenizer.json")).object)
    var model = try #require(tokenizer["model"]?.object)
    try change(&model)
    tokenizer["model"] = .object(model)
    tokenizer["padding"] = .null
    try writeFile(folder + "/tokenizer.json", JSONValue.object(tokenizer).text())
  }

  @Test func framesOfAnotherTokenizerOfEqualSizeAreRefused() throws {
    try withPairs { folder in
      try #require(try runPipeline("cp -r base other && cp -r base same", in: folder).status == 0)
      try rewrite(folder + "/other") { model in
        var vocabulary = try #require(model["vocab"]?.object)
        let (a, b) = (vocabulary.keys[vocabulary.count - 1], vocabulary.keys[vocabulary.count - 2])
        (vocabulary[a], vocabulary[b]) = (vocabulary[b], vocabulary[a])
        model["vocab"] = .object(vocabulary)
      }
      // The same tokens in another order, and merges in the other spelling.
      try rewrite(folder + "/same") { model in
        var vocabulary = JSONObject()
        for (token, id) in try #require(model["vocab"]?.object).reversed() { vocabulary[token] = id }
        model["vocab"] = .object(vocabulary)
        model["merges"] = .array(
          (model["merges"]?.array ?? []).map { merge in
            guard let text = merge.string else {
              return .string((merge.array ?? []).compactMap(\.string).joined(separator: " "))
            }
            return .array(text.split(separator: " ").map { .string(String($0)) })
          })
      }
      for command in [
        "score --ckpt other < pairs", "sample --ckpt other --greedy --max-tokens 2 < pairs",
        "sft-step --ckpt out.bin --init other pairs",
      ] {
        let result = try runPipeline(command + " > out", in: folder)
        #expect(result.status == 65, "\(command): \(result.ending)")
        #expect(result.stderr.contains("frame 0 (id "), "\(command): \(result.ending)")
        #expect(result.stderr.contains("of the tokenizer "), "\(command): \(result.ending)")
        #expect(result.stderr.contains("run imgtok with this checkpoint"), "\(command): \(result.ending)")
        let fitting = try runPipeline(command.replacing("other", with: "same") + " > out", in: folder)
        #expect(fitting.status == 0, "\(command): \(fitting.ending)")
      }
    }
  }

  // MARK: Length

  @Test func sequencesBeyondWhatTheModelWasMadeForAreRefusedByName() throws {
    try withPairs { folder in
      let frames = try read(readFile(folder + "/pairs"))
      let rows = frames.map { frame in
        // One placeholder stands for the nine patches of this checkpoint's images.
        (frame.tensors["prompt"]?.count ?? 0) + 8
          + max(frame.tensors["chosen"]?.count ?? 0, frame.tensors["rejected"]?.count ?? 0)
      }
      let (longest, index) = (rows.max() ?? 0, rows.firstIndex(of: rows.max() ?? 0) ?? 0)
      for (positions, fits) in [(longest, true), (longest - 1, false)] {
        let config = try JSONValue.parse(readFile(folder + "/base/config.json"))
        var object = try #require(config.object)
        var text = try #require(config["text_config"]?.object)
        text["max_position_embeddings"] = .int(positions)
        object["text_config"] = .object(text)
        try writeFile(folder + "/base/config.json", JSONValue.object(object).text())
        for command in ["score --ckpt base < pairs", "dpo-step --ckpt out.bin --init base --new-run pairs"] {
          let result = try runPipeline("rm -f out.bin*; \(command) > out", in: folder)
          #expect(result.status == (fits ? 0 : 65), "\(command): \(result.ending)")
          if fits { continue }
          #expect(result.stderr.contains("frame \(index) (id \(frames[index].id))"), "\(result.ending)")
          #expect(result.stderr.contains("takes \(longest) positions"), "\(result.ending)")
          #expect(result.stderr.contains("made for \(positions) (max_position_embeddings)"), "\(result.ending)")
        }
      }
    }
  }

  // MARK: Images

  @Test func aVisionPartThatSeesNoImageIsWarnedOf() throws {
    try withTemporaryDirectory { folder in
      let frames = try runTool(
        "imgtok", ["--ckpt", files.checkpoint],
        stdin: Array(#"{"question": "Is water wet?", "chosen": "Yes.", "rejected": "No."}"#.utf8))
      #expect(frames.stderr == "imgtok: 1 pair, 0 with an image\n")
      try writeFile(folder + "/text", frames.stdout)
      for (parts, warns) in [("vision,projector,llm", "vision,projector"), ("projector", "projector"), ("llm", "")] {
        let result = try runPipeline(
          "rm -f out.bin*; dpo-step --ckpt out.bin --init \(files.checkpoint) --train \(parts) --warmup 0 text",
          in: folder)
        #expect(result.status == 0, "\(result.ending)")
        let text = "warning: no example of the first batch has an image, and --train has \(warns):"
        #expect(result.stderr.contains(text) == !warns.isEmpty, "\(parts): \(result.stderr)")
      }
      let sighted = try runPipeline(
        "dpo-step --ckpt other.bin --init \(files.checkpoint) --warmup 0 \(files.pairs)", in: folder)
      #expect(sighted.status == 0 && !sighted.stderr.contains("has an image"), "\(sighted.ending)")
    }
  }
}
