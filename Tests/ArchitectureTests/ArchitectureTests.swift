// SPDX-License-Identifier: MIT
// A made-up encoder and a made-up language model do everything that the published ones do: they are made, encode, score,
// train, sample, detach and re-attach.
import Checkpoints
import Failures
import Generation
import Inference
import Layers
import Models
import Objectives
import StrictJSON
import Surgery
import TensorStream
import Tensors
import TestSupport
import Testing
import Training

/// The registry lines.
private let madeUp = Architectures.Known(vision: [Mosaic.self], language: [Chain.self])

private let config: JSONValue = [
  "model_type": "llava", "image_token_index": 319, "tie_word_embeddings": true, "vision_feature_layer": -2,
  "vision_feature_select_strategy": "default",
  "vision_config": [
    "model_type": "mosaic", "grid_height": 2, "grid_width": 3, "hidden_size": 8, "num_hidden_layers": 3,
    "patch_size": 2,
  ],
  "text_config": [
    "model_type": "chain", "vocab_size": 328, "hidden_size": 16, "num_hidden_layers": 2, "tie_word_embeddings": true,
  ],
]
@Suite(.serialized) struct ArchitectureTests {
  /// A new model of the made-up architectures in `folder`, with the tokenizer of a fixture.
  private func make(in folder: String) throws -> Checkpoint {
    try makeModel(config, at: folder + "/made-up")
  }

  private func withArchitectures(_ body: (_ folder: String) throws -> Void) throws {
    try Architectures.with(madeUp) { try withTemporaryDirectory(body) }
  }

  @Test func itsFeaturesLeaveOutOneRowOfThePrefix() throws {
    try withArchitectures { folder in
      let checkpoint = try make(in: folder)
      let encoded = try pass(pairs(), through: FrameEncoder(checkpoint) { _ in }.groups())
      #expect(encoded.map { $0.tensors["features"]?.shape } == [[7, 8], [7, 8], [5, 8], [7, 8], [7, 8], [5, 8]])
      #expect(encoded.allSatisfy { $0.metadata["prefix_tokens"] == "1" })
      // Alone or beside others, from patches or from features: the same.
      let one = try pass([pairs()[2]], through: FrameEncoder(checkpoint) { _ in }.groups())
      expectClose(
        try #require(one[0].tensors["features"]).floats(), try #require(encoded[2].tensors["features"]).floats(),
        tolerance: 1e-6)
      let scored = try pass(pairs(), through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
      let again = try pass(encoded, through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
      for (a, b) in zip(scored, again) {
        expectClose(
          try #require(a.tensors["logp_chosen"]).floats(), try #require(b.tensors["logp_chosen"]).floats(),
          tolerance: 1e-5)
      }
      let wrong = Frame(
        metadata: ["id": "tall", "grid": "3 2", "patch": "2"],
        tensors: ["patches": RawTensor(u8: [UInt8](repeating: 0, count: 72), shape: [6, 12])])
      #expect(throws: (any Error).self) { try pass([wrong], through: FrameEncoder(checkpoint) { _ in }.groups()) }
    }
  }

  @Test func itTrainsAndEveryPartLearns() throws {
    try withArchitectures { folder in
      let base = try make(in: folder)
      let scored = try pass(pairs(), through: FrameScorer(base, .pairs) { _ in }.groups())
      try write(scored, to: folder + "/pairs")
      var request = StepRequest(tool: "dpo-step", output: folder + "/trained.bin")
      request.initial = base.path
      request.files = [folder + "/pairs"]
      var options = StepOptions()
      (options.warmup, options.batchSize, options.epochs) = (.steps(0), 3, 8)
      let host = QuietHost()
      let loop = try StepLoop(
        request, StepOptions(options, learningRate: 3e-3), DPOObjective(DPOOptions()), host: host)
      _ = try loop.run()
      #expect(host.losses.count == 16 && host.losses[15] < 0.8 * host.losses[0], "\(host.losses)")
      let trained = try Checkpoint(opening: folder + "/trained.bin")
      let difference = CheckpointDifference(from: base, to: trained)
      for part in Part.allCases { #expect(difference.total(of: part).changedTensors > 0, "\(part.rawValue)") }
      // The layer above the feature layer is kept.
      let kept = difference.entries.filter { $0.name.hasPrefix("vision_tower.mosaic.layer.2.") }
      #expect(kept.count == 3 && kept.allSatisfy { $0.changedCount == 0 })
    }
  }

  @Test func itSamplesWhatItsWholePassWouldSay() throws {
    try withArchitectures { folder in
      let checkpoint = try make(in: folder)
      let settings = SampleSettings(
        copies: 2, places: 3, sampling: SamplingOptions(seed: 1),
        limits: GenerationLimits(maximum: 6, ignoresEnds: true))
      let sampled = try pass(pairs(), through: FrameSampler(checkpoint, settings) { _ in })
      let scored = try pass(sampled, through: FrameScorer(checkpoint, .completions) { _ in }.groups())
      #expect(sampled.count == 6)
      for frame in scored {
        expectClose(
          try #require(frame.tensors["completion_logps"]).floats(),
          try #require(frame.tensors["reference_logps"]).floats(), tolerance: 1e-5)
      }
    }
  }

  @Test func itIsTakenApartAndPutTogether() throws {
    try withArchitectures { folder in
      let checkpoint = try make(in: folder)
      try checkpoint.detachedVision().write(to: folder + "/eyes.bin")
      let eyes = try Checkpoint(opening: folder + "/eyes.bin")
      #expect(eyes.modelType == "mosaic" && eyes.names.allSatisfy { $0.hasPrefix("mosaic.") })
      #expect(try eyes.encoderFingerprint() == checkpoint.encoderFingerprint())
      let (model, _) = try Reattachment(vision: eyes, projector: checkpoint, llm: checkpoint).assembled()
      try model.write(to: folder + "/again")
      let again = try Checkpoint(opening: folder + "/again")
      #expect(try again.modelFingerprint() == checkpoint.modelFingerprint())
      let a = try pass(pairs(), through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
      let b = try pass(pairs(), through: FrameScorer(again, .pairs) { _ in }.groups())
      for (a, b) in zip(a, b) { #expect(a.tensors["logp_chosen"] == b.tensors["logp_chosen"]) }
    }
  }

  /// In memory or through a file, a new model is the same.
  @Test func freshWeightsAreWhatIsWritten() throws {
    try withArchitectures { folder in
      let checkpoint = try make(in: folder)
      let numbers = try MultimodalConfig(checkpoint)
      let fresh = Weights(FreshWeights(seed: 3))
      try numbers.declare(fresh)
      #expect(fresh.parameters.count > 10)
      for parameter in fresh.parameters where !parameter.name.isEmpty {
        let stored = try #require(checkpoint.tensor(canonical: parameter.canonicalName))
        #expect(try stored.floats().values == parameter.variable.value.values, "\(parameter.name)")
      }
    }
  }
}
