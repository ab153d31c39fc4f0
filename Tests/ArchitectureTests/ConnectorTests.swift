// SPDX-License-Identifier: MIT
// A made-up connector does everything that the published one does: it is made, encodes, scores, trains, samples, is detached and
// re-attached; a visual token of it is no single feature.
import Checkpoints
import Failures
import Generation
import Inference
import Layers
import Models
import Objectives
import Probing
import StrictJSON
import Surgery
import TensorStream
import Tensors
import TestSupport
import Testing
import Training

/// The registry lines.
private let madeUp = Architectures.Known(
  vision: [Mosaic.self], connectors: [Pairing.self], language: [Chain.self], multimodal: [.pairs])

/// Its feature layer, image token and the types of its parts are its card's.
private let config: JSONValue = [
  "model_type": "pairs", "tie_word_embeddings": true,
  "vision_config": ["grid_height": 2, "grid_width": 3, "hidden_size": 8, "num_hidden_layers": 2],
  "text_config": ["vocab_size": 328, "hidden_size": 16, "tie_word_embeddings": true],
]
@Suite(.serialized) struct ConnectorTests {
  private func withModel(_ body: (_ folder: String, Checkpoint) throws -> Void) throws {
    try Architectures.with(madeUp) {
      try withTemporaryDirectory { folder in
        try body(folder, makeModel(config, at: folder + "/made-up"))
      }
    }
  }

  @Test func itsCardSaysWhatTheConfigDoesNot() throws {
    try withModel { _, checkpoint in
      let numbers = try MultimodalConfig(checkpoint)
      #expect(numbers.featureLayer == 2 && numbers.dropsFirstFeature && numbers.imageToken == 319)
      #expect(checkpoint.featureLayer == -1 && checkpoint.selectStrategy == "default")
      let grids = [PatchGrid(height: 2, width: 3), PatchGrid(height: 2, width: 2)]
      #expect(grids.map(numbers.features) == [7, 5] && grids.map(numbers.visualTokens) == [3, 2])
    }
  }

  /// In files its parts lie behind its own modules' names; what is asked for by canonical name is found.
  @Test func itsModulesHaveNamesOfTheirOwn() throws {
    try withModel { _, checkpoint in
      let modules = [("eyes.", Part.vision), ("joint.", .projector), ("voice.", .llm)]
      for name in checkpoint.names {
        let module = try #require(modules.first { name.hasPrefix($0.0) }, "\(name)")
        #expect(checkpoint.canonicalName(ofStored: name) == module.1.prefix + name.dropFirst(module.0.count))
      }
      #expect(checkpoint.names.count == checkpoint.canonicalNames.count && checkpoint.unknownNames.isEmpty)
    }
  }

