// SPDX-License-Identifier: MIT
// What a language model remembers of what it has read: keys and values, layer by layer.
import Tensors

/// Keys and values of a prompt, shared by all of its completions.
public struct PromptCache: Sendable {
  /// A layer's rotated keys and its values, each [count, K·d].
  let keys, values: [Tensor]
  /// Rows: visual tokens and text tokens.
  public let count: Int
  /// The position of the token that follows: one after the largest of the prompt, on whatever axis.
  let next: Int
  /// [V]: what follows the prompt.
  public let logits: Tensor
}

/// One completion: its prompt's cache, and the keys and values of its own tokens behind it.
public final class CompletionCache {
  public let prompt: PromptCache
  /// A layer's keys and values, each [capacity, K·d], of which `count` rows are filled.
  private(set) var keys, values: [Tensor]
  /// Tokens of the completion that have been read.
  private(set) var count = 0
  private var capacity = 0

  public init(_ prompt: PromptCache) {
    self.prompt = prompt
    keys = prompt.keys.map { Tensor(uninitialized: [0] + $0.shape.dropFirst()) }
    values = keys
  }

  /// The position of the next token.
  var position: Int { prompt.next + count }

  /// Makes room for one more token in every layer. Capacities double, so a row is copied twice at most on average.
  func reserve() {
    guard count == capacity else { return }
    capacity = max(32, 2 * capacity)
    func grown(_ old: Tensor, like shape: [Int]) -> Tensor {
      let new = Tensor(uninitialized: [capacity] + shape.dropFirst())
      new.pointer.update(from: old.pointer, count: old.count)
      return new
    }
    for layer in keys.indices {
      keys[layer] = grown(keys[layer], like: prompt.keys[layer].shape)
      values[layer] = grown(values[layer], like: prompt.values[layer].shape)
    }
  }

  /// Puts one token's key and value, each [K·d], behind the others of a layer. `advance` ends the token.
  func append(_ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, layer: Int) {
    let width = prompt.keys[layer].columns
    (keys[layer].pointer + count * width).update(from: key, count: width)
    (values[layer].pointer + count * width).update(from: value, count: width)
  }

  func advance() { count += 1 }
}
