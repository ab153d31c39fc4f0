// SPDX-License-Identifier: MIT
// The vectorised kernels against formulas in f64, at every level this CPU offers.
import CKernels
import Glibc
import Testing

/// Levels change a process-wide setting, hence one after the other.
@Suite(.serialized) struct KernelTests {
  private func atEveryLevel(_ body: (Int32) -> Void) {
    let best = kernel_set_level(2)
    for level in 0...best {
      kernel_set_level(level)
      body(level)
    }
    kernel_set_level(best)
  }

  /// -12…12, unevenly spaced, not a multiple of any vector width.
  private let inputs: [Float] = (0..<1003).map { Float($0 - 500) * 0.024 + 0.0007 * Float($0 % 7) }

  private func worst(_ got: [Float], _ expected: [Double], scale: (Double) -> Double) -> Double {
    zip(got, expected).reduce(0) { max($0, ($1.0.isNaN ? .infinity : abs(Double($1.0) - $1.1) / scale($1.1))) }
  }

  @Test func expIsWithinTwoUnitsInTheLastPlace() {
    let x: [Float] = (0..<4001).map { Float($0) * 0.04375 - 87 }
    atEveryLevel { level in
      var y = [Float](repeating: 0, count: x.count)
      kernel_exp(x, &y, x.count)
      let error = worst(y, x.map { exp(Double($0)) }, scale: { $0 })
      #expect(error <= 2e-7, "level \(level)")
    }
  }

  @Test func expKeepsItsLimits() {
    atEveryLevel { _ in
      var y = [Float](repeating: 0, count: 4)
      kernel_exp([-200, .infinity, .nan, 0], &y, 4)
      #expect(y[0] == 0 && y[1] == .infinity && y[2].isNaN && y[3] == 1)
    }
  }

  @Test(arguments: [0, 1, 2]) func geluAgreesWithItsFormula(kind: Int32) {
    let formulas: [(Double) -> Double] = [
      { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) },
      { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
      { $0 / (1 + exp(-1.702 * $0)) },
    ]
    let f = formulas[Int(kind)]
    atEveryLevel { level in
      var y = [Float](repeating: 0, count: inputs.count)
      var dx = y
      kernel_gelu(kind, inputs, &y, inputs.count)
      #expect(worst(y, inputs.map { f(Double($0)) }, scale: { max(1, abs($0)) }) <= 4e-7, "level \(level)")
      kernel_gelu_backward(kind, inputs, [Float](repeating: 1, count: inputs.count), &dx, inputs.count)
      let slopes = inputs.map { (f(Double($0) + 1e-5) - f(Double($0) - 1e-5)) / 2e-5 }
      #expect(worst(dx, slopes, scale: { _ in 1 }) <= 2e-6, "level \(level)")
    }
  }

  @Test func levelsAgreeOnRowKernels() {
    let rows = 3
    let n = 77
    let x = (0..<rows * n).map { sinf(Float($0) * 0.7) }
    let gain = (0..<n).map { 1 + 0.01 * Float($0) }
    var reference: [Float] = []
    atEveryLevel { level in
      var y = [Float](repeating: 0, count: rows * n)
      var mean = [Float](repeating: 0, count: rows)
      var rstd = mean
      kernel_layer_norm(x, gain, gain, 1e-6, &y, &mean, &rstd, rows, n)
      if level == 0 { reference = y }
      #expect(worst(y, reference.map(Double.init), scale: { max(1, abs($0)) }) <= 2e-6, "level \(level)")
    }
  }

  @Test func bfloat16RoundsToNearestEven() {
    let x: [Float] = [1, 1.00390625, 1.01171875, -2.5, .nan, .infinity, 3.4e38]
    atEveryLevel { _ in
      var half = [UInt16](repeating: 0, count: x.count)
      var back = [Float](repeating: 0, count: x.count)
      kernel_f32_to_bf16(x, &half, x.count)
      kernel_bf16_to_f32(half, &back, x.count)
      #expect(back[0] == 1 && back[1] == 1 && back[2] == 1.015625 && back[3] == -2.5)
      #expect(back[4].isNaN && back[5] == .infinity && back[6] == .infinity)
    }
  }

  @Test func nonFiniteValuesAreSeen() {
    var x = [Float](repeating: 1, count: 100)
    atEveryLevel { _ in #expect(kernel_all_finite(x, 100)) }
    x[99] = .nan
    atEveryLevel { _ in #expect(!kernel_all_finite(x, 100)) }
    x[99] = -.infinity
    atEveryLevel { _ in #expect(!kernel_all_finite(x, 100)) }
  }
}
