// SPDX-License-Identifier: MIT
// config.json of a checkpoint, for the parts that it has.
import Checkpoints
import Failures
import Layers
import StrictJSON

/// The numbers of a multimodal LLM, or of a part of one.
public struct MultimodalConfig: Sendable {
  public let anatomy: Anatomy
  public let vision: (any VisionConfig)?
  /// nil unless both sides of it are there.
  public let connector: (any ConnectorConfig)?
  public let text: (any LanguageConfig)?
  /// Hidden state that features are taken from: 0 = embeddings, k = the output of layer k.
  public let featureLayer: Int
  /// Whether the first feature of each image is dropped (`vision_feature_select_strategy` "default", made for a CLS token).
  public let dropsFirstFeature: Bool
  /// The id that stands for an image in a prompt.
  public let imageToken: Int32?

  /// Reads the config of an open checkpoint. Throws 65 where a value is impossible or not supported, naming its key.
  public init(_ checkpoint: Checkpoint) throws {
    try self.init(checkpoint.config, anatomy: checkpoint.anatomy, file: checkpoint.configName)
  }

  /// Reads a config; `file` names it in messages.
  public init(_ config: JSONValue, anatomy: Anatomy, file: String) throws {
    let reader = ConfigReader(config, file: file).reading(defaults: anatomy.defaults)
    let type = try reader.string("model_type")
    guard Architectures.runnableTypes.contains(type) else {
      throw reader.failure(
        "model_type", "is \"\(type)\"; known are \(Architectures.runnableTypes.joined(separator: ", "))")
    }
    self.anatomy = anatomy
    vision = try anatomy.parts.contains(.vision) ? Self.vision(reader, anatomy) : nil
    text = try anatomy.parts.contains(.llm) ? Self.text(reader, anatomy) : nil
    featureLayer = try vision.map { try Self.featureLayer(reader, layers: $0.layerCount) } ?? 0
    let strategy = try reader.string("vision_feature_select_strategy")
    guard strategy == "default" || strategy == "full" else {
      throw reader.failure("vision_feature_select_strategy", "is \"\(strategy)\", expected \"default\" or \"full\"")
    }
    dropsFirstFeature = strategy == "default"
    if let vision, dropsFirstFeature, vision.prefixRows + vision.grid.count < 2 {
      throw reader.failure(
        "vision_feature_select_strategy",
        "is \"default\", which leaves nothing of an image of one patch; expected \"full\"")
    }
    if let vision, let text, let connector = anatomy.connector {
      self.connector = try connector.readConfig(reader, from: vision, to: text)
    } else {
      connector = nil
    }
    imageToken = try anatomy.whole == nil ? nil : text.map { try Self.imageToken(reader, below: $0.vocabularySize) }
  }

  /// The encoder's config, in a section of its own or the whole.
  static func vision(_ reader: ConfigReader, _ anatomy: Anatomy) throws -> any VisionConfig {
    let section = anatomy.whole == nil && !anatomy.isPair ? reader : try Self.section("vision_config", reader)
    guard let encoder = anatomy.vision else {
      let known = Architectures.vision.flatMap { $0.card.modelTypes }
      throw try unknown(section, "vision_config", anatomy.whole?.visionType ?? "", known)
    }
    return try encoder.readConfig(section)
  }

  static func text(_ reader: ConfigReader, _ anatomy: Anatomy) throws -> any LanguageConfig {
    let section = anatomy.whole == nil ? reader : try Self.section("text_config", reader)
    guard let model = anatomy.language else {
      let known = Architectures.language.flatMap { $0.card.modelTypes }
      throw try unknown(section, "text_config", anatomy.whole?.languageType ?? "", known)
    }
    return try model.readConfig(section, tiedAbove: reader.bool("tie_word_embeddings", or: false))
  }

  private static func section(_ key: String, _ reader: ConfigReader) throws -> ConfigReader {
    guard let section = try reader.section(key) else { throw reader.failure(key, "is missing") }
    return section
  }

  private static func unknown(
    _ reader: ConfigReader, _ section: String, _ fallback: String, _ known: [String]
  ) throws -> PlainFailure {
    let type = try reader.string("model_type", or: fallback)
    return reader.failure("model_type", "is \"\(type)\"; known for \(section): \(known.joined(separator: ", "))")
  }

  /// hidden_states has layers + 1 entries; a negative index counts from its end.
  private static func featureLayer(_ reader: ConfigReader, layers: Int) throws -> Int {
    let key = "vision_feature_layer"
    guard var value = reader.raw(key) else { throw reader.failure(key, "is missing") }
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

  private static func imageToken(_ reader: ConfigReader, below size: Int) throws -> Int32 {
    let id = try imageToken(reader)
    guard id < size else {
      throw reader.failure("image_token_index", "is \(id), outside the vocabulary of \(size)")
    }
    return Int32(id)
  }

  /// The id that stands for an image, whether the vocabulary has it or not.
  static func imageToken(_ reader: ConfigReader) throws -> Int {
    try reader.int("image_token_id", "image_token_index", minimum: 0)
  }

  // MARK: Rows

  /// Rows of features of a picture.
  public func features(of grid: PatchGrid) -> Int {
    (vision?.prefixRows ?? 0) + grid.count - (dropsFirstFeature ? 1 : 0)
  }

  /// Rows of features that are no patches, in front of a picture's others.
  public var prefixFeatures: Int { max(0, (vision?.prefixRows ?? 0) - (dropsFirstFeature ? 1 : 0)) }

  /// Visual tokens of a picture: its rows in the language model.
  public func visualTokens(of grid: PatchGrid) -> Int {
    connector?.tokens(grid, features: features(of: grid)) ?? features(of: grid)
  }

  /// Feature rows of a picture as the preprocessor leaves it.
  public var featuresPerImage: Int { vision.map { features(of: $0.grid) } ?? 0 }

  /// Whether the projector has layers behind others that it brought along.
  public var hasNewProjectorLayers: Bool { connector.map { !$0.carriedOver.isEmpty } ?? false }
}

extension Checkpoint {
  /// config.json, for messages.
  var configName: String { path + (isDirectory ? "/config.json" : ": config.json") }
}

extension MultimodalConfig {
  /// Declares every parameter of the model: all parts, and all layers of each.
  public func declare(_ weights: Weights) throws {
    if let vision { _ = try anatomy.vision?.make(weights, vision, depth: vision.layerCount) }
    if let connector { _ = try anatomy.connector?.make(weights, connector) }
    if let text { _ = try anatomy.language?.make(weights, text) }
  }
}
