// SPDX-License-Identifier: MIT
// What a probe has found.
import Glibc
import Statistics
import StrictJSON
import Tensors

/// One C of the grid.
public struct GridPoint: Sendable {
  public let c: Double
  /// ½‖W‖² + C·Σ loss over all training data, intercepts not penalised.
  public private(set) var objective = Double.nan
  /// An estimate of how far above the optimum that is, relative to it.
  public private(set) var gap = Double.nan
  public private(set) var iterations = 0
  public private(set) var isConverged = false
  public private(set) var trainTop1 = Double.nan
  public private(set) var testTop1 = Double.nan
  /// Of the classifier fitted without the held-out part; nil where nothing was held out.
  public internal(set) var heldOutTop1: Double?

  init(c: Double) { self.c = c }

  mutating func fit(_ fit: LogisticFit, trainCount: Int, testTop1: Double) {
    (objective, gap, iterations, isConverged) = (fit.objective, fit.gap, fit.iterations, fit.isConverged)
    trainTop1 = Double(fit.correctCount) / Double(trainCount)
    self.testTop1 = testTop1
  }
}

/// A classifier's answers on the test data, and how it was made.
public struct ProbeReport: Sendable {
  public let classes: ClassList
  public let testIDs: [String]
  /// Numbers of the right classes.
  public let testTargets: [Int32]
  /// Softmax of the logits, [N, K].
  public let probabilities: Tensor
  /// Numbers of the likeliest classes.
  public let predictions: [Int]
  public let top1: Double
  public let top5: Double
  /// Of top1: Wilson's.
  public let interval: Interval
  public let trainCount: Int
  /// Test images that are training images too.
  public let sharedCount: Int
  public let encoder: String?
  /// Empty for prototypes.
  public let grid: [GridPoint]
  public let c: Double?
  /// "held-out", "test", or "given" for a grid of one.
  public let selectedOn: String?
  /// Prototypes made from the very images that they are tested on.
  public let isLeaky: Bool

  init(
    classes: ClassList, train: ProbeExamples, test: ProbeExamples, testTargets: [Int32], logits: Tensor,
    grid: [GridPoint] = [], c: Double? = nil, selectedOn: String? = nil, isLeaky: Bool = false
  ) {
    self.classes = classes
    testIDs = test.ids
    self.testTargets = testTargets
    trainCount = train.count
    sharedCount = test.count(in: train)
    encoder = test.encoder
    (self.grid, self.c, self.selectedOn, self.isLeaky) = (grid, c, selectedOn, isLeaky)
    predictions = testTargets.indices.map { best(of: logits, row: $0) }
    let right = zip(predictions, testTargets).map { $0 == Int($1) ? 1.0 : 0.0 }
    top1 = right.reduce(0, +) / Double(right.count)
    top5 =
      Double(testTargets.indices.count { rank(of: Int(testTargets[$0]), logits, row: $0) < 5 }) / Double(right.count)
    interval = .wilson(top1, count: right.count)
    probabilities = softmax(logits)
  }

  /// Whether each test image got its class.
  var right: [Bool] { zip(predictions, testTargets).map { $0 == Int($1) } }

  /// [K, K]: how many images of class r got class c.
  public var confusion: [[Int]] {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for (prediction, target) in zip(predictions, testTargets) { counts[Int(target)][prediction] += 1 }
    return counts
  }
}

/// How many classes are likelier than this one; of equals the first counts as likelier.
private func rank(of k: Int, _ logits: Tensor, row: Int) -> Int {
  let values = logits.pointer + row * logits.columns
  return (0..<logits.columns).count { values[$0] > values[k] || (values[$0] == values[k] && $0 < k) }
}

/// Row by row, in f64.
private func softmax(_ logits: Tensor) -> Tensor {
  let result = Tensor(uninitialized: logits.shape)
  let width = logits.columns
  inChunks(logits.rows, size: 256) { range in
    for row in range {
      let (from, to) = (logits.pointer + row * width, result.pointer + row * width)
      let largest = Double((0..<width).reduce(-Float.infinity) { max($0, from[$1]) })
      let sum = (0..<width).reduce(0.0) { $0 + exp(Double(from[$1]) - largest) }
      for k in 0..<width { to[k] = Float(exp(Double(from[k]) - largest) / sum) }
    }
  }
  return result
}
