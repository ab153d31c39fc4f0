// SPDX-License-Identifier: MIT
// How LLaVA (arXiv 2304.08485, 2310.03744) joins a vision encoder, a projector and a language model.
import Layers

/// A multimodal LLM made of parts that each have an architecture of their own.
public struct MultimodalCard: Sendable {
  /// `model_type` of config.json.
  public let modelType: String
  /// What transformers takes where vision_config and text_config name no type.
  let visionType, languageType: String
  let connector: any Connector.Type
  /// Modules of the parts in its files, in the order vision, projector, LLM; each also behind `outer`, as newer versions of
  /// transformers keep them in memory.
  let modules: [Part: String]
  let outer: String
  /// The class that transformers loads it as.
  public let transformersClass: String
}

extension MultimodalCard {
  public static let llava = MultimodalCard(
    modelType: "llava", visionType: "clip_vision_model", languageType: "llama", connector: MLPConnector.self,
    modules: [.vision: "vision_tower.", .projector: "multi_modal_projector.", .llm: "language_model."], outer: "model.",
    transformersClass: "LlavaForConditionalGeneration")
}
