// SPDX-License-Identifier: MIT
// Log-probabilities and their gradients against the formula in f64, at sizes beyond one block of rows (512), one chunk of the
// vocabulary (1,024) and one chunk a group (8,192).
import Autograd
import Glibc
import Tensors
import TestSupport
import Testing

@Suite struct LogProbabilityTests {
  private struct Expected {
    var logp: [Double]
    var dh: [Double]
    var dw: [Double]
  }

  /// logp_i = z_i,t - log Σ exp z_i;   dh_i = g_i·(w_t - Σ p·w),   dw_j = Σ_i g_i·([j = t] - p_ij)·h_i
  private func formula(_ h: Tensor, _ w: Tensor, _ targets: [Int32], _ g: [Float]) -> Expected {
    let (n, words, d) = (h.rows, w.rows, h.columns)
    var result = Expected(
      logp: [Double](repeating: 0, count: n), dh: [Double](repeating: 0, count: n * d),
      dw: [Double](repeating: 0, count: words * d))
    for i in 0..<n {
      let z = (0..<words).map { j in
        (0..<d).reduce(0.0) { $0 + Double(h.pointer[i * d + $1]) * Double(w.pointer[j * d + $1]) }
      }
      let largest = z.max() ?? 0
      let logSum = largest + log(z.reduce(0) { $0 + exp($1 - largest) })
      result.logp[i] = z[Int(targets[i])] - logSum
      for j in 0..<words {
        let slope = Double(g[i]) * ((j == Int(targets[i]) ? 1 : 0) - exp(z[j] - logSum))
        for k in 0..<d {
          result.dh[i * d + k] += slope * Double(w.pointer[j * d + k])
          result.dw[j * d + k] += slope * Double(h.pointer[i * d + k])
        }
      }
    }
    return result
  }

  private func expectElements(_ got: [Float], _ expected: [Double], within tolerance: Double, _ what: String) {
    #expect(got.count == expected.count, "\(what)")
    for (index, (a, b)) in zip(got, expected).enumerated() where !(abs(Double(a) - b) <= tolerance) {
      Issue.record("\(what)[\(index)]: got \(a), expected \(b), tolerance \(tolerance)")
      return
    }
  }

  /// Rows beyond a block, words beyond a group's first chunk, both; twice, as the second pass adds to gradients that are there.
  @Test(arguments: [(600, 20), (5, 9000), (1100, 2100), (515, 9300)])
  func valuesAndGradientsAreThoseOfTheFormula(rows: Int, words: Int) throws {
    let h = Variable.random([rows, 3], seed: 1)
    let w = Variable.random([words, 3], seed: 2)
    var random = SeededGenerator(seed: 3)
    // Every row its own target, spread over all chunks; the first and the last word among them.
    let targets = (0..<rows).map { Int32($0 * (words - 1) / (rows - 1)) }
    let g = random.floats(rows)
    let expected = formula(h.value, w.value, targets, g)
    for pass in 1...2 {
      let result = logProbabilities(h, weight: w, targets: targets)
      expectElements(result.value.values, expected.logp, within: 4e-6, "logp")
      result.backward(seed: Tensor(g, shape: [rows]))
      let times = Double(pass)
      // f32 holds log Σ exp to 2^-21 here, and with it every probability: relative, then summed over the rows.
      expectElements(
        try #require(h.gradient).values, expected.dh.map { times * $0 }, within: 4e-6 * times, "pass \(pass), dh")
      expectElements(
        try #require(w.gradient).values, expected.dw.map { times * $0 }, within: 4e-6 * times, "pass \(pass), dw")
    }
  }

  /// A frozen head, and frozen rows: the other gradient is the same.
  @Test func oneGradientAloneIsTheSame() throws {
    let (h, w) = (Variable.random([600, 3], seed: 1), Variable.random([9000, 3], seed: 2))
    let targets = (0..<600).map { Int32($0 * 15) }
    let g = Tensor((0..<600).map { 0.01 * Float($0) - 2 }, shape: [600])
    logProbabilities(h, weight: w, targets: targets).backward(seed: g)
    let frozenHead = Variable(h.value.copy(), requiresGradient: true)
    logProbabilities(frozenHead, weight: Variable(w.value), targets: targets).backward(seed: g)
    #expect(frozenHead.gradient?.values == h.gradient?.values)
    let frozenRows = Variable(w.value.copy(), requiresGradient: true)
    logProbabilities(Variable(h.value), weight: frozenRows, targets: targets).backward(seed: g)
    #expect(frozenRows.gradient?.values == w.gradient?.values)
  }
}
