// SPDX-License-Identifier: MIT
// In which order a file's frames are used: epoch by epoch, shuffled by the seed, cut into batches.

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
    for last in stride(from: frameCount - 1, to: 0, by: -1) {
      order.swapAt(last, random.next(below: last + 1))
    }
    return order
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same on every machine.
struct SplitMix64 {
  private var state: UInt64

  init(state: UInt64) { self.state = state }

  /// An independent sequence for each `stream` of a seed.
  init(seed: UInt64, stream: UInt64) {
    state = seed
    let first = next()
    state = first ^ (stream &* 0x9E37_79B9_7F4A_7C15)
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in 0..<bound, without bias.
  mutating func next(below bound: Int) -> Int {
    let bound = UInt64(bound)
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= (0 &- bound) % bound { return Int(product.high) }
    }
  }
}
