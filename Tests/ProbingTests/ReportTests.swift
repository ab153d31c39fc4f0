// SPDX-License-Identifier: MIT
// Accuracy, prototypes, statistics, and the picture.
import Imaging
import Statistics
import StrictJSON
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Probing

@Suite struct ReportTests {
  private func report(_ logits: [[Float]], _ targets: [Int32]) -> ProbeReport {
    let count = targets.count
    let examples = ProbeExamples(
      source: "test", ids: targets.indices.map { "i\($0)" }, classes: targets.map(String.init),
      features: Tensor(zeros: [count, 1]), encoder: nil)
    return ProbeReport(
      classes: ClassList((0..<logits[0].count).map(String.init)), train: examples, test: examples, testTargets: targets,
      logits: Tensor(logits.flatMap { $0 }, shape: [count, logits[0].count]))
  }

  @Test func top1AndTop5CountRanks() {
    let rising: [Float] = [0, 1, 2, 3, 4, 5, 6]
    let result = report([rising, rising, rising, rising], [6, 2, 1, 5])
    #expect(result.top1 == 0.25 && result.top5 == 0.75)
    #expect(result.predictions == [6, 6, 6, 6])
    // Of equal logits the first counts.
    let equal = report(
      [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]], [0, 5, 0, 0])
    #expect(equal.top1 == 0.75 && equal.top5 == 0.75)
    expectClose(equal.probabilities.values, [Float](repeating: 1 / 6, count: 24), tolerance: 1e-6)
  }

  @Test func prototypesAreClassMeans() throws {
    let source = ProbeExamples(
      source: "train", ids: ["a", "b", "c"], classes: ["x", "y", "x"],
      features: Tensor([1, 0, 0, 1, 0.6, 0.8], shape: [3, 2]), encoder: nil)
    let test = ProbeExamples(
      source: "test", ids: ["d"], classes: ["y"], features: Tensor([0.6, 0.8], shape: [1, 2]), encoder: nil)
    let result = try LinearProbe().prototypes(from: source, test: test, isLeaky: false)
    // Means (0.8, 0.4) and (0, 1): logits 80 and 80.
    expectClose(result.probabilities.values, [0.5, 0.5], tolerance: 1e-4)
    #expect(result.c == nil && result.grid.isEmpty && !result.isLeaky)
    #expect(result.json(settings: JSONObject())["leaky"] == false)
    #expect(try LinearProbe().prototypes(from: test.and(source), test: test, isLeaky: true).isLeaky)
  }

  @Test func mcNemarIsThatOfScipy() {
    // scipy.stats.binomtest(b, b + c, 0.5).pvalue, and 2·binom.cdf - binom.pmf.
    for (b, c, exact, mid) in [
      (5, 15, 0.04138946533203125, 0.026603698730468753), (0, 6, 0.03125, 0.015625), (3, 3, 1, 1),
      (40, 25, 0.08168153394154003, 0.06401750413722561), (0, 0, 1, 1),
    ] {
      let test = McNemar(onlyFirst: b, onlySecond: c)
      expectClose(test.exact, exact, tolerance: 1e-9, "exact \(b) \(c)")
      expectClose(test.midP, mid, tolerance: 1e-9, "mid-p \(b) \(c)")
    }
    #expect(McNemar(onlyFirst: 20_000, onlySecond: 20_500).exact <= 0.02)  // no underflow to 0, none to NaN
    #expect(McNemar(onlyFirst: 20_000, onlySecond: 20_500).exact >= 0.005)
  }

  /// 0 of 8 and 4 of 4 say little, and the report says how little.
  @Test func theIntervalIsNeverEmpty() throws {
    let (zero, one): ([Float], [Float]) = ([1, 0], [0, 1])
    let none = report([[Float]](repeating: zero, count: 8), [Int32](repeating: 1, count: 8))
    #expect(none.top1 == 0 && none.interval == .wilson(0, count: 8) && none.interval.high > 0.3)
    let all = report([zero, one, zero, one], [0, 1, 0, 1])
    #expect(all.top1 == 1 && all.interval == .wilson(1, count: 4) && all.interval.low < 0.6)
    let json = all.json(settings: JSONObject())["interval"]?.array?.compactMap(\.double)
    #expect(json == [all.interval.low, 1])
    #expect(all.table.contains { $0.contains("(95 %: 51.01 % to 100.00 %)") }, "\(all.table)")
  }

  @Test func aComparisonKeepsThePairsTogether() {
    let right: [[Float]] = [[1, 0], [0, 1], [1, 0], [0, 1]]
    let first = report(right, [0, 1, 0, 1])
    let second = report([right[0], right[0], right[0], right[0]], [0, 1, 0, 1])
    let comparison = ProbeComparison(first, second, source: "other")
    #expect(comparison.onlyFirst == 2 && comparison.onlySecond == 0 && comparison.difference == 0.5)
    #expect(comparison.exactP == 0.5 && comparison.midP == 0.25)
    #expect(comparison.interval == .pairedDifference(onlyFirst: 2, onlySecond: 0, of: 4))
    let same = ProbeComparison(first, first, source: "other")
    #expect(same.exactP == 1 && same.interval.low < -0.4 && same.interval.high > 0.4)
  }

  @Test func thePictureShowsWhatIsTakenForWhat() throws {
    // Class 0 right three times of four, class 1 always taken for class 0.
    let result = report([[1, 0], [1, 0], [1, 0], [0, 1], [1, 0], [1, 0]], [0, 0, 0, 0, 1, 1])
    #expect(result.confusion == [[3, 1], [2, 0]])
    let image = try Image.decode(ConfusionPicture(result).png())
    func darkness(_ row: Int, _ column: Int) -> Int {
      // The corner of a cell of 48 pixels, away from its number.
      let side = 2 * 48
      let (x, y) = (image.width - 18 - side + column * 48 + 4, image.height - 18 - side + row * 48 + 4)
      let (r, g, b) = image[x, y]
      return 765 - Int(r) - Int(g) - Int(b)
    }
    #expect(darkness(1, 0) > darkness(0, 0) && darkness(0, 0) > darkness(0, 1) && darkness(0, 1) > darkness(1, 1))
    #expect(darkness(1, 1) <= 15)
    // Many classes: a picture of bounded size.
    let many = report([[Float](repeating: 0, count: 1200)], [7])
    let large = try Image.decode(ConfusionPicture(many).png())
    #expect(large.width < 1400 && large.height == large.width)
  }
}

extension ProbeExamples {
  /// These examples and those of another set.
  fileprivate func and(_ other: ProbeExamples) -> ProbeExamples {
    ProbeExamples(
      source: source, ids: ids + other.ids, classes: classes + other.classes,
      features: Tensor(features.values + other.features.values, shape: [count + other.count, features.columns]),
      encoder: nil)
  }
}
