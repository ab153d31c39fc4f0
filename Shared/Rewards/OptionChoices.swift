// SPDX-License-Identifier: MIT
import Characters

/// Options by their letters: bit 0 is A.
struct OptionLetters: OptionSet, Sendable, Hashable {
  let rawValue: UInt32
  var count: Int { rawValue.nonzeroBitCount }

  init(rawValue: UInt32) { self.rawValue = rawValue }
  init(index: Int) { rawValue = 1 << UInt32(index) }
}

/// The texts of a question's options.
struct OptionChoices: Sendable {
  /// How many options there are; 26 where nobody says.
  let count: Int
  /// Each choice's words, numbers and signs in lower case; empty ones match nothing.
  private let texts: [[[UInt8]]]

  init(_ choices: [String]) {
    count = choices.isEmpty ? 26 : min(26, choices.count)
    texts = choices.prefix(26).map { choice in
      let text = OptionText(choice)
      let words = text.tokens.indices.filter { text.isContent($0) }
      return words.dropFirst(words.count > 1 && text.isArticle(words[0]) ? 1 : 0).map { text.key($0) }
    }
    areNumbers = !texts.isEmpty && texts.allSatisfy { $0.first?.first?.isDigit ?? false }
  }

  /// Whether all of them begin with a number: "12", "12 cm", "25%".
  let areNumbers: Bool
  var areKnown: Bool { !texts.isEmpty }

  /// The choice whose text stands at `start`, the longest one, and the index behind it; nil where none or two equal
  /// ones do. An article before it is none of it.
  func match(_ text: OptionText, at start: Int) -> (index: Int, end: Int, length: Int)? {
    guard areKnown else { return nil }
    var start = start
    if start + 1 < text.tokens.count, text.isArticle(start) { start += 1 }
    var best: (index: Int, end: Int, length: Int)?
    var isAmbiguous = false
    for (index, words) in texts.enumerated() where words.count >= best?.length ?? 1 {
      guard let end = end(of: words, in: text, at: start) else { continue }
      isAmbiguous = words.count == best?.length
      best = (index, end, words.count)
    }
    return isAmbiguous ? nil : best
  }

  /// Whether choice `index` is a number alone.
  func isNumber(_ index: Int) -> Bool { texts[index].count == 1 && texts[index][0].allSatisfy(\.isDigit) }

  /// Whether choice `index` begins with a number: "12", "12 cm", "25%".
  func beginsWithNumber(_ index: Int) -> Bool { texts[index].first?.first?.isDigit ?? false }

  private func end(of words: [[UInt8]], in text: OptionText, at start: Int) -> Int? {
    var at = start
    for (position, word) in words.enumerated() {
      while position > 0, at < text.tokens.count, !text.isContent(at), text.tokens[at].meaning != .newline { at += 1 }
      guard at < text.tokens.count, text.isContent(at), text.says(word, at) else { return nil }
      at += 1
    }
    return at
  }
}

extension OptionText {
  func isArticle(_ index: Int) -> Bool {
    tokens[index].meaning == .article || tokens[index].meaning == .letter && tokens[index].letter == UInt8(ascii: "A")
  }

  /// Part of what a choice says. A dash is where it is a minus: before a number or a letter.
  func isContent(_ index: Int) -> Bool {
    let token = tokens[index]
    guard token.meaning == .dash || token.meaning == .symbol && bytes[token.range] == [UInt8(ascii: "-")] else {
      return token.meaning >= .symbol
    }
    guard index + 1 < tokens.count else { return false }
    return [.number, .letter].contains(tokens[index + 1].meaning)
  }

  func isNumberWord(_ index: Int) -> Bool {
    tokens[index].meaning >= .letter && key(index).first.map(\.isDigit) ?? false
  }

  /// In lower case; a number word is its digits, a word for a unit its sign.
  func key(_ index: Int) -> [UInt8] {
    let lower = bytes[tokens[index].range].map { $0.isCapital ? $0 | 0x20 : $0 }
    if tokens[index].meaning == .dash { return [UInt8(ascii: "-")] }
    return OptionVocabulary.keys[String(decoding: lower, as: UTF8.self)] ?? lower
  }

  /// Whether token `index` has this key.
  func says(_ key: [UInt8], _ index: Int) -> Bool {
    let word = bytes[tokens[index].range]
    if word.count == key.count, zip(word, key).allSatisfy({ ($0.isCapital ? $0 | 0x20 : $0) == $1 }) { return true }
    return key.count <= 2 && !key[0].isLetter && (2...10).contains(word.count) && self.key(index) == key
      || key == [UInt8(ascii: "-")] && tokens[index].meaning == .dash
  }
}
