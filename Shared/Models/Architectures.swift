// SPDX-License-Identifier: MIT
// Everything that can be read and run: one line an architecture.
import Layers

/// The architectures that are known, by `model_type`.
public enum Architectures {
  private static let published = Known(
    vision: [
      SigLIP.self,
      CLIP.self,
    ],
    connectors: [
      MLPConnector.self
    ],
    language: [
      Qwen2.self,
      Llama.self,
    ],
    multimodal: [
      .llava
    ])

  /// Architectures of one kind and another.
  public struct Known: Sendable {
    public var vision: [any VisionEncoder.Type]
    public var connectors: [any Connector.Type]
    public var language: [any LanguageModel.Type]
    public var multimodal: [MultimodalCard]

    public init(
      vision: [any VisionEncoder.Type] = [], connectors: [any Connector.Type] = [],
      language: [any LanguageModel.Type] = [], multimodal: [MultimodalCard] = []
    ) {
      (self.vision, self.connectors, self.language, self.multimodal) = (vision, connectors, language, multimodal)
    }
  }

  @TaskLocal private static var added = Known()

  /// Runs `body` with architectures that live in another module.
  public static func with<Result>(_ others: Known, _ body: () throws -> Result) rethrows -> Result {
    try $added.withValue(others, operation: body)
  }

  public static var vision: [any VisionEncoder.Type] { published.vision + added.vision }
  public static var connectors: [any Connector.Type] { published.connectors + added.connectors }
  public static var language: [any LanguageModel.Type] { published.language + added.language }
  public static var multimodal: [MultimodalCard] { published.multimodal + added.multimodal }

  static func vision(_ type: String) -> (any VisionEncoder.Type)? { vision.first { $0.card.modelTypes.contains(type) } }
  static func vision(pair type: String) -> (any VisionEncoder.Type)? {
    vision.first { $0.card.keys.pair?.modelType == type }
  }
  static func connector(_ type: String) -> (any Connector.Type)? {
    connectors.first { $0.card.modelTypes.contains(type) }
  }
  static func language(_ type: String) -> (any LanguageModel.Type)? {
    language.first { $0.card.modelTypes.contains(type) }
  }
  static func multimodal(_ type: String) -> MultimodalCard? { multimodal.first { $0.modelType == type } }

  /// `model_type` values of whole checkpoints that can be run, sorted.
  static var runnableTypes: [String] {
    (vision.flatMap { $0.card.modelTypes + ($0.card.keys.pair.map { [$0.modelType] } ?? []) }
      + language.flatMap { $0.card.modelTypes } + multimodal.map(\.modelType)).sorted()
  }

  /// What a part is called where there is none: "SigLIP or CLIP vision encoder".
  public static func words(for part: Part) -> String {
    switch part {
    case .vision: vision.map { $0.card.name }.joined(separator: " or ") + " vision encoder"
    case .projector: "projector"
    case .llm: language.map { $0.card.name }.joined(separator: " or ") + " language model"
    }
  }
}
