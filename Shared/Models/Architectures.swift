// SPDX-License-Identifier: MIT
// Everything that can be read and run: one line an architecture.
import Layers
import Synchronization

/// The architectures that are known, by `model_type`.
public enum Architectures {
  private struct Registry: Sendable {
    var vision: [any VisionEncoder.Type] = [
      SigLIP.self,
      CLIP.self,
    ]
    var connectors: [any Connector.Type] = [
      MLPConnector.self
    ]
    var language: [any LanguageModel.Type] = [
      Qwen2.self,
      Llama.self,
    ]
    var multimodal: [MultimodalCard] = [
      .llava
    ]
  }
  private static let registry = Mutex(Registry())

  /// Makes an architecture known that lives in another module.
  public static func add(_ vision: any VisionEncoder.Type) { registry.withLock { $0.vision.append(vision) } }
  public static func add(_ connector: any Connector.Type) { registry.withLock { $0.connectors.append(connector) } }
  public static func add(_ language: any LanguageModel.Type) { registry.withLock { $0.language.append(language) } }
  public static func add(_ multimodal: MultimodalCard) { registry.withLock { $0.multimodal.append(multimodal) } }

  public static var vision: [any VisionEncoder.Type] { registry.withLock { $0.vision } }
  public static var connectors: [any Connector.Type] { registry.withLock { $0.connectors } }
  public static var language: [any LanguageModel.Type] { registry.withLock { $0.language } }
  public static var multimodal: [MultimodalCard] { registry.withLock { $0.multimodal } }

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
