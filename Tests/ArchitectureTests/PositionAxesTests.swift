// SPDX-License-Identifier: MIT
// A language model whose pictures stand on three axes (time, height, width: M-RoPE, arXiv 2409.12191) is read
// with positions of its own.
import Autograd
import Checkpoints
import Generation
import Inference
import Layers
import LinearAlgebra
import Models
import StrictJSON
import Surgery
import TensorStream
import Tensors
import TestSupport
import Testing

/// One layer of attention; a picture's rows stand at one time, each at its row and column, and what follows it stands behind the
/// farthest of them.
struct Compass: LanguageModel {
  static let card = ArchitectureCard(
    name: "Compass", modelTypes: ["compass"], keys: KeyRules(root: "compass."),
    defaults: ["max_position_embeddings": 128, "num_hidden_layers": 1], transformersClass: "CompassForCausalLM")

  let config: ChainConfig
  let embedding: any Weight
  var head: any Weight { embedding }
  private let query, key, out: Linear
  private let frequencies = RotaryFrequencies([1, 0.7, 0.3, 0.1], axes: [0, 1, 2, 0])

  init(_ weights: Weights, _ config: ChainConfig) throws {
    self.config = config
    let (e, name) = (config.hiddenSize, "language_model.compass.")
    embedding = try weights.matrix(name + "words", [config.vocabularySize, e], .normal(deviation: 0.5))
    query = try Linear(weights, name + "query", e, e, .xavier(e, e))
    key = try Linear(weights, name + "key", e, e, .xavier(e, e))
    out = try Linear(weights, name + "out", e, e, .xavier(e, e))
  }

  func positions(_ forest: SegmentForest, grids: [PatchGrid]) -> Positions {
    // The row of a picture's first visual token among all, and its grid.
    var starts: [(first: Int, grid: PatchGrid)] = []
    for grid in grids { starts.append(((starts.last.map { $0.first + $0.grid.count } ?? 0), grid)) }
    var axes = [[Int32]](repeating: [], count: 3)
    var ends: [Int32] = []  // of each segment, the position behind its last row
    for segment in forest.segments {
      var next = segment.parent.map { ends[$0] } ?? 0
      for row in segment.start..<segment.start + segment.count {
        let visual = Int(forest.visual[row])
        guard visual >= 0, let image = starts.last(where: { $0.first <= visual }) else {
          for axis in 0..<3 { axes[axis].append(next) }
          next += 1
          continue
        }
        let (y, x) = ((visual - image.first) / image.grid.width, (visual - image.first) % image.grid.width)
        for (axis, offset) in [0, y, x].enumerated() { axes[axis].append(next + Int32(offset)) }
        if visual - image.first == image.grid.count - 1 { next += Int32(max(image.grid.height, image.grid.width)) }
      }
      ends.append(next)
    }
    return Positions(axes: axes)
  }

  func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable {
    let table = RotaryTable(context.positions, frequencies)
    let attended = context.attend(
      rotary(query(x), table), rotary(key(x), table), x, heads: 2, keyHeads: 2, layer: 0, ofUsed: false)
    let y = x + out(attended)
    return context.used.map { gatherRows(y, $0) } ?? y
  }
}

