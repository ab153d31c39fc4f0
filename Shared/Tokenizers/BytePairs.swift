// SPDX-License-Identifier: MIT
// Byte-pair merging of one word (arXiv 1508.07909): join the adjacent pair of lowest rank, the leftmost of equals,
// until none is left that the table knows.

struct BytePairs {
  let merges: MergeTable
  /// The smallest tokens of the word to merge, in order.
  var word: [Int32] = []
  /// Scratch, kept between words.
  var scratch: [UInt8] = []
  private var part: [Int32] = []
  private var ranks: [Int32] = []
  private var results: [Int32] = []

  init(merges: MergeTable) { self.merges = merges }

  private static let none = Int32.max

  /// Appends the merged tokens of `word` to `ids`.
  ///
  /// - joints: the pairs of smallest tokens between which a merge can reach; nil for all. Between others the word is
  ///   cut first, which changes nothing but the time: a text without words becomes many short ones.
  mutating func merge(betweenJoints joints: MergeTable?, into ids: inout [Int32]) {
    guard let joints else {
      swap(&part, &word)
      mergePart()
      ids += part
      return
    }
    var start = 0
    for end in word.indices where end + 1 == word.count || joints.merge(word[end], word[end + 1]) == nil {
      part.removeAll(keepingCapacity: true)
      part += word[start...end]
      mergePart()
      ids += part
      start = end + 1
    }
  }

  /// Replaces `part` (smallest tokens, in order) by its merged tokens.
  private mutating func mergePart() {
    if part.count < 2 { return }
    if part.count > 48 { return mergeLong() }
    ranks.removeAll(keepingCapacity: true)
    results.removeAll(keepingCapacity: true)
    for i in 0..<part.count - 1 {
      let merge = merges.merge(part[i], part[i + 1])
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
      part[at] = results[at]
      part.remove(at: at + 1)
      ranks.remove(at: at)
      results.remove(at: at)
      if at < ranks.count { update(at) }
      if at > 0 { update(at - 1) }
      if ranks.isEmpty { return }
    }
  }

  private mutating func update(_ i: Int) {
    let merge = merges.merge(part[i], part[i + 1])
    ranks[i] = merge?.rank ?? Self.none
    results[i] = merge?.result ?? 0
  }

  /// The same in O(n log n): a heap of candidate pairs over a doubly linked list.
  private mutating func mergeLong() {
    var word = part
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
    part = word
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
