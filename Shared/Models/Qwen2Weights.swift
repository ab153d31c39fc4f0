// SPDX-License-Identifier: MIT
// The parameters of Qwen2.swift as they are stored, for decoding: nothing learns, nothing is copied.
import Autograd
import Checkpoints
import Failures
import Tensors

/// A linear layer whose weight stays in the checkpoint's dtype.
public struct StoredLinear: Sendable {
  /// [outputs, inputs]
  public let weight: StoredMatrix
  /// [outputs]
  public let bias: Tensor?

  /// x [T, inputs]  ->  [T, outputs]
  public func callAsFunction(_ x: Tensor) -> Tensor { weight.product(x, bias: bias) }
}

/// Every parameter of a Qwen2 language model, mapped.
public struct Qwen2Weights: Sendable {
  public struct Layer: Sendable {
    public let inputNorm, postNorm: Tensor  // gains [E]
    public let query, key, value, out: StoredLinear
    public let gate, up, down: StoredLinear
  }

  public let config: Qwen2Config
  /// [V, E]
  public let embedding: StoredMatrix
  public let layers: [Layer]
  /// [E]
  public let finalNorm: Tensor
  /// [V, E]; the embedding itself where the two are tied.
  public let head: StoredMatrix

  /// Throws 65 where the checkpoint has no language model, or where a key is missing, left over or of the wrong shape.
  public init(_ checkpoint: Checkpoint) throws {
    guard let config = try MultimodalConfig(checkpoint).text else {
      throw PlainFailure.badData("\(checkpoint.path): a \(checkpoint.modelType) checkpoint has no language model")
    }
    let weights = Weights(checkpoint, trainable: [])
    let reader = StoredReader(weights: weights)
    let prefix = "language_model.model."
    let headName = "language_model.lm_head.weight"
    let (v, e) = (config.vocabularySize, config.hiddenSize)
    self.config = config
    embedding = try reader.matrix(prefix + "embed_tokens.weight", v, e)
    layers = try (0..<config.layerCount).map { try reader.layer(prefix + "layers.\($0)", config) }
    finalNorm = try reader.vector(prefix + "norm.weight", e)
    // As in Qwen2: a head that is stored though tied is the same only if its values are.
    let stored = weights.has(headName) || !config.isTied ? try weights.stored(headName, [v, e]) : nil
    let embedded = checkpoint.tensor(canonical: prefix + "embed_tokens.weight")
    if config.isTied, stored.map({ head in embedded.map(head.hasSameValues) ?? false }) ?? true {
      head = embedding
    } else {
      head = try stored?.matrix() ?? embedding  // missing: the next line says so
    }
    try weights.finish(parts: [.llm])
  }
}

private struct StoredReader {
  let weights: Weights

  func matrix(_ name: String, _ outputs: Int, _ inputs: Int) throws -> StoredMatrix {
    try weights.stored(name, [outputs, inputs])?.matrix() ?? StoredMatrix(Tensor(zeros: [outputs, inputs]))
  }

  func vector(_ name: String, _ count: Int) throws -> Tensor {
    try weights.stored(name, [count])?.floats() ?? Tensor(zeros: [count])
  }

  func linear(_ prefix: String, _ inputs: Int, _ outputs: Int, bias: Bool = false) throws -> StoredLinear {
    StoredLinear(
      weight: try matrix(prefix + ".weight", outputs, inputs), bias: bias ? try vector(prefix + ".bias", outputs) : nil)
  }

  func layer(_ prefix: String, _ config: Qwen2Config) throws -> Qwen2Weights.Layer {
    let (e, m, d) = (config.hiddenSize, config.intermediateSize, config.headSize)
    return Qwen2Weights.Layer(
      inputNorm: try vector(prefix + ".input_layernorm.weight", e),
      postNorm: try vector(prefix + ".post_attention_layernorm.weight", e),
      query: try linear(prefix + ".self_attn.q_proj", e, config.headCount * d, bias: true),
      key: try linear(prefix + ".self_attn.k_proj", e, config.keyHeadCount * d, bias: true),
      value: try linear(prefix + ".self_attn.v_proj", e, config.keyHeadCount * d, bias: true),
      out: try linear(prefix + ".self_attn.o_proj", config.headCount * d, e),
      gate: try linear(prefix + ".mlp.gate_proj", e, m), up: try linear(prefix + ".mlp.up_proj", e, m),
      down: try linear(prefix + ".mlp.down_proj", m, e))
  }
}
