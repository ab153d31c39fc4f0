// SPDX-License-Identifier: MIT
// What a sentence states: which of its numbers is the result. A number is taken with all that belongs to it, or not at
// all; one that is denied, a bound, a hypothesis or one of several is none.

extension MathSearch {
  enum Result {
    case none
    /// There is mathematics, and no one answer.
    case refused
    case found(MathSpan)
  }

  // MARK: Sentences

  /// Where the sentence ends that begins at `start`: at a line break, or at a full stop before a space.
  func sentenceEnd(from start: Int, limit: Int) -> Int {
    var index = start
    var inside = formulas(within: start..<text.count)
    while index < limit {
      if let formula = inside.first, formula.start == index {
        index = formula.end
        inside.removeFirst()
        continue
      }
      if isSentenceEnd(index) { return index }
      index += 1
    }
    return min(max(index, start), text.count)
  }

  private func isSentenceEnd(_ index: Int) -> Bool {
    switch text[index] {
    case 10: return true
    case UInt8(ascii: "?"): return true
    case UInt8(ascii: "."), UInt8(ascii: "!"):
      guard index + 1 == text.count || text[index + 1] <= 32 || text[index + 1] == UInt8(ascii: "\"") else {
        return false
      }
      if text[index] == UInt8(ascii: "!") { return index == 0 || !text[index - 1].isDigit }
      var start = index
      while start > 0, text[start - 1].isLetter || text[start - 1] == UInt8(ascii: "."), index - start < 8 { start -= 1 }
      let word = String(decoding: text[start..<index], as: UTF8.self).lowercased()
      return !MathLexicon.abbreviations.contains(word) || index + 1 >= text.count
        || (index + 2 < text.count && text[index + 2].isCapital)
    default: return false
    }
  }

  /// The result of the last sentence from `start` on that has any.
  func lastStatement(from start: Int = 0) -> Result {
    var sentences: [Range<Int>] = []
    var index = start
    var inside = formulas(within: start..<text.count)
    var first = start
    while index < text.count {
      if let formula = inside.first, formula.start == index {
        index = formula.end
        inside.removeFirst()
        continue
      }
      if isSentenceEnd(index) {
        if index > first { sentences.append(first..<index) }
        if sentences.count > 256 { sentences.removeFirst(128) }
        first = index + 1
      }
      index += 1
    }
    if first < text.count { sentences.append(first..<text.count) }
    for sentence in sentences.suffix(128).reversed() where sentence.count <= MathAnswer.maxExpression {
      let isQuestion = sentence.upperBound < text.count && text[sentence.upperBound] == UInt8(ascii: "?")
      let result = result(of: items(in: sentence), in: sentence, isAnnounced: false)
      if case .none = result { continue }
      return isQuestion && sentences.count > 0 && hasWords(sentence) ? .refused : result
    }
    return .none
  }

  private func hasWords(_ range: Range<Int>) -> Bool { words(in: range).contains { $0.utf8.count > 1 } }

  /// Whether the text from here on says that what came before was wrong.
  func isTakenBack(from index: Int) -> Bool { correction(from: index) != nil }

  /// Where the text behind `index` corrects itself.
  func correction(from index: Int) -> Int? {
    guard index < text.count else { return nil }
    var wasWord = false
    for at in index..<min(text.count, index + 4_096) {
      defer { wasWord = text[at].isWordPart }
      guard !wasWord, text[at].isLetter else { continue }
      for mark in MathLexicon.corrections where begins(mark, at) { return at + mark.count }
    }
    return nil
  }

  /// Letters of either case.
  private func begins(_ mark: [UInt8], _ index: Int) -> Bool {
    guard text.count - index >= mark.count else { return false }
    for (offset, byte) in mark.enumerated() {
      let found = text[index + offset]
      if found != byte, !found.isCapital || found | 0x20 != byte { return false }
    }
    return true
  }

  // MARK: The result of a sentence

