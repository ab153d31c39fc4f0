// SPDX-License-Identifier: MIT
// What the last sentence of an answer says of a choice, where nothing takes one: "Blue is the largest."
import Characters

extension OptionReader {
  /// The choice that the last sentence names alone and says the thing of: behind no other option, or behind a list of
  /// them. nil where the sentence denies, doubts, asks or names two.
  func concluded(_ reading: OptionReading) -> OptionLetters? {
    guard choices.areKnown, let sentence = lastSentenceRange() else { return nil }
    switch reading {
    case .nothing, .undecided:
      let isRefused = text.tokens[..<sentence.lowerBound].contains { $0.meaning == .not }
      if wasEverDenied || listEnd > 0 || isRefused { return nil }
    case .committed(let letters):
      let isList = letters.count > 1 && !namings.contains { $0.weight > .bare || $0.weight == .derived }
      guard isList, listEnd > 0, sentence.lowerBound > listEnd else { return nil }
      guard text.tokens[listEnd..<sentence.lowerBound].contains(where: { $0.meaning == .newline }) else { return nil }
    }
    guard let match = soleChoice(in: sentence), isSaid(match, in: sentence) else { return nil }
    let letters = OptionLetters(index: match.index)
    let isContradicted = namings.contains { listEnd == 0 && !$0.letters.isSubset(of: letters) }
    return isContradicted ? nil : letters
  }

  private typealias Match = (index: Int, start: Int, end: Int)

  /// nil where the answer ends in a question.
  private func lastSentenceRange() -> Range<Int>? {
    guard let last = text.tokens.lastIndex(where: { $0.isContent }), meaning(last + 1) != .question else { return nil }
    let before = text.tokens[..<last].lastIndex { [.newline, .stop, .question].contains($0.meaning) }
    return (before.map { $0 + 1 } ?? 0)..<(last + 1)
  }

  private func soleChoice(in sentence: Range<Int>) -> Match? {
    var found: Match?
    var at = sentence.lowerBound
    while at < sentence.upperBound {
      if isDoubtful(at) { return nil }
      if text.tokens[at].isContent, let match = choices.match(text, at: at) {
        if let found, found.index != match.index { return nil }
        if found == nil { found = (match.index, at, match.end) }
        at = match.end
      } else {
        at += 1
      }
    }
    return found
  }

  private func isDoubtful(_ at: Int) -> Bool {
    let token = text.tokens[at]
    switch token.meaning {
    case .question, .not, .nor, .no, .incorrect, .fails, .condition, .maybe, .mayModal, .or, .between, .but, .exclude,
      .both, .correction, .think, .options:
      return true
    case .letter: return token.isCapital && !text.isArticle(at)
    case .other, .modal: return OptionVocabulary.isDoubtful(text.word(token))
    default: return false
    }
  }

  private func isSaid(_ match: Match, in sentence: Range<Int>) -> Bool {
    if choices.areNumbers { return isReached(match, in: sentence) }
    return isSubject(match, in: sentence) || isPredicate(match)
  }

  /// "Blue is the largest", "Based on this, Lima had the highest rainfall", "Nebraska is farthest north".
  private func isSubject(_ match: Match, in sentence: Range<Int>) -> Bool {
    var start = match.start - 1
    while start >= sentence.lowerBound, [.filler, .article].contains(meaning(start)) { start -= 1 }
    guard start < sentence.lowerBound || [.comma, .therefore, .colon].contains(meaning(start)) else { return false }
    var at = match.end
    guard [.copula, .modal, .shows, .other].contains(meaning(at)) else { return false }
    let isVerb = meaning(at) != .other
    at += 1
    while at < sentence.upperBound, meaning(at) == .filler { at += 1 }
    let hasArticle = says("the", at)
    if meaning(at) == .superlative || hasArticle && meaning(at + 1) == .superlative { return true }
    return isVerb && hasArticle && [.other, .superlative, .noun].contains(meaning(at + 1))
  }

  /// "The animal is a horse standing in a field."
  private func isPredicate(_ match: Match) -> Bool {
    guard meaning(match.start - 1) == .copula, match.end < text.tokens.count else { return false }
    guard meaning(match.end) == .other, text.word(text.tokens[match.end]).suffix(3).elementsEqual("ing".utf8) else {
      return ["that", "which", "who"].contains { says($0, match.end) }
    }
    return [nil, .preposition, .article, .to, .stop, .newline, .comma].contains(meaning(match.end + 1))
      || meaning(match.end + 1) == .letter && text.isArticle(match.end + 1)
  }

  /// "The share rose to 25%.", "The angle measures 60°."
  private func isReached(_ match: Match, in sentence: Range<Int>) -> Bool {
    guard match.end == sentence.upperBound, !isPartOfNumber(match.start, match.end) else { return false }
    var at = match.start - 1
    while ["about", "approximately", "around", "roughly"].contains(where: { says($0, at) }) { at -= 1 }
    return at > sentence.lowerBound && ["to", "by", "measures", "reached", "totals", "costs"].contains { says($0, at) }
  }
}
