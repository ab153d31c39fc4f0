// SPDX-License-Identifier: MIT
// What stands around a number: what makes it a result, and what makes it none.
import Characters
import Mathematics

extension MathSearch {
  // MARK: What stands before

  /// The words of a stretch, in lower case; its last 600 bytes count.
  func words(in range: Range<Int>) -> [String] {
    if range.isEmpty { return [] }
    if let known = knownWords[range] { return known }
    let slice = text[max(range.lowerBound, range.upperBound - 600)..<range.upperBound]
    var words: [String] = []
    var word: [UInt8] = []
    func finish() {
      while word.last == UInt8(ascii: ".") { word.removeLast() }
      if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for byte in slice {
      if byte.isWordPart || byte == UInt8(ascii: "'") || byte == UInt8(ascii: ".") {
        word.append(byte.isCapital ? byte | 0x20 : byte)
      } else {
        finish()
      }
    }
    finish()
    if knownWords.count < 64 { knownWords[range] = words }
    return words
  }

  /// The words before an item without those that only soften it.
  func lead(_ range: Range<Int>) -> [String] {
    var words = words(in: range)
    while let last = words.last, MathLexicon.fillers.contains(last) { words.removeLast() }
    return words
  }

  func text(endsWithAny ends: [String], before index: Int, from start: Int) -> Bool {
    var stop = index
    while stop > start, text[stop - 1] <= 32 || ":,".utf8.contains(text[stop - 1]) { stop -= 1 }
    guard stop > start, text[stop - 1] >= 0x80 else { return false }
    return ends.contains { text[start..<stop].suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  func isIntroduced(_ item: MathItem, after start: Int) -> Bool {
    if item.startsWithRelation { return true }
    let range = start..<item.range.lowerBound
    if let last = text[range].last(where: { $0 > 32 }), last == UInt8(ascii: ":") { return true }
    if text(endsWithAny: MathLexicon.introducingEnds, before: item.range.lowerBound, from: start) { return true }
    let close = words(in: range)
    if close.suffix(2) == ["total", "of"] { return true }
    // "3 red and 4 blue, so 7 in total"
    if close.last.map(MathLexicon.consequences.contains) ?? false { return true }
    // "7 in total"
    let behind = self.words(in: item.range.upperBound..<min(text.count, item.range.upperBound + 16)).prefix(2)
    if behind.first == "altogether" || behind.first == "in" && ["total", "all"].contains(behind.last) { return true }
    let words = lead(range)
    guard let last = words.last else { return false }
    if MathLexicon.introductions.contains(last) { return true }
    // "equal to", "comes to", "adds up to"
    return last == "to" && words.count > 1 && !words.contains("from")
  }

  /// "x = 5" of "if x = 5".
  func isHypothesis(_ sentence: Range<Int>, _ all: [MathItem]) -> Bool {
    let words = words(in: sentence.lowerBound..<min(sentence.upperBound, sentence.lowerBound + 200))
    guard let first = words.first(where: { !["and", "now", "then", "so", "but", "first"].contains($0) }),
      MathLexicon.hypotheses.contains(first)
    else { return false }
    if first == "let", words.dropFirst().first.map({ ["me", "us"].contains($0) }) ?? false { return false }
    // What follows the clause is concluded: "if x = 2, then y = 5".
    guard all.count > 1 else { return !concludes(before: all[0], sentence) }
    return !concludes(before: all[all.count - 1], sentence)
  }

  func concludes(before item: MathItem, _ sentence: Range<Int>) -> Bool {
    text[sentence.lowerBound..<item.range.lowerBound].contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") }
      || words(in: sentence.lowerBound..<item.range.lowerBound).contains("then")
  }

  func isDenied(from start: Int, to end: Int) -> Bool {
    let clause = text[start..<end]
    let comma = clause.lastIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
    let range = (comma.map { $0 + 1 } ?? start)..<end
    if text(endsWithAny: MathLexicon.denyingEnds, before: end, from: start) { return true }
    let words = words(in: range)
    if isExcluded(words) { return true }
    let denial = words.indices.last { index in
      // "The other is 5"
      if words[index] == "other" { return index + 1 == words.count || words[index + 1] == "than" }
      return MathLexicon.denials.contains(words[index]) || words[index].hasSuffix("n't")
    }
    guard let last = denial else { return false }
    return !words[last...].contains("but")
  }

  /// "Everything but 5"
  func isExcluded(_ words: [String]) -> Bool {
    words.last == "but" && words.contains { ["everything", "all", "anything", "any", "nothing", "none"].contains($0) }
  }

  func isDenied(before item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Bool {
    isDenied(from: previous(item, all, sentence), to: item.range.lowerBound)
  }

  func isBound(_ item: MathItem, until last: MathItem, from start: Int) -> Bool {
    if text(endsWithAny: MathLexicon.boundingEnds, before: item.range.lowerBound, from: start) { return true }
    let comma = text[start..<item.range.lowerBound].lastIndex(of: UInt8(ascii: ","))
    let words = lead((comma.map { $0 + 1 } ?? start)..<item.range.lowerBound)
    if let last = words.last {
      if MathLexicon.bounds.contains(last) || isApart(words) { return true }
      if last == "up" || last == "to" && (words.contains("from") || words.dropLast().last == "up" && !addsUp(words)) {
        return true
      }
    }
    // "from 30 to 45"
    let before = text[..<start].suffix(40)
    if words.last == "to", words.count == 1, before.contains(where: \.isDigit) { return true }
    let after = text[last.range.upperBound...].prefix(48)
    let next = self.words(in: after.startIndex..<after.endIndex).prefix(3)
    if next.first == "or", next.count > 1,
      ["more", "less", "fewer", "so", "above", "below", "greater"].contains(next[1])
    {
      return true
    }
    if let first = next.first, Lexicon.operations.contains(first) { return true }
    if isDifference(behind: last.range.upperBound) { return true }
    if next.first == "at", next.count > 1, ["least", "most"].contains(next[1]) { return true }
    return MathLexicon.boundingStarts.contains { after.drop { $0 <= 32 }.starts(with: $0.utf8) }
  }

  /// "Different from 5", "close to 5", "used to be 5"
  private func isApart(_ words: [String]) -> Bool {
    let (one, two) = (words.dropLast().last ?? "", words.last)
    if two == "from" { return ["different", "differs", "differ", "distinct", "away", "far", "apart"].contains(one) }
    if two == "to" {
      return ["close", "closer", "closest", "near", "nearer", "similar", "prior", "next"].contains(one)
    }
    return words.suffix(3) == ["used", "to", "be"]
  }

  func addsUp(_ words: [String]) -> Bool {
    words.contains { ["adds", "add", "adding", "sums", "sum", "comes", "come", "added"].contains($0) }
  }

  func isPlace(_ item: MathItem, from start: Int) -> Bool {
    guard let last = lead(start..<item.range.lowerBound).last ?? words(in: start..<item.range.lowerBound).last else {
      return false
    }
    return MathLexicon.prepositions.contains(last)
  }

  func isReason(_ item: MathItem, from start: Int, isFirst: Bool) -> Bool {
    !isFirst && words(in: start..<item.range.lowerBound).contains { MathLexicon.reasons.contains($0) }
  }

  // MARK: What stands behind

  /// "5 is incorrect", "5 is not the answer"
  func isDeniedBehind(_ item: MathItem, _ items: [MathItem], _ index: Int, _ sentence: Range<Int>) -> Bool {
    let stop = index + 1 < items.count ? items[index + 1].range.lowerBound : sentence.upperBound
    guard stop > item.range.upperBound else { return false }
    return isDenied(from: item.range.upperBound, behind: stop)
  }

  /// Whether a stretch that follows an answer denies it.
  func isDenied(from start: Int, behind stop: Int) -> Bool {
    let rest = text[start..<stop]
    if MathLexicon.denyingStarts.contains(where: { rest.drop { $0 <= 32 }.starts(with: $0.utf8) }) { return true }
    let words = words(in: start..<min(stop, start + 60))
    guard let first = words.first,
      ["is", "are", "was", "isn't", "can't", "cannot", "does", "doesn't", "would", "will", "seems"].contains(first)
    else { return false }
    return words.prefix(3).contains {
      MathLexicon.denials.contains($0) || Lexicon.refutations.contains($0) || $0.hasSuffix("n't") || $0 == "too"
    }
  }

  /// Without what stands in the first clause of "when x = 2, y = 7".
  func conclusions(of items: [MathItem], in sentence: Range<Int>) -> [MathItem] {
    guard items.count > 1,
      let first = words(in: sentence.lowerBound..<items[0].range.lowerBound).first,
      MathLexicon.hypotheses.contains(first) || MathLexicon.reasons.contains(first)
    else { return items }
    for index in items.indices.dropFirst() {
      let between = text[items[index - 1].range.upperBound..<items[index].range.lowerBound]
      if between.contains(UInt8(ascii: ",")) { return Array(items[index...]) }
    }
    return items
  }

  /// Figure 5, Step 2: numbers as names; "100 % sure".
  func isName(_ item: MathItem, in sentence: Range<Int>, of all: [MathItem]) -> Bool {
    if item.isFormula || item.isRelation { return false }
    let start = previous(item, all, sentence)
    let after = words(in: item.range.upperBound..<min(sentence.upperBound, item.range.upperBound + 16)).first
    if let after, MathLexicon.assurances.contains(after) { return true }
    if let last = words(in: start..<item.range.lowerBound).last, MathLexicon.names.contains(last) {
      let between = text[start..<item.range.lowerBound].last { $0 > 32 }
      if between != UInt8(ascii: ":"), between != UInt8(ascii: ",") { return true }
    }
    return false
  }
}
