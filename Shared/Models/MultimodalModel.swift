// SPDX-License-Identifier: MIT
// The MLLM: vision encoder -> projector -> LLM, joined as LlavaForConditionalGeneration joins them (arXiv 2310.03744).
import Autograd
import Checkpoints
import Failures
import StrictJSON
import Tensors

/// config.json of a checkpoint, for the parts that it has.
public struct MultimodalConfig: Sendable, Equatable {
  public let vision: SigLIPConfig?
  public let text: Qwen2Config?
  /// Hidden state that features are taken from: 0 = embeddings, k = the output of layer k.
  public let featureLayer: Int
  /// Whether the first feature of each image is dropped (`vision_feature_select_strategy` "default", made for a CLS token).
  public let dropsFirstFeature: Bool
  public let projectorActivation: GELU
  public let projectorHasBias: Bool
  /// Output width of each linear layer of the projector (`projector_hidden_sizes`); as published two of the LLM's width.
  public let projectorWidths: [Int]
  /// How many of them, the first ones, another model brought along (`projector_old_layers`); nil: they are of one piece.
  public let oldProjectorLayers: Int?
  /// The id that stands for an image in a prompt.
  public let imageToken: Int32?

  /// `model_type` values that can be read, with the parts they have.
  public static let parts: [String: Set<Part>] = [
    "llava": [.vision, .projector, .llm], "siglip_vision_model": [.vision], "siglip": [.vision], "qwen2": [.llm],
  ]

  /// Reads the config of an open checkpoint. Throws 65 where a value is impossible or not supported, naming its key.
  public init(_ checkpoint: Checkpoint) throws {
    let reader = ConfigReader(
      checkpoint.config, file: checkpoint.path + (checkpoint.isDirectory ? "/config.json" : ": config.json"))
    let type = try reader.string("model_type")
    guard let parts = Self.parts[type] else {
      throw reader.failure(
        "model_type", "is \"\(type)\"; known are \(Self.parts.keys.sorted().joined(separator: ", "))")
    }
    let headIsStored = checkpoint.tensor(canonical: "vision_tower.vision_model.head.probe") != nil
    let visionReader = type == "llava" || type == "siglip" ? try reader.section("vision_config") : reader
    let textReader = type == "llava" ? try reader.section("text_config") : reader

    if parts.contains(.vision) {
      guard let visionReader else { throw reader.failure("vision_config", "is missing") }
      if type == "llava" {
        try Self.expect(visionReader, "vision_config", ["siglip_vision_model"], fallback: "clip_vision_model")
      }
      vision = try SigLIPConfig(visionReader, headIsStored: headIsStored)
    } else {
      vision = nil
    }
    if parts.contains(.llm) {
      guard let textReader else { throw reader.failure("text_config", "is missing") }
      if type == "llava" { try Self.expect(textReader, "text_config", ["qwen2"], fallback: "llama") }
      text = try Qwen2Config(textReader, tiedAbove: reader.bool("tie_word_embeddings", or: false))
    } else {
      text = nil
    }

    featureLayer = try vision.map { try Self.featureLayer(reader, layers: $0.layerCount) } ?? 0
    let strategy = try reader.string("vision_feature_select_strategy", or: type == "llava" ? "default" : "full")
    guard strategy == "default" || strategy == "full" else {
      throw reader.failure("vision_feature_select_strategy", "is \"\(strategy)\", expected \"default\" or \"full\"")
    }
    dropsFirstFeature = strategy == "default"
    projectorActivation = try GELU(
      reader.string("projector_hidden_act", or: "gelu"), reader, key: "projector_hidden_act")
    projectorHasBias = try reader.bool("multimodal_projector_bias", or: true)
    projectorWidths = try Self.projectorWidths(reader, outputs: text?.hiddenSize)
    oldProjectorLayers =
      reader.raw("projector_old_layers") == nil ? nil : try reader.int("projector_old_layers", minimum: 1)
    if let old = oldProjectorLayers, old >= projectorWidths.count {
      throw reader.failure(
        "projector_old_layers", "is \(old), expected fewer than the projector's \(projectorWidths.count) layers")
    }
    if type == "llava", let text {
      let id = try reader.int("image_token_id", "image_token_index", or: 32000, minimum: 0)
      guard id < text.vocabularySize else {
        throw reader.failure("image_token_index", "is \(id), outside the vocabulary of \(text.vocabularySize)")
      }
      imageToken = Int32(id)
    } else {
      imageToken = nil
    }
  }

  private static func expect(_ reader: ConfigReader, _ section: String, _ known: [String], fallback: String) throws {
    let type = try reader.string("model_type", or: fallback)
    guard known.contains(type) else {
      throw reader.failure("model_type", "is \"\(type)\"; known for \(section): \(known.joined(separator: ", "))")
    }
  }

  private static func projectorWidths(_ reader: ConfigReader, outputs: Int?) throws -> [Int] {
    let key = "projector_hidden_sizes"
    guard let outputs else { return [] }
    let widths = try reader.sizes(key) ?? [outputs, outputs]
    guard widths.last == outputs else {
      throw reader.failure(key, "is \(widths), expected the LLM's hidden_size \(outputs) as its last")
    }
    return widths
  }

  /// hidden_states has layers + 1 entries; a negative index counts from its end.
  private static func featureLayer(_ reader: ConfigReader, layers: Int) throws -> Int {
    let key = "vision_feature_layer"
    var value = reader.raw(key) ?? .int(-2)
    if let list = value.array, list.count == 1 { value = list[0] }
    guard let index = value.int else {
      throw reader.failure(key, "is \(value.text()), expected one layer (features of several layers are not supported)")
    }
    let layer = index < 0 ? layers + 1 + index : index
    guard (0...layers).contains(layer) else {
      throw reader.failure(key, "is \(index); the encoder has \(layers) layers")
    }
    return layer
  }

