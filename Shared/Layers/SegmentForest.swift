// SPDX-License-Identifier: MIT
// The layout of a micro-batch: sequences merged into a forest of segments, so that what several sequences have in
// common (an image, a system line, a question) is computed once. A token sees its segment's ancestors and its own
// past, so every sequence gets exactly what it would get alone.

import Autograd

/// One element of a sequence as the language model reads it.
///
/// Two images are equal when their digests and row counts are: the same picture in two examples is one element.
public enum SequenceElement: Sendable {
  /// A token id.
  case token(Int32)
  /// A whole image: `index` counts the distinct images of the micro-batch, `rows` are its visual tokens.
  case image(digest: String, index: Int, rows: Int)

  /// Rows that the element takes in the language model.
  public var rows: Int {
    switch self {
    case .token: 1
    case .image(_, _, let rows): rows
    }
  }
}

extension SequenceElement: Hashable {
  public static func == (a: SequenceElement, b: SequenceElement) -> Bool {
    switch (a, b) {
    case (.token(let x), .token(let y)): x == y
    case (.image(let x, _, let m), .image(let y, _, let n)): m == n && x == y
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .token(let id): hasher.combine(id)
    case .image(let digest, _, let rows):
      hasher.combine(digest)
      hasher.combine(rows)
    }
  }
}

/// Where one sequence lies in a forest.
public struct SequencePath: Sendable {
  /// The sequence itself.
  public let elements: [SequenceElement]
  /// The last row of each element.
  let rows: [Int32]

  /// The row of element `index` (of an image: its last row). What follows the element is predicted from this row.
  public func row(at index: Int) -> Int { Int(rows[index]) }
  public var count: Int { elements.count }
}

/// Sequences merged by their longest common prefixes, laid out row by row for the language model.
public struct SegmentForest: Sendable {
  /// Depth first, parents before children; the segments' rows follow one another without a gap.
  public let segments: [Segment]
  /// Token id of each row, -1 on visual rows.
  public let tokens: [Int32]
  /// Row in the concatenated visual tokens of all distinct images (in index order), -1 on text rows.
  public let visual: [Int32]
  /// Position of each row in its sequences, counted from 0.
  public let positions: [Int32]

  public var rowCount: Int { tokens.count }

  /// Rows of all visual tokens that `visual` points into.
  public let visualCount: Int
}

/// Collects sequences and lays them out. The layout depends on the sequences and their order only.
///
/// A radix tree: an edge holds a run of elements, two edges of one node differ in their first element.
public struct SegmentForestBuilder {
  /// A run of elements: `sequences[source][start..<end]`.
  private struct Node {
    var source: Int
    var start: Int
    var end: Int
    var children: [Int] = []
    var childByFirst: [SequenceElement: Int] = [:]
  }

  private var sequences: [[SequenceElement]] = []
  private var nodes: [Node] = [Node(source: 0, start: 0, end: 0)]  // node 0 stands above the roots
  private var imageRows: [Int: Int] = [:]
  /// Rows of the layout so far.
  public private(set) var rowCount = 0

  public init() {}

  /// Adds a sequence, sharing the longest prefix that it has in common with those added before.
  /// Returns its number: `build().paths[number]` is where it lies.
  @discardableResult
  public mutating func add(_ elements: [SequenceElement]) -> Int {
    precondition(!elements.isEmpty, "a sequence without elements")
    let number = sequences.count
    sequences.append(elements)
    for case .image(_, let index, let rows) in elements {
      precondition(rows > 0 && imageRows[index, default: rows] == rows, "image \(index) with two row counts")
      imageRows[index] = rows
    }
    var node = 0
    var position = 0
    while position < elements.count, let child = nodes[node].childByFirst[elements[position]] {
      let run = nodes[child]
      var shared = 1
      while run.start + shared < run.end, position + shared < elements.count,
        sequences[run.source][run.start + shared] == elements[position + shared]
      {
        shared += 1
      }
      position += shared
      if run.start + shared < run.end && position < elements.count {
        split(child, after: shared)
      }
      node = child
    }
    if position < elements.count {
      nodes.append(Node(source: number, start: position, end: elements.count))
      nodes[node].children.append(nodes.count - 1)
      nodes[node].childByFirst[elements[position]] = nodes.count - 1
      rowCount += elements[position...].reduce(0) { $0 + $1.rows }
    }
    return number
  }

