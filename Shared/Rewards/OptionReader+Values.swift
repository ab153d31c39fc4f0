// SPDX-License-Identifier: MIT
// Numbers as choices: which ones are values of their own.

extension OptionReader {
  /// "so", "therefore", "⇒".
  func concludes(_ at: Int) -> Bool {
    meaning(at) == .arrow
      || ["so", "therefore", "thus", "hence", "consequently", "finally", "accordingly", "ergo", "所以", "因此", "故", "因而"]
        .contains { says($0, at) }
  }

  /// What a number behind "=" or "is" is worth; nil where numbers are no choices, or it is one word among others.
  func weightOfValue() -> OptionNaming.Weight? {
    guard choices.areNumbers else { return nil }
    if isPremise || isCondition || wasCondition && !isConcluded { return .mention }
    if isTentative { return nil }
    return isConcluded && (isEquation || cue == .weak) ? .derived : isEquation ? .weak : nil
  }

  /// A number that is no choice, or no answer, stands where a value does.
  mutating func value() {
    guard choices.areNumbers, isConcluded || isEquation, !isPremise else { return }
    namings.append(
      OptionNaming(
        letters: [], weight: isConcluded ? .derived : .weak, line: line, sentence: sentence, isValue: isEquation,
        conclusion: conclusion))
  }

  /// "since", "given": values in the clause are none that is looked for. "Let AB = 10, BC = 12": in the next one too.
  mutating func premise(_ at: Int) {
    guard choices.areNumbers else { return }
    isGiven = ["given", "let"].contains { says($0, at) }
    isPremise = isGiven || ["since", "because", "as", "with", "where", "when"].contains { says($0, at) }
  }

  /// Whether what stands before the "=" is not the quantity itself: "2x = 12", "x + 2 = 12", "x² = 12".
  func isSolvedNot(_ equal: Int) -> Bool {
    guard !isEquation, equal > 1, choices.areNumbers else { return false }
    let isName = [.letter, .other].contains(meaning(equal - 1))
    if isName {
      let word = text.word(text.tokens[equal - 1])
      if word.contains(0xB2) || word.contains(0xB3) { return true }
      return isOperator(equal - 2) || meaning(equal - 2) == .number && !text.tokens[equal - 1].isSpaced
    }
    return isNumber(equal - 1) && isOperator(equal - 2) && [.letter, .other].contains(meaning(equal - 3))
  }

  func isEqualSign(_ at: Int) -> Bool { meaning(at) == .symbol && text.word(text.tokens[at]) == [UInt8(ascii: "=")] }

  /// Whether the number at `start`, with its unit up to `end`, is a bound or part of a range or of a larger number:
  /// "at most 10", "5–6", "10 + 2".
  func isPartOfNumber(_ start: Int, _ end: Int) -> Bool {
    let before = meaning(start - 1)
    let isBound =
      ["most", "least"].contains { says($0, start - 1) } && says("at", start - 2)
      || says("up", start - 2) && before == .to || ["above", "below", "under"].contains { says($0, start - 1) }
      || OptionVocabulary.multipliers.contains { says($0, start - 1) }
    let isJoined =
      isOperator(start - 1) || (before == .dash || before == .to) && isNumber(start - 2)
      || [.dash, .slash, .to].contains(meaning(end)) && isNumber(end + 1)
    return isBound || isJoined || isNumber(end)
  }

  func isNumber(_ at: Int) -> Bool { meaning(at) == .number || at >= 0 && at < tokens.count && text.isNumberWord(at) }

  /// "+", "<" and the like, but no "=".
  private func isOperator(_ at: Int) -> Bool {
    meaning(at) == .symbol && text.word(text.tokens[at]).count == 1
      && text.word(text.tokens[at]).allSatisfy { "+-/^<>".utf8.contains($0) }
  }
}
