// SPDX-License-Identifier: MIT
// sft-step, through the executable.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct SFTStepTests {
  private let files = ParityFiles()

  private func loss() throws -> Double {
    let summary = try JSONValue.parse(readFile(fixture("parity/published/summary.json")))
    return summary["losses"]?["sft"]?.double ?? .nan
  }

  @Test func chosenIsLearntWithTheLossOfPyTorch() throws {
    try withTemporaryDirectory { folder in
      let result = try runTool(
        "sft-step", ["--ckpt", folder + "/out", "--init", files.checkpoint], stdin: files.bytes())
      #expect(result.status == 0, "\(result.ending)")
      #expect(result.lines.count == 1)
      expectClose(try result.numbers("loss")[0] ?? .nan, try loss(), tolerance: 1e-5)
      let line = try JSONValue.parse(result.lines[0])
      #expect(line["examples_per_second"] != nil && line["rewards/chosen"] == nil)
      #expect(line["learning_rate"]?.double == 1e-5)
      // A folder that loads again.
      #expect(try runTool("score", ["--ckpt", folder + "/out"], stdin: files.bytes()).status == 0)
    }
  }

  @Test func anAnswerCountsOnlyWhereItsMaskIsOne() throws {
    try withTemporaryDirectory { folder in
      // The answer is the chosen response behind three tokens that are masked: the same labels, another context.
      let stream = try FrameWriter.pairs(files) { _, frame in
        let chosen = try #require(frame.tensors["chosen"]).int32s()
        let prompt = try #require(frame.tensors["prompt"]).int32s()
        frame.tensors["prompt"] = RawTensor(i32: Array(prompt.dropLast()))
        frame.tensors["answer"] = RawTensor(i32: [prompt[prompt.count - 1]] + chosen)
        frame.tensors["answer_mask"] = RawTensor(u8: [0] + chosen.map { _ in 1 })
        frame.tensors["chosen"] = nil
      }
      let result = try runTool("sft-step", ["--ckpt", folder + "/out.bin", "--init", files.checkpoint], stdin: stream)
      #expect(result.status == 0, "\(result.ending)")
      expectClose(try result.numbers("loss")[0] ?? .nan, try loss(), tolerance: 1e-5)
      let missing = try runTool(
        "sft-step", ["--ckpt", folder + "/other.bin", "--init", files.checkpoint, "--target", "chosen"], stdin: stream)
      #expect(missing.status == 65 && missing.stderr.contains("there is no tensor \"chosen\""), "\(missing.ending)")
    }
  }

  @Test func onlyThePartsThatTrainChange() throws {
    try withTemporaryDirectory { folder in
      let output = folder + "/out"
      let result = try runTool(
        "sft-step",
        [
          "--ckpt", output, "--init", files.checkpoint, "--train", "projector", "--lr", "1e-2", "--schedule",
          "constant", "--warmup", "0",
        ],
        stdin: files.bytes())
      #expect(result.status == 0, "\(result.ending)")
      let line = try JSONValue.parse(result.lines[0])
      #expect(line["grad_norm/projector"] != nil && line["grad_norm/vision"] == nil && line["grad_norm/llm"] == nil)
      let before = try #require(try FrameReader(paths: [files.checkpoint + "/model.safetensors"]).next()).tensors
      var after: [String: RawTensor] = [:]
      for part in ["vision", "projector", "llm"] {
        let listed = try runPipeline("ls \(output)/*\(part)*.safetensors").lines
        for file in listed { after.merge(try #require(try FrameReader(paths: [file]).next()).tensors) { a, _ in a } }
      }
      #expect(Set(after.keys) == Set(before.keys))
      for (name, tensor) in before {
        #expect((after[name] == tensor) == !name.contains("multi_modal_projector"), "\(name)")
      }
    }
  }

  @Test func aPresetOfTheOtherToolIsRefused() throws {
    let result = try runTool("sft-step", ["--ckpt", "x.bin", "--preset", "pivot-dpo"], stdin: [])
    #expect(result.status == 64 && result.stderr.contains("dpo-step"), "\(result.ending)")
  }

  /// The first stage and re-attachment: the encoder is frozen, so that features are computed once for all epochs, and give
  /// the same bytes as patches. That the encoder does not run is seen where the patches are another picture's negative.
  @Test(arguments: ["projector", "projector,llm"])
  func featuresServeWhereTheEncoderIsFrozen(parts: String) throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/pairs", FrameWriter.pairs(files, copies: 2) { _, _ in })
      let options = "--init \(files.checkpoint) --train \(parts) --lr 1e-3 --batch-size 3 --epochs 2"
      let direct = try runPipeline("sft-step --ckpt direct.bin \(options) pairs", in: folder)
      let encoded = try runPipeline(
        "encode --ckpt \(files.checkpoint) pairs > both && frames cat --drop patches both > features && "
          + "sft-step --ckpt encoded.bin \(options) features",
        in: folder)
      #expect(encoded.status == 0 && !encoded.stderr.contains("encoder"), "\(encoded.ending)")
      #expect(try encoded.numbers("loss") == direct.numbers("loss") && encoded.lines.count == 4)
      try writeFile(folder + "/negative", negative(readFile(folder + "/both")))
      let wrong = try runPipeline("sft-step --ckpt negative.bin \(options) negative", in: folder)
      #expect(try wrong.status == 0 && wrong.numbers("loss") == direct.numbers("loss"), "\(wrong.ending)")
      for other in ["encoded", "negative"] {
        let difference = try runTool("ckpt", ["diff", "--json", "direct.bin", other + ".bin"], in: folder)
        let changed = try JSONValue.parse(difference.stdout)["parts"]?.object?.map { $0.value["changed_values"] }
        #expect(changed == [0, 0, 0], "\(difference.text)")
      }
      let learning = try runPipeline("sft-step --ckpt all.bin --init \(files.checkpoint) features", in: folder)
      #expect(
        learning.status == 65 && learning.stderr.contains("which an encoder that learns needs"), "\(learning.ending)")
      // Features of another encoder do not fit: the patches are encoded, and without patches nothing is trained.
      let other = fixture("models/last-layer")
      let foreign = try runPipeline(
        "frames cat --drop encoder both > bad; sft-step --ckpt x.bin \(options) bad; sft-step --ckpt y.bin --init \(other) "
          + "--train projector features", in: folder)
      #expect(foreign.status == 65 && foreign.stderr.contains("without the metadata \"encoder\""), "\(foreign.ending)")
    }
  }
}

/// The same frames with 255 - v in the place of every byte of their patches.
func negative(_ stream: [UInt8]) throws -> [UInt8] {
  try FrameWriter.bytes(
    read(stream).map { frame in
      var frame = frame
      if let patches = frame.tensors["patches"] {
        frame.tensors["patches"] = RawTensor(u8: try patches.uint8s().map { 255 - $0 }, shape: patches.shape)
      }
      return frame
    })
}
