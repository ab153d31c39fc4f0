// SPDX-License-Identifier: MIT
import Characters

/// The words by which answers to multiple-choice questions commit themselves, deny, correct and hedge; in lower case.
enum OptionVocabulary {
  /// - Parameter word: ASCII letters in either case, digits, and what else a word may have.
  static func meaning(_ word: ArraySlice<UInt8>) -> OptionMeaning {
    guard word.count <= 14 else { return .other }
    let lower = String(unsafeUninitializedCapacity: word.count) { buffer in
      for (index, byte) in word.enumerated() { buffer[index] = byte.isCapital ? byte | 0x20 : byte }
      return word.count
    }
    return english[lower] ?? (lower.hasSuffix("est") && word.count > 5 ? .superlative : .other)
  }

  private static let english: [String: OptionMeaning] = table([
    .answer: "answer answers ans solution conclusion verdict respuesta réponse antwort resposta risposta ответ",
    .option: "option choice letter alternative",
    .options: "options choices letters alternatives",
    .noun: """
    point figure fig image picture photo panel graph line box region area car object diagram statement plot curve bar \
    shape item vertex segment circle triangle angle path scene frame label group sample case number row column part
    """,
    .copula: "is are was were be being been become becomes equals 's 're represents es est ist",
    .modal: "should would must will shall 'd 'll has have had need needs ought",
    .mayModal: "could might may can",
    .pronoun: "it that this these those which one ones",
    .choose: """
    choose chose chosen choosing chooses pick picked picking picks select selected selecting selects say saying says \
    said guess vote go goes going went stick settle settled decide decided opt opting lean \
    leaning prefer conclude concludes mark answering
    """,
    .think: "think thought believe believed feel suspect thinking bet reckon suggests suggest implies imply indicates",
    .therefore:
      "so therefore thus hence finally ergo consequently accordingly overall summary ok okay sure well yeah alright",
    .but: "but however while whereas although though yet",
    .correction: "wait actually sorry oops correction hmm hm meant apologies apologize scratch revised nope nah rather",
    .no: "no",
    .not: "not never cannot cant dont isnt doesnt wont without hardly neither none nobody nothing doubt nicht pas não",
    .nor: "nor",
    .exclude: """
    eliminate eliminates eliminated eliminating exclude excludes excluded excluding reject rejects rejected rejecting \
    discard discards discarded discarding dismiss dismissed except instead unlike than against avoid \
    omit ignore cross crossed over
    """,
    .correct: "correct right best correctly accurately accurate closest better yes likeliest beats ✓",
    .incorrect: """
    incorrect wrong false invalid impossible unlikely incorrectly inaccurate out irrelevant implausible mistaken \
    untrue ✗ hard difficult improbable incompatible inconsistent
    """,
    .superlative: "only most true",
    .fails: "fails fail lacks contradicts contradict mismatches",
    .because: "because since as due given based considering where when with",
    .maybe: "maybe perhaps possibly",
    .likely: "probably likely definitely surely certainly presumably obviously evidently undoubtedly doubtless",
    .filler: """
    clearly simply just really also then now here still again indeed very quite \
    i'm my your our final following above below ultimately namely specifically them us located situated positioned
    """,
    .article: "the an",
    .and: "and et und",
    .or: "or ou oder",
    .both: "both either",
    .between: "between among",
    .condition: "if whether suppose supposing assuming unless assume depending",
    .everything: "anything everything all everyone any",
    .preposition: "on in at of for from by inside near under behind beside into",
    .to: "to towards toward",
    .match: "matches match corresponds correspond corresponding points leads matching leaves leaving",
    .shows: "shows show showing shown depicted depicts depict depicting displays features contains see seen sees",
    .there: "there",
    .seems: "seems seem looks appears sounds feels remains makes make",
    .does: "does do did doing",
  ])

  /// What a word that `meaning` does not know says of the options around it.
  static func hint(_ word: ArraySlice<UInt8>) -> OptionHint? {
    guard word.count <= 12 else { return nil }
    return hints[String(decoding: word.lazy.map { $0.isCapital ? $0 | 0x20 : $0 }, as: UTF8.self)]
  }

  static func hint(_ at: Int, in text: OptionText) -> OptionHint? {
    text.tokens.indices.contains(at) ? hint(text.word(text.tokens[at])) : nil
  }

  private static let hints: [String: OptionHint] = table([
    .people:
      "students student people person others many some someone somebody everybody learners beginners 很多人 许多人 有人 有些人",
    .addressee: "you",
    .previous: "previous last other preceding earlier",
    .former: "originally initially formerly first 原来 原本 本来 起初",
    .mistake: "mistake error trap pitfall fallacy misconception distractor tempting tempted mistakenly incorrectly",
    .need: "needed required necessary insufficient enough hesitate hesitant reluctant refuse unable",
    .tell: "tell know determine determined sure",
    .given: "let",
    .provided: "provided providing",
    .mean: "mean",
  ])

