// SPDX-License-Identifier: MIT
import Characters

/// An answer as tokens. Markdown, HTML tags and LaTeX's commands around a text are gone; full-width, circled and
/// typographic signs are plain ones. Takes time linear in the text.
struct OptionText: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var tokens: [OptionToken] = []
  /// Of each open brace: whether it is that of a box.
  private var braces: [Bool] = []

  init(_ text: String) {
    bytes = Self.plain(text)
    tokens.reserveCapacity(bytes.count / 4 + 4)
    var at = 0
    var isSpaced = true
    while at < bytes.count {
      let count = tokens.count
      let start = at
      at = token(at, isSpaced)
      if bytes[start].isBlank { isSpaced = true } else if tokens.count > count { isSpaced = false }
    }
  }

  func word(_ token: OptionToken) -> ArraySlice<UInt8> { bytes[token.range] }

  private mutating func add(_ meaning: OptionMeaning, _ range: Range<Int>, _ isSpaced: Bool) -> Int {
    tokens.append(OptionToken(meaning: meaning, range: range, isSpaced: isSpaced))
    return range.upperBound
  }

  /// Adds what begins at `at`, if anything; where the next begins.
  private mutating func token(_ at: Int, _ isSpaced: Bool) -> Int {
    let byte = bytes[at]
    let one = at..<(at + 1)
    if byte.isLetter || byte >= 0x80 { return word(at, isSpaced) }
    if byte.isDigit || (byte == UInt8(ascii: ".") && isDigit(at + 1)) { return number(at, isSpaced) }
    switch byte {
    case UInt8(ascii: "\n"):
      if tokens.last?.meaning != .newline { return add(.newline, one, isSpaced) }
    case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: ";"):
      if tokens.last?.meaning != .stop { return add(.stop, one, isSpaced) }
    case UInt8(ascii: "?"): return add(.question, one, isSpaced)
    case UInt8(ascii: ":"): return add(.colon, one, isSpaced)
    case UInt8(ascii: ","), UInt8(ascii: "|"): return add(.comma, one, isSpaced)
    case UInt8(ascii: "("), UInt8(ascii: "["): return add(.open, one, isSpaced)
    case UInt8(ascii: ")"), UInt8(ascii: "]"): return add(.close, one, isSpaced)
    case UInt8(ascii: "{"): braces.append(false)
    case UInt8(ascii: "}"): if braces.popLast() == true { return add(.boxClose, one, isSpaced) }
    case UInt8(ascii: "\\"): return command(at, isSpaced)
    case UInt8(ascii: "-"): return dash(at, isSpaced)
    case UInt8(ascii: "/"): return add(isDigit(at + 1) && !isSpaced ? .symbol : .slash, one, isSpaced)
    case UInt8(ascii: "&"): return add(.and, one, isSpaced)
    case UInt8(ascii: "<"):
      if let end = controlToken(at) {
        return tokens.last?.meaning == .newline ? end : add(.newline, at..<end, isSpaced)
      }
      return tag(at, isSpaced)
    case UInt8(ascii: ">"): if !isLineStart { return add(.symbol, one, isSpaced) }
    case UInt8(ascii: "#"): if !isLineStart { return add(.symbol, one, isSpaced) }
    case UInt8(ascii: "="):
      let isArrow = at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: ">")
      return add(isArrow ? .arrow : .symbol, at..<(at + (isArrow ? 2 : 1)), isSpaced)
    case UInt8(ascii: "^"): return add(.symbol, at..<degrees(at), isSpaced)
    case UInt8(ascii: "+"), UInt8(ascii: "%"), UInt8(ascii: "@"): return add(.symbol, one, isSpaced)
    default: break  // white space, quotes, asterisks, dollar signs and what else decorates
    }
    return at + 1
  }

  private var isLineStart: Bool {
    tokens.last.map { $0.meaning == .newline || $0.meaning == .symbol && word($0).first == UInt8(ascii: "#") } ?? true
  }
  private func isDigit(_ at: Int) -> Bool { at < bytes.count && bytes[at].isDigit }

  /// " - " parts, "x-y" joins, "-3" is a sign, "- B" begins a line of a list.
  private mutating func dash(_ at: Int, _ isSpaced: Bool) -> Int {
    var end = at + 1
    while end < bytes.count, bytes[end] == UInt8(ascii: "-") { end += 1 }
    if end < bytes.count, bytes[end] == UInt8(ascii: ">") { return add(.arrow, at..<(end + 1), isSpaced) }
    let joins = end == at + 1 && end < bytes.count && (bytes[end].isDigit || bytes[end].isLetter && !isSpaced)
    if joins { return add(.symbol, at..<end, isSpaced) }
    return isLineStart ? end : add(.dash, at..<end, isSpaced)
  }

  /// Behind "^\circ" or "^{\circ}", or behind "^".
  private func degrees(_ at: Int) -> Int {
    for sign in [#"^\circ"#, #"^{\circ}"#] where bytes[at...].starts(with: sign.utf8) {
      let end = at + sign.utf8.count
      if end == bytes.count || !bytes[end].isLetter { return end }
    }
    return at + 1
  }

  /// Digits with points and commas between them.
  private mutating func number(_ start: Int, _ isSpaced: Bool) -> Int {
    var at = start + 1
    while at < bytes.count,
      bytes[at].isDigit || (bytes[at] == UInt8(ascii: ".") || bytes[at] == UInt8(ascii: ",")) && isDigit(at + 1)
    {
      at += 1
    }
    return add(.number, start..<at, isSpaced)
  }

  /// A run of letters and digits, or what one ideograph or syllable begins.
  private mutating func word(_ start: Int, _ isSpaced: Bool) -> Int {
    if let (meaning, end) = OptionVocabulary.ideographs(bytes, at: start) { return add(meaning, start..<end, isSpaced) }
    var at = start
    while at < bytes.count, isWordPart(at) { at += 1 }
    if at == start { return add(.symbol, start..<(start + 1), isSpaced) }
    if at - start == 1, bytes[start].isLetter { return letter(start, isSpaced) }
    // "it's" is two words, "isn't" is one that denies.
    if at + 1 < bytes.count, bytes[at] == UInt8(ascii: "'"), bytes[at + 1].isLetter {
      var end = at + 1
      while end < bytes.count, bytes[end].isLetter { end += 1 }
      if bytes[at - 1] | 0x20 == UInt8(ascii: "n"), end == at + 2, bytes[at + 1] | 0x20 == UInt8(ascii: "t") {
        return add(.not, start..<end, isSpaced)
      }
      _ = add(OptionVocabulary.meaning(bytes[start..<at]), start..<at, isSpaced)
      return add(OptionVocabulary.meaning(bytes[at..<end]), at..<end, false)
    }
    return add(OptionVocabulary.meaning(bytes[start..<at]), start..<at, isSpaced)
  }

  /// Part of a word: ASCII letters and digits, letters beyond ASCII that are no ideographs, "_" between them.
  private func isWordPart(_ at: Int) -> Bool {
    let byte = bytes[at]
    if byte == UInt8(ascii: "_") { return at + 1 < bytes.count && bytes[at + 1].isLetter || isDigit(at + 1) }
    return byte.isLetter || byte.isDigit || byte >= 0x80 && !OptionVocabulary.isIdeograph(bytes, at: at)
  }

  /// A letter alone. One of an abbreviation or a name ("e.g.", "B's", "C++", "X-ray") is a word.
  private mutating func letter(_ at: Int, _ isSpaced: Bool) -> Int {
    func byte(_ index: Int) -> UInt8 { bytes.indices.contains(index) ? bytes[index] : 0 }
    let next = byte(at + 1)
    let isSmall = !bytes[at].isCapital
    let isName =
      "'+#".utf8.contains(next) && (next != UInt8(ascii: "'") || byte(at + 2).isLetter)
      || next == UInt8(ascii: "-") && (byte(at + 2).isLetter || byte(at + 2).isDigit)
      || next == UInt8(ascii: ".") && isInitial(at, at + 2)
      || byte(at - 1) == UInt8(ascii: ".") && isInitial(at - 2, at)
      || !isSpaced && (tokens.last?.meaning == .symbol || tokens.last?.meaning == .number) && !isAssigned
    var end = at + 1
    if next == UInt8(ascii: "'"), isName {
      while end < bytes.count, bytes[end].isLetter || bytes[end] == UInt8(ascii: "'") { end += 1 }
    }
    _ = add(isName ? .other : .letter, at..<end, isSpaced)
    tokens[tokens.count - 1].letter = isName ? 0 : bytes[at] & 0xDF
    tokens[tokens.count - 1].isCapital = !isSmall
    return end
  }

  /// Behind "answer=".
  private var isAssigned: Bool {
    tokens.count > 1 && tokens[tokens.count - 2].meaning == .answer
      && word(tokens[tokens.count - 1]).elementsEqual("=".utf8)
  }

  /// Whether "x.y" are two letters of an abbreviation ("e.g.", "A.M."), and not options one after another ("A.B.C.").
  private func isInitial(_ first: Int, _ second: Int) -> Bool {
    guard first >= 0, second < bytes.count, bytes[first].isLetter, bytes[second].isLetter else { return false }
    let isAlone =
      (first == 0 || !bytes[first - 1].isLetter) && (second + 1 == bytes.count || !bytes[second + 1].isLetter)
    return isAlone && !(bytes[first].isCapital && bytes[second] == bytes[first] + 1)
  }

  /// LaTeX: boxes are kept, what only changes the type or the spacing is gone, other commands are words.
  private mutating func command(_ at: Int, _ isSpaced: Bool) -> Int {
    var end = at + 1
    while end < bytes.count, bytes[end].isLetter { end += 1 }
    if end == at + 1 { return min(end + 1, bytes.count) }
    let name = String(decoding: bytes[(at + 1)..<min(end, at + 14)], as: UTF8.self)
    if OptionVocabulary.boxes.contains(name), end < bytes.count, bytes[end] == UInt8(ascii: "{") {
      braces.append(true)
      return add(.boxOpen, at..<(end + 1), isSpaced)
    }
    if OptionVocabulary.typography.contains(name) { return end }
    if name == "rightarrow" || name == "implies" { return add(.arrow, at..<end, isSpaced) }
    return add(.other, at..<end, isSpaced)
  }

  /// Behind "<|im_end|>" and the like; nil for another thing.
  private func controlToken(_ at: Int) -> Int? {
    let rest = bytes[(at + 1)...].prefix(40)
    guard rest.first == UInt8(ascii: "|"), let bar = rest.dropFirst().firstIndex(of: UInt8(ascii: "|")),
      bar + 1 < bytes.count, bytes[bar + 1] == UInt8(ascii: ">"),
      rest[(at + 2)..<bar].allSatisfy({ $0.isLetter || $0 == UInt8(ascii: "_") })
    else { return nil }
    return bar + 2
  }

  /// HTML's tags: those of blocks end a line, others are gone. "<B>" is a letter in brackets.
  private mutating func tag(_ at: Int, _ isSpaced: Bool) -> Int {
    var name = at + 1
    let isEnd = name < bytes.count && bytes[name] == UInt8(ascii: "/")
    if isEnd { name += 1 }
    var end = name
    while end < bytes.count, end - name < 12, bytes[end].isLetter || bytes[end].isDigit { end += 1 }
    let text = String(decoding: bytes[name..<end], as: UTF8.self)
    var close = end
    while close < bytes.count, close - end < 80, bytes[close] != UInt8(ascii: ">") { close += 1 }
    guard close < bytes.count, bytes[close] == UInt8(ascii: ">"), end > name else {
      return add(.symbol, at..<(at + 1), isSpaced)
    }
    if !isEnd, close == end, end == name + 1, bytes[name].isCapital {
      _ = add(.open, at..<name, isSpaced)
      _ = letter(name, false)
      return add(.close, close..<(close + 1), false)
    }
    if OptionVocabulary.blocks.contains(text.lowercased()), tokens.last?.meaning != .newline {
      return add(.newline, at..<(close + 1), isSpaced)
    }
    return close + 1
  }
}
