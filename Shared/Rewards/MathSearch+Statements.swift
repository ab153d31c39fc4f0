// SPDX-License-Identifier: MIT
// What a sentence states: which of its numbers is the result. A number is taken with all that belongs to it, or not at
// all; one that is denied, a bound, a hypothesis or one of several is none.
import Characters
import Mathematics

extension MathSearch {
  enum Result {
    case none
    /// There is mathematics, and no one answer.
    case refused
    case found(WrittenAnswer)
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

  func isSentenceEnd(_ index: Int) -> Bool {
    switch text[index] {
    case 10: return true
    case UInt8(ascii: "?"): return true
    case UInt8(ascii: "."), UInt8(ascii: "!"):
      guard index + 1 == text.count || text[index + 1] <= 32 || text[index + 1] == UInt8(ascii: "\"") else {
        return false
      }
      if text[index] == UInt8(ascii: "!") { return index == 0 || !text[index - 1].isDigit }
      var start = index
      while start > 0, text[start - 1].isLetter || text[start - 1] == UInt8(ascii: "."), index - start < 8 {
        start -= 1
      }
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
    for sentence in sentences.suffix(128).reversed() where sentence.count <= WrittenAnswer.maxLength {
      if isCheck(sentence) { continue }
      let isQuestion = sentence.upperBound < text.count && text[sentence.upperBound] == UInt8(ascii: "?")
      let result = result(of: items(in: sentence), in: sentence, isAnnounced: false)
      if case .none = result {
        if takesBack(words(in: sentence)) { return .refused }
        continue
      }
      return isQuestion && sentences.count > 0 && hasWords(sentence) ? .refused : result
    }
    return .none
  }

  /// "Check: 9 + 16 = 25" confirms an answer that was given before.
  private func isCheck(_ sentence: Range<Int>) -> Bool {
    let start = words(in: sentence.lowerBound..<min(sentence.upperBound, sentence.lowerBound + 20)).first
    guard let start, ["check", "verification", "verify", "checking", "proof"].contains(start) else { return false }
    return text[sentence.prefix(20)].contains(UInt8(ascii: ":"))
  }

  func hasWords(_ range: Range<Int>) -> Bool { words(in: range).contains { $0.utf8.count > 1 } }

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
      guard "tTiI".utf8.contains(text[at]), beginsClause(at) else { continue }
      let stop = sentenceEnd(from: at, limit: min(text.count, at + 60))
      if takesBack(words(in: at..<stop)) { return stop }
    }
    return nil
  }

  private func beginsClause(_ index: Int) -> Bool {
    let before = text[..<index].suffix(4).last { $0 > 32 }
    return before.map { ".!?,;*}$".utf8.contains($0) } ?? true
  }

  /// Letters of either case.
  func begins(_ mark: [UInt8], _ index: Int) -> Bool {
    guard text.count - index >= mark.count else { return false }
    for (offset, byte) in mark.enumerated() {
      let found = text[index + offset]
      if found != byte, !found.isCapital || found | 0x20 != byte { return false }
    }
    return true
  }

  // MARK: The result of a sentence

