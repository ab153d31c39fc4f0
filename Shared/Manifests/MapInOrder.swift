// SPDX-License-Identifier: MIT
// Work on several cores whose results come out in the order of the inputs.

import Dispatch
import Synchronization

/// Applies `transform` to inputs on `threads` threads and hands the results to `consume` in the inputs' order.
///
/// `next` and `consume` run on the caller's thread. At most `4 · threads` inputs are under way, so memory does not grow
/// with their number. An error that `consume` throws ends the work; what is under way is finished and dropped.
public func mapInOrder<Input: Sendable, Output: Sendable>(
  threads: Int, next: () -> Input?, transform: @escaping @Sendable (Input) -> Output, consume: (Output) throws -> Void
) rethrows {
  let threads = max(1, threads)
  let queues = (0..<threads).map { DispatchQueue(label: "mapInOrder \($0)") }
  var underWay: [Pending<Output>] = []
  var count = 0
  var isAtEnd = false
  while true {
    while !isAtEnd, underWay.count < 4 * threads {
      guard let input = next() else {
        isAtEnd = true
        break
      }
      let pending = Pending<Output>()
      queues[count % threads].async { pending.finish(transform(input)) }
      underWay.append(pending)
      count += 1
    }
    if underWay.isEmpty { return }
    if let output = underWay.removeFirst().wait() { try consume(output) }
  }
}

/// A result that another thread will provide.
private final class Pending<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let isReady = DispatchSemaphore(value: 0)

  func finish(_ result: Value) {
    value.withLock { $0 = result }
    isReady.signal()
  }

  func wait() -> Value? {
    isReady.wait()
    return value.withLock { $0 }
  }
}
