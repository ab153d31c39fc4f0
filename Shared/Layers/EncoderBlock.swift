// SPDX-License-Identifier: MIT
// One block of a vision transformer (arXiv 2010.11929), under the keys that transformers gives SigLIP, CLIP and their kin.
// T rows, D width, H heads, M MLP width.
import Autograd

/// The numbers of a block.
public struct EncoderBlockShape: Sendable, Equatable {
  public var width: Int
  public var mlpWidth: Int
  public var heads: Int
  public var activation: GELU
  public var epsilon: Double

  public init(width: Int, mlpWidth: Int, heads: Int, activation: GELU, epsilon: Double) {
    (self.width, self.mlpWidth, self.heads, self.activation, self.epsilon) = (
      width, mlpWidth, heads, activation, epsilon
    )
  }
}

/// Matrices and MLP biases of a block before any training.
public struct EncoderBlockInitialization: Sendable {
  public var attention: Initialization
  public var out: Initialization
  public var fc1: Initialization
  public var fc2: Initialization
  public var mlpBias: Initialization

  public init(
    attention: Initialization, out: Initialization, fc1: Initialization, fc2: Initialization, mlpBias: Initialization
  ) {
    (self.attention, self.out, self.fc1, self.fc2, self.mlpBias) = (attention, out, fc1, fc2, mlpBias)
  }
}

/// Pre-norm: [T, D] -> [T, D]
public struct EncoderBlock {
  let norm1, norm2: LayerNorm
  let query, key, value, out: Linear
  let fc1, fc2: Linear
  let shape: EncoderBlockShape

  public init(
    _ weights: Weights, _ name: String, _ shape: EncoderBlockShape, _ initial: EncoderBlockInitialization
  ) throws {
    let (d, m) = (shape.width, shape.mlpWidth)
    norm1 = try LayerNorm(weights, name + ".layer_norm1", d, epsilon: shape.epsilon)
    query = try Linear(weights, name + ".self_attn.q_proj", d, d, initial.attention)
    key = try Linear(weights, name + ".self_attn.k_proj", d, d, initial.attention)
    value = try Linear(weights, name + ".self_attn.v_proj", d, d, initial.attention)
    out = try Linear(weights, name + ".self_attn.out_proj", d, d, initial.out)
    norm2 = try LayerNorm(weights, name + ".layer_norm2", d, epsilon: shape.epsilon)
    fc1 = try Linear(weights, name + ".mlp.fc1", d, m, initial.fc1, bias: initial.mlpBias)
    fc2 = try Linear(weights, name + ".mlp.fc2", m, d, initial.fc2, bias: initial.mlpBias)
    self.shape = shape
  }

  public func callAsFunction(_ x: Variable, _ layout: AttentionLayout) -> Variable {
    let n = norm1(x)
    let h = x + out(attention(query(n), key(n), value(n), layout, heads: shape.heads, keyHeads: shape.heads))
    return h + fc2(gelu(fc1(norm2(h)), shape.activation))
  }
}