  func result(of all: [MathItem], in sentence: Range<Int>, isAnnounced: Bool) -> Result {
    let named = conclusions(of: all.filter { !isName($0, in: sentence, of: all) }, in: sentence)
    let items = withoutParts(named, in: sentence)
    guard items.contains(where: { $0.isValue || isIntroduced($0, after: previous($0, all, sentence)) }) else {
      return .none
    }
    if words(in: sentence).contains(where: Lexicon.refutations.contains) { return .refused }
    if isCounterfactual(sentence) { return .refused }
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
    if let negative = negated(items[chosen], after: previous(items[chosen], all, sentence), isFirst: chosen == 0) {
      let next = chosen + 1 < items.count ? items[chosen + 1] : nil
      return next == nil && !isDeniedBehind(items[chosen], items, chosen, sentence)
        && !isBound(negative, until: negative, from: previous(negative, all, sentence))
        ? .found(span(of: [negative])) : .refused
    }
    let item = items[chosen]
    let start = previous(item, all, sentence)
    if isDoubted(from: start, to: item.range.lowerBound) { return .refused }
    if chosen + 1 == items.count, isRevoked(from: item.range.upperBound, to: sentence.upperBound) { return .refused }
    if item.isBroken || isDenied(from: start, to: item.range.lowerBound)
      || isDeniedBehind(item, items, chosen, sentence)
    {
      return .refused
    }
    let group = joined(items, around: chosen)
    let head = items[group.lowerBound]
    if items[group].contains(where: \.isBroken) { return .refused }
    if isBound(head, until: items[group.upperBound - 1], from: previous(head, all, sentence))
      || isDenied(before: head, all, sentence)
    {
      return .refused
    }
    if group.count > 1, group.lowerBound > 0, !isAnnounced, !head.isFormula, !states(head, all, sentence) {
      return .refused
    }
    if isOneOfSeveral(items, group, all, sentence) { return .refused }
    if isPartOfWhole(items, chosen, start) { return .refused }
    if group.count == 1, let value = evaluated(item, under: items[..<chosen]) { return .found(span(of: [value])) }
    return .found(span(of: Array(items[group])))
  }

  /// "Minus 5", "is negative 5": the item with its sign; nil without these words. Behind another word they subtract.
  private func negated(_ item: MathItem, after start: Int, isFirst: Bool) -> MathItem? {
    let words = words(in: start..<item.range.lowerBound)
    guard let sign = words.last, sign == "minus" || sign == "negative", item.content.first?.isDigit ?? false,
      !item.isFormula, !item.isBroken, !item.isRelation, isFirst || words.count > 1
    else { return nil }
    let before = words.dropLast().last
    guard before.map({ MathLexicon.introductions.contains($0) || $0 == "the" || $0 == "therefore" }) ?? true,
      !isDenied(from: start, to: item.range.lowerBound), !isDoubted(from: start, to: item.range.lowerBound)
    else { return nil }
    var negative = item
    let word = text[..<item.range.lowerBound].lastIndex { $0 | 0x20 == sign.utf8.first! }
    negative.content = [UInt8(ascii: "-")] + item.content
    negative.range = (word ?? start)..<item.range.upperBound
    return negative
  }

  /// "= 7" of "x = 2, so 3x + 1 = 7": the left side is known, the right side is what is said of it.
  private func evaluated(_ item: MathItem, under known: ArraySlice<MathItem>) -> MathItem? {
    guard let sign = item.content.firstIndex(of: UInt8(ascii: "=")), !item.content.contains(UInt8(ascii: "\\")) else {
      return nil
    }
    let names = item.content[..<sign].filter { $0 > 32 }
    let letters = Set(names.filter(\.isLetter))
    guard names.count > 1, !letters.isEmpty, names.allSatisfy({ $0 < 0x80 || letters.count == 1 }) else { return nil }
    let defined = known.compactMap { item -> UInt8? in
      let content = item.content.filter { $0 > 32 }
      return content.count > 2 && content[1] == UInt8(ascii: "=") && content[0].isLetter ? content[0] : nil
    }
    guard letters.isSubset(of: defined) else { return nil }
    var value = item
    value.content = Array(item.content[sign...])
    return value
  }

  func startsHere(_ item: MathItem, _ sentence: Range<Int>) -> Bool {
    words(in: sentence.lowerBound..<item.range.lowerBound).allSatisfy { MathLexicon.fillers.contains($0) || $0 == "to" }
  }

  func states(_ item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Bool {
    item.isRelation || isIntroduced(item, after: previous(item, all, sentence))
  }

  /// Where the item before this one ends.
  func previous(_ item: MathItem, _ all: [MathItem], _ sentence: Range<Int>) -> Int {
    all.last { $0.range.upperBound <= item.range.lowerBound }?.range.upperBound ?? sentence.lowerBound
  }
}
