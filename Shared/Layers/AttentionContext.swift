// SPDX-License-Identifier: MIT
// What a language model is told of its rows beside their values: where they stand and whom they see. One forward pass serves
// training, reading a prompt and writing a completion; they differ in their context alone.
import Autograd
import CKernels
import Tensors

/// Positions of the rows of a pass, and attention among them and what was read before.
public protocol AttentionContext: AnyObject {
  /// Of all rows.
  var positions: Positions { get }
  /// The rows whose final hidden states are asked for, ascending; nil: all. Above the keys and values of the last layer no
  /// other row matters.
  var used: [Int]? { get }

  /// Attention in layer `layer`.   q [queries, H·d], k, v [rows, K·d], q and k rotated  ->  [queries, H·d]
  ///
  /// `ofUsed`: the queries are those of `used`; else every row asks.
  func attend(
    _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, keyHeads: Int, layer: Int, ofUsed: Bool
  ) -> Variable
}

/// Rows of a forest of segments: a training pass, or a score.
public final class ForestContext: AttentionContext {
  public let positions: Positions
  public let used: [Int]?
  private let all: AttentionLayout
  private let usedOnly: AttentionLayout?

  public init(_ forest: SegmentForest, used: [Int]?, positions: Positions) {
    precondition(positions.count == forest.rowCount, "a position for each row")
    self.positions = positions
    self.used = used
    all = AttentionLayout(causal: forest.segments)
    usedOnly = used.map { AttentionLayout(causal: forest.segments, queries: $0) }
  }

  public func attend(
    _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, keyHeads: Int, layer: Int, ofUsed: Bool
  ) -> Variable {
    attention(q, k, v, ofUsed ? usedOnly ?? all : all, heads: heads, keyHeads: keyHeads)
  }
}

/// A prompt that is read once for all of its completions: keys and values are kept, and its last row is asked for what follows.
public final class PromptContext: AttentionContext {
  public let positions: Positions
  public let used: [Int]?
  private let all, last: AttentionLayout
  private var keys: [Tensor] = []
  private var values: [Tensor] = []

  /// `positions`: of the rows of the prompt, at least one.
  public init(_ positions: Positions) {
    self.positions = positions
    let count = positions.count
    used = [count - 1]
    let segments = [Segment(parent: nil, start: 0, count: count)]
    all = AttentionLayout(causal: segments)
    last = AttentionLayout(causal: segments, queries: [count - 1])
  }

  public func attend(
    _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, keyHeads: Int, layer: Int, ofUsed: Bool
  ) -> Variable {
    precondition(layer == keys.count, "layers attend in their order, once each")
    keys.append(k.value)
    values.append(v.value)
    return attention(q, k, v, ofUsed ? last : all, heads: heads, keyHeads: keyHeads)
  }

  /// What was read. logits [V]: what follows the prompt.
  public func cache(logits: Tensor) -> PromptCache {
    let next = (positions.axes.compactMap { $0.max() }.max() ?? -1) + 1
    return PromptCache(keys: keys, values: values, count: positions.count, next: Int(next), logits: logits)
  }
}

/// One new token of each of several completions. Nothing that a row gets depends on the rows beside it.
public final class CompletionContext: AttentionContext {
  public let positions: Positions
  public var used: [Int]? { nil }
  private let completions: [CompletionCache]

  /// Makes room for the token in every cache; `advance` ends it.
  public init(_ completions: [CompletionCache]) {
    self.completions = completions
    positions = Positions(completions.map { Int32($0.position) })
    for completion in completions { completion.reserve() }
  }

  public func attend(
    _ q: Variable, _ k: Variable, _ v: Variable, heads: Int, keyHeads: Int, layer: Int, ofUsed: Bool
  ) -> Variable {
    for (row, completion) in completions.enumerated() {
      completion.append(k.value.pointer + row * k.columns, v.value.pointer + row * v.columns, layer: layer)
    }
    return Variable(attend(q.value, heads: heads, keyHeads: keyHeads, layer: layer))
  }

  /// The tokens have been read by all layers.
  public func advance() { for completion in completions { completion.advance() } }

  /// q [completions, H·d]  ->  the same; each row over its prompt and its own past.
  private func attend(_ q: Tensor, heads: Int, keyHeads: Int, layer: Int) -> Tensor {
    let out = Tensor(uninitialized: q.shape)
    let group = heads / keyHeads
    let headSize = q.columns / heads
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
        q.pointer + place, out.pointer + place, group, headSize, keys, values, counts, 2, keyHeads * headSize,
        1 / Float(headSize).squareRoot(), scores.pointer)
    }
    return out
  }
}
