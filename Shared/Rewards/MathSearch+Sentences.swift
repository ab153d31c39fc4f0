// SPDX-License-Identifier: MIT
import Characters
import Mathematics

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
    if let other = lastForeignAnchor() { return other }
    var index = text.count - 6
    var tried = 0
    while index >= 0, tried < 64 {
      defer { index -= 1 }
      guard text[index] | 0x20 == UInt8(ascii: "a"), isWord("answer", at: index) else { continue }
      tried += 1
      if let anchor = anchor(at: index) { return anchor }
    }
    return nil
  }

  private static let verbs = ["is", "are", "equals", "=", "would be", "should be", "must be", "will be", "was"].map {
    Array($0.utf8)
  }

  private func anchor(at index: Int) -> Anchor? {
    var starts: [Int] = []
    var after = index + 6
    let limit = min(text.count, after + 120)
    while after < limit, "*_ \"".utf8.contains(text[after]) { after += 1 }
    if after < limit, text[after] == UInt8(ascii: ":") || text[after] == 10 { starts.append(after + 1) }
    if after + 1 < limit, text[after] == UInt8(ascii: "-"), text[after + 1] == 32 { starts.append(after + 1) }
    var word = after
    search: while word + 3 <= limit, text[word] != 10 || word == after {
      if text[word] == UInt8(ascii: "."), text[word + 1] <= 32 { break }
      if text[word] == UInt8(ascii: ","), starts.isEmpty { break }
      if "iae=wsm".utf8.contains(text[word]), isBoundary(word - 1) {
        for verb in Self.verbs where text[word...].starts(with: verb) && word + verb.count < text.count {
          let stop = word + verb.count
          if text[word] == UInt8(ascii: "=") ? !starts.isEmpty : !isBoundary(stop) { continue }
          starts.insert(stop, at: 0)
          break search
        }
      }
      word += 1
    }
    if starts.isEmpty { return nil }
    return Anchor(start: index, isFinal: index >= 6 && isWord("final", at: index - 6), starts: starts)
  }

  /// 答案是, 答えは and the like.
  private func lastForeignAnchor() -> Anchor? {
    guard text.contains(where: { $0 >= 0xE0 }) else { return nil }
    var best: Anchor?
    for word in ["答案", "答え", "정답", "답"] {
      let mark = Array(word.utf8)
      var index = text.count - mark.count
      while index >= 0, best.map({ index > $0.start }) ?? true {
        if text[index] == mark[0], text[index...].starts(with: mark) {
          var after = index + mark.count
          var isAnnounced = false
          for verb in ["是", "为", "為", "は", "은", "는", "应该是", "應為", "应为", ":", " :"]
          where text[after...].starts(with: verb.utf8) {
            after += verb.utf8.count
            isAnnounced = true
            break
          }
          if isAnnounced {
            best = Anchor(start: index, isFinal: false, starts: [after])
            break
          }
        }
        index -= 1
      }
    }
    return best
  }

  /// ASCII letters, whatever their case.
  private func isWord(_ word: StaticString, at index: Int) -> Bool {
    word.withUTF8Buffer { word in
      index >= 0 && index + word.count <= text.count
        && word.indices.allSatisfy { text[index + $0] | 0x20 == word[$0] }
    }
  }

  private func isBoundary(_ index: Int) -> Bool { !text.indices.contains(index) || !text[index].isLetter }

  /// What the text says behind its announcement; nil where that is denied, a question or taken back.
  func spans(after anchor: Anchor) -> [WrittenAnswer]? {
    if isDoubted(anchor) { return [] }
    var spans: [WrittenAnswer] = []
    for start in anchor.starts {
      let sentence = sentence(from: start)
      if sentence.upperBound < text.count, text[sentence.upperBound] == UInt8(ascii: "?") { return nil }
      if isTakenBack(from: sentence.upperBound) { return nil }
      let all = items(in: sentence)
      if let first = all.first, !first.isValue || all.count > 1, first.isFormula, !first.startsWithRelation,
        isLeading(first, in: sentence), all.count == 1 || !followsVerb(first, all[1])
      {
        return [span(of: Array(all[joined(all, around: 0)]))]
      }
      switch result(of: all, in: sentence, isAnnounced: true) {
      case .refused: return []
      case .found(let span):
        // Words may be the answer too, and hold a number by chance.
        if !all.contains(where: \.isFormula), let plain = plain(sentence) {
          spans.append(WrittenAnswer(pieces: [plain], isMathMode: false))
        }
        spans.append(span)
      case .none:
        if let plain = plain(sentence) { spans.append(WrittenAnswer(pieces: [plain], isMathMode: false)) }
      }
      if !spans.isEmpty { return spans }
    }
    return spans
  }

  /// Only fillers stand before the item.
  private func isLeading(_ item: MathItem, in sentence: Range<Int>) -> Bool {
    words(in: sentence.lowerBound..<item.range.lowerBound).allSatisfy { MathLexicon.fillers.contains($0) || $0 == "is" }
  }

  private func followsVerb(_ a: MathItem, _ b: MathItem) -> Bool {
    !a.isValue && words(in: a.range.upperBound..<b.range.lowerBound).contains { MathLexicon.introductions.contains($0) }
  }

  /// The rest of the sentence, formulas in it left whole.
  private func sentence(from start: Int) -> Range<Int> {
    var index = start
    while index < text.count, text[index] <= 32 || "*:".utf8.contains(text[index]) { index += 1 }
    let stop = sentenceEnd(from: index, limit: min(text.count, index + WrittenAnswer.maxLength))
    return index..<max(index, stop)
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
}
