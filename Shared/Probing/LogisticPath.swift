// SPDX-License-Identifier: MIT
// Multinomial logistic regression for one C after the other, each to its optimum. N examples, D width, K classes.
import Glibc
import Tensors

/// What minimising the objective of one C has given.
struct LogisticFit {
  let c: Double
  /// ½‖W‖² + C·Σ loss at the end; for two classes that of the one weight vector.
  let objective: Double
  /// How far above the optimum that is by estimate, relative to it: ½·gᵀ·H⁻¹·g over the objective.
  let gap: Double
  let iterations: Int
  let isConverged: Bool
  /// [K, D + 1], the intercepts last.
  let weights: Tensor
  /// How many of the examples that were fitted get their class.
  let correctCount: Int
}

/// Minimises ½‖W‖² + C·L(W, b), as scikit-learn's LogisticRegression defines it, by L-BFGS.
///
/// Each iteration costs two products with the features: the logits' change along the direction, and the gradient. Along the
/// line the logits are z + t·dz, so that the search for the step (Newton's method on a convex function of one variable,
/// kept inside a bracket) needs neither products nor values of the objective, which near the optimum would be all rounding.
/// A further C starts from the last optimum, moved along the line from the one before it.
///
/// Two classes: scikit-learn then has one weight vector w. With w = w₁ - w₀ and w₁ = -w₀,
/// ½‖w‖² + C·L = 2·(½‖W‖² + C/2·L), so the same search serves with half the C.
final class LogisticPath {
  private let problem: SoftmaxLoss
  private let curvature: Curvature
  private let tolerance: Double
  private let maxIterations: Int

  /// The point of the search, and what belongs to it.
  private var weights: Tensor
  private let logits: Tensor
  private let residuals: Tensor
  private let lossGradient: Tensor
  private var loss = 0.0
  private var spread: [Double] = []
  /// Scratch: the logits' change along a direction.
  private let change: Tensor
  /// Where the search for the last C began.
  private var before: (weights: Tensor, logits: Tensor)?

  /// Steps since the logits were last the product of features and weights.
  private var stepsSinceProduct = 0

  private static let rebuildEvery = 20
  private static let fewSteps = 16
  /// Iterations without a smaller gap than before, after which rounding is taken to allow none.
  private static let patience = 60

  /// - Parameters:
  ///   - tolerance: the `gap` to reach; a fit is converged too where rounding ends it within ten times that.
  ///   - maxIterations: for one C; a fit that needs more is not converged.
  init(_ problem: SoftmaxLoss, tolerance: Double, maxIterations: Int = 1000) {
    self.problem = problem
    self.tolerance = tolerance
    self.maxIterations = maxIterations
    curvature = Curvature(problem)
    weights = Tensor(zeros: [problem.classCount, problem.features.columns])
    logits = Tensor(uninitialized: [problem.count, problem.classCount])
    residuals = Tensor(uninitialized: logits.shape)
    change = Tensor(uninitialized: logits.shape)
    lossGradient = Tensor(uninitialized: weights.shape)
    startFromFrequencies()
    evaluate()
  }

  /// The optimum for C. Cheapest where the values of C ascend.
  func fit(c given: Double) -> LogisticFit {
    let factor = problem.classCount == 2 ? 2.0 : 1.0
    let c = given / factor
    var pairs = CurvaturePairs(limit: 10)
    var gradient = self.gradient(c)
    var iterations = 0
    func step(along direction: Tensor, from slope: Double) {
      let t = length(along: direction, slope: slope, c)
      move(t, direction)
      let next = self.gradient(c)
      let difference = next.copy()
      add(-1, gradient, to: difference)
      direction.scale(by: Float(t))
      pairs.append(step: direction, change: difference)
      gradient = next
      iterations += 1
    }
    let start = (weights: weights.copy(), logits: logits.copy())
    if let before {
      let direction = weights.copy()
      add(-1, before.weights, to: direction)
      difference(of: logits, and: before.logits, into: change)
      let slope = dot(gradient, direction)
      if slope < 0 { step(along: direction, from: slope) }
    }
    before = start

    var gap = Double.infinity
    var (smallest, sinceSmallest) = (gap, 0)
    for iteration in 0... {
      curvature.update(c: c, spread: spread)
      if iteration % Self.rebuildEvery == 0 { curvature.rebuild(residuals: residuals) }
      let direction = pairs.direction(gradient, start: curvature.solve)
      let slope = dot(gradient, direction)
      gap = abs(slope) / 2 / objective(c)
      sinceSmallest = gap < smallest ? 0 : sinceSmallest + 1
      smallest = min(gap, smallest)
      if gap <= tolerance || iterations >= maxIterations || sinceSmallest > Self.patience { break }
      if slope < 0 {
        problem.logits(direction, into: change)
        step(along: direction, from: slope)
      } else if !pairs.isEmpty {
        pairs.removeAll()
      } else {
        break
      }
    }
    if stepsSinceProduct > Self.fewSteps {
      // The steps' roundings have added up in the logits: what is reported, and where the next C starts, is free of them.
      problem.logits(weights, into: logits)
      (loss, spread) = problem.residuals(logits, into: residuals)
      stepsSinceProduct = 0
    }
    return LogisticFit(
      c: given, objective: factor * objective(c), gap: gap, iterations: iterations, isConverged: gap <= 10 * tolerance,
      weights: weights.copy(), correctCount: correctCount)
  }

