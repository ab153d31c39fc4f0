// SPDX-License-Identifier: MIT
// The vectorised kernels against formulas in f64, at every level this CPU offers.
import CKernels
import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite struct KernelTests {
  private func atEveryLevel(_ body: (Int32) -> Void) {
    defer { kernel_set_level(-1) }
    for level in 0...kernel_set_level(2) {
      #expect(kernel_set_level(level) == level)
      body(level)
    }
  }

  /// Suites run side by side: a level that one of them tries must not change the bits of another.
  @Test func aLevelIsThatOfOneThread() {
    let best = kernel_set_level(-1)
    kernel_set_level(0)
    defer { kernel_set_level(-1) }
    let seen = Atomic<Int32>(-1)
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      seen.store(kernel_level(), ordering: .relaxed)
      done.signal()
    }
    done.wait()
    #expect(seen.load(ordering: .relaxed) == best && kernel_level() == 0)
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

  @Test func softmaxRegressionAgreesWithItsFormulas() {
    let (rows, n) = (5, 77)
    let z = (0..<rows * n).map { 3 * sinf(Float($0) * 0.7) }
    let dz = (0..<rows * n).map { cosf(Float($0) * 1.3) }
    let targets = (0..<rows).map { Int32($0 * 13) }
    var (loss, slopes, spread) = (0.0, [0.0, 0.0], [Double](repeating: 0, count: n))
    var residuals: [Double] = []
    for r in 0..<rows {
      let row = z[r * n..<(r + 1) * n].map(Double.init)
      let sum = row.reduce(0) { $0 + exp($1) }
      let p = row.map { exp($0) / sum }
      let u = (0..<n).map { Double(dz[r * n + $0]) }
      let mean = (0..<n).reduce(0) { $0 + p[$1] * u[$1] }
      loss += log(sum) - row[Int(targets[r])]
      slopes[0] += mean - u[Int(targets[r])]
      slopes[1] += (0..<n).reduce(0) { $0 + p[$1] * (u[$1] - mean) * (u[$1] - mean) }
      residuals += (0..<n).map { p[$0] - ($0 == Int(targets[r]) ? 1 : 0) }
      for i in 0..<n { spread[i] += p[i] * (1 - p[i]) }
    }
    atEveryLevel { level in
      var got = [Float](repeating: .nan, count: rows * n)
      var gotSpread = [Float](repeating: 0, count: n)
      let gotLoss = kernel_softmax_residual(z, targets, &got, &gotSpread, rows, n)
      #expect(abs(gotLoss - loss) <= 1e-6 * loss, "level \(level)")
      #expect(worst(got, residuals, scale: { _ in 1 }) <= 3e-7, "level \(level)")
      #expect(worst(gotSpread, spread, scale: { _ in 1 }) <= 1e-6, "level \(level)")
      var gotSlopes = [0.0, 0.0]
      kernel_softmax_line(z, dz, 0, targets, &gotSlopes, rows, n)
      kernel_softmax_line(z.map { $0 - 50 }, dz, 0, targets, &gotSlopes, rows, n)  // it adds, and only differences count
      #expect(abs(gotSlopes[0] - 2 * slopes[0]) <= 2e-5 && abs(gotSlopes[1] - 2 * slopes[1]) <= 2e-5, "level \(level)")
      let products = zip(z, dz).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(kernel_dot(z, dz, z.count) - products) <= 1e-12 * Double(z.count), "level \(level)")
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

  /// A few rows times bf16, f16 and f32 weights: against sums in f64, and every row the same bits beside any others.
  @Test func rowsTimesStoredWeightsAgreeWithSumsInF64() {
    let (rows, outputs) = (21, 13)
    for n in [1, 6, 16, 40, 77, 130] {
      let x = (0..<rows * n).map { sinf(Float($0) * 0.37) }
      let bias = (0..<outputs).map { Float($0) * 0.1 }
      let weights = (0..<outputs * n).map { cosf(Float($0) * 0.11) }
      var (bf16, f16) = ([UInt16](repeating: 0, count: weights.count), [UInt16](repeating: 0, count: weights.count))
      kernel_f32_to_bf16(weights, &bf16, weights.count)
      kernel_f32_to_f16(weights, &f16, weights.count)
      var (fromBF16, fromF16) = (weights, weights)
      kernel_bf16_to_f32(bf16, &fromBF16, weights.count)
      kernel_f16_to_f32(f16, &fromF16, weights.count)

      func check(_ exact: [Float], _ run: (_ x: [Float], _ y: inout [Float], _ rows: Int) -> Void) {
        atEveryLevel { level in
          var all = [Float](repeating: 0, count: rows * outputs)
          run(x, &all, rows)
          for r in 0..<rows {
            for j in 0..<outputs {
              let sum = (0..<n).reduce(Double(bias[j])) { $0 + Double(x[r * n + $1]) * Double(exact[j * n + $1]) }
              #expect(abs(Double(all[r * outputs + j]) - sum) <= 2e-6 * Double(n).squareRoot() + 2e-6, "level \(level)")
            }
          }
          for count in 1...rows {
            var some = [Float](repeating: 0, count: count * outputs)
            run(Array(x[((rows - count) * n)...]), &some, count)
            #expect(some == Array(all[((rows - count) * outputs)...]), "level \(level), n \(n), \(count) rows")
          }
        }
      }
      check(fromBF16) { kernel_rows_times_bf16($0, bf16, bias, &$1, outputs, $2, outputs, n) }
      check(fromF16) { kernel_rows_times_f16($0, f16, bias, &$1, outputs, $2, outputs, n) }
      check(weights) { kernel_rows_times_f32($0, weights, bias, &$1, outputs, $2, outputs, n) }
    }
  }

  @Test func attentionOfOnePositionAgreesWithItsFormula() {
    let (group, stride, counts) = (3, 50, [5, 2])
    for d in [2, 6, 16, 34, 48] {
      let q = (0..<group * d).map { sinf(Float($0) * 0.7) }
      let keys = (0..<7 * stride).map { cosf(Float($0) * 0.3) }
      let values = (0..<7 * stride).map { sinf(Float($0) * 0.9) }
      var expected: [Double] = []
      for h in 0..<group {
        let scores = (0..<7).map { t in
          0.5 * (0..<d).reduce(0.0) { $0 + Double(q[h * d + $1]) * Double(keys[t * stride + $1]) }
        }
        let total = scores.reduce(0) { $0 + exp($1) }
        for i in 0..<d {
          expected.append((0..<7).reduce(0.0) { $0 + exp(scores[$1]) / total * Double(values[$1 * stride + i]) })
        }
      }
      atEveryLevel { level in
        var out = [Float](repeating: 0, count: group * d)
        var scores = [Float](repeating: 0, count: group * 7)
        keys.withUnsafeBufferPointer { k in
          values.withUnsafeBufferPointer { v in
            kernel_attend(
              q, &out, group, d, [k.baseAddress, k.baseAddress.map { $0 + 5 * stride }],
              [v.baseAddress, v.baseAddress.map { $0 + 5 * stride }], counts, 2, stride, 0.5, &scores)
          }
        }
        #expect(worst(out, expected, scale: { _ in 1 }) <= 2e-6, "level \(level), d \(d)")
      }
    }
  }
}
