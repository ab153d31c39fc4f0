// SPDX-License-Identifier: MIT
// The memory of L-BFGS.
import Tensors

/// The last steps s and the changes y of the gradient over them (Nocedal, Mathematics of Computation 35, 1980).
struct CurvaturePairs {
  private var pairs: [(step: Tensor, change: Tensor, product: Double)] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Remembers a step, unless rounding has left nothing of its curvature.
  mutating func append(step: Tensor, change: Tensor) {
    let product = dot(step, change)
    guard product > 0, product.isFinite else { return }
    if pairs.count == limit { pairs.removeFirst() }
    pairs.append((step, change, product))
  }

  mutating func removeAll() { pairs.removeAll() }

  var isEmpty: Bool { pairs.isEmpty }

  /// -H·g: the two-loop recursion, with `start` for the inverse second derivatives that it begins from.
  func direction(_ gradient: Tensor, start: (Tensor) -> Tensor) -> Tensor {
    let q = gradient.copy()
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = dot(pair.step, q) / pair.product
      add(-factor, pair.change, to: q)
      factors.append(factor)
    }
    let result = start(q)
    for (pair, factor) in zip(pairs, factors.reversed()) {
      add(factor - dot(pair.change, result) / pair.product, pair.step, to: result)
    }
    result.scale(by: -1)
    return result
  }
}
