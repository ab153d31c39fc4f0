// SPDX-License-Identifier: MIT
// Examples packed into forward passes: what they share is laid out once, and no pass grows beyond its rows.
import Layers
import Models

/// Examples laid out for one forward pass.
public struct MicroBatch: Sendable {
  /// Which examples of the batch these are.
  public let members: Range<Int>
  /// The distinct images, in the order of the forest's visual rows.
  public let images: [ExampleImage]
  public let forest: SegmentForest
  /// One response for every sequence of every member, in order.
  public let gathers: Gathers
  /// `gathers.responses` of each member.
  let responses: [Range<Int>]

  /// Runs of `gathers.rows` that hold the labels of a member's sequences.
  public func labels(of member: Int) -> ArraySlice<Range<Int>> {
    gathers.responses[responses[member - members.lowerBound]]
  }

  /// Lays out `examples[members]`.
  public init(_ examples: [Example], members: Range<Int>) {
    var builder = SegmentForestBuilder()
    var images: [ExampleImage] = []
    var indexByDigest: [String: Int] = [:]
    var sequences: [[SequenceElement]] = []
    var labels: [[Int]] = []
    var responses: [Range<Int>] = []
    for example in examples[members] {
      let first = labels.count
      for sequence in example.sequences {
        let elements = sequence.elements.map { element -> SequenceElement in
          guard case .image(let digest, let number, let rows) = element else { return element }
          let index = indexByDigest[digest] ?? images.count
          if index == images.count {
            indexByDigest[digest] = index
            images.append(example.images[number])
          }
          return .image(digest: digest, index: index, rows: rows)
        }
        // What follows an element is predicted from its row; nothing follows the last.
        let isResponse = if case .token = elements.last { elements.count > 1 } else { false }
        builder.add(isResponse ? Array(elements.dropLast()) : elements)
        sequences.append(elements)
        labels.append(sequence.labels)
      }
      responses.append(first..<labels.count)
    }
    let (forest, paths) = builder.build()
    var gathers = Gathers()
    for (number, path) in paths.enumerated() { gathers.append(path, of: sequences[number], at: labels[number]) }
    self.members = members
    self.images = images
    self.forest = forest
    self.gathers = gathers
    self.responses = responses
  }

  /// Cuts a batch into passes of at most `rows` rows (language model and vision encoder together), in order; an example
  /// that is larger than that is a pass of its own. Depends on the examples only, never on the machine.
  public static func passes(of examples: [Example], rows limit: Int) -> [MicroBatch] {
    var passes: [MicroBatch] = []
    var start = 0
    var rows = 0
    var digests: Set<String> = []
    for (number, example) in examples.enumerated() {
      var new = example.images.filter { !digests.contains($0.digest) }
      if number > start && rows + example.textRows + imageRows(new) > limit {
        passes.append(MicroBatch(examples, members: start..<number))
        (start, rows, digests, new) = (number, 0, [], example.images)
      }
      rows += example.textRows + imageRows(new)
      digests.formUnion(new.map(\.digest))
    }
    if start < examples.count { passes.append(MicroBatch(examples, members: start..<examples.count)) }
    return passes
  }

  /// An image takes rows in the vision encoder and in the language model.
  private static func imageRows(_ images: [ExampleImage]) -> Int {
    images.reduce(0) { $0 + $1.patchRows.count + $1.tokenRows }
  }
}

extension MultimodalConfig {
  /// Rows of one forward and backward pass whose activations take about 2 GiB: enough to keep the matrix products busy.
  /// A pure function of the shape, since the sums of a step depend on how it is cut.
  public var suggestedRowsPerPass: Int {
    let text = text?.activations ?? 0
    let image = vision.map { featureLayer * $0.activationsPerLayer } ?? 0
    let bytes = 4 * max(text, image, 1)
    return min(4096, max(256, (2 << 30) / bytes))
  }
}
