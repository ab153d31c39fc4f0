// SPDX-License-Identifier: MIT
// What a tokenizer.json does to the text before it is cut into words.

import StrictJSON

/// The steps of "normalizer", in order; none leaves a text as it is.
struct Normalizer: Sendable {
  enum Step: Sendable, Equatable {
    /// Unicode form C.
    case nfc
    /// Puts bytes in front of a text that is not empty.
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
  }
  var steps: [Step]

  init(_ steps: [Step] = []) { self.steps = steps }

  var isEmpty: Bool { steps.isEmpty }

  /// The normalised text.
  ///
  /// - continues: the text goes on where another ended, and nothing is put in front of it.
  func callAsFunction(_ text: [UInt8], continues: Bool = false) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .nfc: text = Normalization.nfc(text)
      case .prepend(let front): if !text.isEmpty, !continues { text = front + text }
      case .replace(let old, let new): text = text.replacing(old, by: new)
      }
    }
    return text
  }

  /// Steps that a published tokenizer writes and that are done here; others throw `TokenizerError.unsupported`.
  init(json: JSONValue?) throws {
    steps = []
    guard let json, json != .null else { return }
    switch json["type"]?.string {
    case "NFC": steps = [.nfc]
    case "Prepend":
      guard let text = json["prepend"]?.string else { throw TokenizerError.malformed("Prepend has no \"prepend\"") }
      steps = [.prepend(Array(text.utf8))]
    case "Replace": steps = [try Self.replacement(json)]
    case "Sequence": steps = try (json["normalizers"]?.array ?? []).flatMap { try Normalizer(json: $0).steps }
    default:
      throw TokenizerError.unsupported(
        feature: "\"normalizer\"", found: json.text(), supported: "null, NFC, Prepend and Replace of a text")
    }
  }

  /// `{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}`; decoders write it too.
  static func replacement(_ json: JSONValue) throws -> Step {
    guard let pattern = json["pattern"]?["String"]?.string, !pattern.isEmpty, let content = json["content"]?.string
    else {
      throw TokenizerError.unsupported(
        feature: "\"Replace\"", found: json.text(), supported: "a \"String\" as \"pattern\", a text as \"content\"")
    }
    return .replace(Array(pattern.utf8), with: Array(content.utf8))
  }
}

extension [UInt8] {
  /// The bytes with each `old`, from the left and without overlap, replaced.
  func replacing(_ old: [UInt8], by new: [UInt8]) -> [UInt8] {
    guard let first = old.first, contains(first) else { return self }
    var out: [UInt8] = []
    out.reserveCapacity(count + count / 8)
    var at = 0
    while at < count {
      if self[at] == first, at + old.count <= count, self[at..<at + old.count].elementsEqual(old) {
        out += new
        at += old.count
      } else {
        out.append(self[at])
        at += 1
      }
    }
    return out
  }
}
