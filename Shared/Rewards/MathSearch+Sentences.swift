// SPDX-License-Identifier: MIT

extension MathSearch {
  /// Where a text announces its answer.
  struct Anchor {
    let start: Int
    /// "final answer" outranks a box before it.
    let isFinal: Bool
    /// Behind "answer:" and behind the "is" that follows.
    let starts: [Int]
  }

  /// The last "answer" that is followed by a colon or by "is".
  func lastAnchor() -> Anchor? {
    var index = text.count - 6
    var tried = 0
    while index >= 0, tried < 64 {
      defer { index -= 1 }
      guard text[index] | 0x20 == UInt8(ascii: "a"), isWord("answer", at: index) else { continue }
      tried += 1
      var starts: [Int] = []
      var after = index + 6
      let limit = min(text.count, after + 120)
      while after < limit, "*_ \"".utf8.contains(text[after]) { after += 1 }
      if after < limit, text[after] == UInt8(ascii: ":") || text[after] == 10 { starts.append(after + 1) }
      var word = after
      while word + 3 <= limit, text[word] != 10 || word == after {
        if isWord("is", at: word), isBoundary(word - 1), isBoundary(word + 2) {
          starts.insert(word + 2, at: 0)
          break
        }
        word += 1
      }
      if starts.isEmpty { continue }
      let isFinal = index >= 6 && isWord("final", at: index - 6)
      return Anchor(start: index, isFinal: isFinal, starts: starts)
    }
    return nil
  }

  /// ASCII letters, whatever their case.
  private func isWord(_ word: StaticString, at index: Int) -> Bool {
    word.withUTF8Buffer { word in
      index >= 0 && index + word.count <= text.count
        && word.indices.allSatisfy { text[index + $0] | 0x20 == word[$0] }
    }
  }

  private func isBoundary(_ index: Int) -> Bool {
    guard text.indices.contains(index) else { return true }
    return (text[index] | 0x20) &- 97 >= 26
  }

  func spans(after anchor: Anchor) -> [MathSpan] {
    var spans: [MathSpan] = []
    for start in anchor.starts {
      let sentence = sentence(from: start)
      if let formula = firstFormula(in: sentence) {
        spans.append(formula)
      } else if let plain = plain(sentence) {
        spans.append(MathSpan(pieces: [plain], isMathMode: false))
        if let number = lastNumber(in: plain) { spans.append(number) }
      }
    }
    return spans
  }

  /// The rest of the sentence, formulas in it left whole.
  private func sentence(from start: Int) -> Range<Int> {
    var index = start
    while index < text.count, text[index] <= 32 || "*:".utf8.contains(text[index]) { index += 1 }
    let first = index
    var inFormula = false
    while index < text.count, index - first < MathAnswer.maxExpression {
      switch text[index] {
      case UInt8(ascii: "\\"):
        if starts(with: "\\[", at: index) || starts(with: "\\(", at: index) { inFormula = true }
        if starts(with: "\\]", at: index) || starts(with: "\\)", at: index) { inFormula = false }
        index += 1
      case UInt8(ascii: "$"):
        if starts(with: "$$", at: index) { index += 1 }
        inFormula.toggle()
      case 10 where !inFormula: return first..<index
      case UInt8(ascii: ".") where !inFormula:
        if index + 1 == text.count || text[index + 1] <= 32 { return first..<index }
      default: break
      }
      index += 1
    }
    return first..<min(index, text.count)
  }

  /// A sentence without the words that lead to its number.
  private func plain(_ range: Range<Int>) -> ArraySlice<UInt8>? {
    var slice = text[range]
    let fillers = ["the", "a", "about", "approximately", "roughly", "exactly", "simply", "just", "equal", "to", "is"]
    while true {
      while let first = slice.first, first <= 32 { slice.removeFirst() }
      let word = slice.prefix { ($0 | 0x20) &- 97 < 26 }
      guard fillers.contains(String(decoding: word, as: UTF8.self).lowercased()), word.count < slice.count else {
        break
      }
      slice = slice.dropFirst(word.count)
    }
    return slice.isEmpty ? nil : slice
  }

  /// The last number of a text without formulas, with its sign, fraction and percent. None where it hangs on a letter,
  /// is a piece of an expression, is denied ("not 5"), is a bound ("at least 5") or is one of several ("5 or 6"): such a text has no one answer.
  func lastNumber(in slice: ArraySlice<UInt8>) -> MathSpan? {
    func isPart(_ byte: UInt8) -> Bool { byte &- 48 < 10 || "./,".utf8.contains(byte) }
    var end = slice.endIndex
    while true {
      while end > slice.startIndex, slice[end - 1] &- 48 >= 10 { end -= 1 }
      if end == slice.startIndex { return nil }
      var start = end
      while start > slice.startIndex, isPart(slice[start - 1]), end - start < 64 { start -= 1 }
      while !(slice[start] &- 48 < 10), slice[start] != UInt8(ascii: ".") { start += 1 }
      var before = start - 1
      let hangsOnLetter = before >= slice.startIndex && ((slice[before] | 0x20) &- 97 < 26 || slice[before] >= 0x80)
      if hangsOnLetter && !isCurrency(before: start, in: slice) {
        end = start
        continue
      }
      if before >= slice.startIndex, slice[before] == UInt8(ascii: "-") {
        start = before
        before -= 1
      }
      while before >= slice.startIndex, slice[before] == 32 { before -= 1 }
      var after = end
      while after < slice.endIndex, slice[after] == 32 { after += 1 }
      if before >= slice.startIndex, "+-*/^<>_()[]{}|\\!".utf8.contains(slice[before]) { return nil }
      if after < slice.endIndex, "+*/^=<>_([{|\\!".utf8.contains(slice[after]), !isPercent(after: end) { return nil }
      if isOneOfSeveral(slice[..<start]) { return nil }
      return MathSpan(pieces: [slice[start..<end]], isMathMode: false, isPercent: isPercent(after: end))
    }
  }

  private func isCurrency(before index: Int, in slice: ArraySlice<UInt8>) -> Bool {
    ["€", "£", "¥", "₹"].contains { slice[..<index].suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  /// Before a number: there is another one, or it is a bound.
  private static let refusals: Set<String> = [
    "not", "or", "and", "isn't", "between", "without", "nor", "least", "most", "than", "under", "over", "above",
    "below",
  ]

  private func isOneOfSeveral(_ before: ArraySlice<UInt8>) -> Bool {
    let head = before.suffix(24)
    let words = String(decoding: head, as: UTF8.self).lowercased().split { !($0.isLetter || $0 == "'") }
    if let word = words.last, Self.refusals.contains(String(word)) { return true }
    let last = head.last { $0 > 32 }
    return last.map { $0 &- 48 < 10 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") } ?? false
  }
}
