// SPDX-License-Identifier: MIT
// What an architecture says of itself. Each is one file under Vision, Connectors or Language and one line in Architectures.swift.
import Autograd
import Checkpoints
import Layers
import StrictJSON

/// A picture's patches: so many rows and columns.
public struct PatchGrid: Sendable, Hashable {
  public let height: Int
  public let width: Int

  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  public var count: Int { height * width }
}

/// What is known of an architecture without its forward code.
public struct ArchitectureCard: Sendable {
  /// For messages: "SigLIP".
  public let name: String
  /// `model_type` of its config; the first is the one that is written.
  public let modelTypes: [String]
  /// How its tensors are called in files.
  public let keys: KeyRules
  /// What transformers takes for keys that its config lacks.
  public let defaults: JSONObject
  /// The class that transformers loads it as where it stands alone.
  public let transformersClass: String
  /// The tokenizer class that transformers chooses for it; nil: it has no tokenizer.
  public let tokenizerClass: String?
  /// preprocessor_config.json of pictures of a side, for checkpoints that bring none; nil: it takes no pictures.
  public let preprocessor: (@Sendable (_ side: Int) -> JSONObject)?
  /// The same in words.
  public let preparation: String?

  public init(
    name: String, modelTypes: [String], keys: KeyRules, defaults: JSONObject, transformersClass: String,
    tokenizerClass: String? = nil, preparation: String? = nil,
    preprocessor: (@Sendable (_ side: Int) -> JSONObject)? = nil
  ) {
    (self.name, self.modelTypes, self.keys, self.defaults) = (name, modelTypes, keys, defaults)
    (self.transformersClass, self.tokenizerClass) = (transformersClass, tokenizerClass)
    (self.preprocessor, self.preparation) = (preprocessor, preparation)
  }
}

// Before Swift 6.2 every type may travel between threads; since then a protocol must ask for it.
#if compiler(>=6.2)
  public typealias TypeThatTravels = SendableMetatype
#else
  public typealias TypeThatTravels = Any
#endif

/// A part of a multimodal LLM that is written once, as forward code with each parameter declared beside its key.
public protocol Architecture: TypeThatTravels {
  static var card: ArchitectureCard { get }
}

/// The numbers of a vision encoder.
public protocol VisionConfig: Sendable {
  /// Reads `vision_config`, or the config of a plain vision model, with the card's defaults. Throws 65, naming the key.
  init(_ reader: ConfigReader) throws
  /// Pixels along a picture's side, and along a patch's.
  var imageSize: Int { get }
  var patchSize: Int { get }
  /// The patches of a picture as the preprocessor leaves it; a picture of another grid is refused unless `accepts` it.
  var grid: PatchGrid { get }
  var hiddenSize: Int { get }
  var layerCount: Int { get }
  /// Rows in front of a picture's patches that are none (a class token).
  var prefixRows: Int { get }
  /// Values a row that one layer keeps for the way back.
  var activationsPerLayer: Int { get }
  func accepts(_ grid: PatchGrid) -> Bool
}

extension VisionConfig {
  public func accepts(_ grid: PatchGrid) -> Bool { grid == self.grid }
}

/// A vision encoder whose numbers are those of a vision transformer.
public protocol EncoderBasedConfig: VisionConfig {
  var encoder: EncoderConfig { get }
}

extension EncoderBasedConfig {
  public var imageSize: Int { encoder.imageSize }
  public var patchSize: Int { encoder.patchSize }
  public var grid: PatchGrid { PatchGrid(height: encoder.gridSize, width: encoder.gridSize) }
  public var hiddenSize: Int { encoder.block.width }
  public var layerCount: Int { encoder.layerCount }
  public var activationsPerLayer: Int { encoder.activationsPerLayer }
}

/// Pixels in, hidden states at the feature layer out; no norm above it, no pooling.
public protocol VisionEncoder: Architecture {
  associatedtype Config: VisionConfig
  /// - Parameter depth: layers to run. Those above are declared, and are kept as they are.
  init(_ weights: Weights, _ config: Config, depth: Int) throws
  /// pixels [Σ grid.count, 3·p·p], normalised  ->  [Σ (prefixRows + grid.count), D], picture by picture
  func callAsFunction(_ pixels: Variable, grids: [PatchGrid]) -> Variable
  /// What its config should say of the tensors that a checkpoint has, where an older one may leave it to them.
  static func stated(by checkpoint: Checkpoint) throws -> JSONObject
  /// `vision_config` of a new encoder of these sizes; unless it says otherwise, its card's defaults beside them.
  static func newConfig(_ sizes: VisionSizes) -> JSONObject
  /// Its config for the first `layers` layers; unless it says otherwise, `num_hidden_layers` is their number.
  static func config(_ config: JSONObject, layers: Int) -> JSONObject
}

/// The numbers of a connector.
public protocol ConnectorConfig: Sendable {
  /// Reads the config of the whole model, with the card's defaults. Throws 65, naming the key.
  init(_ reader: ConfigReader, from vision: any VisionConfig, to text: any LanguageConfig) throws
  /// Visual tokens that the features of a picture become.
  /// - Parameters:
  ///   - grid: the picture's patches.
  ///   - features: its rows of features: as many as patches, but what the select strategy adds or leaves out.
  func tokens(_ grid: PatchGrid, features: Int) -> Int
  /// Canonical prefixes of what another model brought along, where only the rest is new.
  var carriedOver: [String] { get }
}

