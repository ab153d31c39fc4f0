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
  public let connector: any Connector.Type
  /// Modules of the parts in its files, the first that a name begins with; each also behind `outer`, as newer versions of
  /// transformers keep them in memory.
  let modules: [(part: Part, module: String)]
  let outer: String
  /// What transformers takes for keys that its config lacks beside those of the parts.
  public let defaults: JSONObject
  /// The class that transformers loads it as.
  public let transformersClass: String

  /// - Parameters:
  ///   - modules: of the parts in its files; unless it says otherwise, LLaVA's.
  ///   - outer: the module that may hold them all; "" where there is none.
  ///   - defaults: `vision_feature_layer`, `vision_feature_select_strategy`, `image_token_index`; those that are not named
  ///     are LLaVA's.
  public init(
    modelType: String, visionType: String, languageType: String, connector: any Connector.Type,
    modules: [(part: Part, module: String)] = Part.allCases.map { ($0, $0.prefix) }, outer: String = "model.",
    defaults: JSONObject = [:], transformersClass: String
  ) {
    (self.modelType, self.visionType, self.languageType) = (modelType, visionType, languageType)
    (self.connector, self.modules, self.outer) = (connector, modules, outer)
    self.defaults = Self.published.overridden(by: defaults)
    self.transformersClass = transformersClass
  }

  /// What a tensor is called in files that are newly written.
  public func storedName(ofCanonical name: String) -> String {
    guard let (part, module) = modules.first(where: { name.hasPrefix($0.part.prefix) }) else { return name }
    return module + name.dropFirst(part.prefix.count)
  }

  /// What LlavaConfig of transformers has.
  private static let published: JSONObject = [
    "image_token_index": 32000, "vision_feature_layer": -2, "vision_feature_select_strategy": "default",
  ]

  /// For an encoder alone: the feature layer of LLaVA, and all its rows are features.
  static let ofEncoderAlone = published.overridden(by: ["vision_feature_select_strategy": "full"])
}

extension MultimodalCard {
  public static let llava = MultimodalCard(
    modelType: "llava", visionType: "clip_vision_model", languageType: "llama", connector: MLPConnector.self,
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

extension JSONObject {
  /// With the values of `other` where it has any.
  fileprivate func overridden(by other: JSONObject) -> JSONObject {
    var result = self
    for (key, value) in other { result[key] = value }
    return result
  }
}
