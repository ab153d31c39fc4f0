// SPDX-License-Identifier: MIT
import Characters

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
    let isObject = cue == .none && text.isArticle(index)  // "holding a blue ball"
    if cue.takesTexts || isObject, choices.areKnown, let match = choices.match(text, at: index),
      !isObject || match.length > 1
    {
      // "B" may be the text of a choice; a single letter is a letter first.
      let isLetter = match.length == 1 && token.meaning == .letter && isLetter(index)
      if !isLetter, isWhole(match.end, match.index), !isSaidOfOthers(index, match) {
        return (OptionLetters(index: match.index), match.end, true)
      }
    }
    if token.meaning == .letter, isLetter(index) {
      return (OptionLetters(index: Int(token.letter) - 65), index + 1, false)
    }
    if let run = run(index) { return (run, index + 1, false) }
    return nil
  }

  /// Whether the text of a choice is none here: "That's right", "at most 10".
  private func isSaidOfOthers(_ start: Int, _ match: (index: Int, end: Int, length: Int)) -> Bool {
    if match.length == 1, meaning(start) == .correct, meaning(start - 1) == .copula {
      return ["that", "you", "this", "all"].contains { says($0, start - 2) }
    }
    return choices.beginsWithNumber(match.index) && isPartOfNumber(start, match.end)
  }

  /// Whether what stands here ends a choice's text.
  private func isWhole(_ behind: Int, _ index: Int) -> Bool {
    var end = behind
    while meaning(end) == .filler || says("side", end) || says("one", end) { end += 1 }
    switch meaning(end) {
    case nil, .newline, .stop, .question, .comma, .open, .close, .boxClose, .dash, .because, .and, .or, .but, .not,
      .colon,
      .therefore, .exclude, .slash:
      return true
    case .correct, .incorrect: return meaning(end + 1).map { $0 < .symbol } ?? true  // "cat ❌"
    case .correction: return meaning(end + 1) == .exclude  // "rather than"
    case .copula, .seems: return [.affirmed, .denied].contains(remark(at: end))
    case .other: return choices.isNumber(index) && (cue == .existence || isCount(end))
    case .preposition: return [.content, .weak, .existence].contains(cue)
    default: return false
    }
  }

  /// "4 apples": one or two words behind a number, and none that makes another number of it.
  private func isCount(_ end: Int) -> Bool {
    guard !OptionVocabulary.multipliers.contains(where: { says($0, end) }) else { return false }
    guard text.tokens[end].isSpaced else { return false }
    let after = meaning(end + 1) == .other ? end + 2 : end + 1
    return meaning(after).map { [.stop, .comma, .newline, .because].contains($0) } ?? true
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

  /// Whether a single letter names an option here and is no article, pronoun, unit or variable.
  private func isLetter(_ index: Int) -> Bool {
    let token = text.tokens[index]
    guard Int(token.letter) - 65 < choices.count, !isInitial(index) else { return false }
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

  /// "E. coli is": a name's initial.
  private func isInitial(_ index: Int) -> Bool {
    guard meaning(index + 1) == .stop, meaning(index + 2) == .other, meaning(index + 3) == .copula else { return false }
    let first = text.bytes[text.tokens[index + 2].range.lowerBound]
    return first.isLetter && !first.isCapital && ownText(behind: index + 1) == nil
  }

  /// Whether the word here makes an article of the "A" before it: it is none that an option would be followed by.
  private func isArticleBefore(_ index: Int) -> Bool {
    guard let next = meaning(index), next >= .other, text.tokens[index].isSpaced else { return false }
    switch next {
    case .copula, .modal, .mayModal, .not, .because, .and, .or, .nor, .but, .condition, .seems, .does, .therefore,
      .fails,
      .maybe, .exclude, .match, .shows, .pronoun, .to, .article:
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

  private func next(behind end: Int, _ isText: Bool) -> (
    letters: OptionLetters, end: Int, isText: Bool, isByComma: Bool
  )? {
    var at = end
    var (hasComma, hasWord, hasNoun) = (false, false, false)
    scan: while at - end < 8, let next = meaning(at) {
      switch next {
      case .comma: hasComma = true
      case .and, .or, .nor, .slash: hasWord = true
      case .letter where isVowel(at): hasWord = true
      case .option, .options, .article: hasNoun = true
      case .maybe, .likely, .both, .open, .close, .boxOpen, .boxClose: break
      default: break scan
      }
      at += 1
    }
    guard at < text.tokens.count, let option = option(at: at) else { return nil }
    // "The answer is A, B is wrong": what has its own predicate is not joined.
    let isAdjacent = !hasComma && !hasWord
    let leavesBox = text.tokens[end..<at].contains { $0.meaning == .boxClose } && meaning(at - 1) != .boxOpen
    // "12 (option C)"
    let isEnclosed = meaning(end) == .open && meaning(option.end) == .close
    if isAdjacent,
      hasNoun && !isEnclosed || leavesBox || option.isText != isText && meaning(at - 1) != .open && !isEnclosed
    {
      return nil
    }
    var behind = option.end
    while let next = meaning(behind), next == .close || next == .boxClose || next == .option { behind += 1 }
    let follows = meaning(behind)
    let isSubject =
      follows == .incorrect || [.copula, .modal, .mayModal, .not, .does, .fails, .seems].contains(follows)
    let isPlural = follows == .copula && says("are", behind) || follows == .modal || follows == .mayModal
    let isObject = cue.isExplicit || cue == .conclusion || cue == .weak
    if isSubject, isAdjacent || isObject || !hasWord && !isPlural { return nil }
    return (option.letters, option.end, option.isText, hasComma && !hasWord)
  }

  /// "A o B", "A y B", "A e B": Spanish, Portuguese and Italian join so.
  private func isVowel(_ at: Int) -> Bool {
    !text.tokens[at].isCapital && "OYE".utf8.contains(text.tokens[at].letter) && meaning(at - 1) == .letter
      && meaning(at + 1) == .letter
  }

  // MARK: What is said of them

  /// - Parameter isLabel: whether the options are marked as an option's text is, "(B) dog".
  func remark(at end: Int, isLabel: Bool = false) -> Remark {
    var at = end
    while let next = meaning(at), next == .close || next == .boxClose || next == .option || next == .filler { at += 1 }
    switch meaning(at) {
    case nil, .newline, .question: return .end
    case .stop, .colon, .dash, .comma, .open: return verdict(behind: at)
    case .to where says("me", at + 1): return .end
    case .letter where says("i", at) && ["guess", "think", "believe", "suppose", "say"].contains { says($0, at + 1) }:
      return .end
    case .because, .but, .exclude, .therefore, .pronoun: return .end
    case .not: return option(behindNot: at) && !deniesBackwards(at) ? .end : .denied
    case .condition: return .condition
    case .superlative where meaning(at + 1) == .condition || says("when", at + 1): return .condition  // "only if"
    case .incorrect, .fails: return .denied
    case .correct: return .affirmed
    case .article where [.correct, .answer].contains(meaning(at + 1)): return .affirmed  // "makes B the best answer"
    case .other where ["best", "better"].contains { says($0, at + 1) }, .match where says("best", at + 1):
      return .affirmed  // "fits best"
    case .other where says("out", at + 1) && (says("stands", at) || says("stand", at)): return .affirmed
    case .copula, .modal, .mayModal, .seems, .does: return predicate(at)
    case .correction where meaning(at + 1) == .exclude: return .end  // "rather than"
    case .preposition where ["sure", "certain"].contains { says($0, at + 1) }:
      return .end
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
      if isPoorPredicate(at) { return .denied }
      switch next {
      case .copula, .modal, .mayModal, .seems, .does, .filler, .article, .likely, .both, .letter, .maybe: break
      case .to: if meaning(at + 1) != .copula { return .other }
      case .choose where ["guess", "pick", "vote"].contains { says($0, at) }: return .affirmed
      case .superlative: isPraise = true
      case .pronoun where says("one", at) && [.pronoun, .copula].contains(meaning(at + 1)):
        // "is the one that best describes it"
        let judged = meaning(at + 2) == .copula ? at + 3 : at + 2
        return [.correct, .match].contains(meaning(judged)) ? .affirmed : isPraise ? .praised : .other
      case .other where says("odd", at) && says("one", at + 1) && says("out", at + 2): return .praised
      case .other where says("out", at + 1): return .denied  // "ruled out"
      case .other where says("more", at) && (meaning(at + 1) == .likely || says("plausible", at + 1)): isPraise = true
      case .not, .no, .nor, .exclude, .incorrect, .fails: return .denied
      case .correct, .answer, .option:
        let isPlace = [.preposition, .to].contains(meaning(at + 1)) && says("right", at)
        if isPlace { return .other }
        return isElsewhere(start, at) || hasCondition(behind: at) ? .condition : .affirmed
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
      if next == .letter, text.tokens[at].isCapital, !text.isArticle(at) || !isArticleBefore(at + 1) { break }
      if [.stop, .colon, .dash, .comma, .open].contains(next), let word = meaning(at + 1),
        word == .correct || word == .incorrect,
        meaning(at + 2).map({ $0 < .symbol || $0 == .because }) ?? true
      {
        return word == .correct ? .affirmed : .denied
      }
      at += 1
    }
    return .end
  }
}
