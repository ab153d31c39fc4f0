// SPDX-License-Identifier: MIT
// Qwen2 / Qwen2.5 causal language model (arXiv 2407.10671, 2412.15115): Llama's block with biases on queries, keys and values.
// T rows, E width, H query heads, K key heads, d head width, M MLP width, V vocabulary, L layers.
import Autograd
import Layers
import StrictJSON

/// `text_config`, or the config of a plain language model.
public struct Qwen2Config: LanguageConfig {
  public let vocabularySize: Int
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layerCount: Int
  public let headCount: Int
  public let keyHeadCount: Int
  public let headSize: Int
  public let epsilon: Double
  public let rotary: RotaryConfig
  public let positionCount: Int
  public let isTied: Bool
  /// Of new matrices.
  public let deviation: Double

  public var activations: Int { layerCount * (8 * hiddenSize + 4 * intermediateSize) }

  public init(_ reader: ConfigReader, tiedAbove: Bool) throws {
    vocabularySize = try reader.int("vocab_size")
    hiddenSize = try reader.int("hidden_size")
    intermediateSize = try reader.int("intermediate_size")
    layerCount = try reader.layerCount("num_hidden_layers")
    headCount = try reader.int("num_attention_heads")
    // transformers: a missing key means 32, an explicit null as many as there are heads.
    let isNull = reader.object["num_key_value_heads"] == .null
    keyHeadCount = isNull ? headCount : try reader.int("num_key_value_heads")
    headSize = try reader.int("head_dim", or: hiddenSize / headCount)
    epsilon = try reader.positive("rms_norm_eps")
    positionCount = try reader.int("max_position_embeddings")
    isTied = try reader.bool("tie_word_embeddings", or: false) || tiedAbove
    deviation = try reader.positive("initializer_range")
    guard headCount % keyHeadCount == 0 else {
      throw reader.failure(
        "num_key_value_heads", "is \(keyHeadCount), which does not divide num_attention_heads \(headCount)")
    }
    guard headSize > 0, headSize % 2 == 0 else {
      throw reader.failure("head_dim", "is \(headSize), expected an even number")
    }
    let activation = try reader.string("hidden_act")
    guard activation == "silu" || activation == "swish" else {
      throw reader.failure("hidden_act", "is \"\(activation)\", expected silu")
    }
    guard try !reader.bool("use_sliding_window", or: false) else {
      throw reader.failure("use_sliding_window", "is true: sliding windows are not supported")
    }
    rotary = try RotaryConfig(reader)
  }
}

/// Embedded rows in, final hidden states out.
public struct Qwen2: LanguageModel {
  public let config: Qwen2Config
  public let embedding: any Weight
  public let head: any Weight
  private let layers: DecoderStack
  private let finalNorm: RMSNorm
  private let frequencies: RotaryFrequencies

  public static let card = ArchitectureCard(
    name: "Qwen2", modelTypes: ["qwen2"],
    keys: KeyRules(
      root: "model.", outside: ["lm_head."], buffers: [".rotary_emb.inv_freq"],
      tied: ("lm_head.weight", "model.embed_tokens.weight")),
    defaults: [
      "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
      "num_key_value_heads": 32, "vocab_size": 151_936, "hidden_act": "silu", "max_position_embeddings": 32768,
      "rms_norm_eps": 1e-6, "initializer_range": 0.02,
    ],
    transformersClass: "Qwen2ForCausalLM", tokenizerClass: "Qwen2Tokenizer")

  /// As transformers fills a new model: matrices N(0, initializer_range²), biases 0, norms 1.
  public init(_ weights: Weights, _ config: Qwen2Config) throws {
    self.config = config
    let root = "language_model.model."
    let (shape, initial) = (
      [config.vocabularySize, config.hiddenSize], Initialization.normal(deviation: config.deviation)
    )
    embedding = try weights.matrix(root + "embed_tokens.weight", shape, initial)
    layers = try DecoderStack(
      weights, root + "layers", count: config.layerCount,
      DecoderBlockShape(
        width: config.hiddenSize, mlpWidth: config.intermediateSize, heads: config.headCount,
        keyHeads: config.keyHeadCount, headSize: config.headSize, epsilon: config.epsilon, inputBias: true), initial)
    finalNorm = try RMSNorm(weights, root + "norm", config.hiddenSize, epsilon: config.epsilon)
    head = try weights.matrix(
      "language_model.lm_head.weight", shape, initial, tiedTo: (root + "embed_tokens.weight", embedding),
      where: config.isTied)
    frequencies = config.rotary.frequencies(headSize: config.headSize)
  }

  public func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable {
    finalNorm(layers(x, context, frequencies))
  }
}
