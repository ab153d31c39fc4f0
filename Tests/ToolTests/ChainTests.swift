// SPDX-License-Identifier: MIT
// The whole way, from a manifest and pictures to gradients, through the executables and against PyTorch.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct ChainTests {
  /// imgtok | score, then one DPO step: every parameter's gradient is PyTorch's. The reference is the fixture's own, so the
  /// loss is not ln 2.
  @Test func fromAManifestToPyTorchsGradients() throws {
    let files = ParityFiles()
    let folder = fixture("parity/published")
    try withTemporaryDirectory { work in
      let tokenized = try runPipeline("imgtok --ckpt \(files.checkpoint) \(folder)/pairs.jsonl", in: work)
      #expect(tokenized.status == 0, "\(tokenized.stderr)")
      let references = try read(files.bytes())
      let pairs = try FrameWriter.bytes(
        zip(read(tokenized.stdout), references).map { frame, reference in
          var frame = frame
          for name in ["logp_chosen", "logp_rejected"] { frame.tensors[name] = reference.tensors[name] }
          return frame
        })
      let step = try runTool(
        "dpo-step",
        ["--ckpt", "out.bin", "--init", files.checkpoint, "--batch-size", "3", "--grads", "grads.safetensors"],
        stdin: pairs, in: work)
      #expect(step.status == 0, "\(step.stderr)")

      let summary = try JSONValue.parse(readFile(folder + "/summary.json"))
      let loss = try #require(summary["losses"]?["dpo"]?.double)
      let gotLoss = try #require(step.numbers("loss").first ?? nil)
      #expect(abs(gotLoss - loss) <= 1e-5)
      let got = try #require(try FrameReader(paths: [work + "/grads.safetensors"]).next())
      let expected = try #require(try FrameReader(paths: [folder + "/gradients-dpo.safetensors"]).next())
      for (name, tensor) in expected.tensors {
        guard !(name.hasPrefix("vision_tower") && name.hasSuffix("k_proj.bias")) else { continue }  // zero but for rounding
        try expectClose(#require(got.tensors[name]).floats(), tensor.floats(), tolerance: 1e-4, name)
      }
    }
  }

  /// The line of the design card, typed as it stands.
  @Test func catPairsEncodeDPOStep() throws {
    let files = ParityFiles()
    try withTemporaryDirectory { work in
      try writeFile(work + "/pairs", files.bytes())
      let result = try runPipeline(
        "cat pairs | encode | dpo-step --ckpt enc.bin", environment: ["PIVOT_CKPT": files.checkpoint], in: work)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.lines.count == 1)
      let shown = try runPipeline("ckpt show enc.bin && ckpt detach vision enc.bin vision", in: work)
      #expect(shown.status == 0, "\(shown.stderr)")
    }
  }
}
