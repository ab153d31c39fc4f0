// SPDX-License-Identifier: MIT
// Which part of a completion is the answer. Only that part is ever scored.
import Characters

/// How a completion must mark its answer.
///
/// VLAA-Thinker (arXiv 2504.11468) asks for `<think>…</think> <answer>…</answer>`; a completion without an answer
/// that can be taken out of it earns nothing at all, whatever its rule: the format supersedes the reward.
public enum AnswerFormat: String, Sendable, CaseIterable {
  /// Tags where the model writes them. Everything up to the last `</think>` is thinking. Of the rest, the text
  /// between `<answer>` and `</answer>` is the answer; without these tags all of it is. A `<think>` that stays open,
  /// an `<answer>` that does, and two answers are no answer.
  case optional
  /// The whole completion is `<think>…</think>`, white space, `<answer>…</answer>`; anything else is no answer.
  case required

  /// The answer without white space at its ends; nil where there is none, or an empty one.
  public func answer(in completion: String) -> String? {
    // Most short answers have no tags.
    guard self == .required || completion.utf8.contains(UInt8(ascii: "<")) else { return nonEmpty(completion.trimmed) }
    let marked = MarkedText(completion)
    guard let range = self == .required ? marked.strictAnswer : marked.answer else { return nil }
    return nonEmpty(marked.text(range))
  }

  /// Whether a completion is `<think>…</think> <answer>…</answer>` with something in the answer: the reward of the rule
  /// `format`.
  public static func isFollowed(by completion: String) -> Bool { Self.required.answer(in: completion) != nil }

  private func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}

/// A text and the tags in it.
private struct MarkedText {
  enum Tag: String, CaseIterable {
    case think = "<think>"
    case endOfThink = "</think>"
    case answer = "<answer>"
    case endOfAnswer = "</answer>"
  }
  private let bytes: [UInt8]
  private var tags: [(tag: Tag, range: Range<Int>)] = []

  init(_ text: String) {
    bytes = Array(text.utf8)
    var from = 0
    while let start = bytes[from...].firstIndex(of: UInt8(ascii: "<")) {
      from = start + 1
      for tag in Tag.allCases where bytes[start...].starts(with: tag.rawValue.utf8) {
        from = start + tag.rawValue.utf8.count
        tags.append((tag, start..<from))
      }
    }
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self).trimmed }

  var answer: Range<Int>? {
    let thought = tags.lastIndex { $0.tag == .endOfThink }
    let rest = thought.map { tags[($0 + 1)...] } ?? tags[...]
    switch rest.map(\.tag) {
    case []: return (thought.map { tags[$0].range.upperBound } ?? 0)..<bytes.count
    case [.answer, .endOfAnswer]:
      return rest[rest.startIndex].range.upperBound..<rest[rest.startIndex + 1].range.lowerBound
    default: return nil
    }
  }

  var strictAnswer: Range<Int>? {
    // A thought may name the answer's tags; between the last three tags it may not.
    guard let first = tags.first, first.tag == .think, isBlank(0..<first.range.lowerBound),
      let end = tags.firstIndex(where: { $0.tag == .endOfThink }), !tags[1..<end].contains(where: { $0.tag == .think }),
      tags[(end + 1)...].map(\.tag) == [.answer, .endOfAnswer]
    else { return nil }
    let (open, close) = (tags[end + 1].range, tags[end + 2].range)
    guard isBlank(tags[end].range.upperBound..<open.lowerBound), isBlank(close.upperBound..<bytes.count) else {
      return nil
    }
    return open.upperBound..<close.lowerBound
  }

  private func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy(\.isBlank) }
}