  @Test func itEncodesAndScores() throws {
    try withModel { _, checkpoint in
      let encoded = try pass(pairs(), through: FrameEncoder(checkpoint) { _ in }.groups())
      #expect(encoded.map { $0.tensors["features"]?.shape } == [[7, 8], [7, 8], [5, 8], [7, 8], [7, 8], [5, 8]])
      let scored = try pass(pairs(), through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
      let again = try pass(encoded, through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
      for (index, (a, b)) in zip(scored, again).enumerated() {
        let alone = try pass([pairs()[index]], through: FrameScorer(checkpoint, .pairs) { _ in }.groups())[0]
        for other in [b, alone] {
          expectClose(
            try #require(a.tensors["logp_chosen"]).floats(), try #require(other.tensors["logp_chosen"]).floats(),
            tolerance: 1e-5)
        }
      }
    }
  }

  @Test func aProbeBehindItTakesTheGridOfEachPicture() throws {
    try withModel { _, checkpoint in
      let projector = try ProjectedFeatures(checkpoint)
      for frame in try pass(pairs(), through: FrameEncoder(checkpoint) { _ in }.groups()) {
        let features = try #require(frame.tensors["features"])
        let rows = Tensor(try features.floats(), shape: features.shape)
        // The first row, which is no patch, is half of the first visual token.
        #expect(try projector(frame, rows).shape == [rows.rows / 2, 16])
        #expect { try projector(frame, rows.rows(1..<rows.rows)) } throws: { error in
          "\(error)".hasSuffix("\"features\" has \(rows.rows - 1) rows, and its grid counts \(rows.rows)")
        }
      }
    }
  }

  @Test func itTrainsAndEveryPartLearns() throws {
    try withModel { folder, base in
      try write(pass(pairs(), through: FrameScorer(base, .pairs) { _ in }.groups()), to: folder + "/pairs")
      var request = StepRequest(tool: "dpo-step", output: folder + "/trained.bin")
      request.initial = base.path
      request.files = [folder + "/pairs"]
      var options = StepOptions()
      (options.warmup, options.batchSize, options.epochs) = (.steps(0), 3, 8)
      let host = QuietHost()
      _ = try StepLoop(request, StepOptions(options, learningRate: 3e-3), DPOObjective(DPOOptions()), host: host).run()
      #expect(host.losses.count == 16 && host.losses[15] < 0.8 * host.losses[0], "\(host.losses)")
      let difference = CheckpointDifference(from: base, to: try Checkpoint(opening: folder + "/trained.bin"))
      for part in Part.allCases { #expect(difference.total(of: part).changedTensors > 0, "\(part.rawValue)") }
    }
  }

  @Test func itSamplesWhatItsWholePassWouldSay() throws {
    try withModel { _, checkpoint in
      let settings = SampleSettings(
        copies: 2, places: 3, sampling: SamplingOptions(seed: 1),
        limits: GenerationLimits(maximum: 6, ignoresEnds: true))
      let sampled = try pass(pairs(), through: FrameSampler(checkpoint, settings) { _ in })
      let scored = try pass(sampled, through: FrameScorer(checkpoint, .completions) { _ in }.groups())
      for frame in scored {
        expectClose(
          try #require(frame.tensors["completion_logps"]).floats(),
          try #require(frame.tensors["reference_logps"]).floats(), tolerance: 1e-5)
      }
    }
  }

  @Test func itIsTakenApartAndPutTogether() throws {
    try withModel { folder, checkpoint in
      try checkpoint.detachedVision().write(to: folder + "/eyes.bin")
      try checkpoint.detachedProjector().write(to: folder + "/joint")
      let (eyes, joint) = (try Checkpoint(opening: folder + "/eyes.bin"), try Checkpoint(opening: folder + "/joint"))
      #expect(try eyes.encoderFingerprint() == checkpoint.encoderFingerprint())
      #expect(joint.modelType == "pairing_projector" && joint.config["pairing_scale"] == 0.5)
      #expect(joint.names.allSatisfy { $0.hasPrefix("multi_modal_projector.") })
      for projector in [joint, checkpoint] {
        let (model, notes) = try Reattachment(vision: eyes, projector: projector, llm: checkpoint).assembled()
        let path = folder + "/again-" + projector.modelType
        try model.write(to: path)
        let again = try Checkpoint(opening: path)
        #expect(notes.isEmpty && again.modelType == "pairs" && again.config["image_seq_length"] == 3)
        #expect(again.config["text_config"]?["model_type"] == "chain")
        #expect(try again.modelFingerprint() == checkpoint.modelFingerprint())
        let a = try pass(pairs(), through: FrameScorer(checkpoint, .pairs) { _ in }.groups())
        let b = try pass(pairs(), through: FrameScorer(again, .pairs) { _ in }.groups())
        for (a, b) in zip(a, b) { #expect(a.tensors["logp_chosen"] == b.tensors["logp_chosen"]) }
      }
    }
  }

  /// A model type that is written otherwise than its card's first stays.
  @Test func theLanguageModelKeepsItsType() throws {
    try withModel { folder, checkpoint in
      var other = try #require(config.object)
      other["text_config"] = ["model_type": "chained", "vocab_size": 328, "hidden_size": 16]
      let llm = try makeModel(.object(other), at: folder + "/other")
      let (model, _) = try Reattachment(vision: checkpoint, projector: checkpoint, llm: llm).assembled()
      let made = try JSONValue.parse(try #require(model.files["config.json"]))
      #expect(made["text_config"]?["model_type"] == "chained" && made["vision_config"]?["model_type"] == "mosaic")
    }
  }

  @Test func aNewOneIsMadeAndLayersOfItAreNotCounted() throws {
    try withModel { folder, checkpoint in
      var attachment = Reattachment(vision: checkpoint, projector: nil, llm: checkpoint)
      attachment.seed = 3  // that of the model itself
      let model = try attachment.assembled().model
      try model.write(to: folder + "/new")
      let new = try Checkpoint(opening: folder + "/new")
      #expect(try new.modelFingerprint() == checkpoint.modelFingerprint() && new.config["pairing_scale"] == 0.5)
      var counted = Reattachment(vision: checkpoint, projector: checkpoint, llm: checkpoint)
      counted.layers = LayerChoice(kept: 1, new: 1)
      let expected =
        "--projector-layers 1+1: the Pairing projector of \(checkpoint.path) is kept whole or not at all; leave the option out, "
        + "or --projector for a new one"
      #expect { try counted.assembled() } throws: { error in
        (error as? PlainFailure)?.exitStatus == .usage && "\(error)" == expected
      }
    }
  }
}
