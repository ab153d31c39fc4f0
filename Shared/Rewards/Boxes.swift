// SPDX-License-Identifier: MIT
// Intersection over union of two boxes, in a coordinate space that somebody has named.

/// What the numbers of a box mean. Nobody guesses: boxes of one space compared with those of another give a reward of
/// about 0 for ever (https://github.com/om-ai-lab/VLM-R1/issues/44).
public enum BoxSpace: String, Sendable, CaseIterable {
  /// Pixels of the image, from 0.
  case pixels
  /// Fractions of the image's width and height, from 0 to 1: VLAA-Thinker's boxes.
  case unit
  /// Thousandths of the image's width and height, from 0 to 1000.
  case permille

  /// The largest coordinate.
  var limit: Double {
    switch self {
    case .pixels: 1e6
    case .unit: 1
    case .permille: 1000
    }
  }
}

/// A box with corners x1 < x2, y1 < y2 within its space.
struct Box: Sendable, Equatable {
  let x1, y1, x2, y2: Double

  /// nil where the coordinates leave `space` or the box has no area.
  init?(_ values: [Double], in space: BoxSpace) {
    guard values.count == 4, values.allSatisfy({ $0 >= 0 && $0 <= space.limit }), values[0] < values[2],
      values[1] < values[3]
    else { return nil }
    (x1, y1, x2, y2) = (values[0], values[1], values[2], values[3])
  }

  /// The part of an answer's box that lies within the space.
  enum Clipped: Equatable {
    case box(Box)
    /// All of it lies outside.
    case outside
  }

  /// Cuts a box that leaves the picture at its edges, as published evaluations do. nil where the corners are none of a
  /// box, or reach out by more than half of the picture's side: those numbers mean something else.
  static func clipping(_ values: [Double], to space: BoxSpace) -> Clipped? {
    let limit = space.limit
    guard values.count == 4, values.allSatisfy({ -limit / 2 <= $0 && $0 <= 1.5 * limit }), values[0] < values[2],
      values[1] < values[3]
    else { return nil }
    return Box(values.map { min(max($0, 0), limit) }, in: space).map { .box($0) } ?? .outside
  }

  private var area: Double { (x2 - x1) * (y2 - y1) }

  /// Area of the intersection over area of the union; exactly 1 for equal boxes, whatever the space (no pixel is
  /// added or taken away at the corners).
  func intersectionOverUnion(_ other: Box) -> Double {
    if self == other { return 1 }
    let width = min(x2, other.x2) - max(x1, other.x1)
    let height = min(y2, other.y2) - max(y1, other.y1)
    guard width > 0, height > 0 else { return 0 }
    let intersection = width * height
    let union = area + other.area - intersection
    return union > 0 ? min(1, intersection / union) : 0
  }
}

extension Rule {
  /// The intersection over union of the answer's box `[x1, y1, x2, y2]` with the reference's (VLAA-Thinker's reward for
  /// LLaVA-CoT's COCO and VG boxes).
  ///
  /// The answer has one box: four numbers in brackets, or four numbers and nothing else. Several different boxes are
  /// wrong. What leaves the picture is cut off; corners in another order, or without an area, are no box.
  static func iou(_ reference: Reference, _ space: BoxSpace?) throws -> AnswerScorer {
    guard let space else {
      throw reference.wrong(.iou, "no coordinate space is named; give --box-space, or the metadata \"box_space\"")
    }
    let boxes = candidates(in: reference.text)
    guard boxes.count == 1, let values = boxes.first else {
      throw reference.wrong(.iou, "expected one box [x1, y1, x2, y2]")
    }
    guard let wanted = Box(values, in: space) else {
      throw reference.wrong(
        .iou,
        "expected 0 <= x1 < x2 and 0 <= y1 < y2 up to \(Int(space.limit)) (\(space.rawValue)); is the space right?")
    }
    if space != .unit, values.allSatisfy({ $0 <= 1 }) {
      throw reference.wrong(.iou, "all of it lies within 1, which is no box of \(space.rawValue); is the space unit?")
    }
    return { answer in
      let found = candidates(in: answer)
      guard let values = found.first, let clipped = Box.clipping(values, to: space) else { return .unparsable }
      guard found.allSatisfy({ $0 == values }), case .box(let box) = clipped else { return Score(false) }
      return Score(graded: box.intersectionOverUnion(wanted))
    }
  }

  /// What looks like boxes: brackets around four numbers and nothing within; without any, the four numbers of the
  /// text. At most three, of which nobody needs more.
  private static func candidates(in text: String) -> [[Double]] {
    let bytes = Array(text.utf8)
    var boxes: [[Double]] = []
    var open: (byte: UInt8, index: Int)?
    for (index, byte) in bytes.enumerated() where boxes.count < 3 {
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "("): open = (byte, index)
      case UInt8(ascii: "]"), UInt8(ascii: ")"):
        let isPair = open?.byte == (byte == UInt8(ascii: "]") ? UInt8(ascii: "[") : UInt8(ascii: "("))
        if isPair, let open, let box = fourNumbers(bytes[(open.index + 1)..<index]) { boxes.append(box) }
        open = nil
      default: break
      }
    }
    if boxes.isEmpty, let box = fourNumbers(bytes[...]) { boxes = [box] }
    return boxes
  }

  private static func fourNumbers(_ bytes: ArraySlice<UInt8>) -> [Double]? {
    var scanner = NumeralScanner(bytes, hasGroups: false)
    var values: [Double] = []
    while let numeral = scanner.next() {
      guard values.count < 4, numeral.count <= 64, let value = Double(String(decoding: numeral, as: UTF8.self)) else {
        return nil
      }
      values.append(value)
    }
    return values.count == 4 ? values : nil
  }
}
