// SPDX-License-Identifier: MIT

/// Reads an answer from left to right, once. What has been read decides what a letter, or the text of a choice, means
/// where it comes; a few tokens are read ahead to see what is said of it.
struct OptionReader {
  /// What leads to the place that is read.
  enum Cue {
    /// Nothing: a sentence or a line begins here; behind a comma, a colon or a conjunction, a part of one.
    case start, part
    /// "The answer is", "I choose", "answer:", a box.
    case answer, box
    /// "So", "it is", "I think", "no,", "probably".
    case conclusion
    /// "The tallest bar is".
    case weak
    /// Only texts of choices: "The image shows", "it is on the", "there are".
    case content, existence
    /// "maybe".
    case maybe
    /// An option's letter: what follows is its text.
    case label
    /// Anything else; behind "option", "between", "point".
    case none, option

    /// Whether an option here is the answer, whatever follows.
    var isExplicit: Bool { self == .answer || self == .box }
    var isBeginning: Bool { self == .start || self == .part }
    /// Whether the text of a choice is looked for here.
    var takesTexts: Bool { self != .none && self != .option }
  }

  let text: OptionText
  let choices: OptionChoices
  var tokens: [OptionToken] { text.tokens }

  var namings: [OptionNaming] = []
  var cue = Cue.start
  // Of the clause.
  var isDenied = false
  var isTentative = false
  /// Behind "between".
  var isRange = false
  /// Behind "and" or "or".
  var isJoint = false
  var hasPronoun = false
  var hasOption = false
  // Of the sentence.
  var asksForAnswer = false
  var wasDenied = false
  var isCondition = false
  /// The condition may not hold: "if it is sunny".
  var isOpenCondition = false
  var wasCondition = false
  var isQuestion = false
  /// Others say so, or it is said of another question.
  var isSpoken = false
  var isSentenceStart = true
  var firstNaming = 0
  /// "or" stands behind an option of the sentence.
  var isAlternative = false
  // Of values, where the choices are numbers: behind "=" in the clause; behind "since" or "given" in it; behind "so" or
  // "therefore" in the sentence.
  var isEquation = false
  var isPremise = false
  var isGiven = false
  var isConcluded = false { didSet { if isConcluded { conclusion += 1 } } }
  private(set) var conclusion = 0
  /// Behind "because", of an option that has been named.
  var isReason = false
  // Of the line and the text.
  /// Behind a tick at the beginning of the line.
  var isTicked = false
  /// A letter alone in the first line.
  var heading: OptionLetters?
  var sentence = 0
  /// Of the option named last: its sentence, what is behind it, whether it was denied.
  var lastSentence = 0
  var lastEnd = 0
  var isLastDenied = false
  var isLastTentative = false
  var wasEverDenied = false
  /// Behind the last option that stands alone.
  var listEnd = 0
  /// How many options had been named at the last "wait".
  var doubtedCount = 0
  var line = 0
  var isLineStart = true
  /// An option stands alone in this line, in the one before.
  var isList = false
  var wasList = false
  /// The lines are a list that a colon announced.
  var isAnnounced = false
  /// Words in lines before this one that are no lists.
  var proseCount = 0
  var lineCount = 0
  private let lastLine: Int

  init(_ text: OptionText, _ choices: OptionChoices) {
    self.text = text
    self.choices = choices
    let content = text.tokens.lastIndex { ![.newline, .boxClose, .close, .stop].contains($0.meaning) } ?? 0
    lastLine = text.tokens[..<content].lastIndex { $0.meaning == .newline }.map { $0 + 1 } ?? 0
  }

  mutating func read() -> OptionReading {
    if let whole = wholeChoice() { return .committed(whole) }
    var at = 0
    while at < text.tokens.count {
      if let label = labelOfAnswer(at) {
        cue = .answer
        at = label
      } else if let group = group(at: at) {
        record(group)
        at = group.end
      } else {
        step(at)
        at += 1
      }
    }
    if namings.isDoubted(from: doubtedCount) { return .undecided }
    let reading = namings.reading
    return concluded(reading).map { .committed($0) } ?? reading
  }

  /// Behind "(A, B, C, or D):" after "answer", or "A:" in a text that begins with "Q:"; nil where neither stands.
  private func labelOfAnswer(_ at: Int) -> Int? {
    if says("a", at), meaning(at + 1) == .colon, says("q", 0), meaning(1) == .colon, isSentenceStart { return at + 2 }
    guard meaning(at) == .open, meaning(at - 1) == .answer else { return nil }
    var end = at + 1
    while end - at < 40, [.letter, .comma, .or, .slash, .and].contains(meaning(end)) { end += 1 }
    return end > at + 2 && meaning(end) == .close && meaning(end + 1) == .colon ? end + 2 : nil
  }

  /// A choice's text and nothing else: it may read "Vitamin C", or "B".
  private func wholeChoice() -> OptionLetters? {
    guard choices.areKnown, let first = tokens.indices.first(where: { text.isContent($0) }),
      let match = choices.match(text, at: first), !tokens[match.end...].contains(where: { $0.meaning >= .symbol })
    else { return nil }
    return OptionLetters(index: match.index)
  }

  func meaning(_ index: Int) -> OptionMeaning? {
    index >= 0 && index < text.tokens.count ? text.tokens[index].meaning : nil
  }

