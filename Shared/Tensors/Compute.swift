// SPDX-License-Identifier: MIT
// Threads. Chunk boundaries depend on shapes only, so results do not depend on the number of threads.
import Dispatch
import Glibc
import Synchronization

/// How this process computes.
public enum Compute {
  private static let threadCount = Atomic<Int>(0)
  @TaskLocal private static var ownThreads: Int?

  /// Worker threads, at least 1; all cores unless set.
  public static var threads: Int {
    get {
      if let ownThreads { return ownThreads }
      let set = threadCount.load(ordering: .relaxed)
      return set > 0 ? set : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }
    set { threadCount.store(max(0, newValue), ordering: .relaxed) }
  }

  /// Runs `body` with this many worker threads, whatever the rest of the process uses.
  public static func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    try $ownThreads.withValue(max(1, count), operation: body)
  }
}

/// Runs `body` for every index, on up to `Compute.threads` threads; returns when all are done. Which thread takes which
/// index is left to chance: chunks must write disjoint memory.
public func parallelFor(chunks: Int, _ body: (Int) -> Void) {
  let workers = min(chunks, Compute.threads)
  if workers <= 1 {
    for chunk in 0..<chunks { body(chunk) }
    return
  }
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if chunk >= chunks { return }
        body(chunk)
      }
    }
  }
}

/// Splits `count` elements into chunks of a fixed size and runs them in parallel.
public func inChunks(_ count: Int, size: Int = 1 << 16, _ body: (Range<Int>) -> Void) {
  parallelFor(chunks: (count + size - 1) / size) { body($0 * size..<min(count, ($0 + 1) * size)) }
}

/// A sum of chunk results, added in chunk order: the same bits for any number of threads.
public func orderedSum(_ count: Int, size: Int = 1 << 16, _ body: (Range<Int>) -> Double) -> Double {
  let chunks = (count + size - 1) / size
  if chunks <= 1 { return count == 0 ? 0 : body(0..<count) }
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: chunks) { partial in
    nonisolated(unsafe) let partial = partial
    inChunks(count, size: size) { partial[$0.lowerBound / size] = body($0) }
    return partial.reduce(0, +)
  }
}