  /// Chinese, Japanese and Korean, in which words are not parted; the longest one that fits is taken.
  private static let ideographs: [String: OptionMeaning] = table([
    .answer: "答案 答 正解 答え 解答 정답 답 答案选",
    .option: "选项 選項 選択肢 옵션",
    .copula: "是 为 為 即 は 은 는",
    .modal: "会 应该 应当 应 應該 應 必须",
    .mayModal: "可能是 可以 可能",
    .pronoun: "它 这",
    .choose: "倾向于 倾向 选 选择 選 選擇 选取 选出 选定 應選 应选 故选 选的是",
    .think: "发现 认为 觉得 我认为 我觉得 猜",
    .therefore: "所以 因此 故 因而 综上 综上所述 于是 よって したがって 따라서",
    .but: "后来 但 但是 而 而是 不过 しかし",
    .not: "不是 不 不选 并非 没有 无法 不能 非 未 ではない ではありません じゃない ではなく 아닙니다 아니라 아니다",
    .exclude: "排除 而不是 而非 除了 除去",
    .correct: "正确 正確 对 最佳 正しい 符合 合适 맞습니다",
    .incorrect: "错误 錯誤 错 不对 不正确 不正確 不符合 誤り 間違い 不符",
    .because: "因为 由于 因為 理由",
    .maybe: "也许 或许 大概",
    .filler: "的 了 我 最终 最 那么 です である 입니다 이다 가 이 也 だ を 本题 项 項 番 번",
    .and: "和 与 及 以及 并且 且 と 、",
    .or: "或 或者 还是 または か",
    .both: "都 均",
    .condition: "如果 假如 若 是否 是不是",
    .noun: "图 点",
    .other: "原来 原本 本来 起初 很多人 许多人 有人 有些人",
  ])

  /// A word stands once, or under the lesser of its meanings.
  private static func table<Meaning: Hashable & Comparable>(_ words: [Meaning: String]) -> [String: Meaning] {
    Dictionary(
      words.flatMap { meaning, words in words.split(separator: " ").map { (String($0), meaning) } },
      uniquingKeysWith: { min($0, $1) })
  }

  /// What stands for the same in a choice and an answer: digits for number words, signs for units.
  static let keys: [String: [UInt8]] = {
    let more = [
      "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ]
    var keys: [String: String] = [
      "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
      "percent": "%", "degree": "^", "degrees": "^", #"^\circ"#: "^", #"^{\circ}"#: "^",
    ]
    for (value, word) in (numberWords + more).enumerated() { keys[word] = "\(value)" }
    return keys.mapValues { Array($0.utf8) }
  }()

  /// Words of a sentence from which nothing is concluded.
  static func isDoubtful(_ word: ArraySlice<UInt8>) -> Bool {
    guard word.count <= 9 else { return false }
    return doubtful.contains(String(decoding: word.lazy.map { $0.isCapital ? $0 | 0x20 : $0 }, as: UTF8.self))
  }
  private static let doubtful: Set<String> = [
    "would", "should", "second", "third", "next", "almost", "nearly", "same", "opposite", "other", "another", "from",
    "tell", "unclear", "suppose", "previous", "mistake", "error", "trap", "expected", "supposed", "you",
  ]

  static let multipliers = [
    "hundred", "thousand", "million", "billion", "dozen", "percent", "half", "halves", "third", "thirds", "quarter",
    "quarters", "times", "tenths", "point",
  ]
  static let boxes: Set<String> = ["boxed", "fbox", "framebox"]
  static let typography: Set<String> = [
    "text", "textbf", "textit", "textrm", "textsf", "texttt", "mathrm", "mathbf", "mathit", "mathsf", "mbox", "bf",
    "rm",
    "it", "operatorname", "large", "Large", "huge", "Huge", "displaystyle", "left", "right", "quad", "qquad", "bm",
    "boldsymbol", "underline", "emph", "color", "bigl", "bigr", "begin", "end", "n",
  ]
  static let blocks: Set<String> = ["br", "p", "div", "li", "ul", "ol", "h", "tr", "td", "table", "hr", "center"]

  // MARK: Ideographs

  /// Whether a Chinese, Japanese or Korean ideograph, kana or syllable begins here.
  static func isIdeograph(_ bytes: [UInt8], at index: Int) -> Bool {
    guard index + 2 < bytes.count else { return false }
    let next = bytes[index + 1]
    switch bytes[index] {
    case 0xE3: return next >= 0x81
    case 0xE4...0xE9, 0xEB, 0xEC: return true
    case 0xEA: return next >= 0xB0
    case 0xED: return next <= 0x9E
    case 0xEF: return (0xA4...0xAB).contains(next)
    case 0xF0: return next >= 0xA0
    default: return false
    }
  }

  /// The longest known word that begins here, else one ideograph; nil where none begins.
  static func ideographs(_ bytes: [UInt8], at start: Int) -> (meaning: OptionMeaning, end: Int)? {
    guard bytes[start] >= 0xE3, isIdeograph(bytes, at: start) else { return nil }
    let first = start + (bytes[start] >= 0xF0 ? 4 : 3)
    var ends = [first]
    while ends.count < 8, let end = ends.last, end < bytes.count, isIdeograph(bytes, at: end) { ends.append(end + 3) }
    for end in ends.reversed() where end <= bytes.count {
      if let meaning = ideographs[String(decoding: bytes[start..<end], as: UTF8.self)] { return (meaning, end) }
    }
    return (.other, min(first, bytes.count))
  }
}
