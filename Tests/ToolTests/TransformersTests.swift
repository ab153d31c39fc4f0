// SPDX-License-Identifier: MIT
// What the tools write, loaded in transformers: no missing and no unexpected key, and the same logits. Needs Python with torch
// and transformers; where they are not, the suite is reported as skipped, with that reason.
import TestSupport
import Testing

private let script = repositoryRoot + "/Tests/Fixtures/check_written.py"
private let hasTransformers = (try? runPipeline("python3 -c 'import torch, transformers'"))?.status == 0

@Suite(.enabled(if: hasTransformers, "not checked: Python has no torch and transformers"), .serialized)
struct TransformersTests {
  private func check(_ arguments: String, in folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try runPipeline("python3 \(script) \(arguments)", in: folder)
    #expect(
      result.status == 0 && result.text.contains("ok"), "\(arguments): \(result.stderr.suffix(600))",
      sourceLocation: sourceLocation)
  }

  private func make(_ line: String, in folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try runPipeline(line, in: folder)
    #expect(result.status == 0, "\(line): \(result.stderr)", sourceLocation: sourceLocation)
  }

  @Test(arguments: ["published", "transformers5", "llava", "llava-llama3"])
  func convertedCheckpointsGiveTheSameLogits(model: String) throws {
    let files = ParityFiles(model)
    let expected = fixture("parity/\(model)/outputs.safetensors")
    try withTemporaryDirectory { folder in
      try make("ckpt convert \(files.checkpoint) one.bin && ckpt convert one.bin folder", in: folder)
      try check("model one.bin --frames \(files.pairs) --expected \(expected)", in: folder)
      try check("same one.bin folder", in: folder)
    }
  }

  @Test(arguments: ["published", "llava", "llava-llama3"])
  func trainedCheckpointsAndDetachedEncodersLoad(model: String) throws {
    let files = ParityFiles(model)
    try withTemporaryDirectory { folder in
      try make(
        """
        for out in trained.bin trained; do
          dpo-step --ckpt $out --init \(files.checkpoint) --epochs 2 --lr 1e-3 --batch-size 2 \(files.pairs) > log.jsonl
        done
        ckpt detach vision trained.bin vision
        """, in: folder)
      try check("same trained.bin trained", in: folder)
      try check("vision vision --of trained.bin", in: folder)
    }
  }

  /// Parts as transformers saves them, put together; and a projector of three layers, built by hand beside it.
  @Test func attachedModelsLoadAndGiveTheSameLogps() throws {
    let pairs = ParityFiles("published").pairs
    let base = ParityFiles("published").checkpoint
    try withTemporaryDirectory { folder in
      try check("parts .", in: folder)
      for name in ["padded", "full"] {
        // New projectors are small: trained for a moment, a mistake in them shows.
        try make(
          """
          ckpt attach --vision vision --llm \(name) --seed 3 made-\(name)
          sft-step --ckpt \(name).bin --init made-\(name) --train projector --lr 3e-2 --batch-size 3 --epochs 4 \(pairs) > log
          score --ckpt \(name).bin \(pairs) > scored-\(name)
          """, in: folder)
        try check("processor made-\(name)", in: folder)
        try check("scores \(name).bin --frames scored-\(name)", in: folder)
      }
      try make(
        """
        ckpt attach --vision \(base) --projector \(base) --projector-layers 2+1 --llm padded deep
        sft-step --ckpt deep.bin --init deep --train projector.new --lr 0.1 --batch-size 3 --epochs 6 \(pairs) > log
        ckpt convert deep.bin trained && score --ckpt trained \(pairs) > scored
        """, in: folder)
      try check("scores trained --frames scored", in: folder)
    }
  }

  /// CLIP and Llama as transformers saves them, put together, trained for a moment, and taken apart again.
  @Test func attachedModelsOfCLIPAndLlamaGiveTheSameLogps() throws {
    let pairs = ParityFiles("llava").pairs
    try withTemporaryDirectory { folder in
      try check("parts .", in: folder)
      try make(
        """
        ckpt attach --vision clip --llm llama --feature-select default --seed 3 made
        sft-step --ckpt trained.bin --init made --train projector --lr 3e-2 --batch-size 3 --epochs 4 \(pairs) > log
        score --ckpt trained.bin \(pairs) > scored
        ckpt detach vision trained.bin tower
        """, in: folder)
      try check("processor made", in: folder)
      try check("scores trained.bin --frames scored", in: folder)
      try check("vision tower --of trained.bin", in: folder)
    }
  }

  @Test(arguments: ["mini", "mini-llava"])
  func newModelsLoad(preset: String) throws {
    try withTemporaryDirectory { folder in
      try make("ckpt new --preset \(preset) --seed 3 new", in: folder)
      try check("model new", in: folder)
      try check("processor new", in: folder)
    }
  }
}