  /// Keeps the first `count` elements in `node` and moves the rest, with its children, one level down.
  private mutating func split(_ node: Int, after count: Int) {
    var rest = nodes[node]
    rest.start += count
    let head = Node(
      source: rest.source, start: rest.start - count, end: rest.start, children: [nodes.count],
      childByFirst: [sequences[rest.source][rest.start]: nodes.count])
    nodes[node] = head
    nodes.append(rest)
  }

  /// The layout of everything added, and where each sequence lies in it.
  public func build() -> (forest: SegmentForest, paths: [SequencePath]) {
    var imageStart: [Int: Int] = [:]
    var visualCount = 0
    for index in imageRows.keys.sorted() {
      precondition(index == imageStart.count, "images are numbered from 0 without a gap")
      imageStart[index] = visualCount
      visualCount += imageRows[index]!  // a key of this dictionary
    }

    var segments: [Segment] = []
    var tokens: [Int32] = []
    var visual: [Int32] = []
    var positions: [Int32] = []
    var firstRow = [Int](repeating: -1, count: nodes.count)
    tokens.reserveCapacity(rowCount)

    // Depth first without recursion: a prompt of many branches must not use up the stack.
    var pending = nodes[0].children.reversed().map { (node: $0, parent: Int?.none, position: 0) }
    while let (node, parent, start) = pending.popLast() {
      var position = start
      let run = nodes[node]
      firstRow[node] = tokens.count
      for element in sequences[run.source][run.start..<run.end] {
        switch element {
        case .token(let id):
          tokens.append(id)
          visual.append(-1)
        case .image(_, let index, let rows):
          let first = imageStart[index]!  // every image was counted when it was added
          tokens.append(contentsOf: repeatElement(-1, count: rows))
          visual.append(contentsOf: (first..<first + rows).lazy.map { Int32($0) })
        }
      }
      let count = tokens.count - firstRow[node]
      positions.append(contentsOf: (position..<position + count).lazy.map { Int32($0) })
      position += count
      segments.append(Segment(parent: parent, start: firstRow[node], count: count))
      let number = segments.count - 1
      for child in run.children.reversed() { pending.append((child, number, position)) }
    }

    let forest = SegmentForest(
      segments: segments, tokens: tokens, visual: visual, positions: positions, visualCount: visualCount)
    return (forest, sequences.map { path(of: $0, firstRow: firstRow) })
  }

  /// Walks down the tree again: nodes may have been split after the sequence was added.
  private func path(of elements: [SequenceElement], firstRow: [Int]) -> SequencePath {
    var rows: [Int32] = []
    rows.reserveCapacity(elements.count)
    var node = 0
    while rows.count < elements.count {
      node = nodes[node].childByFirst[elements[rows.count]]!  // the sequence was added: its way down exists
      var row = firstRow[node]
      let length = min(nodes[node].end - nodes[node].start, elements.count - rows.count)
      for element in elements[rows.count..<rows.count + length] {
        row += element.rows
        rows.append(Int32(row - 1))
      }
    }
    return SequencePath(elements: elements, rows: rows)
  }
}

/// Which rows of a forest are asked for which token's log-probability.
public struct Gathers: Sendable, Equatable {
  /// Row of the forest whose prediction is looked at, one a scored token.
  public private(set) var rows: [Int32] = []
  /// The token that is looked up in that prediction.
  public private(set) var targets: [Int32] = []
  /// `[responses]` runs of `rows` and `targets`, in the order in which they were appended.
  public private(set) var responses: [Range<Int>] = []

  public init() {}

  public var count: Int { rows.count }

  /// Appends one response: the elements of `sequence` at `indices`, each predicted from the element before it.
  /// `sequence` is what `path` lies along; it may have one element more, since the last one predicts nothing and needs no row.
  /// The first element of a sequence has nothing before it and is left out; all others must be tokens.
  public mutating func append(
    _ path: SequencePath, of sequence: [SequenceElement]? = nil, at indices: some Sequence<Int>
  ) {
    let elements = sequence ?? path.elements
    let start = rows.count
    for index in indices where index > 0 {
      guard case .token(let id) = elements[index] else { preconditionFailure("an image cannot be a label") }
      rows.append(Int32(path.row(at: index - 1)))
      targets.append(id)
    }
    responses.append(start..<rows.count)
  }

  /// The rows that are looked at, sorted, each once: the language model's last layer needs no others.
  public var usedRows: [Int32] {
    var unique: [Int32] = []
    for row in rows.sorted() where row != unique.last { unique.append(row) }
    return unique
  }
}
