// SPDX-License-Identifier: MIT
// Numbers as choices: which ones are values of their own.

extension OptionReader {
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
    return isBound || isJoined
  }

  func isNumber(_ at: Int) -> Bool { meaning(at) == .number || at >= 0 && at < tokens.count && text.isNumberWord(at) }

  /// "+", "<" and the like, but no "=".
  private func isOperator(_ at: Int) -> Bool {
    meaning(at) == .symbol && text.word(text.tokens[at]).count == 1
      && text.word(text.tokens[at]).allSatisfy { "+-/^<>".utf8.contains($0) }
  }
}
