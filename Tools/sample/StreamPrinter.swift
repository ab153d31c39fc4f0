// SPDX-License-Identifier: MIT
import Generation
import ToolSupport

/// Texts on standard error while they come. Completions grow side by side: the oldest is printed as it grows, the others
/// wait their turn.
final class StreamPrinter {
  private struct Key: Hashable {
    let prompt: Int
    let completion: Int
  }
  private let copies: Int
  private var order: [Key] = []
  private var unprinted: [Key: [UInt8]] = [:]
  private var finished: Set<Key> = []

  init(copies: Int) { self.copies = copies }

  func add(_ id: String, _ piece: GeneratedPiece) {
    let key = Key(prompt: piece.prompt, completion: piece.completion)
    if unprinted[key] == nil {
      order.append(key)
      unprinted[key] = Array("\(id)\(copies > 1 ? " \(key.completion + 1)/\(copies)" : ""): ".utf8)
    }
    unprinted[key]?.append(contentsOf: piece.bytes)
    if piece.isLast { finished.insert(key) }
    while let first = order.first {
      let isFinished = finished.contains(first)
      print(first, whole: isFinished)
      guard isFinished else { return }
      Diagnostics.text("\n")
      order.removeFirst()
      unprinted[first] = nil
      finished.remove(first)
    }
  }

  /// Prints what has come; bytes of a character that is not yet whole wait.
  private func print(_ key: Key, whole: Bool) {
    let bytes = unprinted[key] ?? []
    let end = whole ? bytes.count : Self.wholeCharacters(bytes)
    guard end > 0 else { return }
    unprinted[key] = Array(bytes[end...])
    // A sampled text must not steer the terminal.
    let text = String(decoding: bytes[..<end], as: UTF8.self).unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar
    }
    Diagnostics.text(String(String.UnicodeScalarView(text)))
  }

  /// How many of the bytes end with a whole character.
  private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
    let tail = bytes.suffix(3)
    guard let lead = tail.lastIndex(where: { $0 & 0xC0 == 0xC0 }) else { return bytes.count }
    let length = bytes[lead] >= 0xF0 ? 4 : bytes[lead] >= 0xE0 ? 3 : 2
    return bytes.count - lead >= length ? bytes.count : lead
  }
}
