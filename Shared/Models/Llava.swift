// SPDX-License-Identifier: MIT
// How LLaVA (arXiv 2304.08485, 2310.03744) joins a vision encoder, a projector and a language model.
import Layers
import StrictJSON

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

extension MultimodalCard {
  /// processor_config.json, from which transformers' LlavaProcessor counts the visual tokens of an image.
  ///
  /// - Parameters:
  ///   - config: config.json.
  ///   - prefixRows: rows in front of a picture's patches, before the select strategy drops one.
  public static func processorConfig(_ config: JSONObject, imageToken: String, prefixRows: Int) -> JSONValue {
    [
      "image_token": .string(imageToken), "num_additional_image_tokens": .int(prefixRows),
      "patch_size": config["vision_config"]?["patch_size"] ?? .null, "processor_class": "LlavaProcessor",
      "vision_feature_select_strategy": config["vision_feature_select_strategy"] ?? .null,
    ]
  }
}
