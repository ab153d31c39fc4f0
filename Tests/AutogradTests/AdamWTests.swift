// SPDX-License-Identifier: MIT
import Autograd
import Glibc
import Tensors
import TestSupport
import Testing

@Suite struct AdamWTests {
  /// Five steps against the textbook recurrence in f64.
  @Test func agreesWithTheRecurrence() {
    let config = AdamWConfig(weightDecay: 0.1)
    let weight = Tensor([0.5, -1.5, 2, 0], shape: [2, 2])
    let moments = AdamWMoments(zerosFor: weight)
    var w = weight.values.map(Double.init)
    var m = [0.0, 0, 0, 0]
    var v = m
    for step in 1...5 {
      let gradient = (0..<4).map { Float(sin(Double($0 + 3 * step))) }
      config.update(
        weight, moments, gradient: Tensor(gradient, shape: [2, 2]), gradientScale: 0.5, learningRate: 0.01, step: step)
      for i in 0..<4 {
        let g = Double(gradient[i]) * 0.5
        w[i] *= 1 - 0.01 * 0.1
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        w[i] -=
          0.01 * (m[i] / (1 - pow(0.9, Double(step)))) / ((v[i] / (1 - pow(0.999, Double(step)))).squareRoot() + 1e-8)
      }
    }
    expectClose(weight.values, w.map { Float($0) }, tolerance: 1e-6, "weight")
    expectClose(moments.first.values, m.map { Float($0) }, tolerance: 1e-6, "first moment")
    expectClose(moments.second.values, v.map { Float($0) }, tolerance: 1e-6, "second moment")
  }

  @Test func vectorsDoNotDecay() {
    let bias = Tensor([1, 1])
    let moments = AdamWMoments(zerosFor: bias)
    AdamWConfig(weightDecay: 0.5).update(
      bias, moments, gradient: Tensor([0, 0]), gradientScale: 1, learningRate: 1, step: 1)
    #expect(bias.values == [1, 1])
  }
}