  private func objective(_ c: Double) -> Double { penalty(weights, weights) / 2 + c * loss }

  /// Σ a·b over the weights, without the intercepts.
  private func penalty(_ a: Tensor, _ b: Tensor) -> Double {
    let width = a.columns
    return dot(a, b)
      - (0..<a.rows).reduce(0) {
        $0 + Double(a.pointer[$1 * width + width - 1]) * Double(b.pointer[$1 * width + width - 1])
      }
  }

  /// W (0 for the intercepts) + C·dL/dW
  private func gradient(_ c: Double) -> Tensor {
    let result = weights.copy()
    for k in 0..<result.rows { result.pointer[(k + 1) * result.columns - 1] = 0 }
    add(c, lossGradient, to: result)
    return result
  }

  /// The minimum along a line: where the derivative has fallen to a tenth.
  private func length(along direction: Tensor, slope: Double, _ c: Double) -> Double {
    let (linear, square) = (penalty(weights, direction), penalty(direction, direction))
    var (t, low, high) = (1.0, 0.0, Double.infinity)
    for _ in 0..<30 {
      let (first, second) = problem.slopes(logits, change, at: t)
      let derivative = linear + t * square + c * first
      if abs(derivative) <= 0.1 * abs(slope) { break }
      if derivative < 0 { low = t } else { high = t }
      var next = t - derivative / (square + c * second)
      if high == .infinity {
        next = next > t ? min(next, 8 * t) : 2 * t
      } else if !(next > low && next < high) {
        next = (low + high) / 2
      }
      t = next
    }
    return t
  }

  private func move(_ t: Double, _ direction: Tensor) {
    stepsSinceProduct += 1
    add(t, direction, to: weights)
    add(t, change, to: logits)
    evaluate()
  }

  private func evaluate() {
    (loss, spread) = problem.residuals(logits, into: residuals)
    problem.gradient(residuals, into: lossGradient)
  }

  /// Zero weights; intercepts that give each class the probability of its frequency.
  private func startFromFrequencies() {
    var counts = [Double](repeating: 0, count: problem.classCount)
    for target in problem.targets { counts[Int(target)] += 1 }
    let logs = counts.map { log(max($0, 0.5)) }
    let mean = logs.reduce(0, +) / Double(logs.count)
    let intercepts = logs.map { Float($0 - mean) }
    for (k, value) in intercepts.enumerated() { weights.pointer[(k + 1) * weights.columns - 1] = value }
    for row in 0..<logits.rows { (logits.pointer + row * logits.columns).update(from: intercepts, count: logs.count) }
  }

  private func difference(of a: Tensor, and b: Tensor, into result: Tensor) {
    inChunks(a.count) { range in
      for index in range { result.pointer[index] = a.pointer[index] - b.pointer[index] }
    }
  }

  private var correctCount: Int {
    problem.targets.indices.count { best(of: logits, row: $0) == Int(problem.targets[$0]) }
  }
}

/// The class with the largest logit, the first of several.
func best(of logits: Tensor, row: Int) -> Int {
  let values = logits.pointer + row * logits.columns
  var best = 0
  for k in 1..<max(1, logits.columns) where values[k] > values[best] { best = k }
  return best
}
