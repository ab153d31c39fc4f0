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
      if isQuestion || isAnsweredByNo(at) {
        for index in firstNaming..<namings.count { namings[index].weight = .mention }
      }
      endSentence()
    case .dash where isEquation: cue = .none
    case .colon, .dash, .arrow:
      if meaning == .arrow, concludes(at) { isConcluded = true }
      if !cue.isExplicit, cue != .conclusion, cue != .label, cue != .maybe {
        cue = hasOption && cue == .none ? .none : .part
      }
      if meaning == .colon, self.meaning(at - 1) == .correct { cue = .answer }
    case .comma:
      let isGivenToo = isGiven && isEqualSign(at + 2)
      endClause()
      if isGivenToo { (isGiven, isPremise) = (true, true) }
      if isReason {
        cue = .none
      } else if cue == .none || cue == .option || cue == .weak || cue == .content || cue == .label {
        cue = .part
      }
    case .open, .close: break
    case .boxOpen: cue = .box
    case .boxClose: cue = .none
    case .slash: cue = .none
    case .symbol, .number:
      let isEquation = text.word(text.tokens[at]).first == UInt8(ascii: "=")
      if isEquation, isSolvedNot(at) {
        value()
        cue = .none
        return
      }
      if isEquation { (isOpenCondition, self.isEquation) = (false, true) }
      if meaning == .number, isEqualSign(at - 1) || self.meaning(at - 1) == .copula && isConcluded { value() }
      cue = isEquation ? (cue == .answer ? .answer : .content) : .none
    default: word(at, meaning, wasSentenceStart)
    }
  }

  private mutating func word(_ at: Int, _ meaning: OptionMeaning, _ wasSentenceStart: Bool) {
    // "It is not A and it is B": a clause of its own.
    if isJoint, [.pronoun, .answer, .think, .choose].contains(meaning) { endClause() }
    switch meaning {
    case .answer:
      if isPoor(before: at) { isDenied = true }
      asksForAnswer = true
      cue = .answer
    case .option:
      if isPoor(before: at) { isDenied = true }
      if !names(at + 1) { asksForAnswer = true }
      if cue == .none || cue == .weak || cue == .content { cue = .option }
    case .options: cue = cue.isBeginning || cue == .answer ? .option : .none
    case .noun: if !cue.isExplicit, cue != .conclusion { cue = .none }
    case .copula:
      if isWrongOne(before: at) { isDenied = true }
      copula(at)
    case .modal: if cue.isBeginning { cue = .none }
    case .mayModal:
      isTentative = true
      if wasSentenceStart { isQuestion = true }
    case .pronoun:
      retract(at)
      hasPronoun = true
      // "which makes it B"
      let isMade = ["makes", "make"].contains { says($0, at - 1) }
      if cue != .answer { cue = isMade ? .conclusion : .none }
    case .choose:
      // "The teacher said B", "I was going to say B"
      if ["says", "said"].contains(where: { says($0, at) }), self.meaning(at - 1) == .other { isSpoken = true }
      if says("going", at), self.meaning(at + 1) == .to, ["was", "were"].contains(where: { says($0, at - 1) }) {
        isSpoken = true
      }
      if says("say", at), self.meaning(at - 1) == .to, self.meaning(at - 2) == .incorrect { demote(below: .commitment) }
      cue = isChoice(at) ? .answer : .none
    case .think where hasOption && ["implies", "imply", "suggests"].contains { says($0, at) }: cue = .none
    case .think, .likely, .therefore:
      if !cue.isExplicit { cue = .conclusion }
      if meaning == .therefore {
        endClause()
        (isReason, isAlternative) = (false, false)
        if concludes(at) { isConcluded = true }
        isSpoken = false
      }
    case .correction:
      cue = .conclusion
      isSpoken = false
      if ["wait", "hmm", "hm", "oops"].contains(where: { says($0, at) }) { doubtedCount = namings.count }
    case .no:
      let isFirst = (cue.isBeginning || cue == .label || cue == .conclusion) && self.meaning(at + 1) != .other
      if isFirst, !says("one", at + 1) { cue = .conclusion } else { deny(at) }
    case .but where isEverything(before: at): isDenied = true
    case .but:
      retract(at)
      (isSpoken, isReason) = (false, false)
      endClause()
      cue = wasDenied ? .conclusion : .part
    case .not where deniesBackwards(at):
      endClause()
      cue = .conclusion
    case .not, .nor, .exclude:
      if meaning == .exclude, isCondition { isSpoken = true }  // "If I had to exclude one, it would be B."
      deny(at)
    case .incorrect where [.pronoun, .to].contains(self.meaning(at + 1)): isDenied = true  // "impossible that"
    case .incorrect where says("✗", at) && isLineStartMark(at): isDenied = true
    case .fails, .incorrect: cue = .none
    case .correct where says("✓", at) && isLineStartMark(at): (cue, isTicked) = (.answer, true)
    case .correct:
      asksForAnswer = true
      if !cue.isExplicit, cue != .conclusion { cue = .none }
    case .because where isChoiceBefore(at) && cue == .answer: break  // "go with"
    case .because where isRemainder(at): cue = .conclusion
    case .because:
      endClause()
      isReason = namings.count > firstNaming
      premise(at)
      cue = .none
    case .maybe:
      cue = cue.isBeginning || cue == .conclusion ? .maybe : cue
      if cue != .maybe { isTentative = true }
    case .and, .or:
      if !isRange, cue == .none || cue == .option || cue == .label { cue = .part }
      isJoint = true
      isQuestion = isQuestion || meaning == .or && wasSentenceStart
      isAlternative = meaning == .or && namings.count > firstNaming
    case .both, .between, .everything:
      if meaning != .both || cue == .label { cue = .none }
      if meaning == .between { (isDenied, isRange) = (false, true) }
    case .condition: condition(at)
    case .preposition:
      cue =
        cue == .answer && (isChoiceBefore(at) || self.meaning(at - 1) == .shows)
        ? cue : cue.isBeginning || [.weak, .conclusion, .content].contains(cue) ? .content : .none
    case .to, .filler, .article, .superlative: break
    case .seems: copula(at)
    case .match: cue = hasOption ? .none : .conclusion
    case .shows where cue == .answer && self.meaning(at - 1) == .copula: break  // "is shown in B"
    case .shows: cue = .content
    case .there: (hasPronoun, cue) = (false, .existence)
    case .does: isQuestion = isQuestion || wasSentenceStart
    case .other where says("like", at) && self.meaning(at - 1) == .seems: break  // "looks like B"
    default:
      cue = .none
      hasPronoun = false
      if meaning == .other { hint(at) }
    }
    if wasSentenceStart, isInverted(at) { (isCondition, isOpenCondition) = (true, true) }
    isQuestion = isQuestion || wasSentenceStart && (meaning == .copula || meaning == .modal || isInterrogative(at))
  }

  private mutating func copula(_ at: Int) {
    if asksForAnswer {
      cue = .answer
    } else if hasPronoun, cue != .existence {
      cue = .conclusion
    } else if !cue.isExplicit, cue != .conclusion, cue != .existence {
      cue = .weak
    }
  }

  /// A mark before an option: "✅ B".
  private func isLineStartMark(_ at: Int) -> Bool { [nil, .newline].contains(meaning(at - 1)) }

  /// "any option but", "all of the options but"
  private func isEverything(before at: Int) -> Bool {
    if meaning(at - 1) == .everything { return true }
    guard [.option, .options, .answer].contains(self.meaning(at - 1)) || says("one", at - 1) else { return false }
    return (2...4).contains { meaning(at - $0) == .everything }
  }

  private mutating func deny(_ at: Int) {
    // "No doubt" denies nothing.
    let isDoubt = says("doubt", at + 1) || says("doubt", at) && [.no, .not].contains(meaning(at - 1))
    if !isDoubt { isDenied = true }
  }

  /// "go with B", but not "choose between A and B".
  private func isChoice(_ at: Int) -> Bool {
    guard Self.motions.contains(where: { says($0, at) }) else { return meaning(at + 1) != .between }
    return ["with", "for", "on", "towards", "toward"].contains { says($0, at + 1) }
  }
  private static let motions = [
    "go", "goes", "going", "went", "stick", "settle", "settled", "decide", "decided", "opt", "opting", "lean",
    "leaning",
  ]

  /// "left with", "leaves us with"
  private func isRemainder(_ at: Int) -> Bool {
    says("with", at) && ["left", "us", "leaves", "leaving"].contains { says($0, at - 1) }
  }

  /// "I opt for B", "my vote is for B"
  private func isChoiceBefore(_ at: Int) -> Bool {
    meaning(at - 1) == .choose || meaning(at - 1) == .copula && meaning(at - 2) == .choose
  }

  private func names(_ at: Int) -> Bool {
    var at = at
    while let next = meaning(at), next == .open || next == .colon || next == .boxOpen { at += 1 }
    return meaning(at) == .letter
  }

  private func isInterrogative(_ at: Int) -> Bool {
    ["which", "what", "why", "how", "who", "where"].contains { says($0, at) }
  }

  /// "B? No."
  private func isAnsweredByNo(_ at: Int) -> Bool {
    guard let next = meaning(at + 1), next == .no || next == .incorrect || next == .not else { return false }
    return meaning(at + 2).map { $0 < .symbol } ?? true
  }

  // MARK: Ends

  private mutating func newline(_ at: Int) {
    let isOpen = isConcluded && [.comma, .colon, .therefore].contains(meaning(at - 1))
    isTicked = isTicked && cue == .answer
    isAnnounced = meaning(at - 1) == .colon && !cue.isExplicit || isAnnounced && isList
    if !isList { proseCount += lineCount }
    (wasList, isList, lineCount) = (isList, false, 0)
    line += 1
    isLineStart = true
    if cue != .answer && cue != .box { endSentence() }
    if isOpen { isConcluded = true }
  }

  private mutating func stop(_ at: Int) {
    // "Ans. B", "No. B"
    let isKept =
      cue == .box || cue == .label || cue == .conclusion && [.correction, .no].contains(meaning(at - 1))
      || cue == .answer && meaning(at - 1) == .answer && says("ans", at - 1)
    let kept = cue
    endSentence()
    if isKept { cue = kept }
  }

  mutating func endSentence() {
    endClause()
    cue = .start
    if !isSentenceStart { sentence += 1 }
    (isSpoken, isConcluded, isReason) = (false, false, false)
    (asksForAnswer, wasDenied, wasCondition, isQuestion, isSentenceStart) = (false, false, false, false, true)
    isAlternative = false
    firstNaming = namings.count
  }

  private mutating func endClause() {
    wasCondition = wasCondition || isCondition
    isSpoken = isSpoken || isOpenCondition
    isOpenCondition = false
    (isRange, isEquation, isPremise, isGiven) = (false, false, false, false)
    (isDenied, isTentative, isCondition, isJoint, hasPronoun, hasOption) = (false, false, false, false, false, false)
  }
}