/// Features in, visual tokens out.
public protocol Connector: Architecture {
  associatedtype Config: ConnectorConfig
  init(_ weights: Weights, _ config: Config) throws
  /// [Σ features, D]  ->  [Σ tokens, E], picture by picture
  func callAsFunction(_ features: Variable, grids: [PatchGrid]) -> Variable
  /// The connector of a model that is put together. Unless it says otherwise, it is kept whole or new.
  ///
  /// - Parameters:
  ///   - stored: what has such a connector already; nil: a new one is made.
  ///   - layers: what of `stored` is kept, and how much follows; nil: all and nothing.
  /// Throws 64 or 65 where it does not fit.
  static func planned(from stored: Checkpoint?, _ layers: LayerChoice?, _ junction: Junction) throws -> ConnectorPlan
  /// What the config of a connector alone says of it. Unless it says otherwise, the keys for which its card has defaults.
  static func description(of stored: Checkpoint) throws -> JSONObject
}

/// The numbers of a language model.
public protocol LanguageConfig: Sendable {
  /// Reads `text_config`, or the config of a plain language model, with the card's defaults. `tiedAbove`: the outer config ties
  /// the head. Throws 65, naming the key.
  init(_ reader: ConfigReader, tiedAbove: Bool) throws
  var vocabularySize: Int { get }
  var hiddenSize: Int { get }
  /// Positions that the model was made for: a prompt and its completion together.
  var positionCount: Int { get }
  /// Values a row that all layers keep for the way back.
  var activations: Int { get }
  /// Of new matrices.
  var deviation: Double { get }
}

extension LanguageConfig {
  public var deviation: Double { DecoderConfig.usualDeviation }
}

extension LanguageModel {
  public func positions(_ forest: SegmentForest, grids: [PatchGrid]) -> Positions { Positions(forest.positions) }
}

/// A language model whose numbers are those of Llama's kind.
public protocol DecoderBasedConfig: LanguageConfig {
  var decoder: DecoderConfig { get }
}

extension DecoderBasedConfig {
  public var vocabularySize: Int { decoder.vocabularySize }
  public var hiddenSize: Int { decoder.block.width }
  public var positionCount: Int { decoder.positionCount }
  public var activations: Int { decoder.activations }
  public var deviation: Double { decoder.deviation }
}

/// Embedded rows in, final hidden states out: for training and for generation, as the context has it.
public protocol LanguageModel: Architecture {
  associatedtype Config: LanguageConfig
  init(_ weights: Weights, _ config: Config) throws
  var config: Config { get }
  /// [V, E]
  var embedding: any Weight { get }
  /// [V, E]; the embedding itself where the two are tied.
  var head: any Weight { get }
  /// Where the rows of a pass stand: on one axis, each row one further than the last, unless the model has another rule for
  /// pictures (M-RoPE, arXiv 2409.12191).
  ///
  /// - Parameter grids: of the pictures, in the order of the forest's visual rows.
  func positions(_ forest: SegmentForest, grids: [PatchGrid]) -> Positions
  /// x [T, E]  ->  [used, E], after the last norm: all that logits are asked for
  func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable
  /// `text_config` of a new model of these sizes; unless it says otherwise, its card's defaults beside them.
  static func newConfig(_ sizes: LanguageSizes) -> JSONObject
  /// Its config with the card's defaults written out, so that it does not depend on who reads it.
  static func written(_ config: JSONObject) -> JSONObject
  /// Its config for another number of tokens; unless it says otherwise, `vocab_size` is that number.
  static func config(_ config: JSONObject, vocabularySize: Int) -> JSONObject
}

// MARK: - By type alone

extension VisionEncoder {
  public static func readConfig(_ reader: ConfigReader) throws -> any VisionConfig {
    try Config(reader.reading(defaults: card.defaults))
  }

  public static func make(_ weights: Weights, _ config: any VisionConfig, depth: Int) throws -> any VisionEncoder {
    guard let config = config as? Config else { preconditionFailure("\(card.name): the config of another encoder") }
    return try Self(weights, config, depth: depth)
  }
}

extension Connector {
  public static func readConfig(
    _ reader: ConfigReader, from vision: any VisionConfig, to text: any LanguageConfig
  ) throws -> any ConnectorConfig {
    try Config(reader.reading(defaults: card.defaults), from: vision, to: text)
  }

  public static func make(_ weights: Weights, _ config: any ConnectorConfig) throws -> any Connector {
    guard let config = config as? Config else { preconditionFailure("\(card.name): the config of another connector") }
    return try Self(weights, config)
  }
}

extension LanguageModel {
  /// `config`, where its type does not matter.
  public var languageConfig: any LanguageConfig { config }

  public static func readConfig(_ reader: ConfigReader, tiedAbove: Bool) throws -> any LanguageConfig {
    try Config(reader.reading(defaults: card.defaults), tiedAbove: tiedAbove)
  }

  public static func make(_ weights: Weights, _ config: any LanguageConfig) throws -> any LanguageModel {
    guard let config = config as? Config else { preconditionFailure("\(card.name): the config of another model") }
    return try Self(weights, config)
  }
}
