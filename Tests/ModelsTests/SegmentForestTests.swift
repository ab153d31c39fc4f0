// SPDX-License-Identifier: MIT
// The layout of micro-batches: shared prefixes once, every sequence readable from its path.
import Layers
import TestSupport
import Testing

@testable import Models

private func tokens(_ ids: Int32...) -> [SequenceElement] { ids.map { .token($0) } }
private func image(_ digest: String, _ index: Int, rows: Int) -> SequenceElement {
  .image(digest: digest, index: index, rows: rows)
}

/// Reads a sequence back by walking from its last row up to the root; visual row r reads as -1 - r.
private func sequence(_ path: SequencePath, in forest: SegmentForest) -> [Int32] {
  var rows: [Int] = []
  let last = path.row(at: path.count - 1)
  var segment = forest.segments.firstIndex { $0.start <= last && last < $0.start + $0.count }
  var end = last + 1
  while let s = segment {
    rows.insert(contentsOf: forest.segments[s].start..<end, at: 0)
    segment = forest.segments[s].parent
    if let s = segment { end = forest.segments[s].start + forest.segments[s].count }
  }
  #expect(rows.map { forest.positions[$0] } == Array(0..<Int32(rows.count)))
  return rows.map { forest.tokens[$0] >= 0 ? forest.tokens[$0] : -1 - forest.visual[$0] }
}

@Suite struct SegmentForestTests {
  @Test func aPairSharesItsPromptAndImage() {
    var builder = SegmentForestBuilder()
    let prompt = tokens(1, 2) + [image("a", 0, rows: 3)] + tokens(4)
    builder.add(prompt + tokens(5, 6, 9))
    builder.add(prompt + tokens(7, 9))
    let (forest, paths) = builder.build()
    #expect(
      forest.segments == [
        .init(parent: nil, start: 0, count: 6), .init(parent: 0, start: 6, count: 3),
        .init(parent: 0, start: 9, count: 2),
      ])
    #expect(forest.tokens == [1, 2, -1, -1, -1, 4, 5, 6, 9, 7, 9])
    #expect(forest.visual == [-1, -1, 0, 1, 2, -1, -1, -1, -1, -1, -1])
    #expect(forest.positions == [0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 7])
    #expect(paths[1].row(at: 2) == 4, "an image's row is its last one")
    #expect(paths[1].row(at: 4) == 9)
    #expect(builder.rowCount == forest.rowCount)
  }

  @Test func anImageIsRecognisedByItsDigestAndSize() {
    var builder = SegmentForestBuilder()
    builder.add([image("a", 0, rows: 2)] + tokens(1))
    builder.add([image("a", 0, rows: 2)] + tokens(2))
    builder.add([image("b", 1, rows: 3)] + tokens(1))
    let (forest, _) = builder.build()
    #expect(forest.segments.filter { $0.parent == nil }.count == 2)
    #expect(forest.tokens == [-1, -1, 1, 2, -1, -1, -1, 1])
    #expect(forest.visual == [0, 1, -1, -1, 2, 3, 4, -1])
    #expect(forest.visualCount == 5)
  }

  @Test func aSequenceInsideAnotherAddsNoRows() {
    var builder = SegmentForestBuilder()
    builder.add(tokens(1, 2, 3))
    builder.add(tokens(1, 2))
    builder.add(tokens(1, 2, 3))
    let (forest, paths) = builder.build()
    #expect(forest.tokens == [1, 2, 3])
    #expect(forest.segments.count == 1)
    #expect(paths[1].row(at: 1) == 1)
  }

  @Test func splittingAnEdgeKeepsWhatHungBelowIt() {
    var builder = SegmentForestBuilder()
    let all = [tokens(1, 2, 3, 4, 5), tokens(1, 2, 3, 4, 6), tokens(1, 2, 7), tokens(1, 2, 3, 8), tokens(9)]
    for sequence in all { builder.add(sequence) }
    let (forest, paths) = builder.build()
    #expect(forest.tokens == [1, 2, 3, 4, 5, 6, 8, 7, 9])
    for (elements, path) in zip(all, paths) {
      #expect(sequence(path, in: forest) == elements.map { if case .token(let id) = $0 { id } else { -1 } })
    }
  }

  @Test func randomSequencesReadBackFromTheForest() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      var builder = SegmentForestBuilder()
      var expected: [[Int32]] = []
      var written: Set<[Int32]> = []
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        var elements: [SequenceElement] = []
        var flat: [Int32] = []
        for _ in 0..<Int.random(in: 1...7, using: &generator) {
          if Int.random(in: 0..<4, using: &generator) == 0 {
            elements.append(image("i", 0, rows: 2))
            flat += [-1, -2]
          } else {
            let id = Int32.random(in: 0...2, using: &generator)
            elements.append(.token(id))
            flat.append(id)
          }
        }
        builder.add(elements)
        expected.append(flat)
        for end in 1...elements.count { written.insert(Array(flatPrefix(elements, end))) }
      }
      // Image 0 is numbered only where it occurs.
      let (forest, paths) = builder.build()
      for (path, flat) in zip(paths, expected) { #expect(sequence(path, in: forest) == flat) }
      // No prefix is laid out twice: the forest has as many rows as there are distinct prefixes, images counting twice.
      #expect(forest.rowCount == written.reduce(0) { $0 + ($1.last == -2 ? 2 : 1) })
      var next = 0
      for (number, segment) in forest.segments.enumerated() {
        #expect(segment.start == next && segment.parent ?? -1 < number)
        next += segment.count
      }
      #expect(next == forest.rowCount)
    }
  }

  private func flatPrefix(_ elements: [SequenceElement], _ end: Int) -> [Int32] {
    elements[..<end].flatMap { element -> [Int32] in
      if case .token(let id) = element { [id] } else { [-1, -2] }
    }
  }

  @Test func aTokenIsPredictedFromTheRowBeforeIt() {
    var builder = SegmentForestBuilder()
    let prompt = [image("a", 0, rows: 2)] + tokens(4)
    builder.add(prompt + tokens(5, 6))
    builder.add(prompt + tokens(7))
    let (_, paths) = builder.build()
    var gathers = Gathers()
    gathers.append(paths[0], at: 2..<4)
    gathers.append(paths[1], at: [0, 1, 2])
    #expect(gathers.rows == [2, 3, 1, 2])
    #expect(gathers.targets == [5, 6, 4, 7])
    #expect(gathers.responses == [0..<2, 2..<4])
    #expect(gathers.usedRows == [1, 2, 3])
  }

  @Test func theLastElementOfASequenceNeedsNoRow() {
    var builder = SegmentForestBuilder()
    builder.add(tokens(1, 2, 3))
    builder.add(tokens(1, 2))
    let (forest, paths) = builder.build()
    var gathers = Gathers()
    gathers.append(paths[0], of: tokens(1, 2, 3, 9), at: [3])
    gathers.append(paths[1], of: tokens(1, 2, 8), at: [1, 2])
    #expect(forest.rowCount == 3)
    #expect(gathers.rows == [2, 0, 1])
    #expect(gathers.targets == [9, 2, 8])
  }
}
