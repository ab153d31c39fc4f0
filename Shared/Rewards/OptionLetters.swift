// SPDX-License-Identifier: MIT
// Which options an answer to a multiple-choice question commits itself to.

extension Rule {
  /// The last thing that the answer commits itself to is the reference's option and no other.
  ///
  /// "A", "(a)", "A. cat", "Option A", "The answer is A.", `\boxed{A}`, "I would go with A" and, where the question's
  /// choices are known, a choice's text are the same on both sides. What is denied ("not A", "A is wrong"), asked, set
  /// under a condition or only spoken of is no commitment. Several options without a commitment, and a commitment to
  /// several, are wrong unless the reference names the same set
  /// (https://github.com/Liuziyu77/Visual-RFT/issues/176). docs/REWARDS.md has the table.
  static func mcq(_ reference: Reference) throws -> AnswerScorer {
    let choices = OptionChoices(reference.choices)
    guard case .committed(let wanted) = read(reference.alternatives.joined(separator: ", "), choices) else {
      throw reference.wrong(.mcq, "expected an option's letter, or the text of one of the \"choices\"")
    }
    return { answer in
      switch read(answer, choices) {
      case .nothing: .unparsable
      case .undecided: Score(false)
      case .committed(let letters): Score(letters == wanted)
      }
    }
  }

  private static func read(_ answer: String, _ choices: OptionChoices) -> OptionReading {
    var reader = OptionReader(OptionText(answer), choices)
    return reader.read()
  }
}

/// What an answer comes to.
enum OptionReading: Equatable, Sendable {
  /// No option.
  case nothing
  /// Several options, none of them taken.
  case undecided
  case committed(OptionLetters)
}

/// One place of an answer that names options.
struct OptionNaming: Sendable {
  enum Weight: Comparable, Sendable {
    /// Spoken of, asked, set under a condition.
    case mention
    /// It would do as an answer if there is nothing else: "The tallest bar is B."
    case weak
    /// A number that is concluded, the last of them: "so AC = 13".
    case derived
    /// It stands alone, as an answer does, or as an option in a list: "(B)", "B. cat".
    case bare
    /// "The answer is B."
    case commitment
  }
  var letters: OptionLetters
  var weight: Weight
  let line: Int
  var sentence = 0
  /// It stands behind "=".
  var isValue = false
  var isTicked = false
  /// How many times the answer had concluded something.
  var conclusion = 0
}

extension [OptionNaming] {
  /// Whether behind the first `count`, where the answer stops to think, another option is spoken of and none taken.
  func isDoubted(from count: Int) -> Bool {
    guard count > 0, let last = lastIndex(where: { $0.weight == .commitment }), last < count else { return false }
    return self[count...].contains { !$0.letters.isSubset(of: self[last].letters) }
  }

  /// The last commitment; else the options that stand alone, else those that would do: all of them together.
  var reading: OptionReading {
    func all(_ weight: OptionNaming.Weight, from start: Int = 0) -> OptionLetters {
      OptionLetters(self[start...].lazy.filter { $0.weight == weight }.map(\.letters))
    }
    if let last = lastIndex(where: { $0.weight == .commitment }) {
      // "The answer is A. B": another one alone on the same line takes the commitment back, a list does not.
      if self[last].isTicked { return .committed(OptionLetters(self.lazy.filter(\.isTicked).map(\.letters))) }
      let after = OptionLetters(
        self[last...].lazy.filter { $0.weight == .bare && $0.line == self[last].line }.map(\.letters))
      return .committed(after.count == 1 ? self[last].letters.union(after) : self[last].letters)
    }
    let bare = all(.bare)
    if let last = lastIndex(where: { $0.weight == .derived }),
      bare.isEmpty || bare.count > 1 && !self[last...].contains(where: { $0.weight == .bare })
    {
      // "so AC = 13 and BC = 12" concludes both.
      let both = OptionLetters(
        self.lazy.filter { $0.weight == .derived && $0.conclusion == self[last].conclusion }.map(\.letters))
      return self[last].letters.isEmpty ? .undecided : .committed(both)
    }
    if bare.isEmpty, let value = lastValue { return .committed(value) }
    for weight in [OptionNaming.Weight.bare, .weak] {
      let letters = all(weight)
      if !letters.isEmpty { return .committed(letters) }
    }
    return all(.mention).count > 1 ? .undecided : .nothing
  }

  /// "AB = 10, BC = 12. AC = 17": behind a sentence of several values one with a single one.
  private var lastValue: OptionLetters? {
    let values = self.filter { $0.weight == .weak }
    guard values.allSatisfy(\.isValue), let last = values.last, values.count > 2 else { return nil }
    let isAlone = values.dropLast().last?.sentence != last.sentence
    let isBehindSeveral = zip(values, values.dropFirst()).contains { $0.sentence == $1.sentence }
    return isAlone && isBehindSeveral && last.letters.count == 1 ? last.letters : nil
  }
}
