// SPDX-License-Identifier: MIT
// How C is chosen on held-out examples, and that every label stays with its row while they are put aside.
import TestSupport
import Testing

@testable import Probing

@Suite struct SelectionTests {
  private let grid = [0.01, 0.1, 1, 10]

  @Test func separableClustersAreAllRight() throws {
    let data = clusters(240, classes: 6, width: 30, seed: 1, spread: 6)
    let (train, test) = try data.split(fraction: 0.25, seed: 1)
    let report = try LinearProbe(grid: grid).run(train: train, test: test)
    #expect(report.selectedOn == "held-out")
    for point in report.grid {
      #expect(point.heldOutTop1 == 1 && point.trainTop1 == 1 && point.testTop1 == 1, "C = \(point.c)")
    }
    #expect(report.top1 == 1)
  }

  /// What is reported is fitted to all training images: the same as a grid of one, which holds nothing out.
  @Test func theChosenCGivesTheClassifierOfThatCAlone() throws {
    let data = clusters(600, classes: 6, width: 30, seed: 2)
    let (train, test) = try data.split(fraction: 0.25, seed: 1)
    let report = try LinearProbe(grid: grid).run(train: train, test: test)
    for point in report.grid {
      let alone = try LinearProbe(grid: [point.c]).run(train: train, test: test)
      #expect(alone.selectedOn == "given" && alone.grid[0].heldOutTop1 == nil)
      expectClose(point.objective, alone.grid[0].objective, tolerance: 5e-7, "objective, C = \(point.c)")
      #expect(abs(point.trainTop1 - alone.grid[0].trainTop1) * Double(train.count) <= 1.5, "C = \(point.c)")
      #expect(abs(point.testTop1 - alone.top1) * Double(test.count) <= 1.5, "C = \(point.c)")
      if point.c == report.c {
        expectClose(report.probabilities.values, alone.probabilities.values, tolerance: 1e-3, "probabilities")
      }
    }
  }

  /// The accuracy that chooses is that of a classifier of the other examples, on the ones that were put aside.
  @Test func theHeldOutAccuracyIsThatOfAClassifierOfTheRest() throws {
    let train = clusters(600, classes: 6, width: 30, seed: 3, spread: 0.3)
    let list = ClassList(train.classes)
    let parts = Split(
      ClassList.positions(try list.targets(train), classCount: list.count), fraction: 0.2, seed: 5, stream: .heldOut)
    #expect(parts.second.count == 120)
    let report = try LinearProbe(grid: grid, seed: 5).run(train: train, test: train)
    for point in report.grid {
      let rest = try LinearProbe(grid: [point.c]).run(train: train.rows(parts.first), test: train.rows(parts.second))
      let mine = try #require(point.heldOutTop1)
      #expect(mine < point.trainTop1, "C = \(point.c): held out \(mine), fitted \(point.trainTop1)")
      // The fits that choose stop sooner: an image may change sides.
      #expect(abs(mine - rest.top1) * 120 <= 1.5, "C = \(point.c): \(mine), alone \(rest.top1)")
    }
  }

  @Test func ofEquallyGoodOnesTheStrongestPenaltyIsChosen() throws {
    let data = clusters(240, classes: 6, width: 30, seed: 1, spread: 6)
    let (train, test) = try data.split(fraction: 0.25, seed: 1)
    for grid in [[0.1, 1, 10], [10, 1, 0.1], [1, 0.1, 10]] {
      for selection in [CSelection.heldOut(fraction: 0.2), .test] {
        let report = try LinearProbe(grid: grid, selection: selection).run(train: train, test: test)
        #expect(report.c == 0.1, "\(grid), \(selection)")
      }
    }
  }
}
