// SPDX-License-Identifier: MIT
// Where L-BFGS starts from: an approximation of the objective's second derivatives. D width, K classes.
import LinearAlgebra
import Tensors

/// Approximates ∂²(½‖W‖² + C·L) by one matrix a class.
///
/// Between coefficients d and e of class k, L has Σ_i p_ik·(1 - p_ik)·x_id·x_ie. Along the few widest axes and the intercept
/// this is computed; along the others, where it matters less, p and x are taken for independent and the axes for
/// uncorrelated: spread_k·Σ_i x_id²/N. What couples the classes is left to L-BFGS.
final class Curvature {
  private let problem: SoftmaxLoss
  private let width: Int
  /// The widest axes.
  private let leading: Int
  /// Σ_i x_id²/N.
  private let variances: [Double]
  /// Products of two of the leading coordinates (and of the one behind them, which is 1), a row an example of `sample`.
  private let products: Tensor
  private let sample: [Int]

  private var scale = 0.0
  private var spread: [Double] = []
  /// Cholesky factors, [K, leading + 1, leading + 1].
  private var factors: [Double] = []

  private static let sampleSize = 4096

  init(_ problem: SoftmaxLoss) {
    self.problem = problem
    width = problem.features.columns - 1
    leading = width <= 64 ? width : 32
    let step = max(1, (problem.count + Self.sampleSize - 1) / Self.sampleSize)
    sample = Array(stride(from: 0, to: problem.count, by: step))
    variances = Self.meanSquares(problem.features, width)
    products = Self.products(problem.features, rows: sample, leading: leading)
  }

  /// Takes the loss's weight and every class's Σ p·(1 - p), which change with each step.
  func update(c: Double, spread: [Double]) {
    scale = c
    self.spread = spread
  }

  /// Computes the matrices of the leading axes again. `residuals` [N, K] is P - Y.
  func rebuild(residuals: Tensor) {
    let (classCount, side) = (problem.classCount, leading + 1)
    let weights = Tensor(uninitialized: [sample.count, classCount])
    inChunks(sample.count, size: 64) { range in
      for row in range {
        let residual = residuals.pointer + sample[row] * classCount
        let out = weights.pointer + row * classCount
        for k in 0..<classCount { out[k] = residual[k] * (1 - residual[k]) }
        let own = Int(problem.targets[sample[row]])
        out[own] = -residual[own] * (1 + residual[own])
      }
    }
    let sums = Tensor(uninitialized: [classCount, products.columns])
    parallelMultiply(Matrix(weights), Matrix(products), .left, into: Matrix(sums))
    let share = scale * Double(problem.count) / Double(max(1, sample.count))
    factors = [Double](repeating: 0, count: classCount * side * side)
    let spread = spread
    factors.withUnsafeMutableBufferPointer { factors in
      nonisolated(unsafe) let factors = factors
      parallelFor(chunks: classCount) { k in
        var block = [Double](repeating: 0, count: side * side)
        var next = sums.pointer + k * sums.columns
        for i in 0..<side {
          for j in 0...i {
            block[i * side + j] = share * Double(next.pointee)
            next += 1
          }
          block[i * side + i] += i < side - 1 ? 1 : 0.05 * scale * spread[k] + 1e-30
        }
        factor(&block, side)
        for index in block.indices { factors[k * side * side + index] = block[index] }
      }
    }
  }

  /// The inverse applied to a gradient: [K, D + 1] -> [K, D + 1].
  func solve(_ gradient: Tensor) -> Tensor {
    let (classCount, side) = (problem.classCount, leading + 1)
    let result = Tensor(uninitialized: gradient.shape)
    parallelFor(chunks: classCount) { k in
      let (from, to) = (gradient.pointer + k * (width + 1), result.pointer + k * (width + 1))
      for d in leading..<width { to[d] = Float(Double(from[d]) / (1 + scale * spread[k] * variances[d])) }
      var part = (0..<side).map { Double(from[$0 < leading ? $0 : width]) }
      factors.withUnsafeBufferPointer { factors in
        substitute(UnsafeBufferPointer(rebasing: factors[(k * side * side)..<((k + 1) * side * side)]), side, &part)
      }
      for d in 0..<leading { to[d] = Float(part[d]) }
      to[width] = Float(part[leading])
    }
    // One vector added to all classes changes no probability: the optimum has classes that sum to zero, and so have the steps.
    inChunks(width + 1, size: 64) { range in
      for d in range {
        var sum = 0.0
        for k in 0..<classCount { sum += Double(result.pointer[k * (width + 1) + d]) }
        let mean = Float(sum / Double(classCount))
        for k in 0..<classCount { result.pointer[k * (width + 1) + d] -= mean }
      }
    }
    return result
  }

  private static func meanSquares(_ features: Tensor, _ width: Int) -> [Double] {
    let size = 1024
    let chunks = (features.rows + size - 1) / size
    var partial = [Double](repeating: 0, count: chunks * width)
    partial.withUnsafeMutableBufferPointer { partial in
      nonisolated(unsafe) let partial = partial
      inChunks(features.rows, size: size) { range in
        let sums = range.lowerBound / size * width
        for row in range {
          let x = features.pointer + row * (width + 1)
          for d in 0..<width { partial[sums + d] += Double(x[d]) * Double(x[d]) }
        }
      }
    }
    return (0..<width).map { d in
      (0..<chunks).reduce(0) { $0 + partial[$1 * width + d] } / Double(max(1, features.rows))
    }
  }

  /// Lower triangle of each row's outer product with itself.
  private static func products(_ features: Tensor, rows: [Int], leading: Int) -> Tensor {
    let result = Tensor(uninitialized: [rows.count, (leading + 1) * (leading + 2) / 2])
    let width = features.columns
    inChunks(rows.count, size: 64) { range in
      for row in range {
        let x = features.pointer + rows[row] * width
        var out = result.pointer + row * result.columns
        for i in 0...leading {
          let left = i < leading ? x[i] : 1
          for j in 0...i {
            out.pointee = left * (j < leading ? x[j] : 1)
            out += 1
          }
        }
      }
    }
    return result
  }
}

/// In place: the Cholesky factor of a symmetric matrix given by its lower triangle. A pivot that rounding has made negative
/// becomes small and positive: what is computed here guides a search and need not be exact.
private func factor(_ a: inout [Double], _ n: Int) {
  for j in 0..<n {
    var pivot = a[j * n + j]
    let floor = 1e-10 * pivot
    for k in 0..<j { pivot -= a[j * n + k] * a[j * n + k] }
    let root = max(pivot, floor, 1e-300).squareRoot()
    a[j * n + j] = root
    for i in (j + 1)..<max(n, j + 1) {
      var sum = a[i * n + j]
      for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
      a[i * n + j] = sum / root
    }
  }
}

/// Solves L·Lᵀ·x = b in place.
private func substitute(_ l: UnsafeBufferPointer<Double>, _ n: Int, _ b: inout [Double]) {
  for i in 0..<n {
    for k in 0..<i { b[i] -= l[i * n + k] * b[k] }
    b[i] /= l[i * n + i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    for k in (i + 1)..<max(n, i + 1) { b[i] -= l[k * n + i] * b[k] }
    b[i] /= l[i * n + i]
  }
}
