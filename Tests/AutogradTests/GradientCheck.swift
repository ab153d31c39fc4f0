// SPDX-License-Identifier: MIT
// Gradients of an operation against finite differences, element by element.
import Autograd
import Tensors
import TestSupport
import Testing

extension Variable {
  /// A leaf of normally distributed values.
  static func random(_ shape: [Int], seed: UInt64, scale: Float = 1) -> Variable {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<shape.reduce(1, *)).map { _ in scale * Float.random(in: -1.7...1.7, using: &generator) }
    return Variable(Tensor(values, shape: shape), requiresGradient: true)
  }
}

/// Checks d(Σ w·f)/dx for every element of every input, w random; `f` builds its result from the inputs.
func checkGradients(
  of inputs: [Variable], _ name: String, tolerance: Double = 4e-3, sourceLocation: SourceLocation = #_sourceLocation,
  _ f: () -> Variable
) {
  let first = f()
  let weights = Variable.random(first.shape, seed: 99).value
  first.backward(seed: weights)
  func objective() -> Double {
    zip(f().value.values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  for (number, input) in inputs.enumerated() {
    guard let gradient = input.gradient else {
      Issue.record("\(name): input \(number) received no gradient", sourceLocation: sourceLocation)
      continue
    }
    var expected: [Float] = []
    for i in 0..<input.value.count {
      let original = input.value.pointer[i]
      let step: Float = 1e-2
      input.value.pointer[i] = original + step
      let above = objective()
      input.value.pointer[i] = original - step
      let below = objective()
      input.value.pointer[i] = original
      expected.append(Float((above - below) / (2 * Double(step))))
    }
    expectClose(
      gradient.values, expected, tolerance: tolerance, "\(name), input \(number)", sourceLocation: sourceLocation)
  }
}
