// SPDX-License-Identifier: MIT
// Added tokens: strings found in the text before words are cut, each one id.

/// One entry of tokenizer.json's "added_tokens".
struct AddedToken: Sendable, Equatable {
  var id: Int32
  var content: String
  /// Skipped by `decode`, and plain text unless special strings are parsed.
  var isSpecial = false
  /// Matches only where no word character stands beside it.
  var singleWord = false
  /// Takes the white space before (after) it along.
  var stripsLeft = false
  var stripsRight = false
  /// Is sought in the normalised text, in its own normalised form.
  var isNormalized = false
}

/// Finds added tokens: leftmost first, the longest of those that start at one place.
struct AddedTokenMatcher: Sendable {
  struct Piece {
    var range: Range<Int>
    var token: AddedToken?
  }

  /// Tokens by the first byte of what is sought; longest first.
  private var byFirstByte: [[(pattern: [UInt8], token: AddedToken)]] = Array(repeating: [], count: 256)
  private(set) var isEmpty = true

  init(_ tokens: [(pattern: [UInt8], token: AddedToken)]) {
    for entry in tokens {
      guard let first = entry.pattern.first else { continue }
      byFirstByte[Int(first)].append(entry)
      isEmpty = false
    }
    for i in 0..<256 { byFirstByte[i].sort { $0.pattern.count > $1.pattern.count } }
  }

  /// Cuts `text` into added tokens and what lies between. A token that `ignored` names is passed over whole, as text.
  func pieces(of text: UnsafeBufferPointer<UInt8>, ignoring ignored: (AddedToken) -> Bool) -> [Piece] {
    var pieces: [Piece] = []
    var done = 0  // everything before it is in `pieces`
    var at = 0
    while at < text.count {
      guard let token = match(text, at) else {
        at += 1
        continue
      }
      var (start, end) = (at, at + token.length)
      at = end
      if ignored(token.token) || (token.token.singleWord && !standsAlone(start..<end, in: text)) { continue }
      if token.token.stripsLeft { start = max(done, spaceStart(before: start, in: text)) }
      if token.token.stripsRight { end = spaceEnd(after: end, in: text) }
      if start < done { start = done }
      if done < start { pieces.append(Piece(range: done..<start, token: nil)) }
      pieces.append(Piece(range: start..<max(start, end), token: token.token))
      done = max(start, end)
    }
    if done < text.count { pieces.append(Piece(range: done..<text.count, token: nil)) }
    return pieces
  }

  private func match(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> (token: AddedToken, length: Int)? {
    for (pattern, token) in byFirstByte[Int(text[at])] where at + pattern.count <= text.count {
      if (0..<pattern.count).allSatisfy({ text[at + $0] == pattern[$0] }) { return (token, pattern.count) }
    }
    return nil
  }

  private func standsAlone(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    if range.upperBound < text.count, kind(range.upperBound, text).kind.contains(.word) { return false }
    return range.lowerBound == 0 || !kind(before(range.lowerBound, text), text).kind.contains(.word)
  }

  private func spaceStart(before index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var start = index
    while start > 0 {
      let previous = before(start, text)
      guard kind(previous, text).kind.contains(.space) else { break }
      start = previous
    }
    return start
  }

  private func spaceEnd(after index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = index
    while end < text.count {
      let next = kind(end, text)
      guard next.kind.contains(.space) else { break }
      end = next.end
    }
    return end
  }

  private func before(_ index: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int {
    var start = index - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  private func kind(_ index: Int, _ text: UnsafeBufferPointer<UInt8>) -> (kind: ScalarClass, end: Int) {
    let (value, length) = text.scalar(at: index)
    return (ScalarClass.table[Int(value)], index + length)
  }
}