  /// Feature rows (and visual tokens) of one image.
  public var featuresPerImage: Int { (vision?.patchCount ?? 0) - (dropsFirstFeature ? 1 : 0) }
}

/// A multimodal LLM, or the parts of one, running from a checkpoint. Inference records no graph; what is trainable does.
public final class MultimodalModel {
  public let config: MultimodalConfig
  /// Every parameter that runs, in the order of the forward pass, but those of a frozen vision encoder. A tensor above the
  /// feature layer is none.
  public let parameters: [Parameter]
  public let parts: Set<Part>
  private let vision: SigLIPEncoder?
  /// A frozen encoder, loaded when an image must be encoded: where features travel with the frames, it never is.
  private var frozenVision: SigLIPEncoder?
  private let checkpoint: Checkpoint
  private let projector: Projector?
  private let llm: Qwen2?

  /// Loads `parts` (default: all that the checkpoint has); `trainable` parts get gradients, of the projector only its
  /// new layers where `onlyNewProjectorLayers`.
  /// Throws 65 where a key is missing, left over or of the wrong shape, or where a part is not in the checkpoint.
  public init(
    _ checkpoint: Checkpoint, parts: Set<Part>? = nil, trainable: Set<Part> = [], onlyNewProjectorLayers: Bool = false
  ) throws {
    let config = try MultimodalConfig(checkpoint)
    let present = MultimodalConfig.parts[checkpoint.modelType] ?? []
    let wanted = parts ?? present
    if let absent = wanted.union(trainable).subtracting(present).map(\.rawValue).min() {
      throw PlainFailure.badData("\(checkpoint.path): a \(checkpoint.modelType) checkpoint has no \(absent)")
    }
    let old = onlyNewProjectorLayers ? (0..<(config.oldProjectorLayers ?? 0)).map { Projector.name($0) + "." } : []
    let weights = Weights(checkpoint, trainable: trainable) { name in old.contains { name.hasPrefix($0) } }
    vision = try wanted.contains(.vision) ? Self.encoder(weights, config, isFrozen: !trainable.contains(.vision)) : nil
    if wanted.contains(.projector), let from = config.vision, config.text != nil {
      projector = try Projector(
        weights, inputs: from.hiddenSize, widths: config.projectorWidths, activation: config.projectorActivation,
        bias: config.projectorHasBias)
    } else {
      projector = nil
    }
    llm = try wanted.contains(.llm) ? config.text.map { try Qwen2(weights, $0) } : nil
    try weights.finish(parts: wanted)
    self.config = config
    self.checkpoint = checkpoint
    self.parts = wanted
    parameters = weights.parameters
  }

  /// The vision encoder; of a frozen one only the declaration, and nil.
  private static func encoder(_ weights: Weights, _ config: MultimodalConfig, isFrozen: Bool) throws -> SigLIPEncoder? {
    guard let vision = config.vision else { return nil }
    weights.onlyDeclares = isFrozen
    defer { weights.onlyDeclares = false }
    let encoder = try SigLIPEncoder(weights, vision, depth: config.featureLayer)
    return isFrozen ? nil : encoder
  }

  private func loadedEncoder() -> SigLIPEncoder {
    if let encoder = vision ?? frozenVision { return encoder }
    guard parts.contains(.vision), let siglip = config.vision else {
      preconditionFailure("the vision encoder was not loaded")
    }
    do {
      let encoder = try SigLIPEncoder(Weights(checkpoint, trainable: []), siglip, depth: config.featureLayer)
      frozenVision = encoder
      return encoder
    } catch {
      preconditionFailure("a vision encoder that was checked cannot be loaded: \(error)")
    }
  }

  public var trainableParameters: [Parameter] { parameters.filter(\.isTrainable) }

  /// Hidden states at the feature layer, after the select strategy.
  /// pixels [n·P, 3·p·p] from `normalizedPixels`  ->  [n·featuresPerImage, D]
  public func features(_ pixels: Tensor) -> Variable {
    let states = loadedEncoder()(Variable(pixels))
    guard config.dropsFirstFeature, let patches = config.vision?.patchCount else { return states }
    return gatherRows(states, (0..<states.rows).filter { $0 % patches != 0 })
  }

  /// [Σ P, D] -> [Σ P, E]
  public func visualTokens(_ features: Variable) -> Variable {
    guard let projector else { preconditionFailure("the projector was not loaded") }
    return projector(features)
  }

  /// log p(target | all before it), in nats, for every entry of `gathers`.
  /// visualTokens [forest.visualCount, E], nil for text alone  ->  [gathers.count]
  public func logps(_ forest: SegmentForest, visualTokens: Variable?, _ gathers: Gathers) -> Variable {
    guard let llm else { preconditionFailure("the LLM was not loaded") }
    let used = gathers.usedRows.map(Int.init)
    let hidden = llm(forest, visualTokens: visualTokens, used: used)
    var position: [Int32: Int] = [:]
    for (index, row) in used.enumerated() { position[Int32(row)] = index }
    let rows = gathers.rows.map { row in
      guard let index = position[row] else { preconditionFailure("row \(row) is not among the used rows") }
      return index
    }
    return logProbabilities(gatherRows(hidden, rows), weight: llm.head, targets: gathers.targets)
  }

  /// Logits of whole rows, for inspection and parity: training never holds them.   -> [rows.count, V]
  public func logits(_ forest: SegmentForest, visualTokens: Variable?, rows: [Int]) -> Tensor {
    guard let llm else { preconditionFailure("the LLM was not loaded") }
    return linear(llm(forest, visualTokens: visualTokens, used: rows), weight: llm.head).value
  }
}
