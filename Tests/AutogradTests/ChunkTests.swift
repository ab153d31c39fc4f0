// SPDX-License-Identifier: MIT
// Operations over more rows and values than one chunk of their loops: the same as part by part.
import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct ChunkTests {
  /// 67,200 values: more than 2^16, and 22 times 64 rows.
  private let rows = 1400
  private let width = 48

  /// Runs `f` over all rows and over 50 rows at a time, and compares values and gradients.
  ///
  /// - Parameters:
  ///   - inputs: [rows, width] each.
  ///   - parameters: what all rows share; its gradient is the sum over the parts.
  private func checkParts(
    _ name: String, inputs: Int = 1, parameters: [[Int]] = [],
    _ f: (_ inputs: [Variable], _ parameters: [Variable], _ rows: Range<Int>) -> Variable
  ) throws {
    func leaf(_ tensor: Tensor) -> Variable { Variable(tensor.copy(), requiresGradient: true) }
    let x = (0..<inputs).map { Variable.random([rows, width], seed: UInt64($0 + 1)) }
    let shared = parameters.enumerated().map { Variable.random($1, seed: UInt64($0 + 11)) }
    let seed = Variable.random([rows, width], seed: 21).value
    let whole = f(x, shared, 0..<rows)
    whole.backward(seed: seed)
    let sharedAgain = shared.map { leaf($0.value) }
    var values: [Float] = []
    var gradients = x.map { _ in [Float]() }
    for start in stride(from: 0, to: rows, by: 50) {
      let range = start..<start + 50
      let part = x.map { leaf($0.value.rows(range)) }
      let y = f(part, sharedAgain, range)
      values += y.value.values
      y.backward(seed: seed.rows(range).copy())
      for (index, variable) in part.enumerated() { gradients[index] += try #require(variable.gradient).values }
    }
    expectClose(whole.value.values, values, tolerance: 1e-6, name)
    for (variable, expected) in zip(x, gradients) {
      expectClose(try #require(variable.gradient).values, expected, tolerance: 1e-6, "\(name), gradient")
    }
    for (variable, expected) in zip(shared, sharedAgain) {
      expectClose(
        try #require(variable.gradient).values, try #require(expected.gradient).values, tolerance: 3e-6,
        "\(name), gradient of a parameter")
    }
  }

  @Test func elementwiseOperations() throws {
    try checkParts("+", inputs: 2) { x, _, _ in x[0] + x[1] }
    try checkParts("swiglu", inputs: 2) { x, _, _ in swiglu(gate: x[0], up: x[1]) }
    for kind in [GELU.tanh, .erf, .quick] { try checkParts("gelu \(kind)") { x, _, _ in gelu(x[0], kind) } }
  }

  @Test func norms() throws {
    try checkParts("layer norm", parameters: [[width], [width]]) { x, p, _ in
      layerNorm(x[0], gain: p[0], bias: p[1], epsilon: 1e-6)
    }
    try checkParts("RMS norm", parameters: [[width]]) { x, p, _ in rmsNorm(x[0], gain: p[0], epsilon: 1e-6) }
  }

  @Test func rotations() throws {
    let positions = (0..<rows).map { Int32($0 * 7 % 1000) }
    try checkParts("rotary") { x, _, rows in
      rotary(x[0], RotaryTable(positions: Array(positions[rows]), half: 4, theta: 100))
    }
  }

  @Test func products() throws {
    try checkParts("linear", parameters: [[width, width], [width]]) { x, p, _ in
      linear(x[0], weight: p[0], bias: p[1])
    }
  }

  /// Every value by the recurrence, in f64.
  @Test func adamWUpdatesAllChunks() {
    let config = AdamWConfig(weightDecay: 0.1)
    let weight = Variable.random([rows, width], seed: 1).value
    let moments = AdamWMoments(zerosFor: weight)
    var w = weight.values.map(Double.init)
    var m = [Double](repeating: 0, count: w.count)
    var v = m
    var (c1, c2) = (1.0, 1.0)
    for step in 1...3 {
      let gradient = Variable.random([rows, width], seed: UInt64(step + 1)).value
      config.update(weight, moments, gradient: gradient, gradientScale: 1, learningRate: 0.01, step: step)
      (c1, c2) = (c1 * 0.9, c2 * 0.999)
      for (i, value) in gradient.values.enumerated() {
        let g = Double(value)
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        w[i] = w[i] * (1 - 0.001) - 0.01 * (m[i] / (1 - c1)) / ((v[i] / (1 - c2)).squareRoot() + 1e-8)
      }
    }
    expectClose(weight.values, w.map { Float($0) }, tolerance: 1e-6, "weight")
    expectClose(moments.first.values, m.map { Float($0) }, tolerance: 1e-6, "first moment")
    expectClose(moments.second.values, v.map { Float($0) }, tolerance: 1e-6, "second moment")
  }
}
