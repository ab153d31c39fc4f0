// SPDX-License-Identifier: MIT
// Every differentiable operation against finite differences.
import Autograd
import Glibc
import Tensors
import TestSupport
import Testing

@Suite struct OperationTests {
  @Test func linearGradients() {
    let x = Variable.random([5, 7], seed: 1)
    let w = Variable.random([3, 7], seed: 2)
    let b = Variable.random([3], seed: 3)
    checkGradients(of: [x, w, b], "linear") { linear(x, weight: w, bias: b) }
  }

  @Test func aVariableUsedTwiceReceivesBothGradients() {
    let x = Variable.random([4, 4], seed: 1)
    let w = Variable.random([4, 4], seed: 2)
    checkGradients(of: [x, w], "x + W(x + Wx)") {
      let inner = x + linear(x, weight: w)
      return x + linear(inner, weight: w) + inner
    }
  }

  /// Two results of one graph, one of them an input of the other.
  @Test func joinedResultsReceiveTheirShares() {
    let x = Variable.random([4, 5], seed: 1)
    let w = Variable.random([3, 5], seed: 2)
    checkGradients(of: [x, w], "joined") {
      let inner = gelu(x, .erf)
      return joined([linear(inner, weight: w), inner, inner])
    }
  }

  @Test func positionTableGradients() {
    let x = Variable.random([6, 4], seed: 1)
    let table = Variable.random([3, 4], seed: 2)
    checkGradients(of: [x, table], "addRepeating") { addRepeating(x, table: table) }
  }

  @Test func layerNormGradients() {
    let x = Variable.random([70, 5], seed: 1)
    let gain = Variable.random([5], seed: 2)
    let bias = Variable.random([5], seed: 3)
    checkGradients(of: [x, gain, bias], "layer norm") { layerNorm(x, gain: gain, bias: bias, epsilon: 1e-2) }
  }

  @Test func rmsNormGradients() {
    let x = Variable.random([70, 5], seed: 1)
    let gain = Variable.random([5], seed: 2)
    checkGradients(of: [x, gain], "RMS norm") { rmsNorm(x, gain: gain, epsilon: 1e-2) }
  }

  @Test(arguments: [GELU.tanh, .erf, .quick]) func geluGradients(kind: GELU) {
    let x = Variable.random([3, 9], seed: 1)
    checkGradients(of: [x], "gelu \(kind)") { gelu(x, kind) }
  }

  @Test func swigluGradients() {
    let gate = Variable.random([3, 9], seed: 1)
    let up = Variable.random([3, 9], seed: 2)
    checkGradients(of: [gate, up], "swiglu") { swiglu(gate: gate, up: up) }
  }

  @Test func rotaryGradients() {
    let x = Variable.random([4, 12], seed: 1)
    let table = RotaryTable(positions: [0, 3, 1, 7], half: 3, theta: 100)
    checkGradients(of: [x], "rotary") { rotary(x, table) }
  }

  @Test func rotaryTurnsPairsByTheirPosition() {
    let x = Variable(Tensor([1, 2, 3, 4], shape: [1, 4]))
    let y = rotary(x, RotaryTable(positions: [5], half: 2, theta: 10000)).value.values
    let slow = 5 * powf(10000, -0.5)
    expectClose(
      y,
      [cosf(5) - 3 * sinf(5), 2 * cosf(slow) - 4 * sinf(slow), 3 * cosf(5) + sinf(5), 4 * cosf(slow) + 2 * sinf(slow)],
      tolerance: 1e-6, "rotary")
  }

  /// Each pair follows its own axis; text, which has one, moves on all of them alike.
  @Test func positionsMayHaveSeveralAxes() {
    let x = Variable.random([3, 12], seed: 1)
    let frequencies = RotaryFrequencies([1, 0.5, 0.25], axes: [0, 1, 2])
    let axes: [[Int32]] = [[0, 4, 9], [0, 2, 9], [0, 7, 9]]
    let y = rotary(x, RotaryTable(Positions(axes: axes), frequencies)).value.values
    for (row, pair) in (0..<3).flatMap({ row in (0..<3).map { (row, $0) } }) {
      let angle = Float(axes[pair][row]) * frequencies.values[pair]
      for head in 0..<2 {
        let at = row * 12 + head * 6 + pair
        let (a, b) = (x.value.pointer[at], x.value.pointer[at + 3])
        expectClose(
          [y[at], y[at + 3]], [a * cosf(angle) - b * sinf(angle), b * cosf(angle) + a * sinf(angle)], tolerance: 1e-6)
      }
    }
    let line = rotary(x, RotaryTable(Positions([5, 6, 7]), frequencies)).value.values
    let alike = rotary(x, RotaryTable(Positions(axes: [[5, 6, 7], [5, 6, 7], [5, 6, 7]]), frequencies)).value.values
    #expect(line == alike)
    checkGradients(of: [x], "rotary, three axes") { rotary(x, RotaryTable(Positions(axes: axes), frequencies)) }
  }

  @Test func aRowInFrontOfEveryImage() {
    let row = Variable.random([3], seed: 1)
    let x = Variable.random([4, 3], seed: 2)
    let y = prepend(row, to: x, every: 2).value
    let (r, v) = (row.value.values, x.value.values)
    #expect(y.shape == [6, 3] && y.values == r + v[..<6] + r + v[6...])
    checkGradients(of: [row, x], "prepend") { prepend(row, to: x, every: 2) }
  }

  @Test func gatheredRowsGradients() {
    let x = Variable.random([5, 3], seed: 1)
    checkGradients(of: [x], "gatherRows") { gatherRows(x, [4, 0, 4, 2]) }
  }

  @Test func embeddingGradients() {
    let table = Variable.random([6, 3], seed: 1)
    let visual = Variable.random([4, 3], seed: 2)
    checkGradients(of: [table, visual], "embed") {
      embed(tokens: [1, -1, -1, 1, 5, -1], table: table, visual: [-1, 0, 3, -1, -1, 2], visualTokens: visual)
    }
  }

  /// 1,500 words: two chunks, the second one short; 3 rows that share nothing.
  @Test func logProbabilityGradients() {
    let h = Variable.random([3, 2], seed: 1)
    let w = Variable.random([1500, 2], seed: 2, scale: 0.8)
    checkGradients(of: [h], "logp, h") { logProbabilities(h, weight: w, targets: [0, 1023, 1400]) }
    let small = Variable.random([7, 4], seed: 3)
    let x = Variable.random([5, 4], seed: 4)
    checkGradients(of: [x, small], "logp") { logProbabilities(x, weight: small, targets: [6, 0, 3, 3, 1]) }
  }

  @Test func logProbabilitiesOfAllWordsSumToOne() {
    let w = Variable.random([2100, 8], seed: 1)
    let row = Variable.random([1, 8], seed: 2)
    let h = gatherRows(row, [Int](repeating: 0, count: 2100))
    let logp = logProbabilities(h, weight: w, targets: (0..<2100).map { Int32($0) }).value.values
    let total = logp.reduce(0) { $0 + exp(Double($1)) }
    #expect(abs(total - 1) <= 1e-5)
  }

  @Test func extremeLogitsStayFinite() {
    let h = Variable(Tensor([1e4, -1e4], shape: [2, 1]))
    let w = Variable(Tensor([1, -1, 0], shape: [3, 1]))
    let logp = logProbabilities(h, weight: w, targets: [1, 0]).value.values
    expectClose(logp, [-2e4, -2e4], tolerance: 1e-6, "logp")
  }
}
