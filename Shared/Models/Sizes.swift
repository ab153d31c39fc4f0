// SPDX-License-Identifier: MIT
// How large a new model is to be, and the config that an architecture makes of it. Everything else in a config is the
// architecture's own: its defaults, and what it adds to them in its own file.
import StrictJSON

/// Sizes of a vision encoder of square pictures and patches.
public struct VisionSizes: Sendable {
  /// Pixels along a picture's side, and along a patch's.
  public var image, patch: Int
  public var width, mlpWidth, layers, heads: Int

  public init(image: Int, patch: Int, width: Int, mlpWidth: Int, layers: Int, heads: Int) {
    (self.image, self.patch) = (image, patch)
    (self.width, self.mlpWidth, self.layers, self.heads) = (width, mlpWidth, layers, heads)
  }

  /// What transformers takes for an encoder, but of these sizes.
  func config(_ card: ArchitectureCard) -> JSONObject {
    var config = card.newConfig
    config["hidden_size"] = .int(width)
    config["image_size"] = .int(image)
    config["intermediate_size"] = .int(mlpWidth)
    config["num_attention_heads"] = .int(heads)
    config["num_hidden_layers"] = .int(layers)
    config["patch_size"] = .int(patch)
    return config
  }
}

/// Sizes of a language model of Llama's kind, its head tied to its embeddings.
public struct LanguageSizes: Sendable {
  public var width, mlpWidth, layers, heads, keyHeads: Int
  public var vocabulary, positions: Int
  /// Base of the rotary frequencies.
  public var theta: Double
  /// Standard deviation of new matrices, the projector's too; nil: the architecture's own.
  public var deviation: Double?

  public init(
    width: Int, mlpWidth: Int, layers: Int, heads: Int, keyHeads: Int, vocabulary: Int, positions: Int, theta: Double,
    deviation: Double? = nil
  ) {
    (self.width, self.mlpWidth, self.layers) = (width, mlpWidth, layers)
    (self.heads, self.keyHeads, self.vocabulary, self.positions) = (heads, keyHeads, vocabulary, positions)
    (self.theta, self.deviation) = (theta, deviation)
  }

  /// What transformers takes for a language model, but of these sizes.
  func config(_ card: ArchitectureCard) -> JSONObject {
    var config = card.newConfig
    config["architectures"] = [.string(card.transformersClass)]
    config["hidden_size"] = .int(width)
    if let deviation { config["initializer_range"] = .double(deviation) }
    config["intermediate_size"] = .int(mlpWidth)
    config["max_position_embeddings"] = .int(positions)
    config["num_attention_heads"] = .int(heads)
    config["num_hidden_layers"] = .int(layers)
    config["num_key_value_heads"] = .int(keyHeads)
    config["rope_theta"] = .double(theta)
    config["tie_word_embeddings"] = true
    config["vocab_size"] = .int(vocabulary)
    return config
  }
}

extension ArchitectureCard {
  /// What a new model has whatever its sizes. Nothing drops out in these tools, and a new config does not speak of it.
  fileprivate var newConfig: JSONObject {
    var config = defaults
    config["attention_dropout"] = nil
    config["model_type"] = .string(modelTypes[0])
    config["torch_dtype"] = "float32"
    return config
  }
}

extension VisionEncoder {
  public static func newConfig(_ sizes: VisionSizes) -> JSONObject { sizes.config(card) }
}

extension LanguageModel {
  public static func newConfig(_ sizes: LanguageSizes) -> JSONObject { sizes.config(card) }
}
