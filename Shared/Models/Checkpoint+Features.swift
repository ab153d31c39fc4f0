// SPDX-License-Identifier: MIT
// What the config of a checkpoint says of its parts, one by one: the numbers of the encoder, those of the language model, and
// which hidden states are features.
import Checkpoints
import Layers
import StrictJSON

extension Checkpoint {
  /// config.json with what transformers takes for keys that it lacks.
  private var reader: ConfigReader { ConfigReader(config, file: configName).reading(defaults: anatomy.defaults) }

  /// The numbers of the vision encoder; nil where there is none that is known here.
  public func visionConfig() throws -> (any VisionConfig)? {
    guard anatomy.vision != nil else { return nil }
    return try MultimodalConfig.vision(reader, anatomy)
  }

  /// How many of the vision encoder's layers run for features of `featureLayer`; nil where there is no encoder.
  public func layersRun(featureLayer: Int?) throws -> Int? {
    guard let count = try visionConfig()?.layerCount else { return nil }
    let layer = featureLayer ?? self.featureLayer
    return layer < 0 ? max(0, count + 1 + layer) : min(layer, count)
  }

  /// `vision_feature_layer`: index into the hidden states, negative from the end; unless stated that of the whole's card.
  public var featureLayer: Int {
    let key = "vision_feature_layer"
    // Far beyond any encoder, and low enough to count with; MultimodalConfig refuses what is no layer.
    let limit = 1 << 20
    let stated = config[key]?.int ?? config[key]?.array?.first?.int
    return max(-limit, min(limit, stated ?? anatomy.defaults[key]?.int ?? 0))
  }

  /// `vision_feature_select_strategy`; unless stated that of the whole's card. A vision model of its own has none: all its rows
  /// are features.
  public var selectStrategy: String {
    let key = "vision_feature_select_strategy"
    return config[key]?.string ?? anatomy.defaults[key]?.string ?? ""
  }

  /// The id that stands for an image in a multimodal model, whether its vocabulary has it or not. Throws 65 where it is none.
  public func imageToken() throws -> Int { try MultimodalConfig.imageToken(reader) }
}
