// SPDX-License-Identifier: MIT
// Which parts a config.json describes, of which architectures, and what the names in its files mean.
import Checkpoints
import Layers
import StrictJSON

/// A checkpoint's parts and its names. Canonical names are those of published LLaVA checkpoints:
///
///     vision_tower.…   multi_modal_projector.…   language_model.…
///
/// with an architecture's own names behind the part's prefix. In files of one part alone the prefix is missing; a multimodal
/// model keeps its parts behind the modules that its card names.
public struct Anatomy: KeyNaming {
  public let modelType: String
  /// The parts that the checkpoint is made of, whether their architectures are known or not.
  public let parts: Set<Part>
  public let vision: (any VisionEncoder.Type)?
  public let connector: (any Connector.Type)?
  public let language: (any LanguageModel.Type)?
  /// How the parts are joined; nil: one part alone.
  public let whole: MultimodalCard?
  /// A pair of towers of which one is the vision encoder.
  let isPair: Bool
  private let isTied: Bool

  /// What is not known of the config is nil; nothing is refused here.
  public init(_ config: JSONValue) {
    modelType = config["model_type"]?.string ?? ""
    whole = Architectures.multimodal(modelType)
    isTied =
      config["tie_word_embeddings"]?.bool == true || config["text_config"]?["tie_word_embeddings"]?.bool == true
    if let whole {
      isPair = false
      parts = [.vision, .projector, .llm]
      vision = Architectures.vision(config["vision_config"]?["model_type"]?.string ?? whole.visionType)
      connector = whole.connector
      language = Architectures.language(config["text_config"]?["model_type"]?.string ?? whole.languageType)
      return
    }
    let pair = Architectures.vision(pair: modelType)
    isPair = pair != nil
    vision = pair ?? Architectures.vision(modelType)
    connector = Architectures.connector(modelType)
    language = Architectures.language(modelType)
    let found: [(Part, Bool)] = [(.vision, vision != nil), (.projector, connector != nil), (.llm, language != nil)]
    parts = Set(found.filter(\.1).map(\.0))
  }

  /// Names of an architecture that is not known stay as they are.
  private static let unknown = KeyRules(root: "", outside: ["lm_head."])
  private var visionKeys: KeyRules { vision?.card.keys ?? Self.unknown }
  private var languageKeys: KeyRules { language?.card.keys ?? Self.unknown }

  /// What training may add beside a model and no pass of the model itself runs: without it the model is whole. (An adapter is
  /// none: a model that runs without it is another.)
  static let additions = ["value_head."]

  public func role(of stored: String) -> KeyRole {
    if Self.additions.contains(where: stored.hasPrefix) { return .ignored }
    if isPair, visionKeys.isOfOther(stored) { return .ignored }
    guard let name = whole.map({ inside($0, stored) }) ?? alone(stored) else { return .unknown }
    if visionKeys.isBuffer(name) && Part(ofCanonical: name) == .vision { return .ignored }
    if languageKeys.isBuffer(name) && Part(ofCanonical: name) == .llm { return .ignored }
    return .parameter(name)
  }

  /// The canonical name in a checkpoint of several parts.
  private func inside(_ card: MultimodalCard, _ stored: String) -> String? {
    let name = stored.hasPrefix(card.outer) ? stored.dropFirst(card.outer.count) : stored[...]
    for (part, module) in card.modules where KeyRules.begins(name, module) {
      let rest = name.dropFirst(module.count)
      switch part {
      case .vision: return part.prefix + visionKeys.inside(rest)
      case .projector: return part.prefix + rest
      case .llm: return part.prefix + languageKeys.inside(rest)
      }
    }
    return languageKeys.isOutside(name) ? Part.llm.prefix + name : nil
  }

  /// The canonical name in a checkpoint of one part.
  private func alone(_ stored: String) -> String? {
    if vision != nil { return visionKeys.alone(stored[...], isPair: isPair).map { Part.vision.prefix + $0 } }
    if language != nil { return languageKeys.alone(stored[...]).map { Part.llm.prefix + $0 } }
    return connector != nil && KeyRules.begins(stored, Part.projector.prefix) ? stored : nil
  }

  public func group(ofCanonical name: String) -> String? { Part(ofCanonical: name)?.rawValue }

  /// Canonical names of the head and the embeddings that it may be tied to; nil where there is no language model.
  public var head: (head: String, embedding: String)? {
    languageKeys.tied.map { (Part.llm.prefix + $0.head, Part.llm.prefix + $0.embedding) }
  }

  /// `tie_word_embeddings` at the top or in the text config: either suffices.
  public var tiesWordEmbeddings: Bool { isTied }

  /// What is taken for keys that the config lacks beside those of its parts: the feature layer, the select strategy and, of a
  /// whole model, the image token.
  public var defaults: JSONObject { whole?.defaults ?? MultimodalCard.ofEncoderAlone }

  public var ties: [(follower: String, leader: String)] {
    isTied ? [head].compactMap { $0 }.map { ($0.head, $0.embedding) } : []
  }
}

extension Checkpoint {
  /// Opens `path` as a model whose architectures are known here.
  public convenience init(opening path: String) throws { try self.init(opening: path) { Anatomy($0) } }

  /// Which parts there are. A checkpoint that was opened without its architectures has none.
  public var anatomy: Anatomy { naming as? Anatomy ?? Anatomy(.object([:])) }

  /// The part a stored name belongs to.
  public func part(ofStored name: String) -> Part? { canonicalName(ofStored: name).flatMap(Part.init(ofCanonical:)) }
}

extension CheckpointStore {
  /// Opens `path` for writing, as a model whose architectures are known here.
  public convenience init(openingForWriting path: String) throws {
    try self.init(openingForWriting: path) { Anatomy($0) }
  }
}
