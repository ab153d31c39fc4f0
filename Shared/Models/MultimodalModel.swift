// SPDX-License-Identifier: MIT
// The MLLM: vision encoder -> connector -> LLM (arXiv 2304.08485).
import Autograd
import Checkpoints
import Failures
import Layers
import Tensors

/// A multimodal LLM, or the parts of one, running from a checkpoint. Inference records no graph; what is trainable does.
public final class MultimodalModel {
  public let config: MultimodalConfig
  /// Every parameter that runs, in the order of the forward pass, but those of a frozen vision encoder. A tensor above the
  /// feature layer is none.
  public let parameters: [Parameter]
  public let parts: Set<Part>
  private let checkpoint: Checkpoint
  private let vision: (any VisionEncoder)?
  /// A frozen encoder, loaded when an image must be encoded: where features travel with the frames, it never is.
  private var frozenVision: (any VisionEncoder)?
  private let connector: (any Connector)?
  private let llm: (any LanguageModel)?

  /// Loads `parts` (default: all that the checkpoint has); `trainable` parts get gradients, of the projector only its
  /// new layers where `onlyNewProjectorLayers`; `mapped` parts stay in the dtype in which they are stored.
  /// Throws 65 where a key is missing, left over or of the wrong shape, or where a part is not in the checkpoint.
  public init(
    _ checkpoint: Checkpoint, parts: Set<Part>? = nil, trainable: Set<Part> = [], onlyNewProjectorLayers: Bool = false,
    mapped: Set<Part> = []
  ) throws {
    let config = try MultimodalConfig(checkpoint)
    let present = config.anatomy.parts
    let wanted = parts ?? present
    if let absent = wanted.union(trainable).subtracting(present).map(\.rawValue).min() {
      throw PlainFailure.badData("\(checkpoint.path): a \(checkpoint.modelType) checkpoint has no \(absent)")
    }
    let old = onlyNewProjectorLayers ? config.connector?.carriedOver ?? [] : []
    let loaded = LoadedWeights(checkpoint) { name in
      Part(ofCanonical: name).map(trainable.contains) ?? false && !old.contains { name.hasPrefix($0) }
    }
    let weights = Weights(loaded, of: checkpoint)
    func source(_ part: Part) -> any WeightSource { mapped.contains(part) ? MappedWeights(checkpoint) : loaded }

    let isFrozen = !trainable.contains(.vision)
    let encoder =
      try wanted.contains(.vision)
      ? weights.using(isFrozen ? DeclaredWeights(checkpoint) : source(.vision)) { try Self.encoder(weights, config) }
      : nil
    vision = isFrozen ? nil : encoder
    connector = try weights.using(source(.projector)) {
      guard wanted.contains(.projector), let its = config.connector else { return nil }
      return try config.anatomy.connector?.make(weights, its)
    }
    llm = try weights.using(source(.llm)) {
      guard wanted.contains(.llm), let its = config.text else { return nil }
      return try config.anatomy.language?.make(weights, its)
    }
    try weights.finish(parts: wanted)
    self.config = config
    self.checkpoint = checkpoint
    self.parts = wanted
    parameters = weights.parameters
  }

  private static func encoder(_ weights: Weights, _ config: MultimodalConfig) throws -> (any VisionEncoder)? {
    guard let its = config.vision else { return nil }
    return try config.anatomy.vision?.make(weights, its, depth: config.featureLayer)
  }

  private func loadedEncoder() -> any VisionEncoder {
    if let encoder = vision ?? frozenVision { return encoder }
    guard parts.contains(.vision) else { preconditionFailure("the vision encoder was not loaded") }
    do {
      frozenVision = try Self.encoder(Weights(LoadedWeights(checkpoint), of: checkpoint), config)
    } catch {
      preconditionFailure("a vision encoder that was checked cannot be loaded: \(error)")
    }
    guard let frozenVision else { preconditionFailure("a vision encoder of no architecture") }
    return frozenVision
  }

  public var trainableParameters: [Parameter] { parameters.filter(\.isTrainable) }

  /// The language model, for generation.
  public var language: any LanguageModel {
    guard let llm else { preconditionFailure("the LLM was not loaded") }
    return llm
  }

