// SPDX-License-Identifier: MIT

extension OptionReader {
  /// Options named together: "B", "(B) dog", "A, B or C".
  struct Group {
    var letters: OptionLetters
    let start: Int
    /// Behind it and its closing brackets.
    var end: Int
    /// A bracket or a full stop shows that the letter is one.
    var isMarked = false
    var isOpened = false
    var isAlone = true
    let isText: Bool
    /// The second of two joined by a comma alone.
    var last: OptionLetters?
  }

  /// What is said of options behind them.
  enum Remark {
    /// Nothing: the clause ends, or a reason follows.
    case end
    case affirmed, denied, condition
    /// "is the tallest": it may be the answer.
    case praised
    case other
  }

  func group(at start: Int) -> Group? {
    guard let first = option(at: start) else { return nil }
    var group = Group(letters: first.letters, start: start, end: first.end, isText: first.isText)
    group.isOpened = meaning(start - 1) == .open
    group.isMarked = group.isOpened || [.close, .stop, .colon].contains(meaning(group.end))
    if !first.isText, let own = ownText(behind: group.end) {
      group.letters.formUnion(own.letters)
      group.end = own.end
    }
    var count = 1
    while let next = next(behind: group.end, first.isText) {
      group.letters.formUnion(next.letters)
      group.isAlone = group.isAlone && group.letters.count == 1
      count += 1
      group.last = count == 2 && next.isByComma ? next.letters : nil
      group.end = next.end
      if !next.isText, let own = ownText(behind: group.end) {
        group.letters.formUnion(own.letters)
        group.end = own.end
      }
    }
    while let next = meaning(group.end), next == .close || next == .boxClose { group.end += 1 }
    return group
  }

  // MARK: One option

  private func option(at index: Int) -> (letters: OptionLetters, end: Int, isText: Bool)? {
    let token = text.tokens[index]
    guard token.isContent else { return nil }
    if cue.takesTexts, choices.areKnown, let match = choices.match(text, at: index) {
      // "B" may be the text of a choice; a single letter is a letter first.
      let isLetter = match.length == 1 && token.meaning == .letter && isLetter(index)
      if !isLetter, isWhole(match.end, match.index) {
        return (OptionLetters(index: match.index), match.end, true)
      }
    }
    if token.meaning == .letter, isLetter(index) {
      return (OptionLetters(index: Int(token.letter) - 65), index + 1, false)
    }
    if let run = run(index) { return (run, index + 1, false) }
    return nil
  }

  /// Whether what stands here ends a choice's text.
  private func isWhole(_ end: Int, _ index: Int) -> Bool {
    switch meaning(end) {
    case nil, .newline, .stop, .question, .comma, .open, .close, .boxClose, .dash, .because, .and, .or, .but, .not, .colon,
      .therefore, .exclude:
      return true
    case .copula, .seems: return [.affirmed, .denied].contains(remark(at: end))
    case .filler: return isWhole(end + 1, index)
    case .other: return cue == .existence && choices.isNumber(index)
    default: return false
    }
  }

  /// "AC": a question may have several right options. Only where it is all there is, or behind "answer".
  private func run(_ index: Int) -> OptionLetters? {
    let word = text.word(text.tokens[index])
    guard (2...8).contains(word.count), word.allSatisfy(\.isCapital), zip(word, word.dropFirst()).allSatisfy(<),
      let last = word.last, Int(last) - 65 < min(choices.count, 8), cue.isExplicit || cue == .start,
      remark(at: index + 1) == .end, cue.isExplicit || isLastContent(index) && namings.isEmpty
    else { return nil }
    return OptionLetters(word.map { OptionLetters(index: Int($0) - 65) })
  }

  private func isLastContent(_ index: Int) -> Bool { !text.tokens[(index + 1)...].contains { $0.meaning >= .symbol } }

  /// Whether a single letter names an option here and is no article, pronoun, unit or variable.
  private func isLetter(_ index: Int) -> Bool {
    let token = text.tokens[index]
    guard Int(token.letter) - 65 < choices.count else { return false }
    let (before, next) = (meaning(index - 1), meaning(index + 1))
    if next == .symbol || before == .number { return false }
    let isEnclosed = before == .open && next == .close
    let isEnd = next.map { [.newline, .stop, .comma, .close, .boxClose, .question, .colon].contains($0) } ?? true
    let isAnswer = cue.isExplicit || cue == .conclusion || before == .option
    let isFirst = isLineStart && cue == .start
    guard token.isCapital else {
      if isEnclosed { return text.tokens[index - 1].isSpaced || before == .option || isLineStart }
      return isAnswer && (isEnd || before == .option) || isFirst && isEnd && next != .comma
    }
    switch token.letter {
    case UInt8(ascii: "A"): return isEnclosed || before == .option || before == .noun || !isArticleBefore(index + 1)
    case UInt8(ascii: "I"): return isEnclosed || isEnd && next != .comma && (isAnswer || isFirst)
    default: return true
    }
  }

