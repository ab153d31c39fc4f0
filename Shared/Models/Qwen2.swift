// SPDX-License-Identifier: MIT
// Qwen2 / Qwen2.5 causal language model (arXiv 2407.10671, 2412.15115).
// T rows, E width, H query heads, K key heads, d head width, M MLP width, V vocabulary, L layers.
import Autograd
import Failures
import Tensors

/// `text_config`, or the config of a plain language model.
public struct Qwen2Config: Sendable, Equatable {
  public let vocabularySize: Int
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layerCount: Int
  public let headCount: Int
  public let keyHeadCount: Int
  public let headSize: Int
  public let epsilon: Double
  public let ropeTheta: Double
  /// Positions that the model was made for: a prompt and its completion together.
  public let positionCount: Int
  public let isTied: Bool

  /// Missing keys take transformers' defaults (Qwen2Config). `tiedAbove`: the outer config ties the head.
  init(_ reader: ConfigReader, tiedAbove: Bool) throws {
    vocabularySize = try reader.int("vocab_size", or: 151936)
    hiddenSize = try reader.int("hidden_size", or: 4096)
    intermediateSize = try reader.int("intermediate_size", or: 22016)
    layerCount = try reader.int("num_hidden_layers", or: 32)
    headCount = try reader.int("num_attention_heads", or: 32)
    // transformers: a missing key means 32, an explicit null as many as there are heads.
    let isNull = reader.object["num_key_value_heads"] == .null
    keyHeadCount = try reader.int("num_key_value_heads", or: isNull ? headCount : 32)
    headSize = try reader.int("head_dim", or: hiddenSize / headCount)
    epsilon = try reader.positive("rms_norm_eps", or: 1e-6)
    positionCount = try reader.int("max_position_embeddings", or: 32768)
    isTied = try reader.bool("tie_word_embeddings", or: false) || tiedAbove
    guard headCount % keyHeadCount == 0 else {
      throw reader.failure(
        "num_key_value_heads", "is \(keyHeadCount), which does not divide num_attention_heads \(headCount)")
    }
    guard headSize > 0, headSize % 2 == 0 else {
      throw reader.failure("head_dim", "is \(headSize), expected an even number")
    }
    let activation = try reader.string("hidden_act", or: "silu")
    guard activation == "silu" || activation == "swish" else {
      throw reader.failure("hidden_act", "is \"\(activation)\", expected silu")
    }
    guard try !reader.bool("use_sliding_window", or: false) else {
      throw reader.failure("use_sliding_window", "is true: sliding windows are not supported")
    }
    // Newest first: rope_parameters {rope_theta, rope_type}; before it, rope_theta beside an optional rope_scaling.
    let rope = try reader.section("rope_scaling") ?? reader.section("rope_parameters")
    let type = try rope?.string("rope_type", or: rope?.string("type", or: "default")) ?? "default"
    guard type == "default" else {
      throw reader.failure("rope_parameters.rope_type", "is \"\(type)\", only \"default\" is supported")
    }
    ropeTheta =
      try rope?.positive("rope_theta", or: reader.positive("rope_theta", or: 10000))
      ?? reader.positive("rope_theta", or: 10000)
  }
}

/// Embeddings to final hidden states, over a forest of segments.
struct Qwen2 {
  let config: Qwen2Config
  private let embedding: Variable
  private let layers: [Qwen2Layer]
  private let finalNorm: RMSNorm
  /// [V, E]; the embedding itself where the two are tied.
  let head: Variable

  init(_ weights: Weights, _ config: Qwen2Config) throws {
    self.config = config
    let prefix = "language_model.model."
    let headName = "language_model.lm_head.weight"
    let shape = [config.vocabularySize, config.hiddenSize]
    embedding = try weights.parameter(prefix + "embed_tokens.weight", shape)
    layers = try (0..<config.layerCount).map { try Qwen2Layer(weights, prefix + "layers.\($0)", config) }
    finalNorm = try RMSNorm(weights, prefix + "norm", config.hiddenSize, epsilon: config.epsilon)
    // As transformers: a head that is stored though tied is the same only if its values are.
    if config.isTied, try !weights.has(headName) || weights.isEqual(headName, to: embedding) {
      if weights.has(headName) { try weights.alias(headName, of: embedding) }
      head = embedding
    } else {
      head = try weights.parameter(headName, shape)
    }
  }

  /// The final hidden states of `used` rows (ascending), after the last norm: all that logits are asked for.
  /// visualTokens [Σ P, E] or nil  ->  [used.count, E]
  func callAsFunction(_ forest: SegmentForest, visualTokens: Variable?, used: [Int]) -> Variable {
    let causal = AttentionLayout(causal: forest.segments)
    let rotary = RotaryTable(positions: forest.positions, half: config.headSize / 2, theta: Float(config.ropeTheta))
    var x = embed(tokens: forest.tokens, table: embedding, visual: forest.visual, visualTokens: visualTokens)  // [T, E]
    for layer in layers.dropLast() { x = layer(x, causal, rotary) }
    // Above the last layer only the used rows matter: it computes no other queries, projections and MLP rows.
    let last = AttentionLayout(causal: forest.segments, queries: used)
    if let layer = layers.last { x = layer(x, last, rotary, queries: used) }
    return finalNorm(x)
  }
}

/// One pre-norm block: [T, E] -> [T, E], or -> [queries, E] where only some rows go on.
private struct Qwen2Layer {
  let inputNorm, postNorm: RMSNorm
  let query, key, value, out: LinearLayer
  let gate, up, down: LinearLayer
  let heads, keyHeads: Int

  init(_ weights: Weights, _ prefix: String, _ config: Qwen2Config) throws {
    let e = config.hiddenSize
    let m = config.intermediateSize
    let d = config.headSize
    heads = config.headCount
    keyHeads = config.keyHeadCount
    inputNorm = try RMSNorm(weights, prefix + ".input_layernorm", e, epsilon: config.epsilon)
    query = try LinearLayer(weights, prefix + ".self_attn.q_proj", e, heads * d)
    key = try LinearLayer(weights, prefix + ".self_attn.k_proj", e, keyHeads * d)
    value = try LinearLayer(weights, prefix + ".self_attn.v_proj", e, keyHeads * d)
    out = try LinearLayer(weights, prefix + ".self_attn.o_proj", heads * d, e, bias: false)
    postNorm = try RMSNorm(weights, prefix + ".post_attention_layernorm", e, epsilon: config.epsilon)
    gate = try LinearLayer(weights, prefix + ".mlp.gate_proj", e, m, bias: false)
    up = try LinearLayer(weights, prefix + ".mlp.up_proj", e, m, bias: false)
    down = try LinearLayer(weights, prefix + ".mlp.down_proj", m, e, bias: false)
  }

  func callAsFunction(_ x: Variable, _ layout: AttentionLayout, _ table: RotaryTable, queries: [Int]? = nil) -> Variable
  {
    let n = inputNorm(x)
    let nq = queries.map { gatherRows(n, $0) } ?? n
    let q = rotary(query(nq), queries.map(table.rows) ?? table)  // [queries, H·d]
    let k = rotary(key(n), table)  // [T, K·d]
    let attended = out(attention(q, k, value(n), layout, heads: heads, keyHeads: keyHeads))
    let h = (queries.map { gatherRows(x, $0) } ?? x) + attended  // [queries, E]
    let m = postNorm(h)
    return h + down(swiglu(gate: gate(m), up: up(m)))
  }
}