  func result(of all: [MathItem], in sentence: Range<Int>, isAnnounced: Bool) -> Result {
    let items = conclusions(of: all.filter { !isName($0, in: sentence, of: all) }, in: sentence)
    guard items.contains(where: { $0.isValue || isIntroduced($0, after: previous($0, all, sentence)) }) else {
      return .none
    }
    if words(in: sentence).contains(where: MathLexicon.refutations.contains) { return .refused }
    if !isAnnounced, isHypothesis(sentence, all) { return .refused }
    var chosen: Int?
    for (index, item) in items.enumerated() {
      let start = previous(item, all, sentence)
      if isReason(item, from: start, isFirst: index == 0), chosen != nil { break }
      let denial = isDenied(from: start, to: item.range.lowerBound)
      if denial && index + 1 < items.count { continue }
      if denial && chosen != nil { break }
      let isStated = isIntroduced(item, after: start) || item.isRelation
      if isStated {
        chosen = index
      } else if let old = chosen, states(items[old], all, sentence) {
        // A value in formula marks goes before one that is not.
        guard item.isFormula, item.isValue, !items[old].isFormula,
          words(in: items[old].range.upperBound..<item.range.lowerBound).last == "and"
        else { continue }
        chosen = index
      } else if item.isValue, !(isPlace(item, from: start) && items.count > 1 && index > 0) {
        chosen = index
      }
      if isAnnounced, chosen == 0, item.isValue, startsHere(item, sentence) { break }
    }
    guard let chosen else { return .refused }
    let item = items[chosen]
    let start = previous(item, all, sentence)
    if item.isBroken || isDenied(from: start, to: item.range.lowerBound) || isDeniedBehind(item, items, chosen, sentence)
    {
      return .refused
    }
    let group = joined(items, around: chosen)
    let head = items[group.lowerBound]
    if items[group].contains(where: \.isBroken) { return .refused }
    if isBound(head, until: items[group.upperBound - 1], from: previous(head, all, sentence)) || isDenied(before: head, all, sentence) { return .refused }
    if group.count > 1, group.lowerBound > 0, !isAnnounced, !head.isFormula, !states(head, all, sentence) {
      return .refused
    }
    if isOneOfSeveral(items, group, all, sentence) { return .refused }
    if isPartOfWhole(items, chosen, start) { return .refused }
    return .found(span(of: Array(items[group])))
  }

  private func startsHere(_ item: MathItem, _ sentence: Range<Int>) -> Bool {
    words(in: sentence.lowerBound..<item.range.lowerBound).allSatisfy { MathLexicon.fillers.contains($0) || $0 == "to" }
  }

