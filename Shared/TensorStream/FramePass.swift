// SPDX-License-Identifier: MIT
// Frames on their way through something that works on several at a time.

/// A frame with what was added to it, or why there is none.
public typealias FrameResult = Result<Frame, FrameError>

/// Frames on their way through a model: what goes in comes out in the same order, several frames later.
public protocol FramePass {
  /// Takes a frame; returns those that are ready.
  func add(_ frame: Frame) throws -> [FrameResult]
  /// Finishes what is under way.
  func flush() throws -> [FrameResult]
}
