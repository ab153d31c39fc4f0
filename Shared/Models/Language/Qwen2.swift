// SPDX-License-Identifier: MIT
// Qwen2 / Qwen2.5 causal language model (arXiv 2407.10671, 2412.15115): Llama's network with biases on queries, keys and values.
import Autograd
import Layers
import StrictJSON

/// `text_config`, or the config of a plain language model.
public struct Qwen2Config: DecoderBasedConfig {
  public let decoder: DecoderConfig
  let rotary: RotaryConfig

  public init(_ reader: ConfigReader, tiedAbove: Bool) throws {
    decoder = try DecoderConfig(reader, tiedAbove: tiedAbove, biases: (input: true, output: false, mlp: false))
    guard try !reader.bool("use_sliding_window", or: false) else {
      throw reader.failure("use_sliding_window", "is true: sliding windows are not supported")
    }
    rotary = try RotaryConfig(reader)
  }
}

/// Embedded rows in, final hidden states out.
public struct Qwen2: LanguageModel {
  public let config: Qwen2Config
  private let decoder: CausalDecoder

  public static let card = ArchitectureCard(
    name: "Qwen2", modelTypes: ["qwen2"],
    keys: .causalDecoder,
    defaults: [
      "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
      "num_key_value_heads": 32, "vocab_size": 151_936, "hidden_act": "silu", "max_position_embeddings": 32768,
      "rms_norm_eps": 1e-6,
    ],
    transformersClass: "Qwen2ForCausalLM", tokenizerClass: "Qwen2Tokenizer")

  public init(_ weights: Weights, _ config: Qwen2Config) throws {
    self.config = config
    decoder = try CausalDecoder(
      weights, config.decoder, config.rotary.frequencies(headSize: config.decoder.block.headSize))
  }

  public var embedding: any Weight { decoder.embedding }
  public var head: any Weight { decoder.head }

  public func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable { decoder(x, context) }

  /// Every position sees all before it.
  public static func newConfig(_ sizes: LanguageSizes) -> JSONObject {
    var config = sizes.config(card)
    config["use_sliding_window"] = false
    return config
  }
}
