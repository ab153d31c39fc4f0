// SPDX-License-Identifier: MIT
// What is said without being claimed: doubted, supposed, tried, expected, or another's words.
import Characters
import Mathematics

extension MathSearch {
  /// Whether the clause that leads to an answer claims it not: "I doubt it is 5", "you said 5", "the wrong answer is 5".
  func isDoubted(from start: Int, to end: Int) -> Bool { Self.isDoubted(words(in: clause(from: start, to: end))) }

  /// What follows the last comma, semicolon or colon.
  private func clause(from start: Int, to end: Int) -> Range<Int> {
    let mark = text[start..<end].lastIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
    return (mark.map { $0 + 1 } ?? start)..<end
  }

  private static func isDoubted(_ words: [String]) -> Bool {
    guard let last = words.last else { return false }
    if MathLexicon.expectations.contains(last) || words[0] == "had" { return true }
    if words.suffix(3).contains(where: MathLexicon.trials.contains) { return true }
    for (index, word) in words.enumerated() {
      let before = index > 0 ? words[index - 1] : ""
      if word.hasPrefix("doubt") || MathLexicon.doubts.contains(word) {
        if !["no", "without", "little"].contains(before) { return true }
      }
      if MathLexicon.doubtfulPairs[before]?.contains(word) ?? false { return true }
      if MathLexicon.speech.contains(word), isReported(words[..<index]) { return true }
    }
    return false
  }

  /// "You said" and "earlier I said", but not "I would say".
  private static func isReported(_ words: ArraySlice<String>) -> Bool {
    words.contains { MathLexicon.sources.contains($0) || MathLexicon.past.contains($0) }
  }

  /// Whether what announces an answer takes it back at once: "I don't think the answer", "the previous answer", "the
  /// answer to the previous question".
  func isDoubted(_ anchor: Anchor) -> Bool {
    var start = anchor.start
    while start > 0, anchor.start - start < 400, !isSentenceEnd(start - 1) { start -= 1 }
    var before = words(in: clause(from: start, to: anchor.start))
    if before.last == "expected" { before.removeLast() }
    if Self.isDoubted(before) || before.contains(where: { MathLexicon.denials.contains($0) || $0.hasSuffix("n't") }) {
      return !before.contains("hard") && !before.contains("difficult")
    }
    let between = anchor.starts.last.map { words(in: anchor.start..<max($0, anchor.starts[0])) } ?? []
    return (before.suffix(2) + between).contains {
      MathLexicon.past.contains($0) || Lexicon.refutations.contains($0)
        || [
          "initial", "original", "first", "student's", "students'", "friend's", "teacher's", "someone's", "their",
          "his", "her",
        ].contains($0)
    }
  }

  /// "5, but it isn't", "5, but I am not sure": the rest of the sentence takes the answer back.
  func isRevoked(from start: Int, to stop: Int) -> Bool {
    let rest = words(in: start..<min(stop, start + 120))
    if rest.contains("don't") && rest.contains("know") || rest.contains("not") && rest.contains("sure") { return true }
    guard let turn = rest.firstIndex(where: { ["but", "however", "though", "although"].contains($0) }) else {
      return false
    }
    let clause = rest[(turn + 1)...]
    guard let last = clause.last else { return false }
    let denies = clause.contains {
      MathLexicon.denials.contains($0) || $0.hasSuffix("n't") || $0 == "no" || $0 == "none"
    }
    let isWhole =
      ["none", "not", "no"].contains(last) || last.hasSuffix("n't")
      || ["right", "correct", "sure", "certain", "true", "so", "case", "any"].contains(last)
    return denies && isWhole || clause.contains { Lexicon.refutations.contains($0) }
  }

  /// "It would be 5 if x were 2"
  func isCounterfactual(_ sentence: Range<Int>) -> Bool {
    let words = words(in: sentence)
    guard let condition = words.firstIndex(of: "if"), words.contains("would") else { return false }
    return words[condition...].contains { $0 == "were" || $0 == "had" }
  }

  /// "That is wrong.", "No.", "This can't be right.": a sentence on the one before.
  func takesBack(_ words: [String]) -> Bool {
    var words = words[...]
    while let first = words.first, ["but", "and", "however", "well", "hmm"].contains(first) { words.removeFirst() }
    guard let first = words.first else { return false }
    if first == "no" || first == "nope" { return true }
    guard ["that", "this", "it", "which", "that's", "it's"].contains(first), words.count < 8 else { return false }
    if words.contains(where: Lexicon.refutations.contains) { return true }
    return words.contains { $0 == "not" || $0 == "cannot" || $0.hasSuffix("n't") }
      && ["right", "correct", "true", "so", "case", "answer", "possible", "sense"].contains(words.last ?? "")
  }

  /// "17 more than before", "17 fewer", "17 away from 100", "17 in 20": a difference, or a share.
  func isDifference(behind index: Int) -> Bool {
    let next = words(in: index..<min(text.count, index + 24)).prefix(2)
    guard let first = next.first else { return false }
    if ["more", "fewer", "less", "higher", "lower", "greater"].contains(first) {
      let mark = text[index...].first { $0 > 32 }
      return mark?.isLetter ?? false && (next.count == 1 || next.last == "than")
    }
    return first == "away" || first == "apart" || first == "short"
  }
}
