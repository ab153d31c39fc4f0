// SPDX-License-Identifier: MIT
// Who sees whom: a forest of segments turned into blocks of queries with the key rows that they see.

/// A run of rows that belong together: it continues its parent, and a root starts a tree of its own.
/// Parents come before their children; the rows of a segment are contiguous.
public struct Segment: Sendable, Equatable {
  public let parent: Int?
  public let start: Int
  public let count: Int

  public init(parent: Int?, start: Int, count: Int) {
    self.parent = parent
    self.start = start
    self.count = count
  }

  /// Roots of these lengths, one after the other.
  public static func roots(_ counts: [Int]) -> [Segment] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Segment(parent: nil, start: start, count: count)
    }
  }
}

/// What attention computes: for each block of queries, the runs of key rows that it sees.
///
/// A causal row sees all rows of its segment's ancestors and its own segment up to itself. Padding does not exist, and what is
/// not seen is (up to a block's own triangle) not computed.
public struct AttentionLayout: Sendable {
  /// Consecutive query rows of one segment. Their keys are `keys`, one run after the other; of these, query i sees the first
  /// `visible[visibleStart + i]`.
  struct Block: Sendable {
    let queries: Range<Int>
    let keys: [Range<Int>]
    let keyCount: Int
    let visibleStart: Int
  }

  let blocks: [Block]
  /// The blocks of each tree: trees share no keys, so their gradients can be computed side by side.
  let trees: [Range<Int>]
  let visible: [Int32]
  let keyRows: Int
  public let queryRows: Int

  /// Queries a block: bounds both the score buffer and the triangle that is computed in vain.
  private static let blockSize = 128

  /// Every row of every segment sees the whole segment: the images of a vision encoder.
  public init(bidirectional segments: [Segment]) {
    self.init(segments: segments, queries: nil) { segment, _ in segment.count }
  }

  /// Causal attention in a forest. `queries`: the rows that ask, ascending; nil for all rows.
  public init(causal segments: [Segment], queries: [Int]? = nil) {
    self.init(segments: segments, queries: queries) { segment, row in row - segment.start + 1 }
  }

  private init(segments: [Segment], queries: [Int]?, ownVisible: (Segment, Int) -> Int) {
    var blocks: [Block] = []
    var trees: [Range<Int>] = []
    var visible: [Int32] = []
    var ancestors: [[Range<Int>]] = []  // key runs above each segment, adjacent runs joined
    var next = 0  // position in the list of queries
    for (number, segment) in segments.enumerated() {
      let end = segment.start + segment.count
      let above =
        segment.parent.map { Self.joining(ancestors[$0], segments[$0].start..<segments[$0].start + segments[$0].count) }
        ?? []
      ancestors.append(above)
      precondition(segment.parent.map { $0 < number } ?? true, "a segment stands before its parent")
      let aboveCount = above.reduce(0) { $0 + $1.count }
      if segment.parent == nil { trees.append(blocks.count..<blocks.count) }

      let first = next
      if let queries {
        while next < queries.count, queries[next] < end { next += 1 }
      } else {
        next += segment.count
      }
      var from = first
      while from < next {
        let to = min(next, from + Self.blockSize)
        var most = 0
        let visibleStart = visible.count
        for query in from..<to {
          let own = ownVisible(segment, queries?[query] ?? query)
          most = max(most, own)
          visible.append(Int32(aboveCount + own))
        }
        let keys = Self.joining(above, segment.start..<segment.start + most)
        blocks.append(Block(queries: from..<to, keys: keys, keyCount: aboveCount + most, visibleStart: visibleStart))
        trees[trees.count - 1] = trees[trees.count - 1].lowerBound..<blocks.count
        from = to
      }
    }
    self.blocks = blocks
    self.trees = trees
    self.visible = visible
    self.keyRows = segments.last.map { $0.start + $0.count } ?? 0
    self.queryRows = next
  }

  private static func joining(_ runs: [Range<Int>], _ run: Range<Int>) -> [Range<Int>] {
    guard let last = runs.last, last.upperBound == run.lowerBound else { return runs + [run] }
    return runs.dropLast() + [last.lowerBound..<run.upperBound]
  }
}
