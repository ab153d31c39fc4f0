// SPDX-License-Identifier: MIT
import Mathematics

/// Looks for final answers in a text: boxes here, sentences and formulas in the files beside this one.
final class MathSearch {
  let text: [UInt8]
  /// What was emphasised.
  let emphases: [Range<Int>]
  /// Between $…$ and the like, in order.
  lazy var formulas = Self.formulas(of: text)

  /// The words of stretches that were asked for.
  var knownWords: [Range<Int>: [String]] = [:]

  init(_ text: MathText) {
    self.text = text.bytes
    emphases = text.emphases
  }

  func starts(with word: StaticString, at index: Int) -> Bool {
    word.withUTF8Buffer { index >= 0 && text.count - index >= $0.count && text[index...].starts(with: $0) }
  }

  /// Where `word` last begins before `end`.
  func last(_ word: StaticString, before end: Int) -> Int? {
    word.withUTF8Buffer { word in
      var index = end - word.count
      while index >= 0 {
        if text[index] == word[0], text[index...].starts(with: word) { return index }
        index -= 1
      }
      return nil
    }
  }

  private struct Box {
    let start: Int
    let content: Range<Int>
    let end: Int
  }

  /// The last \boxed{…} with those that are joined to it; without a span where it is not closed.
  func lastBox() -> (start: Int, end: Int, span: WrittenAnswer?)? {
    guard let start = max(last("\\boxed", before: text.count), last("\\fbox", before: text.count)) else { return nil }
    guard let box = box(at: start) else { return (start, text.count, nil) }
    var boxes = [box]
    var span = WrittenAnswer(pieces: [], isMathMode: false)
    span.isPercent = isPercent(after: box.end)
    while boxes.count < 16, let before = last("\\boxed", before: boxes[0].start), let other = self.box(at: before),
      other.end <= boxes[0].start, isJoint(text[other.end..<boxes[0].start])
    {
      boxes.insert(other, at: 0)
    }
    span.pieces = boxes.map { text[$0.content] }
    return (start, box.end, span)
  }

  private func max(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return a ?? b }
    return Swift.max(a, b)
  }

  private func box(at start: Int) -> Box? {
    var index = start + (text[start + 1] == UInt8(ascii: "b") ? 6 : 5)
    while index < text.count, text[index] == 32 { index += 1 }
    guard index < text.count else { return nil }
    if text[index] != UInt8(ascii: "{") {  // \boxed 5
      guard text[index] &- 48 < 10 else { return nil }
      return Box(start: start, content: index..<index + 1, end: index + 1)
    }
    let open = index
    var depth = 0
    while index < text.count, index - open <= WrittenAnswer.maxLength {
      switch text[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return Box(start: start, content: open + 1..<index, end: index + 1) }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// Nothing but "and", "or", commas, dollar signs and the like.
  func isJoint(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count <= 48 else { return false }
    if bytes.allSatisfy({ $0 == 32 || $0 == UInt8(ascii: ",") }) { return true }
    var rest = String(decoding: bytes, as: UTF8.self).lowercased()
    for word in ["\\text", "\\quad", "\\qquad", "\\(", "\\)", "\\[", "\\]", "\\,", "\\;", "\\ "] {
      while let range = rest.firstRange(of: word) { rest.removeSubrange(range) }
    }
    for word in ["或者", "或", "和", "与", "及", "または", "と"] {
      while let range = rest.firstRange(of: word) { rest.replaceSubrange(range, with: ",") }
    }
    return rest.split { " \n\t$,{}.".contains($0) }.allSatisfy { $0 == "and" || $0 == "or" }
  }

  /// Whether "%" or "percent" comes next, dollar signs and the like aside.
  func isPercent(after index: Int) -> Bool {
    var index = index
    while index < text.count,
      [32, UInt8(ascii: "$"), UInt8(ascii: "\\"), UInt8(ascii: ")"), UInt8(ascii: "]")].contains(text[index])
    {
      index += 1
    }
    return starts(with: "%", at: index) || starts(with: "percent", at: index) || starts(with: "pct", at: index)
  }
}
