// SPDX-License-Identifier: MIT
// SentencePiece's way with spaces: a visible mark stands for each, and one more for the space that a text does not
// have at its start.

import StrictJSON

/// The pre-tokenizer "Metaspace".
struct Metaspace: Sendable, Equatable {
  /// Which pieces of a text (what lies between added tokens) get a mark in front.
  enum Scheme: String, Sendable {
    case first, always, never
  }
  /// "▁" (U+2581) everywhere.
  var mark: [UInt8]
  var scheme: Scheme
  /// Whether each mark begins a word, in which pairs are merged.
  var splits: Bool

  init(json: JSONValue) throws {
    let text = json["replacement"]?.string ?? "▁"
    guard text.unicodeScalars.count == 1 else {
      throw TokenizerError.malformed("Metaspace: \"replacement\" is \"\(text)\", expected one character")
    }
    // Older files have "add_prefix_space" in the place of the scheme.
    let name = json["prepend_scheme"]?.string ?? (json["add_prefix_space"]?.bool == false ? "never" : "always")
    guard let scheme = Scheme(rawValue: name) else {
      throw TokenizerError.malformed(
        "Metaspace: \"prepend_scheme\" is \"\(name)\", expected \"first\", \"always\" or \"never\"")
    }
    (mark, self.scheme, splits) = (Array(text.utf8), scheme, json["split"]?.bool ?? true)
  }

  /// A piece with marks for its spaces, and one in front where the scheme has it there.
  func marked(_ piece: [UInt8], _ place: TextPlace) -> [UInt8] {
    let piece = piece.replacing([0x20], by: mark)
    let isDue =
      switch (scheme, place) {
      case (.never, _), (_, .inside): false
      case (.first, let place): place == .start
      case (.always, _): true
      }
    return isDue && !piece.starts(with: mark) ? mark + piece : piece
  }

  /// Calls `body` with each word of a marked piece.
  func forEachWord(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) throws -> Void) rethrows {
    var start = 0
    if splits {
      for at in bytes.indices where at > start && bytes[at] == mark[0] && bytes[at...].starts(with: mark) {
        try body(start..<at)
        start = at
      }
    }
    if start < bytes.count { try body(start..<bytes.count) }
  }
}
