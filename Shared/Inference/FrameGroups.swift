// SPDX-License-Identifier: MIT
// Frames on their way through a model, several at a time: one after the other would leave the cores idle.
import Examples
import TensorStream

/// Collects frames until there is enough work for one pass, and hands them on in the order of arrival, bad ones in
/// their place. What is waiting is bounded by rows, so memory stays flat.
public final class FrameGroups: FramePass {
  /// Runs a group: frames and their examples, nil for a frame that needs no work.
  typealias Work = (_ frames: [(frame: Frame, example: Example?)]) throws -> [FrameResult]

  private let rowsPerPass: Int
  private let check: (Frame) throws -> Example?
  private let work: Work
  private var waiting: [(frame: Frame, example: Example?)] = []
  private var refused: [(position: Int, error: FrameError)] = []
  private var rows = 0

  /// - Parameters:
  ///   - check: what is asked of a frame; nil passes it on as it is.
  init(rowsPerPass: Int, check: @escaping (Frame) throws -> Example?, work: @escaping Work) {
    self.rowsPerPass = rowsPerPass
    self.check = check
    self.work = work
  }

  /// Takes a frame; returns those that are ready.
  public func add(_ frame: Frame) throws -> [FrameResult] {
    do {
      let example = try check(frame)
      waiting.append((frame, example))
      rows += 1 + (example.map { $0.textRows + $0.images.reduce(0) { $0 + $1.patchRows.count } } ?? 0)
    } catch let error as FrameError {
      refused.append((waiting.count, error))
      rows += 1
    }
    return rows >= rowsPerPass ? try flush() : []
  }

  /// Runs what is waiting.
  public func flush() throws -> [FrameResult] {
    defer { (waiting, refused, rows) = ([], [], 0) }
    let done = waiting.isEmpty ? [] : try work(waiting)
    var results: [FrameResult] = []
    var next = refused[...]
    for position in 0...done.count {
      while let first = next.first, first.position == position {
        results.append(.failure(first.error))
        next.removeFirst()
      }
      if position < done.count { results.append(done[position]) }
    }
    return results
  }
}