@Suite(.serialized) struct PositionAxesTests {
  @Test func positionsFollowThePictures() throws {
    let rows = SequenceElement.image(digest: "a", index: 0, rows: 6)
    var builder = SegmentForestBuilder()
    builder.add([.token(1), rows, .token(2), .token(3)])
    builder.add([.token(1), rows, .token(4)])
    let forest = builder.build().forest
    let weights = Weights(FreshWeights(seed: 1))
    let model = try Compass(weights, .small)
    let positions = model.positions(forest, grids: [PatchGrid(height: 2, width: 3)])
    #expect(
      positions.axes == [
        [0, 1, 1, 1, 1, 1, 1, 4, 5, 4], [0, 1, 1, 1, 2, 2, 2, 4, 5, 4], [0, 1, 2, 3, 1, 2, 3, 4, 5, 4],
      ])
    // The default: one axis, row after row.
    #expect(try Chain(weights, .small).positions(forest, grids: []).axes == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 7]])
  }

  /// What a completion reads from its caches, token by token, is what one pass over everything gives.
  @Test func completionsStandWhereTheWholePassStands() throws {
    let model = try Compass(Weights(FreshWeights(seed: 1)), .small)
    let grids = [PatchGrid(height: 2, width: 3)]
    let prompt: [SequenceElement] = [.token(1), .image(digest: "a", index: 0, rows: 6), .token(2), .token(3)]
    let completion: [Int32] = [7, 9, 11]
    let visual = Variable(Tensor((0..<96).map { Float($0 % 13) / 13 - 0.5 }, shape: [6, 16]))
    func rows(_ elements: [SequenceElement]) -> (forest: SegmentForest, x: Variable) {
      var builder = SegmentForestBuilder()
      builder.add(elements)
      let forest = builder.build().forest
      return (
        forest, embed(tokens: forest.tokens, table: model.embedding, visual: forest.visual, visualTokens: visual)
      )
    }
    let (whole, all) = rows(prompt + completion.map { .token($0) })
    let used = Array(whole.rowCount - 4..<whole.rowCount)
    let context = ForestContext(whole, used: used, positions: model.positions(whole, grids: grids))
    let expected = linear(model(all, context), weight: model.head).value

    let decoder = Decoder(model)
    let (forest, x) = rows(prompt)
    let cache = CompletionCache(decoder.read(x.value, positions: decoder.positions(forest, grids: grids)))
    expectClose(cache.prompt.logits.values, expected.rows(0..<1).values, tolerance: 1e-5, "the prompt")
    for (number, id) in completion.enumerated() {
      let logits = decoder.read([id], [cache])
      expectClose(logits.values, expected.rows(number + 1..<number + 2).values, tolerance: 1e-5, "token \(number)")
    }
    // On one axis they would stand elsewhere.
    let line = decoder.read(x.value)
    #expect(zip(line.logits.values, cache.prompt.logits.values).contains { abs($0 - $1) > 1e-3 })
  }

  /// The same through the tools' passes: what is sampled has the log-probabilities that scoring gives it.
  @Test func whatIsSampledIsScoredAtTheSamePlaces() throws {
    try Architectures.with(Architectures.Known(language: [Compass.self])) {
      try withTemporaryDirectory { folder in
        let published = fixture("models/published")
        var config = try #require(try JSONValue.parse(readFile(published + "/config.json")).object)
        config["text_config"] = [
          "model_type": "compass", "vocab_size": 328, "hidden_size": 16, "tie_word_embeddings": true,
        ]
        func text(_ name: String) throws -> String {
          String(decoding: try readFile(published + "/" + name), as: UTF8.self)
        }
        try NewCheckpoint(
          tensors: try FreshModel(config: .object(config), seed: 2).tensors,
          files: [
            "config.json": JSONValue.object(config).text(), "tokenizer.json": try text("tokenizer.json"),
            "preprocessor_config.json": try text("preprocessor_config.json"),
          ]
        ).write(to: folder + "/compass")
        let checkpoint = try Checkpoint(opening: folder + "/compass")
        let reader = try FrameReader(paths: [fixture("parity/published/pairs.frames")])
        var frames: [Frame] = []
        while let frame = try reader.next() { frames.append(frame) }
        let settings = SampleSettings(
          copies: 2, places: 3, sampling: SamplingOptions(seed: 4),
          limits: GenerationLimits(maximum: 8, ignoresEnds: true))
        let sampled = try pass(frames, through: FrameSampler(checkpoint, settings) { _ in })
        let scored = try pass(sampled, through: FrameScorer(checkpoint, .completions) { _ in }.groups())
        #expect(scored.count == frames.count)
        for frame in scored {
          expectClose(
            try #require(frame.tensors["completion_logps"]).floats(),
            try #require(frame.tensors["reference_logps"]).floats(), tolerance: 1e-5, frame.id)
        }
      }
    }
  }
}

extension ChainConfig {
  fileprivate static var small: ChainConfig {
    get throws {
      let config: JSONValue = [
        "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 1, "max_position_embeddings": 64,
        "tie_word_embeddings": true,
      ]
      return try ChainConfig(ConfigReader(config, file: "small"), tiedAbove: false)
    }
  }
}
