// SPDX-License-Identifier: MIT
// Forest attention: gradients, and equality with attention over each path alone.
import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct AttentionTests {
  /// root 0..<4 -> {4..<6 -> 6..<7, 7..<10};  another tree 10..<12
  private let forest = [
    Segment(parent: nil, start: 0, count: 4), Segment(parent: 0, start: 4, count: 2),
    Segment(parent: 1, start: 6, count: 1),
    Segment(parent: 0, start: 7, count: 3), Segment(parent: nil, start: 10, count: 2),
  ]

  @Test func causalForestGradients() {
    let q = Variable.random([12, 12], seed: 1)
    let k = Variable.random([12, 6], seed: 2)
    let v = Variable.random([12, 6], seed: 3)
    let layout = AttentionLayout(causal: forest)
    checkGradients(of: [q, k, v], "forest attention") { attention(q, k, v, layout, heads: 4, keyHeads: 2) }
  }

  @Test func bidirectionalGradients() {
    let q = Variable.random([7, 6], seed: 1)
    let k = Variable.random([7, 6], seed: 2)
    let v = Variable.random([7, 6], seed: 3)
    let layout = AttentionLayout(bidirectional: [
      Segment(parent: nil, start: 0, count: 4), Segment(parent: nil, start: 4, count: 3),
    ])
    checkGradients(of: [q, k, v], "bidirectional attention") { attention(q, k, v, layout, heads: 3, keyHeads: 3) }
  }

  @Test func someQueriesGradients() {
    let rows = [3, 4, 5, 8, 11]
    let q = Variable.random([5, 6], seed: 1)
    let k = Variable.random([12, 6], seed: 2)
    let v = Variable.random([12, 6], seed: 3)
    let layout = AttentionLayout(causal: forest, queries: rows)
    checkGradients(of: [q, k, v], "attention of some queries") { attention(q, k, v, layout, heads: 3, keyHeads: 3) }
  }

  @Test func someQueriesEqualTheSameRowsOfAll() {
    let rows = [0, 3, 6, 9, 10]
    let q = Variable.random([12, 6], seed: 1)
    let k = Variable.random([12, 6], seed: 2)
    let v = Variable.random([12, 6], seed: 3)
    let all = attention(q, k, v, AttentionLayout(causal: forest), heads: 3, keyHeads: 3)
    let some = attention(
      gatherRows(q, rows), k, v, AttentionLayout(causal: forest, queries: rows), heads: 3, keyHeads: 3)
    expectClose(some.value.values, gatherRows(all, rows).value.values, tolerance: 1e-6, "rows")
  }

  /// Long enough for several blocks of queries and for keys in separate runs.
  @Test func aForestEqualsItsPathsAlone() {
    let long = [
      Segment(parent: nil, start: 0, count: 150), Segment(parent: 0, start: 150, count: 20),
      Segment(parent: 0, start: 170, count: 140),
    ]
    let q = Variable.random([310, 8], seed: 1)
    let k = Variable.random([310, 4], seed: 2)
    let v = Variable.random([310, 4], seed: 3)
    let whole = attention(q, k, v, AttentionLayout(causal: long), heads: 2, keyHeads: 1)
    for (name, rows) in [("first", Array(0..<170)), ("second", Array(0..<150) + Array(170..<310))] {
      let alone = attention(
        gatherRows(q, rows), gatherRows(k, rows), gatherRows(v, rows),
        AttentionLayout(causal: [Segment(parent: nil, start: 0, count: rows.count)]), heads: 2, keyHeads: 1)
      expectClose(gatherRows(whole, rows).value.values, alone.value.values, tolerance: 1e-6, "\(name) path")
    }
  }

  @Test func threadsDoNotChangeABit() {
    func run() -> [[Float]] {
      let q = Variable.random([310, 64], seed: 1)
      let k = Variable.random([310, 32], seed: 2)
      let v = Variable.random([310, 32], seed: 3)
      let gain = Variable.random([64], seed: 4)
      let weight = Variable.random([256, 64], seed: 5)
      let layout = AttentionLayout(causal: [
        Segment(parent: nil, start: 0, count: 200), Segment(parent: 0, start: 200, count: 110),
      ])
      let x = rmsNorm(attention(q, k, v, layout, heads: 4, keyHeads: 2), gain: gain, epsilon: 1e-6)
      let y = linear(x, weight: weight)
      y.backward(seed: y.value.copy())
      return [y.value.values] + [q, k, v, gain, weight].map { $0.gradient?.values ?? [] }
    }
    #expect(Compute.withThreads(1, run) == Compute.withThreads(3, run))
  }
}
