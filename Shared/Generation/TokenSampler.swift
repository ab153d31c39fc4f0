// SPDX-License-Identifier: MIT
// From logits to a token and its log-probabilities.
import CKernels
import Glibc
import Tensors

/// A token, and how likely it was.
struct SampledToken: Sendable, Equatable {
  let id: Int32
  /// log p in nats at temperature 1 under the whole distribution, as `score` has it.
  let logp: Float
  /// log p in nats under what it was drawn from: temperature, without the tokens that may not be chosen, after top-k and
  /// top-p, renormalised. Greedy: 0, the token was certain.
  let samplingLogp: Float
}

/// Chooses tokens.
struct TokenSampler: Sendable {
  let options: SamplingOptions
  /// Ids that are never chosen: images, padding, rows of the head without a token.
  let forbidden: [Int32]

  /// - Parameters:
  ///   - logits: one row [V]; overwritten.
  ///   - random: in [0, 1); unused when greedy.
  /// - Returns: nil where a logit is not a number or all probability lies on tokens that may not be chosen.
  func choose(_ logits: UnsafeMutablePointer<Float>, count: Int, random: Double) -> SampledToken? {
    var (top, mass): (Float, Float) = (0, 0)
    kernel_max_and_sum_exp(logits, &top, &mass, 1, count)
    let normalizer = top + logf(mass)
    guard normalizer.isFinite else { return nil }
    // What is left of the whole distribution's normaliser when the row below has been rescaled.
    func logp(_ id: Int, logit: Float) -> Float { min(0, logit - normalizer) }

    for id in forbidden { logits[Int(id)] = -.infinity }
    if options.isGreedy {
      var best = 0
      for id in 1..<max(1, count) where logits[id] > logits[best] { best = id }
      guard logits[best] > -.infinity else { return nil }
      return SampledToken(id: Int32(best), logp: logp(best, logit: logits[best]), samplingLogp: 0)
    }
    let weights = Tensor(uninitialized: [count])
    guard let kept = candidates(logits, weights.pointer, count: count) else { return nil }
    let id = kept.draw(weights.pointer, random: random)
    let share = Double(weights.pointer[id]) / kept.total
    return SampledToken(id: Int32(id), logp: logp(id, logit: logits[id]), samplingLogp: Float(min(0, log(share))))
  }

  /// Tokens that may be drawn, with unnormalised probabilities elsewhere.
  struct Candidates {
    /// Ids, in the order of drawing; nil: all of `count`.
    let ids: [Int32]?
    let count: Int
    let total: Double

    /// The first id at which the sum of probabilities exceeds `random` of the total.
    func draw(_ weights: UnsafePointer<Float>, random: Double) -> Int {
      let target = random * total
      var (sum, last) = (0.0, 0)
      for index in 0..<count {
        let id = ids.map { Int($0[index]) } ?? index
        let weight = Double(weights[id])
        if weight > 0 { last = id }
        sum += weight
        if sum > target, weight > 0 { return id }
      }
      return last  // rounding left the target beyond the last sum
    }
  }

  /// Writes exp((logit - max) / temperature) to `weights` and says which tokens top-k and top-p leave.
  func candidates(
    _ logits: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>, count: Int
  ) -> Candidates? {
    var top = -Float.infinity
    for id in 0..<count { top = max(top, logits[id]) }
    guard top > -.infinity else { return nil }
    let temperature = Float(options.temperature)
    for id in 0..<count { weights[id] = (logits[id] - top) / temperature }
    kernel_exp(weights, weights, count)

    var ids: [Int32]?
    if options.topK > 0, options.topK < count { ids = likeliest(options.topK, weights, count: count) }
    if options.topP < 1 { ids = nucleus(ids, weights, count: count) }
    if let ids { return Candidates(ids: ids, count: ids.count, total: ids.reduce(0) { $0 + Double(weights[Int($1)]) }) }
    var total = 0.0
    for id in 0..<count { total += Double(weights[id]) }
    return Candidates(ids: nil, count: count, total: total)
  }

  /// The k likeliest tokens, and those as likely as the last of them.
  private func likeliest(_ k: Int, _ weights: UnsafePointer<Float>, count: Int) -> [Int32] {
    var heap = SmallestFirst(capacity: k)
    for id in 0..<count { heap.offer(weights[id]) }
    let threshold = heap.smallest
    return (0..<Int32(count)).filter { weights[Int($0)] >= threshold && weights[Int($0)] > 0 }
  }

  /// The likeliest tokens, until their sum reaches topP: a token stays while what is likelier sums to less.
  private func nucleus(_ among: [Int32]?, _ weights: UnsafePointer<Float>, count: Int) -> [Int32] {
    var total = 0.0
    var ids: [Int32]
    if let among {
      ids = among
      for id in ids { total += Double(weights[Int(id)]) }
    } else {
      for id in 0..<count { total += Double(weights[id]) }
      // All that are less likely than this sum to less than 1 - topP: they go, and need not be sorted.
      let negligible = (1 - options.topP) * total / Double(count)
      ids = []
      for id in 0..<Int32(count) where Double(weights[Int(id)]) >= negligible { ids.append(id) }
    }
    // Of equally likely tokens the later one stays longer, as in a stable ascending sort.
    ids.sort { (weights[Int($0)], $0) > (weights[Int($1)], $1) }
    var above = 0.0
    let end = ids.firstIndex { id in
      if above >= options.topP * total { return true }
      above += Double(weights[Int(id)])
      return false
    }
    return Array(ids[..<max(1, end ?? ids.count)])
  }
}

/// The largest `capacity` values of those offered, the smallest on top (a binary heap).
private struct SmallestFirst {
  private var values: [Float] = []
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    values.reserveCapacity(capacity)
  }

  var smallest: Float { values.first ?? -.infinity }

  mutating func offer(_ value: Float) {
    if values.count < capacity {
      values.append(value)
      var child = values.count - 1
      while child > 0, values[child] < values[(child - 1) / 2] {
        values.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    } else if value > values[0] {
      values[0] = value
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < values.count && values[child] < values[least] {
          least = child
        }
        if least == parent { return }
        values.swapAt(parent, least)
        parent = least
      }
    }
  }
}
