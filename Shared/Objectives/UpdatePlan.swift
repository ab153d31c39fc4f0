// SPDX-License-Identifier: MIT
// How a batch becomes optimizer steps: once as a whole, or cut into minibatches and used several times.

/// Which frames of a batch each optimizer step is taken on. Depends on the number of frames only.
public struct UpdatePlan: Sendable, Equatable {
  /// One optimizer step.
  public struct Update: Sendable, Equatable {
    /// How often the batch was used before, from 0.
    public let innerEpoch: Int
    /// Positions in the batch.
    public let frames: Range<Int>
  }

  /// Times that a batch is used.
  public var innerEpochs: Int
  /// Frames an optimizer step; nil: the whole batch.
  public var minibatchSize: Int?

  public init(innerEpochs: Int = 1, minibatchSize: Int? = nil) {
    self.innerEpochs = innerEpochs
    self.minibatchSize = minibatchSize
  }

  /// Optimizer steps that a batch of `frames` gives; `Int.max` where there are more than that.
  public func count(frames: Int) -> Int {
    let (count, overflow) = minibatches(of: frames).multipliedReportingOverflow(by: innerEpochs)
    return overflow ? Int.max : count
  }

  /// Step `number` of a batch of `frames`, from 0. Every inner epoch uses the minibatches in order.
  public func update(_ number: Int, frames: Int) -> Update {
    let (epoch, minibatch) = number.quotientAndRemainder(dividingBy: minibatches(of: frames))
    let size = min(frames, minibatchSize ?? frames)
    return Update(innerEpoch: epoch, frames: minibatch * size..<min(frames, minibatch * size + size))
  }

  private func minibatches(of frames: Int) -> Int {
    let size = minibatchSize ?? frames
    return frames == 0 ? 0 : frames / size + (frames % size == 0 ? 0 : 1)
  }
}
