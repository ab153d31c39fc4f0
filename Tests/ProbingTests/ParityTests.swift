// SPDX-License-Identifier: MIT
// Logistic regression against scikit-learn's converged optimum, and against itself.
import Tensors
import TestSupport
import Testing

@testable import Probing

@Suite(.serialized) struct ParityTests {
  @Test(arguments: ProbeFixture.names) func theOptimumIsThatOfScikitLearn(name: String) throws {
    let expected = try ProbeFixture(name)
    let grid = try LinearProbe(grid: expected.c, selection: .test).run(train: expected.train, test: expected.test).grid
    for (index, c) in expected.c.enumerated() {
      #expect(grid[index].isConverged && grid[index].gap <= 2e-7, "C = \(c): gap \(grid[index].gap)")
      expectClose(grid[index].objective, expected.objectives[index], tolerance: 5e-7, "objective, C = \(c)")
      // A fit of one C has no path behind it: it must end at the same place.
      let report = try LinearProbe(grid: [c]).run(train: expected.train, test: expected.test)
      expectClose(report.grid[0].objective, expected.objectives[index], tolerance: 5e-7, "objective alone, C = \(c)")
      let worst = zip(report.probabilities.values, expected.probabilities[index]).map { abs($0 - $1) }.max() ?? .nan
      #expect(worst <= 1e-3, "probabilities, C = \(c): \(worst)")
      #expect(report.probabilities.count == expected.probabilities[index].count)
      let correct = Int((report.top1 * Double(expected.test.count)).rounded())
      #expect(abs(correct - expected.correct[index]) <= 1, "C = \(c): \(correct) of \(expected.correct[index])")
      #expect(abs(grid[index].testTop1 - report.top1) * Double(expected.test.count) <= 1.5)
    }
  }

  @Test func theOrderOfTheGridDoesNotMatter() throws {
    let data = clusters(200, classes: 5, width: 20, seed: 3)
    let (train, test) = try data.split(fraction: 0.3, seed: 1)
    let up = try LinearProbe(grid: [0.01, 0.1, 1]).run(train: train, test: test)
    let down = try LinearProbe(grid: [1, 0.01, 0.1]).run(train: train, test: test)
    #expect(up.c == down.c && up.probabilities.values == down.probabilities.values)
    #expect(down.grid.map(\.c) == [1, 0.01, 0.1])
    #expect(down.grid.map(\.objective) == [2, 0, 1].map { up.grid[$0].objective })
  }

  @Test func theBitsDoNotDependOnTheThreads() throws {
    let data = clusters(3000, classes: 40, width: 100, seed: 4)
    let (train, test) = try data.split(fraction: 0.2, seed: 1)
    let reports = try [1, 2, 4].map { threads in
      try Compute.withThreads(threads) { try LinearProbe(grid: [0.1, 3.16]).run(train: train, test: test) }
    }
    for report in reports[1...] {
      #expect(report.probabilities.values == reports[0].probabilities.values)
      #expect(report.grid.map(\.objective) == reports[0].grid.map(\.objective))
      #expect(report.interval == reports[0].interval)
    }
  }

  /// The path's own bookkeeping against the definition: ½‖W‖² + C·Σ loss in f64.
  @Test func theObjectiveIsThatOfTheWeights() throws {
    let data = clusters(300, classes: 6, width: 30, seed: 5)
    let list = ClassList(data.classes)
    let targets = try list.targets(data)
    let x = FeatureBasis(of: data.features).coordinates(of: data.features)
    let path = LogisticPath(SoftmaxLoss(features: x, targets: targets, classCount: 6), tolerance: 2e-8)
    forEvery("c", [0.01, 1, 100]) { c in
      let fit = path.fit(c: c)
      var objective = 0.0
      for k in 0..<6 {
        for d in 0..<30 { objective += pow2(fit.weights.pointer[k * 31 + d]) / 2 }
      }
      for row in 0..<300 {
        let z = (0..<6).map { k in
          (0..<31).reduce(0.0) { $0 + Double(x.pointer[row * 31 + $1]) * Double(fit.weights.pointer[k * 31 + $1]) }
        }
        objective += c * (logSumExp(z) - z[Int(targets[row])])
      }
      expectClose(fit.objective, objective, tolerance: 1e-7, "objective")
    }
  }

  @Test func aSureAnswerKeepsItsResidual() {
    // p(target) = 1 - 2e-9: in f32 that is 1, and 1 - p would be 0.
    let loss = SoftmaxLoss(features: Tensor([1], shape: [1, 1]), targets: [0], classCount: 3)
    let residuals = Tensor(uninitialized: [1, 3])
    let result = loss.residuals(Tensor([20.723266, 0, 0], shape: [1, 3]), into: residuals)
    expectClose(result.loss, 2e-9, tolerance: 1e-5, "loss")
    expectClose(residuals.values, [-2e-9, 1e-9, 1e-9], tolerance: 1e-5, "residuals")
    expectClose(result.spread, [2e-9, 1e-9, 1e-9], tolerance: 1e-5, "spread")
  }

  @Test func slopesAreTheDerivativesOfTheLoss() {
    var random = SeededGenerator(seed: 8)
    let (rows, classes) = (700, 60)
    let z = Tensor(random.floats(rows * classes, in: -3...3), shape: [rows, classes])
    let dz = Tensor(random.floats(rows * classes), shape: [rows, classes])
    let targets = (0..<rows).map { Int32($0 % classes) }
    let loss = SoftmaxLoss(features: Tensor(zeros: [rows, 1]), targets: targets, classCount: classes)
    func value(_ t: Double) -> Double {
      (0..<rows).reduce(0) { sum, row in
        let x = (0..<classes).map { Double(z.pointer[row * classes + $0]) + t * Double(dz.pointer[row * classes + $0]) }
        return sum + logSumExp(x) - x[Int(targets[row])]
      }
    }
    let slopes = loss.slopes(z, dz, at: 0.7)
    let h = 1e-3
    expectClose(slopes.first, (value(0.7 + h) - value(0.7 - h)) / (2 * h), tolerance: 1e-5, "first")
    expectClose(slopes.second, (value(0.7 + h) - 2 * value(0.7) + value(0.7 - h)) / (h * h), tolerance: 1e-4, "second")
    let residuals = Tensor(uninitialized: [rows, classes])
    expectClose(loss.residuals(z, into: residuals).loss, value(0), tolerance: 1e-6, "loss")
    expectClose(slopes0(residuals, dz), loss.slopes(z, dz, at: 0).first, tolerance: 1e-5, "residuals·dz")
  }

  private func slopes0(_ residuals: Tensor, _ dz: Tensor) -> Double { dot(residuals, dz) }
}

private func pow2(_ value: Float) -> Double { Double(value) * Double(value) }
