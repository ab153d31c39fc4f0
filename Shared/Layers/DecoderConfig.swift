// SPDX-License-Identifier: MIT
// What the configs of causal language models of Llama's kind have in common.
import Autograd
import StrictJSON

/// The sizes of a language model: embeddings, a stack of blocks, a norm, a head.
public struct DecoderConfig: Sendable, Equatable {
  public let vocabularySize: Int
  public let layerCount: Int
  public let block: DecoderBlockShape
  /// Positions that the model was made for: a prompt and its completion together.
  public let positionCount: Int
  /// Whether the head is the embedding.
  public let isTied: Bool
  /// Of new matrices.
  public let deviation: Double
  /// What transformers takes for every language model whose config is silent.
  public static let usualDeviation = 0.02

  /// - Parameters:
  ///   - tiedAbove: the outer config ties the head.
  ///   - biases: which projections have a bias: queries, keys and values; the attention's output; the MLP.
  /// Throws 65 where a number is missing or impossible, naming its key.
  public init(_ reader: ConfigReader, tiedAbove: Bool, biases: (input: Bool, output: Bool, mlp: Bool)) throws {
    vocabularySize = try reader.int("vocab_size")
    let width = try reader.int("hidden_size")
    let mlpWidth = try reader.int("intermediate_size")
    layerCount = try reader.layerCount("num_hidden_layers")
    let heads = try reader.int("num_attention_heads")
    // transformers: an explicit null means as many as there are heads, whatever a missing key means.
    let isNull = reader.object["num_key_value_heads"] == .null
    let keyHeads = isNull ? heads : try reader.int("num_key_value_heads", or: heads)
    let headSize = try reader.int("head_dim", or: width / heads)
    let epsilon = try reader.positive("rms_norm_eps")
    positionCount = try reader.int("max_position_embeddings")
    isTied = try reader.bool("tie_word_embeddings", or: false) || tiedAbove
    deviation = try reader.positive("initializer_range", or: Self.usualDeviation)
    guard heads % keyHeads == 0 else {
      throw reader.failure("num_key_value_heads", "is \(keyHeads), which does not divide num_attention_heads \(heads)")
    }
    guard headSize > 0, headSize % 2 == 0 else {
      throw reader.failure("head_dim", "is \(headSize), expected an even number")
    }
    // Far above any model, and low enough that a rotary frequency for each pair is no work.
    guard headSize <= 1 << 16 else {
      throw reader.failure("head_dim", "is \(headSize), expected \(1 << 16) or less")
    }
    let activation = try reader.string("hidden_act")
    guard activation == "silu" || activation == "swish" else {
      throw reader.failure("hidden_act", "is \"\(activation)\", expected silu")
    }
    block = DecoderBlockShape(
      width: width, mlpWidth: mlpWidth, heads: heads, keyHeads: keyHeads, headSize: headSize, epsilon: epsilon,
      inputBias: biases.input, outputBias: biases.output, mlpBias: biases.mlp)
  }

  /// Values a row that all layers keep for the way back.
  public var activations: Int { layerCount * (8 * block.width + 4 * block.mlpWidth) }
}

/// Embeddings, blocks, a norm and a head, under the keys that transformers gives Llama, Qwen2 and their kin. [V, E] tables.
public struct CausalDecoder {
  public let embedding: any Weight
  /// The embedding itself where the two are tied.
  public let head: any Weight
  private let layers: DecoderStack
  private let finalNorm: RMSNorm
  private let frequencies: RotaryFrequencies

  /// As transformers fills a new model: matrices N(0, initializer_range²), biases 0, norms 1.
  public init(_ weights: Weights, _ config: DecoderConfig, _ frequencies: RotaryFrequencies) throws {
    let root = "language_model.model."
    let shape = [config.vocabularySize, config.block.width]
    let initial = Initialization.normal(deviation: config.deviation)
    embedding = try weights.matrix(root + "embed_tokens.weight", shape, initial)
    layers = try DecoderStack(weights, root + "layers", count: config.layerCount, config.block, initial)
    finalNorm = try RMSNorm(weights, root + "norm", config.block.width, epsilon: config.block.epsilon)
    head = try weights.matrix(
      "language_model.lm_head.weight", shape, initial, tiedTo: (root + "embed_tokens.weight", embedding),
      where: config.isTied)
    self.frequencies = frequencies
  }

  /// x [T, E]  ->  [used, E], after the last norm
  public func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable {
    finalNorm(layers(x, context, frequencies))
  }
}
