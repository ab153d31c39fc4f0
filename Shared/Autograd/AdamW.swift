// SPDX-License-Identifier: MIT
// AdamW (arXiv 1711.05101), in PyTorch's order of operations.
import CKernels
import Glibc
import Tensors

/// The hyper-parameters that do not change during a run.
public struct AdamWConfig: Sendable, Equatable {
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// Decoupled; applied to matrices and embeddings, never to biases and norms.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// First and second moment of one parameter's gradient, its shape.
public struct AdamWMoments {
  public let first: Tensor
  public let second: Tensor

  public init(zerosFor value: Tensor) {
    first = Tensor(zeros: value.shape)
    second = Tensor(zeros: value.shape)
  }

  /// Moments read back from a saved run.
  public init(first: Tensor, second: Tensor) {
    self.first = first
    self.second = second
  }
}

extension AdamWConfig {
  /// Updates `value` and `moments` in place. `step` counts from 1; the gradient is multiplied by `gradientScale` first
  /// (1/denominator and the clip factor in one). `decays`: nil where the shape tells: a tensor of one extent is a bias or a
  /// norm's gain.
  public func update(
    _ value: Tensor, _ moments: AdamWMoments, gradient: Tensor, gradientScale: Float, learningRate: Double, step: Int,
    decays: Bool? = nil
  ) {
    let correction1 = 1 - pow(beta1, Double(step))
    let correction2 = 1 - pow(beta2, Double(step))
    let decay = decays ?? (value.shape.count > 1) ? learningRate * weightDecay : 0
    inChunks(value.count) { range in
      let at = range.lowerBound
      kernel_adamw(
        value.pointer + at, moments.first.pointer + at, moments.second.pointer + at, gradient.pointer + at,
        gradientScale,
        Float(1 - beta1), Float(beta2), Float(1 - beta2), Float(epsilon), Float(learningRate / correction1),
        Float(correction2.squareRoot()), Float(decay), range.count)
    }
  }
}
