// SPDX-License-Identifier: MIT
// What went through imgtok, in one line: a manifest that was misunderstood shows here.
import Manifests
import TensorStream

struct ExampleCounts {
  private enum Kind: CaseIterable {
    case pair, choices, captions, answer, question, image

    init(_ frame: Frame) {
      let has = { (key: MetadataKey) in frame.metadata[key] != nil }
      self =
        if has(.chosen) {
          .pair
        } else if has(.choices) {
          .choices
        } else if frame.tensors[.answer] != nil || has(.answer) {
          has(.question) ? .answer : .captions
        } else {
          has(.question) ? .question : .image
        }
    }

    func name(_ count: Int) -> String {
      switch self {
      case .pair: count == 1 ? "pair" : "pairs"
      case .choices: count == 1 ? "question with candidate answers" : "questions with candidate answers"
      case .captions: count == 1 ? "caption" : "captions"
      case .answer: count == 1 ? "question with its answer" : "questions with their answers"
      case .question: count == 1 ? "question" : "questions"
      case .image: count == 1 ? "image" : "images"
      }
    }
  }

  private var counts: [Kind: (all: Int, withImage: Int)] = [:]
  private var shortened = 0
  /// Pairs that prefer nothing, and responses of which only the end-of-turn token is left.
  private(set) var equalPairs = 0
  private(set) var emptyResponses = 0
  private(set) var tooLong = 0
  private var longest: TooLong?

  mutating func add(_ frame: Frame, isShortened: Bool) {
    var (all, withImage) = counts[Kind(frame)] ?? (0, 0)
    all += 1
    if frame.tensors[.patches] != nil { withImage += 1 }
    counts[Kind(frame)] = (all, withImage)
    if isShortened { shortened += 1 }
    let texts = [MetadataKey.chosen, .rejected, .answer].map { frame.metadata[$0] }
    if texts.contains("") { emptyResponses += 1 }
    if let chosen = texts[0], chosen == texts[1], frame.tensors[.rejectedPatches] == nil { equalPairs += 1 }
  }

  mutating func add(_ error: TooLong) {
    tooLong += 1
    if error.length > longest?.length ?? 0 { longest = error }
  }

  /// "3 examples longer than 512 left out (the longest: 700, id photo-7)"; nil where none is.
  func leftOut(maxLength: Int) -> String? {
    longest.map {
      "\(tooLong) \(tooLong == 1 ? "example" : "examples") longer than \(maxLength) positions left out "
        + "(the longest: \($0.length), id \($0.id))"
    }
  }

  /// What may be wrong with examples that are right in form.
  var doubts: [String] {
    var doubts: [String] = []
    if equalPairs > 0 { doubts.append("\(equalPairs) of the pairs have the same text chosen and rejected") }
    if emptyResponses > 0 {
      doubts.append("examples with an empty response: \(emptyResponses); it teaches to end at once")
    }
    return doubts
  }

  /// "412 pairs, 412 with an image".
  func text(maxLength: Int) -> String {
    var parts = Kind.allCases.compactMap { kind in
      counts[kind].map { count in
        kind == .image
          ? "\(count.all) \(kind.name(count.all))"
          : "\(count.all) \(kind.name(count.all)), \(count.withImage) with an image"
      }
    }
    if parts.isEmpty { parts = ["no example"] }
    if shortened > 0 { parts.append("responses of \(shortened) shortened to \(maxLength) positions") }
    return parts.joined(separator: "; ")
  }
}
