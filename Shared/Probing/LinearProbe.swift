// SPDX-License-Identifier: MIT
// The linear probe: what a linear classifier can read from an encoder's features. N examples, D width, K classes.
import Failures
import LinearAlgebra
import Tensors

/// How C is chosen.
public enum CSelection: Sendable, Equatable {
  /// On this part of the training data, class by class; the classifier is then fitted to all of them.
  case heldOut(fraction: Double)
  /// On the test data, as PIVOT's evaluation does: the accuracy is then that of the best of several tries.
  case test
}

/// Multinomial logistic regression over a grid of C, and its accuracy on other images.
public struct LinearProbe: Sendable {
  public var grid: [Double]
  public var selection: CSelection
  public var seed: UInt64

  /// `gap` to reach: for what is reported, and for choosing C.
  private static let tolerance = 4e-8
  private static let selectionTolerance = 1e-5

  /// The grid of PIVOT's evaluation.
  public static let paperGrid = [0.01, 0.03, 0.1, 0.316, 1.0, 3.16]

  public init(grid: [Double] = paperGrid, selection: CSelection = .heldOut(fraction: 0.2), seed: UInt64 = 0) {
    self.grid = grid
    self.selection = selection
    self.seed = seed
  }

  /// Fits every C of the grid to all of `train` and tests it on `test`.
  ///
  /// - Parameter progress: told how many of how many fits are done.
  /// - Throws: 65 where the data do not make a problem: one class, a class that training lacks, other widths or encoders,
  ///   too few examples to choose C.
  public func run(
    train: ProbeExamples, test: ProbeExamples, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> ProbeReport {
    let (classes, trainTargets, testTargets) = try Self.targets(train, test)
    let heldOut = try heldOutSplit(train, trainTargets, classes)
    let fitCount = grid.count * (heldOut == nil ? 1 : 2)

    // Fitted rows first, held-out ones behind them: both problems are then runs of rows of one matrix.
    let order = heldOut.map { $0.first + $0.second } ?? Array(0..<train.count)
    let basis = FeatureBasis(of: train.features)
    let x = basis.coordinates(of: train.features, rows: order)
    let y = order.map { trainTargets[$0] }
    let testX = basis.coordinates(of: test.features)

    var points = grid.map { GridPoint(c: $0) }
    let ascending = grid.indices.sorted { grid[$0] < grid[$1] }
    if let heldOut {
      let count = heldOut.first.count
      let path = LogisticPath(
        SoftmaxLoss(features: x.rows(0..<count), targets: Array(y[..<count]), classCount: classes.count),
        tolerance: Self.selectionTolerance)
      let rest = Classification(x.rows(count..<order.count), Array(y[count...]))
      for (done, index) in ascending.enumerated() {
        progress(done, fitCount)
        points[index].heldOutTop1 = rest.accuracy(path.fit(c: grid[index]).weights)
      }
    }
    let path = LogisticPath(
      SoftmaxLoss(features: x, targets: y, classCount: classes.count), tolerance: Self.tolerance)
    let tested = Classification(testX, testTargets)
    var weights: [Int: Tensor] = [:]
    for (done, index) in ascending.enumerated() {
      progress(fitCount - grid.count + done, fitCount)
      let fit = path.fit(c: grid[index])
      weights[index] = fit.weights
      points[index].fit(fit, trainCount: train.count, testTop1: tested.accuracy(fit.weights))
    }
    progress(fitCount, fitCount)

    let scores = points.map { heldOut == nil ? $0.testTop1 : $0.heldOutTop1 ?? 0 }
    // The smallest C of several that are equally good.
    let best = ascending.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && grid[$0] > grid[$1]) } ?? 0
    guard let chosen = weights[best] else { throw PlainFailure.usage("the grid of C is empty") }
    return ProbeReport(
      classes: classes, train: train, test: test, testTargets: testTargets, logits: tested.logits(chosen),
      grid: points, c: grid[best],
      selectedOn: grid.count == 1 ? "given" : heldOut == nil ? "test" : "held-out")
  }

  /// The class means of `source` as weights: logits 100·f·mean, the means not normalised again.
  public func prototypes(from source: ProbeExamples, test: ProbeExamples, isLeaky: Bool) throws -> ProbeReport {
    let (classes, sourceTargets, testTargets) = try Self.targets(source, test)
    let width = source.features.columns
    let positions = ClassList.positions(sourceTargets, classCount: classes.count)
    let means = Tensor(uninitialized: [classes.count, width])
    parallelFor(chunks: classes.count) { k in
      var sums = [Double](repeating: 0, count: width)
      for position in positions[k] {
        let row = source.features.pointer + position * width
        for d in 0..<width { sums[d] += Double(row[d]) }
      }
      for d in 0..<width { means.pointer[k * width + d] = Float(sums[d] / Double(positions[k].count)) }
    }
    let logits = Tensor(uninitialized: [test.count, classes.count])
    parallelMultiply(Matrix(test.features), Matrix(means), .right, scale: 100, into: Matrix(logits))
    return ProbeReport(
      classes: classes, train: source, test: test, testTargets: testTargets, logits: logits,
      isLeaky: isLeaky)
  }

  private static func targets(
    _ train: ProbeExamples, _ test: ProbeExamples
  ) throws -> (classes: ClassList, train: [Int32], test: [Int32]) {
    let classes = ClassList(train.classes)
    guard classes.count > 1 else {
      throw PlainFailure.badData(
        "\(train.source): all \(train.count) training examples have class \"\(classes.names.first ?? "")\"; "
          + "a probe needs at least two classes")
    }
    guard test.features.columns == train.features.columns else {
      throw PlainFailure.badData(
        "\(test.source): \"features\" has width \(test.features.columns), in \(train.source) it has "
          + "\(train.features.columns)")
    }
    guard test.encoder == train.encoder else {
      func named(_ encoder: String?) -> String { encoder ?? "one without a name" }
      throw PlainFailure.badData(
        "\(test.source): its encoder is \(named(test.encoder)), that of \(train.source) is \(named(train.encoder)); "
          + "train and test need features of the same")
    }
    return (classes, try classes.targets(train), try classes.targets(test))
  }

  /// Nil where there is nothing to choose, or the test data choose.
  private func heldOutSplit(_ train: ProbeExamples, _ targets: [Int32], _ classes: ClassList) throws -> Split? {
    guard grid.count > 1, case .heldOut(let fraction) = selection else { return nil }
    let split = Split(
      ClassList.positions(targets, classCount: classes.count), fraction: fraction, seed: seed, stream: .heldOut)
    guard !split.second.isEmpty else {
      throw PlainFailure.badData(
        "\(train.source): \(train.count) training examples of \(classes.count) classes, one of each: none can be held out "
          + "to choose C; name one with --c, or choose on the test data with --select-on-test")
    }
    return split
  }
}

/// Examples with classes, to be classified. Coordinates [N, D + 1].
private struct Classification {
  private let x: Tensor
  private let targets: [Int32]

  init(_ x: Tensor, _ targets: [Int32]) {
    self.x = x
    self.targets = targets
  }

  func logits(_ weights: Tensor) -> Tensor {
    let logits = Tensor(uninitialized: [x.rows, weights.rows])
    parallelMultiply(Matrix(x), Matrix(weights), .right, into: Matrix(logits))
    return logits
  }

  func accuracy(_ weights: Tensor) -> Double {
    let logits = logits(weights)
    return Double(targets.indices.count { best(of: logits, row: $0) == Int(targets[$0]) }) / Double(targets.count)
  }
}
