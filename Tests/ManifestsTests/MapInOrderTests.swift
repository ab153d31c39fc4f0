// SPDX-License-Identifier: MIT
import Manifests
import Synchronization
import TestSupport
import Testing

struct MapInOrderTests {
  @Test func resultsComeInTheOrderOfTheInputs() {
    forEvery("threads", [1, 2, 3, 8]) { threads in
      var inputs = (0..<500).makeIterator()
      var results: [Int] = []
      mapInOrder(
        threads: threads, next: { inputs.next() },
        transform: { value in
          var x = value  // uneven work
          for _ in 0..<(value % 7) * 1000 { x = (x &* 31 &+ 7) % 1_000_003 }
          return value + (x < 0 ? 1 : 0)
        }, consume: { results.append($0) })
      #expect(results == Array(0..<500), "\(Trace.here)")
    }
  }

  @Test func noMoreThanFourAThreadAreUnderWay() {
    let underWay = Mutex((now: 0, most: 0))
    var given = 0
    mapInOrder(
      threads: 2,
      next: { () -> Int? in
        given += 1
        underWay.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        return given <= 200 ? given : nil
      }, transform: { $0 }, consume: { _ in underWay.withLock { $0.now -= 1 } })
    #expect(underWay.withLock { $0.most } <= 9)
  }

  struct Stop: Error {}

  @Test func anErrorEndsTheWork() {
    var given = 0
    #expect(throws: Stop.self) {
      try mapInOrder(
        threads: 2,
        next: { () -> Int? in
          given += 1
          return given
        }, transform: { $0 }, consume: { if $0 == 10 { throw Stop() } })
    }
    #expect(given < 30)
  }
}