  /// Whether the word here makes an article of the "A" before it: it is none that an option would be followed by.
  private func isArticleBefore(_ index: Int) -> Bool {
    guard let next = meaning(index), next >= .other, text.tokens[index].isSpaced else { return false }
    switch next {
    case .copula, .modal, .mayModal, .not, .because, .and, .or, .nor, .but, .condition, .seems, .does, .therefore, .fails,
      .maybe, .exclude, .match, .shows, .pronoun, .to:
      return false
    case .incorrect: return !(meaning(index + 1).map { $0 < .symbol } ?? true)
    case .correct, .superlative: return !(meaning(index + 1).map { $0 < .symbol } ?? true)
    default: return true
    }
  }

  // MARK: Joined options

  /// The text of a choice behind a letter: "B. dog", "B (dog)", "B dog".
  private func ownText(behind end: Int) -> (letters: OptionLetters, end: Int)? {
    guard choices.areKnown else { return nil }
    var at = end
    while at - end < 4, let next = meaning(at),
      [.close, .boxClose, .stop, .colon, .dash, .open, .comma].contains(next)
    { at += 1 }
    guard at < text.tokens.count, text.tokens[at].isContent, let match = choices.match(text, at: at),
      isWhole(match.end, match.index), match.length > 1 || text.tokens[at].meaning != .letter
    else { return nil }
    return (OptionLetters(index: match.index), match.end)
  }

  private func next(behind end: Int, _ isText: Bool) -> (letters: OptionLetters, end: Int, isText: Bool, isByComma: Bool)? {
    var at = end
    var (hasComma, hasWord) = (false, false)
    scan: while at - end < 8, let next = meaning(at) {
      switch next {
      case .comma: hasComma = true
      case .and, .or, .nor, .slash: hasWord = true
      case .maybe, .likely, .both, .article, .option, .options, .open, .close, .boxOpen, .boxClose: break
      default: break scan
      }
      at += 1
    }
    guard at < text.tokens.count, let option = option(at: at) else { return nil }
    // "The answer is A, B is wrong": what has its own predicate is not joined.
    let isJoined = !hasComma && !hasWord
    if isJoined, option.isText != isText, at == end || meaning(at - 1) != .open { return nil }
    let follows = meaning(option.end)
    let isSubject = follows == .incorrect || [.copula, .modal, .mayModal, .not, .does, .fails, .seems].contains(follows)
    let isPlural = follows == .copula && text.says(Array("are".utf8), option.end) || follows == .modal || follows == .mayModal
    if isSubject, !isJoined, !cue.isBeginning && cue != .none && cue != .option || !hasWord && !isPlural { return nil }
    return (option.letters, option.end, option.isText, hasComma && !hasWord)
  }

  // MARK: What is said of them

  /// - Parameter isLabel: whether the options are marked as an option's text is, "(B) dog".
  func remark(at end: Int, isLabel: Bool = false) -> Remark {
    var at = end
    while let next = meaning(at), next == .close || next == .boxClose || next == .option || next == .filler { at += 1 }
    switch meaning(at) {
    case nil, .newline, .question: return .end
    case .stop, .colon, .dash, .comma, .open: return verdict(behind: at)
    case .because, .but, .exclude, .therefore, .pronoun: return .end
    case .not: return option(behindNot: at) ? .end : .denied
    case .condition: return .condition
    case .incorrect, .fails: return .denied
    case .correct: return .affirmed
    case .copula, .modal, .mayModal, .seems, .does: return predicate(at)
    case .correction where meaning(at + 1) == .exclude: return .end  // "rather than"
    default: return isLabel ? verdict(behind: at) : .other
    }
  }

  private func option(behindNot at: Int) -> Bool {
    var at = at + 1
    while let next = meaning(at), next == .open || next == .option { at += 1 }
    return meaning(at) == .letter
  }

  /// "is clearly not", "can be ruled out", "seems to be the best answer".
  private func predicate(_ start: Int) -> Remark {
    var at = start
    var isPraise = false
    while at - start < 9, let next = meaning(at) {
      switch next {
      case .copula, .modal, .mayModal, .seems, .does, .filler, .article, .likely, .both, .letter, .maybe: break
      case .to: if meaning(at + 1) != .copula { return .other }
      case .superlative: isPraise = true
      case .not, .no, .nor, .exclude, .incorrect, .fails: return .denied
      case .correct, .answer, .option:
        let isPlace = [.preposition, .to].contains(meaning(at + 1)) && text.says(Array("right".utf8), at)
        if isPlace { return .other }
        return hasCondition(behind: at) ? .condition : .affirmed
      case .because, .stop, .comma, .newline: return at == start + 1 ? .end : isPraise ? .praised : .other
      default: return isPraise ? .praised : .other
      }
      at += 1
    }
    return isPraise ? .praised : .other
  }

  private func hasCondition(behind at: Int) -> Bool {
    (1...3).contains { meaning(at + $0) == .condition }
  }

  /// "A. Cat - incorrect", "B (correct)": a judgement in the same line.
  private func verdict(behind start: Int) -> Remark {
    var at = start
    while at - start < 24, let next = meaning(at), next != .newline {
      if next == .letter, text.tokens[at].isCapital, !text.isArticle(at) { break }
      if [.stop, .colon, .dash, .comma, .open].contains(next), let word = meaning(at + 1), word == .correct || word == .incorrect,
        meaning(at + 2).map({ $0 < .symbol || $0 == .because }) ?? true
      {
        return word == .correct ? .affirmed : .denied
      }
      at += 1
    }
    return .end
  }
}
