// SPDX-License-Identifier: MIT
// One block of a causal language model of Llama's kind (arXiv 2302.13971): RMS norm, grouped queries (arXiv 2305.13245), rotary
// positions, SwiGLU; under the keys that transformers gives Llama, Qwen2 and their kin.
// T rows, E width, H query heads, K key heads, d head width, M MLP width.
import Autograd

/// The numbers of a block.
public struct DecoderBlockShape: Sendable, Equatable {
  public var width: Int
  public var mlpWidth: Int
  public var heads: Int
  public var keyHeads: Int
  public var headSize: Int
  public var epsilon: Double
  /// Which projections have a bias: queries, keys and values; the attention's output; the MLP.
  public var inputBias: Bool
  public var outputBias: Bool
  public var mlpBias: Bool

  public init(
    width: Int, mlpWidth: Int, heads: Int, keyHeads: Int, headSize: Int, epsilon: Double, inputBias: Bool = false,
    outputBias: Bool = false, mlpBias: Bool = false
  ) {
    (self.width, self.mlpWidth, self.heads, self.keyHeads, self.headSize, self.epsilon) = (
      width, mlpWidth, heads, keyHeads, headSize, epsilon
    )
    (self.inputBias, self.outputBias, self.mlpBias) = (inputBias, outputBias, mlpBias)
  }
}

/// What a pass is to the layers of a stack, beside the rows themselves.
public struct LayerPass {
  let context: any AttentionContext
  let rotation: RotaryTable
  let layer: Int
  /// The rows that go on above this layer; nil: all.
  let queries: [Int]?
  let queryRotation: RotaryTable
}

/// Pre-norm: [T, E] -> [T, E], or -> [queries, E] where only some rows go on.
public struct DecoderBlock {
  let inputNorm, postNorm: RMSNorm
  let query, key, value, out: Linear
  let gate, up, down: Linear
  let shape: DecoderBlockShape

  public init(_ weights: Weights, _ name: String, _ shape: DecoderBlockShape, _ initial: Initialization) throws {
    let (e, m, d) = (shape.width, shape.mlpWidth, shape.headSize)
    let inputBias: Initialization? = shape.inputBias ? .zeros : nil
    let mlpBias: Initialization? = shape.mlpBias ? .zeros : nil
    inputNorm = try RMSNorm(weights, name + ".input_layernorm", e, epsilon: shape.epsilon)
    query = try Linear(weights, name + ".self_attn.q_proj", e, shape.heads * d, initial, bias: inputBias)
    key = try Linear(weights, name + ".self_attn.k_proj", e, shape.keyHeads * d, initial, bias: inputBias)
    value = try Linear(weights, name + ".self_attn.v_proj", e, shape.keyHeads * d, initial, bias: inputBias)
    out = try Linear(
      weights, name + ".self_attn.o_proj", shape.heads * d, e, initial, bias: shape.outputBias ? .zeros : nil)
    postNorm = try RMSNorm(weights, name + ".post_attention_layernorm", e, epsilon: shape.epsilon)
    gate = try Linear(weights, name + ".mlp.gate_proj", e, m, initial, bias: mlpBias)
    up = try Linear(weights, name + ".mlp.up_proj", e, m, initial, bias: mlpBias)
    down = try Linear(weights, name + ".mlp.down_proj", m, e, initial, bias: mlpBias)
    self.shape = shape
  }

  public func callAsFunction(_ x: Variable, _ pass: LayerPass) -> Variable {
    let n = inputNorm(x)
    let nq = pass.queries.map { gatherRows(n, $0) } ?? n
    let q = rotary(query(nq), pass.queryRotation)  // [queries, H·d]
    let k = rotary(key(n), pass.rotation)  // [T, K·d]
    let attended = pass.context.attend(
      q, k, value(n), heads: shape.heads, keyHeads: shape.keyHeads, layer: pass.layer, ofUsed: pass.queries != nil)
    let h = (pass.queries.map { gatherRows(x, $0) } ?? x) + out(attended)  // [queries, E]
    let m = postNorm(h)
    return h + down(swiglu(gate: gate(m), up: up(m)))
  }
}

/// The blocks one after the other.
public struct DecoderStack {
  private let blocks: [DecoderBlock]

  /// Keys NAME.0., NAME.1., …
  public init(
    _ weights: Weights, _ name: String, count: Int, _ shape: DecoderBlockShape, _ initial: Initialization
  ) throws {
    blocks = try (0..<count).map { try DecoderBlock(weights, "\(name).\($0)", shape, initial) }
  }

  /// Above the keys and values of the last block only the rows that the context uses go on: no other row's query, projection
  /// and MLP is computed there.
  ///
  /// x [T, E]  ->  [used, E], or [T, E] where all rows are used
  public func callAsFunction(
    _ x: Variable, _ context: any AttentionContext, _ frequencies: RotaryFrequencies
  ) -> Variable {
    let rotation = RotaryTable(context.positions, frequencies)
    var x = x
    for (number, block) in blocks.enumerated() {
      let queries = number == blocks.count - 1 ? context.used : nil
      x = block(
        x,
        LayerPass(
          context: context, rotation: rotation, layer: number, queries: queries,
          queryRotation: queries.map(rotation.rows) ?? rotation))
    }
    return x
  }
}