  func says(_ word: String, _ index: Int) -> Bool {
    index >= 0 && index < text.tokens.count && text.says(Array(word.utf8), index)
  }

  func isLastContent(_ index: Int) -> Bool { !text.tokens[(index + 1)...].contains { $0.meaning >= .symbol } }

  // MARK: What a naming is worth

  private mutating func record(_ group: Group) {
    var remark = remark(at: group.end, isLabel: cue == .start && group.isMarked && meaning(group.start - 1) != .option)
    if group.isText, remark == .other { remark = .end }
    if remark == .other, isOnly(before: group.start) { remark = .praised }
    if heading == nil, namings.isEmpty, line == 0, group.isAlone, !group.isText, meaning(group.end) == .newline {
      heading = group.letters
    }
    var letters = group.letters
    var weight = weight(group, remark)
    if isDenied, let last = group.last, weight == nil {
      // "Not A, B": the second corrects the first.
      letters = last
      weight = .commitment
    }
    if remark == .denied || isDenied { (wasDenied, wasEverDenied) = (true, true) }
    if isAlternative, let last = namings.last { letters.formUnion(last.letters) }
    if let weight {
      let isLast = isLineStart && group.start >= lastLine && proseCount >= 4 && !wasList
      let isPromoted = weight == .bare && cue == .start && isLast && group.isAlone
      namings.append(
        OptionNaming(
          letters: letters, weight: isPromoted ? .commitment : weight, line: line, sentence: sentence,
          isValue: isEquation, isTicked: isTicked, conclusion: conclusion))
      if weight == .bare { listEnd = group.end }
      if weight == .bare, cue.isBeginning || cue == .label { isList = true }
    }
    if weight == nil { value() }
    // "…, so not B": what was taken is not any more.
    if weight == nil, isDenied, cue == .conclusion || cue == .answer {
      for index in namings.indices where namings[index].letters == letters { namings[index].weight = .mention }
    }
    (lastSentence, lastEnd, isLastDenied, isLastTentative) = (sentence, group.end, weight == nil, isTentative)
    let isMarked = [.stop, .colon, .dash].contains(meaning(group.end)) || group.isMarked
    cue = isMarked && cue.isBeginning ? .label : .none
    // "angle A is 45°"
    let isName = choices.areNumbers && !group.isText && meaning(group.start - 1) == .noun
    (hasOption, isLineStart, isSentenceStart) = (!isName, false, false)
    if meaning(group.end - 1) == .boxClose {
      // A box ends a sentence.
      endSentence()
      cue = .part
    }
  }

  /// nil where the options are denied.
  private func weight(_ group: Group, _ remark: Remark) -> OptionNaming.Weight? {
    if isDenied != (remark == .denied) { return nil }
    if isDenied || isCondition || isSpoken || remark == .condition { return .mention }
    if isOneOfSeveral(group) || isHypothetical(group) { return .mention }
    if remark == .affirmed { return isTentative || wasCondition ? .bare : .commitment }
    let isEnd = remark == .end
    switch cue {
    case .answer, .box: return isTentative || wasCondition ? .bare : .commitment
    case .conclusion: return !isEnd && remark != .praised ? .mention : isTentative || wasCondition ? .bare : .commitment
    case .start, .part, .label, .maybe:
      if isAnnounced, cue == .start, group.isMarked || meaning(group.end) == .stop, hasText(group.end) {
        return .mention
      }
      return isEnd ? .bare : soft(remark)
    case .weak, .content, .existence:
      if group.isText, isEnd, let weight = weightOfValue() { return weight }
      return isEnd && !hasOption ? .weak : soft(remark)
    case .none where group.isText: return isEnd && !hasOption ? .weak : soft(remark)
    case .option where isEnd && !hasOption && meaning(group.end - 1) == .close && isLastContent(group.end - 1):
      return .weak
    case .none, .option:
      // "A. cat B. dog"
      return isList && group.isMarked && hasText(group.end)
        && meaning(group.start - 1 - (group.isOpened ? 1 : 0)) == .other
        ? .bare : soft(remark)
    }
  }

  /// "a wolf or a dog", "a dog or a wolf", where one is no choice; "Lima and Quito are".
  private func isOneOfSeveral(_ group: Group) -> Bool {
    if meaning(group.end) == .or { return true }
    if meaning(group.start - 1) == .or, !isAlternative, ![nil, .newline].contains(meaning(group.start - 2)) {
      return true
    }
    return group.isText && meaning(group.end) == .and && choices.match(text, at: group.end + 1) != nil
  }

  /// "A", and then "from behind it would be to the right".
  private func isHypothetical(_ group: Group) -> Bool {
    guard let heading, heading != group.letters, group.isText, !cue.isExplicit else { return false }
    return (1...3).contains { says("would", group.start - $0) }
  }

  /// "Only B fits."
  private func isOnly(before start: Int) -> Bool {
    var at = start - 1
    while let before = meaning(at), before == .option || before == .open { at -= 1 }
    return at >= 0 && says("only", at)
  }

  private func soft(_ remark: Remark) -> OptionNaming.Weight { remark == .praised ? .weak : .mention }

  /// Whether words follow in the line.
  private func hasText(_ end: Int) -> Bool {
    var at = end
    while let next = meaning(at), next < .symbol, next != .newline { at += 1 }
    return meaning(at).map { $0 >= .symbol } ?? false
  }
}
