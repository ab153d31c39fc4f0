// SPDX-License-Identifier: MIT
// What went through imgtok, in one line: a manifest that was misunderstood shows here.
import Manifests
import TensorStream

struct ExampleCounts {
  private enum Kind: CaseIterable {
    case pair, choices, captions, answer, question, image

    init(_ frame: Frame) {
      let has = { frame.metadata[$0] != nil }
      self =
        if has("chosen") {
          .pair
        } else if has("choices") {
          .choices
        } else if frame.tensors["answer"] != nil || has("answer") {
          has("question") ? .answer : .captions
        } else {
          has("question") ? .question : .image
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
  private(set) var tooLong = 0
  private var longest: TooLong?

  mutating func add(_ frame: Frame, isShortened: Bool) {
    var (all, withImage) = counts[Kind(frame)] ?? (0, 0)
    all += 1
    if frame.tensors["patches"] != nil { withImage += 1 }
    counts[Kind(frame)] = (all, withImage)
    if isShortened { shortened += 1 }
  }

  mutating func add(_ error: TooLong) {
    tooLong += 1
    if error.length > longest?.length ?? 0 { longest = error }
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
    if let longest {
      parts.append("\(tooLong) longer than \(maxLength) left out (the longest: \(longest.length), id \(longest.id))")
    }
    return parts.joined(separator: "; ")
  }
}
