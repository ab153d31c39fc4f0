// SPDX-License-Identifier: MIT
// The whole way: examples from a source, frames on all cores, handed on in the source's order.

import TensorStream

extension FrameMaker {
  /// Makes the frames of every example of `source` on `threads` threads; `good` and `bad` are called in the examples'
  /// order, on the caller's thread. Memory does not grow with the number of examples.
  ///
  /// - bad: what to do about an example that cannot be used; returning from it goes on to the next.
  /// - tooLong: what to do about one that the limit leaves out.
  /// Throws what `good` and `bad` throw, and an error after which the source cannot be read on.
  public func makeFrames(
    of source: any ExampleSource, threads: Int, good: (Frame, _ isShortened: Bool) throws -> Void,
    bad: (ManifestError) throws -> Void, tooLong: (TooLong) -> Void = { _ in }
  ) throws {
    var isAtEnd = false
    func next() -> Outcome? {
      if isAtEnd { return nil }
      do {
        if let example = try source.next() { return .example(example) }
        isAtEnd = true
        return nil
      } catch let error as ManifestError where error.isRecoverable {
        return .bad(error)
      } catch {
        isAtEnd = true
        return .end(error)
      }
    }
    try mapInOrder(threads: threads, next: next, transform: { step($0) }) { outcome in
      switch outcome {
      case .example: break
      case .frame(let frame, let isShortened): try good(frame, isShortened)
      case .tooLong(let error): tooLong(error)
      case .bad(let error): try bad(error)
      case .end(let error): throw error
      }
    }
  }

  private enum Outcome: Sendable {
    case example(ManifestExample)
    case frame(Frame, isShortened: Bool)
    case tooLong(TooLong)
    case bad(ManifestError)
    /// Nothing can be read after this.
    case end(any Error)
  }

  private func step(_ outcome: Outcome) -> Outcome {
    guard case .example(let example) = outcome else { return outcome }
    do {
      let (frame, isShortened) = try frame(example)
      return .frame(frame, isShortened: isShortened)
    } catch let error as TooLong {
      return .tooLong(error)
    } catch let error as ManifestError {
      return .bad(error)
    } catch {
      return .end(error)
    }
  }
}
