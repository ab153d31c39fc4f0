// SPDX-License-Identifier: MIT
// Qwen2 (Shared/Models/Qwen2.swift) forward only, over a KV cache, on weights as they are stored.
// T rows, E width, H query heads, K key heads, d head width, M MLP width, V vocabulary.
import Autograd
import CKernels
import Models
import Tensors

/// Reads prompts and continues them, a token of several completions at a time.
///
/// The bits of a completion's logits depend on its own tokens only: every product and norm treats a row in the same way
/// whatever rows lie beside it, and a prompt is read by itself.
public final class Qwen2Decoder {
  public let weights: Qwen2Weights
  private let heads, keyHeads, headSize: Int

  public init(_ weights: Qwen2Weights) {
    self.weights = weights
    (heads, keyHeads) = (weights.config.headCount, weights.config.keyHeadCount)
    headSize = weights.config.headSize
  }

  public var config: Qwen2Config { weights.config }

  /// Bytes of weights that a token makes the memory deliver.
  public var bytesPerToken: Int {
    weights.layers.reduce(weights.head.byteCount) { sum, layer in
      let all = [layer.query, layer.key, layer.value, layer.out, layer.gate, layer.up, layer.down]
      return sum + all.reduce(0) { $0 + $1.weight.byteCount }
    }
  }

  /// Writes the embedding of a token, [E].
  public func embed(_ token: Int32, to target: UnsafeMutablePointer<Float>) {
    weights.embedding.copyRow(Int(token), to: target)
  }

  /// Reads a prompt: token embeddings with visual tokens in their places.   x [T, E]
  public func read(_ prompt: Tensor) -> PromptCache {
    let count = prompt.rows
    let segments = [Segment(parent: nil, start: 0, count: count)]
    let positions = (0..<count).map(Int32.init)
    let table = RotaryTable(positions: positions, half: headSize / 2, theta: Float(config.ropeTheta))
    let causal = AttentionLayout(causal: segments)
    let last = AttentionLayout(causal: segments, queries: [count - 1])
    var x = prompt
    var (keys, values): ([Tensor], [Tensor]) = ([], [])
    for (number, layer) in weights.layers.enumerated() {
      // Only the last row's logits are asked for: above the last layer's keys and values no other row matters.
      let isLast = number == weights.layers.count - 1
      x = block(layer, x, table, queries: isLast ? count - 1..<count : 0..<count) { q, k, v in
        keys.append(k)
        values.append(v)
        return attention(
          Variable(q), Variable(k), Variable(v), isLast ? last : causal, heads: heads, keyHeads: keyHeads
        ).value
      }
    }
    return PromptCache(keys: keys, values: values, count: count, logits: logits(x))
  }

  /// Reads one more token of each completion and says what follows it.   -> [completions, V]
  public func read(_ tokens: [Int32], _ completions: [CompletionCache]) -> Tensor {
    precondition(tokens.count == completions.count, "a token for each completion")
    var x = Tensor(uninitialized: [tokens.count, config.hiddenSize])
    for (row, token) in tokens.enumerated() { embed(token, to: x.pointer + row * config.hiddenSize) }
    let positions = completions.map { Int32($0.position) }
    let table = RotaryTable(positions: positions, half: headSize / 2, theta: Float(config.ropeTheta))
    for completion in completions { completion.reserve() }
    for (number, layer) in weights.layers.enumerated() {
      x = block(layer, x, table, queries: 0..<x.rows) { q, k, v in
        for (row, completion) in completions.enumerated() {
          completion.append(k.pointer + row * k.columns, v.pointer + row * v.columns, layer: number)
        }
        return attend(q, completions, layer: number)
      }
    }
    for completion in completions { completion.advance() }
    return logits(x)
  }

  // MARK: - The model

  /// One pre-norm block.   x [T, E]  ->  [queries, E]
  private func block(
    _ layer: Qwen2Weights.Layer, _ x: Tensor, _ table: RotaryTable, queries: Range<Int>,
    attend: (_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor
  ) -> Tensor {
    let n = norm(x, layer.inputNorm)
    let q = rotary(Variable(layer.query(n.rows(queries))), table.rows(Array(queries))).value  // [queries, H·d]
    let k = rotary(Variable(layer.key(n)), table).value  // [T, K·d]
    let h = sum(x.rows(queries), layer.out(attend(q, k, layer.value(n))))  // [queries, E]
    let m = norm(h, layer.postNorm)
    return sum(h, layer.down(swiglu(gate: layer.gate(m), up: layer.up(m))))
  }

  /// x [T, E]  ->  [T, V]
  private func logits(_ x: Tensor) -> Tensor { weights.head.product(norm(x, weights.finalNorm)) }

  private func norm(_ x: Tensor, _ gain: Tensor) -> Tensor {
    rmsNorm(Variable(x), gain: Variable(gain), epsilon: Float(config.epsilon)).value
  }

  private func sum(_ a: Tensor, _ b: Tensor) -> Tensor { (Variable(a) + Variable(b)).value }

  /// Row by row: a kernel's last elements may round unlike those in the middle.   [T, M]
  private func swiglu(gate: Tensor, up: Tensor) -> Tensor {
    let y = Tensor(uninitialized: gate.shape)
    let width = gate.columns
    parallelFor(chunks: gate.rows) { row in
      kernel_swiglu(gate.pointer + row * width, up.pointer + row * width, y.pointer + row * width, width)
    }
    return y
  }

  /// Attention of one new token of each completion over its prompt and its own past.   q [completions, H·d]  ->  the same
  private func attend(_ q: Tensor, _ completions: [CompletionCache], layer: Int) -> Tensor {
    let out = Tensor(uninitialized: q.shape)
    let group = heads / keyHeads
    let width = keyHeads * headSize
    parallelFor(chunks: completions.count * keyHeads) { task in
      let (row, keyHead) = (task / keyHeads, task % keyHeads)
      let cache = completions[row]
      let counts = [cache.prompt.count, cache.count + 1]
      let at = keyHead * headSize
      let keys: [UnsafePointer<Float>?] = [
        UnsafePointer(cache.prompt.keys[layer].pointer + at), UnsafePointer(cache.keys[layer].pointer + at),
      ]
      let values: [UnsafePointer<Float>?] = [
        UnsafePointer(cache.prompt.values[layer].pointer + at), UnsafePointer(cache.values[layer].pointer + at),
      ]
      let scores = Tensor(uninitialized: [group, counts[0] + counts[1]])
      let place = row * q.columns + keyHead * group * headSize
      kernel_attend(
        q.pointer + place, out.pointer + place, group, headSize, keys, values, counts, 2, width,
        1 / Float(headSize).squareRoot(), scores.pointer)
    }
    return out
  }
}
