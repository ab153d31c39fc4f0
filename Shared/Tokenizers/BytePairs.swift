// SPDX-License-Identifier: MIT
// Byte-pair merging of one word (arXiv 1508.07909): join the adjacent pair of lowest rank, the leftmost of equals,
// until none is left that the table knows.

struct BytePairs {
  let merges: MergeTable
  /// Scratch, kept between words.
  private var ranks: [Int32] = []
  private var results: [Int32] = []

  init(merges: MergeTable) { self.merges = merges }

  private static let none = Int32.max

  /// Replaces `word` (one token a byte, in order) by its merged tokens.
  mutating func merge(_ word: inout [Int32]) {
    if word.count < 2 { return }
    if word.count > 48 { return mergeLong(&word) }
    ranks.removeAll(keepingCapacity: true)
    results.removeAll(keepingCapacity: true)
    for i in 0..<word.count - 1 {
      let merge = merges.merge(word[i], word[i + 1])
      ranks.append(merge?.rank ?? Self.none)
      results.append(merge?.result ?? 0)
    }
    while true {
      var best = Self.none
      var at = 0
      for i in 0..<ranks.count where ranks[i] < best {
        best = ranks[i]
        at = i
      }
      if best == Self.none { return }
      word[at] = results[at]
      word.remove(at: at + 1)
      ranks.remove(at: at)
      results.remove(at: at)
      if at < ranks.count { update(at, word) }
      if at > 0 { update(at - 1, word) }
      if ranks.isEmpty { return }
    }
  }

  private mutating func update(_ i: Int, _ word: [Int32]) {
    let merge = merges.merge(word[i], word[i + 1])
    ranks[i] = merge?.rank ?? Self.none
    results[i] = merge?.result ?? 0
  }

  /// The same in O(n log n): a heap of candidate pairs over a doubly linked list.
  private func mergeLong(_ word: inout [Int32]) {
    let count = word.count
    var next = (1...count).map { Int32($0) }
    var previous = (-1..<count - 1).map { Int32($0) }
    var heap = CandidateHeap()
    func push(_ left: Int, _ word: [Int32]) {
      let right = Int(next[left])
      guard right < count, let merge = merges.merge(word[left], word[right]) else { return }
      heap.push(
        Candidate(rank: merge.rank, position: Int32(left), left: word[left], right: word[right], result: merge.result))
    }
    for i in 0..<count - 1 { push(i, word) }
    while let candidate = heap.pop() {
      let left = Int(candidate.position)
      guard word[left] == candidate.left else { continue }  // merged since (a dead position holds -1)
      let right = Int(next[left])
      guard right < count, word[right] == candidate.right else { continue }
      word[left] = candidate.result
      word[right] = -1
      next[left] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = Int32(left) }
      if previous[left] >= 0 { push(Int(previous[left]), word) }
      push(left, word)
    }
    word.removeAll { $0 < 0 }
  }
}

private struct Candidate {
  var rank: Int32
  var position: Int32
  var left: Int32
  var right: Int32
  var result: Int32
  static func < (a: Candidate, b: Candidate) -> Bool { a.rank != b.rank ? a.rank < b.rank : a.position < b.position }
}

/// A binary heap, smallest candidate first.
private struct CandidateHeap {
  private var items: [Candidate] = []

  mutating func push(_ item: Candidate) {
    items.append(item)
    var child = items.count - 1
    while child > 0, items[child] < items[(child - 1) / 2] {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Candidate? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    if items.isEmpty { return top }
    items[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < items.count else { return top }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      guard items[child] < items[parent] else { return top }
      items.swapAt(child, parent)
      parent = child
    }
  }
}
