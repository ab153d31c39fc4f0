// SPDX-License-Identifier: MIT
// The loss of multinomial logistic regression and its derivatives. N examples, D width, K classes.
import CKernels
import LinearAlgebra
import Tensors

/// Examples with their classes: L(W) = Σ_i (log Σ_k exp z_ik - z_i,y(i)),  z = X·Wᵀ.
struct SoftmaxLoss {
  /// [N, D + 1], the last column all ones.
  let features: Tensor
  let targets: [Int32]
  let classCount: Int

  var count: Int { targets.count }

  private var rowsAtATime: Int { max(1, (1 << 15) / classCount) }

  /// Wᵀ applied to every example: [K, D + 1] -> [N, K]. Serves directions as it serves weights.
  func logits(_ weights: Tensor, into logits: Tensor) {
    parallelMultiply(Matrix(features), Matrix(weights), .right, into: Matrix(logits))
  }

  /// dL/dW = (P - Y)ᵀ·X: [N, K] -> [K, D + 1].
  ///
  /// Groups of examples, whose number depends on the shape only, each give a part; the parts are added in order. (Splitting the
  /// result instead would make BLAS read all residuals once for each of its parts.)
  func gradient(_ residuals: Tensor, into gradient: Tensor) {
    let groups = min(16, max(1, count / 512))
    let size = (count + groups - 1) / groups
    let parts = Tensor(uninitialized: [groups] + gradient.shape)
    parallelFor(chunks: groups) { group in
      let rows = min(count, group * size)..<min(count, (group + 1) * size)
      multiply(
        Matrix(residuals.rows(rows)), Matrix(features.rows(rows)), .left,
        into: Matrix(parts.rows(group..<group + 1).reshaped(gradient.shape)))
    }
    inChunks(gradient.count, size: 1 << 14) { range in
      let target = gradient.pointer + range.lowerBound
      target.update(from: parts.pointer + range.lowerBound, count: range.count)
      for group in 1..<max(1, groups) {
        kernel_add(target, parts.pointer + group * gradient.count + range.lowerBound, target, range.count)
      }
    }
  }

  /// P - Y [N, K], the loss, and for each class Σ_i p·(1 - p).
  func residuals(_ logits: Tensor, into residuals: Tensor) -> (loss: Double, spread: [Double]) {
    let (rows, width) = (rowsAtATime, classCount)
    let chunks = (count + rows - 1) / rows
    let partial = Tensor(zeros: [chunks, width])
    let loss = targets.withUnsafeBufferPointer { targets in
      nonisolated(unsafe) let targets = targets
      return orderedSum(count, size: rows) { range in
        guard let target = targets.baseAddress else { return 0 }
        let start = range.lowerBound * width
        return kernel_softmax_residual(
          logits.pointer + start, target + range.lowerBound, residuals.pointer + start,
          partial.pointer + range.lowerBound / rows * width, range.count, width)
      }
    }
    var spread = [Double](repeating: 0, count: width)
    for index in 0..<partial.count { spread[index % width] += Double(partial.pointer[index]) }
    return (loss, spread)
  }

  /// First and second derivative of L along a line at z + t·dz.
  func slopes(_ logits: Tensor, _ change: Tensor, at t: Double) -> (first: Double, second: Double) {
    let (rows, width) = (rowsAtATime, classCount)
    let chunks = (count + rows - 1) / rows
    var partial = [Double](repeating: 0, count: chunks * 2)
    partial.withUnsafeMutableBufferPointer { partial in
      targets.withUnsafeBufferPointer { targets in
        nonisolated(unsafe) let (partial, targets) = (partial, targets)
        inChunks(count, size: rows) { range in
          guard let target = targets.baseAddress, let sums = partial.baseAddress else { return }
          let start = range.lowerBound * width
          kernel_softmax_line(
            logits.pointer + start, change.pointer + start, Float(t), target + range.lowerBound,
            sums + range.lowerBound / rows * 2, range.count, width)
        }
      }
    }
    var sums = (first: 0.0, second: 0.0)
    for chunk in 0..<chunks { sums = (sums.first + partial[2 * chunk], sums.second + partial[2 * chunk + 1]) }
    return sums
  }
}

/// Σ a·b in f64, added chunk by chunk in order.
func dot(_ a: Tensor, _ b: Tensor) -> Double {
  orderedSum(a.count) { kernel_dot(a.pointer + $0.lowerBound, b.pointer + $0.lowerBound, $0.count) }
}

/// y += factor·x
func add(_ factor: Double, _ x: Tensor, to y: Tensor) {
  inChunks(x.count) {
    kernel_axpy(Float(factor), x.pointer + $0.lowerBound, y.pointer + $0.lowerBound, $0.count)
  }
}
