// SPDX-License-Identifier: MIT
// In which order a file's frames are used: epoch by epoch, shuffled by the seed, cut into batches.
import Examples
import Inference
import Objectives
import Randomness

/// The order of the frames of a file over all epochs. A value of its arguments only: position 17 of epoch 2 names the
/// same frame whenever it is asked for, so a resumed run goes on where it stopped without replaying anything.
public struct DataOrder: Sendable, Equatable {
  public let frameCount: Int
  public let batchSize: Int
  public let shuffle: Bool
  public let dropLast: Bool
  public let seed: UInt64

  public init(frameCount: Int, batchSize: Int, shuffle: Bool, dropLast: Bool, seed: UInt64) {
    precondition(frameCount > 0 && batchSize > 0)
    self.frameCount = frameCount
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.dropLast = dropLast
    self.seed = seed
  }

  /// Batches an epoch. Batches do not span epochs.
  public var batchesPerEpoch: Int {
    frameCount / batchSize + (dropLast || frameCount % batchSize == 0 ? 0 : 1)
  }

  /// Optimizer steps an epoch.
  func stepsPerEpoch(_ plan: UpdatePlan) -> Int {
    let (full, rest) = frameCount.quotientAndRemainder(dividingBy: batchSize)
    let last = dropLast ? 0 : plan.count(frames: rest)
    let (product, overflow) = (full == 0 ? 0 : plan.count(frames: batchSize)).multipliedReportingOverflow(by: full)
    let (sum, overflow2) = product.addingReportingOverflow(last)
    return overflow || overflow2 ? Int.max : sum
  }

  /// Positions of batch `batch` in its epoch.
  public func positions(ofBatch batch: Int) -> Range<Int> {
    batch * batchSize..<batch * batchSize + min(batchSize, frameCount - batch * batchSize)
  }

  /// Frame numbers of an epoch, in the order of use.
  public func frames(ofEpoch epoch: Int) -> [Int] {
    var order = Array(0..<frameCount)
    guard shuffle else { return order }
    var random = SplitMix64(seed: seed, stream: UInt64(epoch))
    random.shuffle(&order)
    return order
  }
}