  private func states(_ item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Bool {
    item.isRelation || isIntroduced(item, after: previous(item, all, sentence))
  }

  /// Where the item before this one ends.
  private func previous(_ item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Int {
    all.last { $0.range.upperBound <= item.range.lowerBound }?.range.upperBound ?? sentence.lowerBound
  }

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
  private func lead(_ range: Range<Int>) -> [String] {
    var words = words(in: range)
    while let last = words.last, MathLexicon.fillers.contains(last) { words.removeLast() }
    return words
  }

  private func text(endsWithAny ends: [String], before index: Int, from start: Int) -> Bool {
    var stop = index
    while stop > start, text[stop - 1] <= 32 || ":,".utf8.contains(text[stop - 1]) { stop -= 1 }
    guard stop > start, text[stop - 1] >= 0x80 else { return false }
    return ends.contains { text[start..<stop].suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  private func isIntroduced(_ item: MathItem, after start: Int) -> Bool {
    if item.startsWithRelation { return true }
    let range = start..<item.range.lowerBound
    if let last = text[range].last(where: { $0 > 32 }), last == UInt8(ascii: ":") { return true }
    if text(endsWithAny: MathLexicon.introducingEnds, before: item.range.lowerBound, from: start) { return true }
    if words(in: range).suffix(2) == ["total", "of"] { return true }
    let words = lead(range)
    guard let last = words.last else { return false }
    if MathLexicon.introductions.contains(last) { return true }
    // "equal to", "comes to", "adds up to"
    return last == "to" && words.count > 1 && !words.contains("from")
  }

  /// "x = 5" of "if x = 5".
  private func isHypothesis(_ sentence: Range<Int>, _ all: [MathItem]) -> Bool {
    let words = words(in: sentence.lowerBound..<min(sentence.upperBound, sentence.lowerBound + 200))
    guard let first = words.first(where: { !["and", "now", "then", "so", "but", "first"].contains($0) }),
      MathLexicon.hypotheses.contains(first)
    else { return false }
    if first == "let", words.dropFirst().first.map({ ["me", "us"].contains($0) }) ?? false { return false }
    // What follows the clause is concluded: "if x = 2, then y = 5".
    guard all.count > 1 else { return !concludes(before: all[0], sentence) }
    return !concludes(before: all[all.count - 1], sentence)
  }

  private func concludes(before item: MathItem, _ sentence: Range<Int>) -> Bool {
    text[sentence.lowerBound..<item.range.lowerBound].contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") }
      || words(in: sentence.lowerBound..<item.range.lowerBound).contains("then")
  }

  private func isDenied(from start: Int, to end: Int) -> Bool {
    let clause = text[start..<end]
    let comma = clause.lastIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
    let range = (comma.map { $0 + 1 } ?? start)..<end
    if text(endsWithAny: MathLexicon.denyingEnds, before: end, from: start) { return true }
    let words = words(in: range)
    if isExcluded(words) { return true }
    guard let last = words.lastIndex(where: { MathLexicon.denials.contains($0) || $0.hasSuffix("n't") }) else {
      return false
    }
    return !words[last...].contains("but")
  }

  /// "Everything but 5"
  private func isExcluded(_ words: [String]) -> Bool {
    words.last == "but" && words.contains { ["everything", "all", "anything", "any", "nothing", "none"].contains($0) }
  }

  private func isDenied(before item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Bool {
    isDenied(from: previous(item, all, sentence), to: item.range.lowerBound)
  }

  private func isBound(_ item: MathItem, until last: MathItem, from start: Int) -> Bool {
    if text(endsWithAny: MathLexicon.boundingEnds, before: item.range.lowerBound, from: start) { return true }
    let comma = text[start..<item.range.lowerBound].lastIndex(of: UInt8(ascii: ","))
    let words = lead((comma.map { $0 + 1 } ?? start)..<item.range.lowerBound)
    if let last = words.last {
      if MathLexicon.bounds.contains(last) { return true }
      if last == "up" || last == "to" && (words.contains("from") || words.dropLast().last == "up" && !addsUp(words)) {
        return true
      }
    }
    // "from 30 to 45"
    let before = text[..<start].suffix(40)
    if words.last == "to", words.count == 1, before.contains(where: \.isDigit) { return true }
    let after = text[last.range.upperBound...].prefix(48)
    let next = self.words(in: after.startIndex..<after.endIndex).prefix(3)
    if next.first == "or", next.count > 1, ["more", "less", "fewer", "so", "above", "below", "greater"].contains(next[1]) {
      return true
    }
    if let first = next.first, MathLexicon.operations.contains(first) { return true }
    if next.first == "at", next.count > 1, ["least", "most"].contains(next[1]) { return true }
    return MathLexicon.boundingStarts.contains { after.drop { $0 <= 32 }.starts(with: $0.utf8) }
  }

  private func addsUp(_ words: [String]) -> Bool {
    words.contains { ["adds", "add", "adding", "sums", "sum", "comes", "come", "added"].contains($0) }
  }

  private func isPlace(_ item: MathItem, from start: Int) -> Bool {
    guard let last = lead(start..<item.range.lowerBound).last ?? words(in: start..<item.range.lowerBound).last else {
      return false
    }
    return MathLexicon.prepositions.contains(last)
  }

  private func isReason(_ item: MathItem, from start: Int, isFirst: Bool) -> Bool {
    !isFirst && words(in: start..<item.range.lowerBound).contains { MathLexicon.reasons.contains($0) }
  }

  // MARK: What stands behind

  /// "5 is incorrect", "5 is not the answer"
  private func isDeniedBehind(_ item: MathItem, _ items: [MathItem], _ index: Int, _ sentence: Range<Int>) -> Bool {
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
      MathLexicon.denials.contains($0) || MathLexicon.refutations.contains($0) || $0.hasSuffix("n't") || $0 == "too"
    }
  }

  /// Without what stands in the first clause of "when x = 2, y = 7".
  private func conclusions(of items: [MathItem], in sentence: Range<Int>) -> [MathItem] {
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
  private func isName(_ item: MathItem, in sentence: Range<Int>, of all: [MathItem]) -> Bool {
    if item.isFormula || item.isRelation { return false }
    let start = previous(item, all, sentence)
    let after = words(in: item.range.upperBound..<min(sentence.upperBound, item.range.upperBound + 16)).first
    if let after, MathLexicon.assurances.contains(after) { return true }
    if let last = words(in: start..<item.range.lowerBound).last, MathLexicon.names.contains(last) {
      let between = text[start..<item.range.lowerBound].last { $0 > 32 }
      if between != UInt8(ascii: ":") { return true }
    }
    return false
  }

  // MARK: Several

  /// The items that "and", "or" and commas join to the chosen one.
  func joined(_ items: [MathItem], around index: Int) -> Range<Int> {
    var (first, last) = (index, index)
    while first > 0, isJoined(items[first - 1], items[first]), last - first < 15 { first -= 1 }
    while last + 1 < items.count, isJoined(items[last], items[last + 1]), last - first < 15 { last += 1 }
    return first..<last + 1
  }

  private func isJoined(_ a: MathItem, _ b: MathItem) -> Bool {
    guard a.range.upperBound < b.range.lowerBound else { return false }
    let between = text[a.range.upperBound..<b.range.lowerBound]
    guard between.contains(where: { $0 > 32 }), isJoint(between) else { return false }
    // "In 2019, 45 %" is no list.
    return a.isRelation && b.isRelation || !isPlace(a, from: max(0, a.range.lowerBound - 24))
  }

  /// "5 cats and 3 dogs", "4 or maybe 5"
  private func isOneOfSeveral(
    _ items: [MathItem], _ group: Range<Int>, _ all: [MathItem], _ sentence: Range<Int>
  ) -> Bool {
    if group.lowerBound > 0 {
      let (a, b) = (items[group.lowerBound - 1], items[group.lowerBound])
      if a.isFormula == b.isFormula, a.isValue, b.isRelation == a.isRelation {
        let between = words(in: a.range.upperBound..<b.range.lowerBound)
        if between.contains("or") || between.last == "and" { return true }
        if between.contains("and"), !states(b, all, sentence) { return true }
        let mark = text[a.range.upperBound..<b.range.lowerBound].last { $0 > 32 }
        if mark == UInt8(ascii: ","), between.isEmpty, !isPlace(a, from: previous(a, all, sentence)) { return true }
        if mark == nil || isMeasure(between) { return true }
      }
    } else if let first = items.first,
      let word = words(in: sentence.lowerBound..<first.range.lowerBound).last, ["or", "and", "either"].contains(word),
      group.lowerBound == 0
    {
      return word != "and"
    }
    if group.upperBound < items.count {
      let (a, b) = (items[group.upperBound - 1], items[group.upperBound])
      let between = words(in: a.range.upperBound..<b.range.lowerBound)
      if between.contains("or") || isMeasure(between) { return true }
      if between.last == "and", a.isFormula == b.isFormula, a.isRelation == b.isRelation { return true }
      // "3 triangles, 2 squares"
      let mark = text[a.range.upperBound..<b.range.lowerBound].last { $0 > 32 }
      if mark == UInt8(ascii: ","), !between.isEmpty, !a.isFormula, !b.isFormula, !b.isRelation { return true }
      if text[a.range.upperBound..<b.range.lowerBound].allSatisfy({ $0 <= 32 }) { return true }
    }
    return false
  }

  /// Units alone: "2 hours 30 minutes".
  private func isMeasure(_ words: [String]) -> Bool {
    !words.isEmpty && words.allSatisfy { isUnit($0, isFirst: true) }
  }

  /// 12 of "5 of the 12" and "5 out of 12", 5 of "3 to 5" and "3 by 5".
  private func isPartOfWhole(_ items: [MathItem], _ index: Int, _ start: Int) -> Bool {
    guard index > 0 else {
      guard index + 1 < items.count else { return false }
      let between = words(in: items[0].range.upperBound..<items[1].range.lowerBound)
      return ["to", "by", "out", "of"].contains(between.first ?? "") && between.count < 4
    }
    let between = words(in: items[index - 1].range.upperBound..<items[index].range.lowerBound)
    let isShare = between.first == "of" || between.first == "out" || between.suffix(2) == ["of", "the"]
    return isShare && between.count < 4 || between == ["to"] || between == ["by"]
  }

  /// The items as one answer, with the units that follow.
  func span(of items: [MathItem]) -> MathSpan {
    let isPercent = items.last.map { self.isPercent(after: $0.range.upperBound) && !$0.content.contains(37) } ?? false
    return MathSpan(
      pieces: items.map { $0.content[...] + units(after: $0) }, isMathMode: items.contains(where: \.isFormula),
      isPercent: isPercent)
  }

  /// "cm", "square feet", "miles per hour", "million" behind an item.
  private func units(after item: MathItem) -> ArraySlice<UInt8> {
    var index = item.range.upperBound
    var stop = index
    var isFirst = true
    while index < text.count, index - item.range.upperBound < 48 {
      while index < text.count, text[index] == 32 { index += 1 }
      let start = index
      while index < text.count, text[index].isLetter { index += 1 }
      let word = String(decoding: text[start..<index], as: UTF8.self)
      guard index > start, isUnit(word, isFirst: isFirst) else { break }
      while index < text.count, text[index] == UInt8(ascii: "^") || text[index].isDigit { index += 1 }
      while text[index...].starts(with: "²".utf8) || text[index...].starts(with: "³".utf8) { index += 2 }
      if index < text.count, text[index] == UInt8(ascii: "."), word == "sq" || word == "cu" { index += 1 }
      stop = index
      if index < text.count, text[index] == UInt8(ascii: "/") { index += 1 }
      isFirst = false
    }
    guard stop > item.range.upperBound else { return [] }
    let unit = text[item.range.upperBound..<stop].filter { $0 != UInt8(ascii: ".") }
    guard !item.isFormula else { return "\\text{ ".utf8 + unit + [UInt8(ascii: "}")] }
    return unit[...]
  }

  private func isUnit(_ word: String, isFirst: Bool) -> Bool {
    let lower = word.lowercased()
    if MathLexicon.scales[lower] != nil { return true }
    if lower == "per" || lower == "squared" || lower == "cubed" { return true }
    if ["in", "a", "t", "k", "n", "j", "v", "w", "l"].contains(word) { return !isFirst && word != "in" && word != "a" }
    return MathUnits.name(word) != nil
  }
}
