// SPDX-License-Identifier: MIT
// Which frame is used when.
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct DataOrderTests {
  private func order(_ frames: Int, batch: Int, shuffle: Bool = true, dropLast: Bool = false, seed: UInt64 = 42)
    -> DataOrder
  {
    DataOrder(frameCount: frames, batchSize: batch, shuffle: shuffle, dropLast: dropLast, seed: seed)
  }

  @Test func everyEpochUsesEveryFrameOnce() {
    for epoch in 0..<3 { #expect(order(101, batch: 8).frames(ofEpoch: epoch).sorted() == Array(0..<101)) }
    #expect(order(5, batch: 2, shuffle: false).frames(ofEpoch: 1) == [0, 1, 2, 3, 4])
  }

  @Test func seedAndEpochDecideTheOrder() {
    let one = order(50, batch: 8)
    #expect(one.frames(ofEpoch: 0) == order(50, batch: 3).frames(ofEpoch: 0))
    #expect(one.frames(ofEpoch: 0) != one.frames(ofEpoch: 1))
    #expect(one.frames(ofEpoch: 0) != order(50, batch: 8, seed: 43).frames(ofEpoch: 0))
    // Seeds and epochs must not be interchangeable: seed s in epoch e is not seed s + 1 in epoch e - 1.
    #expect(one.frames(ofEpoch: 1) != order(50, batch: 8, seed: 43).frames(ofEpoch: 0))
  }

  @Test func batchesDoNotSpanEpochs() {
    #expect(order(10, batch: 4).batchesPerEpoch == 3)
    #expect(order(10, batch: 4).positions(ofBatch: 2) == 8..<10)
    #expect(order(10, batch: 4, dropLast: true).batchesPerEpoch == 2)
    #expect(order(3, batch: 4, dropLast: true).batchesPerEpoch == 0)
    #expect(order(8, batch: 4).batchesPerEpoch == 2)
  }

  @Test func shufflingIsUniform() {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
    for epoch in 0..<20_000 {
      for (position, frame) in order(5, batch: 1).frames(ofEpoch: epoch).enumerated() { counts[position][frame] += 1 }
    }
    // 4,000 expected, standard deviation 57.
    for count in counts.joined() { #expect(abs(count - 4000) <= 300) }
  }

  /// Batches are cut into steps as the objective's plan says.
  @Test func anEpochsStepsAreThoseOfItsBatches() {
    let plan = UpdatePlan(innerEpochs: 2, minibatchSize: 3)
    func steps(_ frames: Int, _ batch: Int, dropLast: Bool = false, _ plan: UpdatePlan) -> Int {
      DataOrder(frameCount: frames, batchSize: batch, shuffle: false, dropLast: dropLast, seed: 1).stepsPerEpoch(plan)
    }
    #expect(steps(20, 8, plan) == 6 + 6 + 4 && steps(20, 8, dropLast: true, plan) == 12)
    #expect(steps(20, .max, plan) == 14 && steps(20, 8, UpdatePlan()) == 3)
    #expect(steps(20, 8, UpdatePlan(innerEpochs: .max)) == .max)
  }
}