  // MARK: - Images

  /// The grids of `rows` rows where every picture has the usual grid and takes `rowsEach` of it.
  private func usualGrids(_ rows: Int, _ rowsEach: (PatchGrid) -> Int) -> [PatchGrid] {
    guard let grid = config.vision?.grid else { preconditionFailure("images for a model without an encoder") }
    return Array(repeating: grid, count: rows / rowsEach(grid))
  }

  /// Hidden states at the feature layer, after the select strategy.
  /// pixels [Σ grid.count, 3·p·p] from `normalizedPixels`, `grids` picture by picture (nil: each has the usual one)
  ///   ->  [Σ config.features(of: grid), D]
  public func features(_ pixels: Tensor, grids: [PatchGrid]? = nil) -> Variable {
    let grids = grids ?? usualGrids(pixels.rows) { $0.count }
    let encoder = loadedEncoder()
    let states = encoder(Variable(pixels), grids: grids)
    guard config.dropsFirstFeature, let vision = config.vision else { return states }
    let prefix = vision.prefixRows
    let kept = Segment.roots(grids.map { prefix + $0.count }).flatMap { $0.start + 1..<$0.start + $0.count }
    return gatherRows(states, kept)
  }

  /// [Σ features, D] -> [Σ visual tokens, E]
  public func visualTokens(_ features: Variable, grids: [PatchGrid]? = nil) -> Variable {
    guard let connector else { preconditionFailure("the projector was not loaded") }
    return connector(features, grids: grids ?? usualGrids(features.rows, config.features))
  }

  // MARK: - Text

  /// Final hidden states of some rows (ascending).
  /// visualTokens [forest.visualCount, E], nil for text alone; `grids`: of their pictures, for models whose positions depend on
  /// them (nil: each has the usual one)  ->  [rows.count, E]
  public func hiddenStates(
    _ forest: SegmentForest, visualTokens: Variable?, rows: [Int], grids: [PatchGrid]? = nil
  ) -> Variable {
    let x = embed(
      tokens: forest.tokens, table: language.embedding, visual: forest.visual, visualTokens: visualTokens)  // [T, E]
    let grids = grids ?? (visualTokens == nil ? [] : usualGrids(forest.visualCount, config.visualTokens))
    return language(x, ForestContext(forest, used: rows, positions: language.positions(forest, grids: grids)))
  }

  /// log p(target | all before it), in nats, for every entry of `gathers`.
  /// visualTokens [forest.visualCount, E], nil for text alone  ->  [gathers.count]
  public func logps(_ forest: SegmentForest, visualTokens: Variable?, _ gathers: Gathers) -> Variable {
    logps(hiddenStates(forest, visualTokens: visualTokens, gathers), gathers)
  }

  /// The final hidden states that each gather is predicted from.   -> [gathers.count, E]
  public func hiddenStates(
    _ forest: SegmentForest, visualTokens: Variable?, _ gathers: Gathers, grids: [PatchGrid]? = nil
  ) -> Variable {
    let used = gathers.usedRows.map(Int.init)
    let hidden = hiddenStates(forest, visualTokens: visualTokens, rows: used, grids: grids)
    var position: [Int32: Int] = [:]
    for (index, row) in used.enumerated() { position[Int32(row)] = index }
    let rows = gathers.rows.map { row in
      guard let index = position[row] else { preconditionFailure("row \(row) is not among the used rows") }
      return index
    }
    return gatherRows(hidden, rows)
  }

  /// hidden [gathers.count, E] from `hiddenStates`  ->  log-probabilities [gathers.count], in nats
  public func logps(_ hidden: Variable, _ gathers: Gathers) -> Variable {
    logProbabilities(hidden, weight: language.head, targets: gathers.targets)
  }

  /// Logits of whole rows, for inspection and parity: training never holds them.   -> [rows.count, V]
  public func logits(_ forest: SegmentForest, visualTokens: Variable?, rows: [Int]) -> Tensor {
    linear(hiddenStates(forest, visualTokens: visualTokens, rows: rows), weight: language.head).value
  }
}
