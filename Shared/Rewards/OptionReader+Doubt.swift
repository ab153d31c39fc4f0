// SPDX-License-Identifier: MIT
// What is said of an option without taking it: by others, of another question, under a condition, as a mistake; and
// what takes an option back.

/// What a word that means nothing for the grammar may say of the options around it.
enum OptionHint: Int, Sendable, Comparable {
  /// "Many students would answer B."
  case people
  /// "You might think that it is B."
  case addressee
  /// "The answer to the previous question was B."
  case previous
  /// "I originally chose B."
  case former
  /// "A common mistake is to choose B."
  case mistake
  /// "More information is needed to choose B."
  case need
  /// "B, but the picture is too dark to tell."
  case tell
  /// "Provided that the scale is linear"
  case provided
  /// "Let AB = 10."
  case given
  /// "I mean B."
  case mean

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension OptionReader {
  /// Takes up what a word says of the options around it, if anything.
  mutating func hint(_ at: Int) {
    guard let hint = OptionVocabulary.hint(text.word(text.tokens[at])) else { return }
    let next = meaning(at + 1)
    switch hint {
    case .people where [.modal, .mayModal, .think, .choose, .answer].contains(next): isSpoken = true
    case .people where OptionVocabulary.hint(at + 1, in: text) == .mistake:
      isSpoken = true
    case .addressee where [.modal, .mayModal].contains(next) && takesAnswer(at + 2): isSpoken = true
    case .previous where ["question", "problem", "exercise", "task", "quiz"].contains { says($0, at + 1) }:
      isSpoken = true
      demote()
    case .former where takesAnswer(at + 1) || takesAnswer(at - 1) || takesAnswer(at + 2): isSpoken = true
    case .mistake where (1...4).contains { [.to, .preposition].contains(meaning(at + $0)) && takesAnswer(at + $0 + 1) }:
      isDenied = true
    case .need where next == .to && takesAnswer(at + 2): isSpoken = true
    case .tell where meaning(at - 1) == .to && [.other, .incorrect].contains(meaning(at - 2)) || isNegated(at):
      demote(below: .commitment)
      if isLastTentative, sentence - lastSentence == 1, let last = namings.indices.last {
        namings[last].weight = .mention
      }
    case .given: premise(at)
    case .provided where says("that", at + 1): (isCondition, isOpenCondition) = (true, true)
    case .mean where says("i", at - 1): cue = .conclusion
    default: break
    }
  }

  private func isNegated(_ at: Int) -> Bool { meaning(at - 1) == .not || says("be", at - 1) && meaning(at - 2) == .not }

  private func takesAnswer(_ at: Int) -> Bool { [.choose, .think, .answer].contains(meaning(at)) }

  /// What has been named in the sentence is only spoken of.
  mutating func demote(below weight: OptionNaming.Weight? = nil) {
    for index in firstNaming..<namings.count where weight.map({ namings[index].weight < $0 }) ?? true {
      namings[index].weight = .mention
    }
  }

  /// "… B, but that's wrong", "… B. This is not correct.": the last option is taken back.
  mutating func retract(_ at: Int) {
    guard let last = namings.indices.last, !isLastDenied, sentence - lastSentence <= 1 else { return }
    if retracts(at) { namings[last].weight = .mention }
  }

  private func retracts(_ start: Int) -> Bool {
    if meaning(start) == .but { return meaning(start + 1) == .no && isEnd(start + 2) }
    let before = meaning(start - 1)
    guard ["that", "this", "it", "这", "那", "它"].contains(where: { says($0, start) }),
      before == nil || before == .but || before.map({ $0 < .symbol }) ?? false
    else { return false }
    var at = start + 1
    var isDenied = false
    while at - start < 6, let next = meaning(at) {
      switch next {
      case .copula, .modal, .seems, .does, .filler, .article: break
      case .letter where text.isArticle(at): break
      case .not:
        isDenied = true
        if before == .but, isEnd(at + 1) { return true }
      case .incorrect: return isEnd(at + 1) && !isDenied
      case .correct, .superlative: return isDenied && isEnd(at + 1)
      case .other: return OptionVocabulary.hint(at, in: text) == .mistake && isEnd(at + 1) && !isDenied
      default: return false
      }
      at += 1
    }
    return false
  }

  private func isEnd(_ start: Int) -> Bool {
    let at = says("的", start) ? start + 1 : start
    return meaning(at).map { $0 < .symbol || $0 == .because } ?? true
  }

  /// "the worst choice", "the least likely answer".
  func isPoor(before at: Int) -> Bool {
    meaning(at - 1) == .incorrect || isPoor(at - 1) || says("least", at - 2) || says("less", at - 2)
  }

  /// "is the weakest option", "is the least plausible of the answers"; not "is the weakest acid".
  func isPoorPredicate(_ at: Int) -> Bool {
    (isPoor(at) || says("least", at)) && (1...2).contains { [.answer, .option].contains(meaning(at + $0)) }
  }

  private func isPoor(_ at: Int) -> Bool { ["worst", "weakest", "poorest"].contains { says($0, at) } }

  /// "The only wrong statement is", "错误的是".
  func isWrongOne(before copula: Int) -> Bool {
    var at = copula - 1
    while copula - at < 4, let before = meaning(at),
      [.filler, .noun, .option, .answer].contains(before) || says("one", at)
    { at -= 1 }
    return ["wrong", "incorrect", "false", "错误", "錯誤", "错", "不正确", "不正確", "誤り"].contains { says($0, at) }
      && meaning(at - 1) != .not && meaning(at - 1) != .copula
  }

  /// "ではありません", "아닙니다": these deny what stands before them.
  func deniesBackwards(_ at: Int) -> Bool {
    guard meaning(at) == .not, let first = text.word(text.tokens[at]).first else { return false }
    return first == 0xE3 || first >= 0xEA
  }

  // MARK: Conditions

  /// "if" and what may be otherwise; not "if you look closely", "if I had to choose", "if x = 3".
  mutating func condition(_ at: Int) {
    isCondition = true
    let isIf = ["if", "如果", "假如", "若"].contains { says($0, at) }
    guard isIf, !["i", "we", "you", "one", "so", "this", "i'm"].contains(where: { says($0, at + 1) }) else { return }
    isOpenCondition = true
    // "B, but only if": behind the option and a comma.
    var before = at - 1
    while says("only", before) || meaning(before) == .but || meaning(before) == .comma { before -= 1 }
    if before + 1 == lastEnd, firstNaming < namings.count { demote() }
  }

  /// "B would be right for the left image": not for this one.
  func isElsewhere(_ predicate: Int, _ judgement: Int) -> Bool {
    var at = judgement + 1
    while [.answer, .option].contains(meaning(at)) { at += 1 }
    return says("would", predicate) && says("for", at) && meaning(at + 1) != .pronoun
  }

  /// "Had the light been on, …": at the beginning of a sentence.
  func isInverted(_ at: Int) -> Bool { ["had", "were", "should"].contains { says($0, at) } }
}
