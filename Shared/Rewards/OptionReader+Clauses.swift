// SPDX-License-Identifier: MIT

extension OptionReader {
  /// What a token that names no option changes.
  mutating func step(_ at: Int) {
    let meaning = text.tokens[at].meaning
    if meaning >= .other { lineCount += 1 }
    let wasSentenceStart = isSentenceStart
    if meaning >= .symbol { (isLineStart, isSentenceStart) = (isLineStart && meaning == .option, false) }
    switch meaning {
    case .newline: newline(at)
    case .stop: stop(at)
    case .question:
      if isQuestion { for index in firstNaming..<namings.count { namings[index].weight = .mention } }
      endSentence()
    case .colon, .dash, .arrow:
      if !cue.isExplicit, cue != .conclusion, cue != .label, cue != .maybe { cue = hasOption && cue == .none ? .none : .part }
      if meaning == .colon, self.meaning(at - 1) == .correct { cue = .answer }
    case .comma:
      endClause()
      if cue == .none || cue == .option || cue == .weak || cue == .content || cue == .label { cue = .part }
    case .open, .close: break
    case .boxOpen: cue = .box
    case .boxClose: cue = .none
    case .slash: cue = .none
    case .symbol, .number:
      let isEquation = text.word(text.tokens[at]).first == UInt8(ascii: "=")
      cue = isEquation ? (cue == .answer ? .answer : .content) : .none
    default: word(at, meaning, wasSentenceStart)
    }
  }

  private mutating func word(_ at: Int, _ meaning: OptionMeaning, _ wasSentenceStart: Bool) {
    switch meaning {
    case .answer:
      if self.meaning(at - 1) == .incorrect { isDenied = true }
      asksForAnswer = true
      cue = .answer
    case .option:
      if self.meaning(at - 1) == .incorrect { isDenied = true }
      if !names(at + 1) { asksForAnswer = true }
      if cue == .none || cue == .weak || cue == .content { cue = .option }
    case .options: cue = cue.isBeginning || cue == .answer ? .option : .none
    case .noun: if !cue.isExplicit, cue != .conclusion { cue = .none }
    case .copula: copula(at)
    case .modal: if cue.isBeginning { cue = .none }
    case .mayModal:
      isTentative = true
      if wasSentenceStart { isQuestion = true }
    case .pronoun:
      hasPronoun = true
      if cue != .answer { cue = .none }
    case .choose: cue = isChoice(at) ? .answer : .none
    case .think, .likely, .therefore: if !cue.isExplicit { cue = .conclusion }
      if meaning == .therefore { endClause() }
    case .correction: cue = .conclusion
    case .no:
      let isFirst = cue.isBeginning || cue == .label || cue == .conclusion
      if isFirst { cue = .conclusion } else { deny(at) }
    case .but where self.meaning(at - 1) == .everything: isDenied = true
    case .but:
      endClause()
      cue = wasDenied ? .conclusion : .part
    case .not, .nor, .exclude: deny(at)
    case .fails, .incorrect: cue = .none
    case .correct:
      asksForAnswer = true
      if !cue.isExplicit, cue != .conclusion { cue = .none }
    case .because where isChoiceBefore(at) && cue == .answer: break  // "go with"
    case .because:
      endClause()
      cue = .none
    case .maybe: cue = cue.isBeginning || cue == .conclusion ? .maybe : cue
      if cue != .maybe { isTentative = true }
    case .and, .or:
      if cue == .none || cue == .option || cue == .label { (cue, isDenied) = (.part, false) }
      isQuestion = isQuestion || meaning == .or && wasSentenceStart
    case .both, .between, .everything: if meaning != .both || cue == .label { cue = .none }
    case .condition: isCondition = true
    case .preposition: cue = cue == .answer && isChoiceBefore(at) ? cue : cue.isBeginning || cue == .weak || cue == .content ? .content : .none
    case .to, .filler, .article, .superlative, .seems: break
    case .match: cue = hasOption ? .none : .conclusion
    case .shows: cue = .content
    case .there: (hasPronoun, cue) = (false, .existence)
    case .does: isQuestion = isQuestion || wasSentenceStart
    default:
      cue = .none
      hasPronoun = false
    }
    isQuestion = isQuestion || wasSentenceStart && (meaning == .copula || meaning == .modal || isInterrogative(at))
  }

  private mutating func copula(_ at: Int) {
    if asksForAnswer {
      cue = .answer
    } else if cue == .existence {
    } else if hasPronoun {
      cue = .conclusion
    } else if !cue.isExplicit, cue != .conclusion {
      cue = .weak
    }
  }

  private mutating func deny(_ at: Int) {
    let isDoubt = self.meaning(at + 1).map { _ in text.says(Array("doubt".utf8), at + 1) } ?? false
    if !isDoubt { isDenied = true }
  }

  /// "go with B", but not "choose between A and B".
  private func isChoice(_ at: Int) -> Bool {
    guard Self.motions.contains(where: { text.says(Array($0.utf8), at) }) else { return meaning(at + 1) != .between }
    return ["with", "for", "on", "towards", "toward"].contains { at + 1 < text.tokens.count && text.says(Array($0.utf8), at + 1) }
  }
  private static let motions = ["go", "goes", "going", "went", "stick", "settle", "opt", "opting", "lean", "leaning"]

  private func isChoiceBefore(_ at: Int) -> Bool { meaning(at - 1) == .choose }

  private func names(_ at: Int) -> Bool {
    var at = at
    while let next = meaning(at), next == .open || next == .colon || next == .boxOpen { at += 1 }
    return meaning(at) == .letter
  }

  private func isInterrogative(_ at: Int) -> Bool {
    ["which", "what", "why", "how", "who", "where"].contains { text.says(Array($0.utf8), at) }
  }

  // MARK: Ends

  private mutating func newline(_ at: Int) {
    isAnnounced = meaning(at - 1) == .colon && !cue.isExplicit || isAnnounced && isList
    if !isList { proseCount += lineCount }
    (wasList, isList, lineCount) = (isList, false, 0)
    line += 1
    isLineStart = true
    if cue != .answer && cue != .box { endSentence() }
  }

  private mutating func stop(_ at: Int) {
    // "Ans. B", "No. B"
    let isKept =
      cue == .box || cue == .label || cue == .conclusion && [.correction, .no].contains(meaning(at - 1))
      || cue == .answer && meaning(at - 1) == .answer && text.says(Array("ans".utf8), at - 1)
    let kept = cue
    endSentence()
    if isKept { cue = kept }
  }

  private mutating func endSentence() {
    endClause()
    cue = .start
    (asksForAnswer, wasDenied, wasCondition, isQuestion, isSentenceStart) = (false, false, false, false, true)
    firstNaming = namings.count
  }

  private mutating func endClause() {
    wasCondition = wasCondition || isCondition
    (isDenied, isTentative, isCondition, hasPronoun, hasOption) = (false, false, false, false, false)
  }
}
