// SPDX-License-Identifier: MIT
import Characters

/// An answer as it is written, in LaTeX or plain text: one expression, or several that belong together.
public struct WrittenAnswer {
  public var pieces: [ArraySlice<UInt8>]
  /// Between dollar signs: letters are variables. Elsewhere a backslash or a brace tells.
  public var isMathMode: Bool
  /// A percent sign stands behind it.
  public var isPercent: Bool
  /// A whole text, which may be more than its answer.
  public var isSentence: Bool

  /// Longer expressions are not read (bytes).
  public static let maxLength = 4_096

  public init(pieces: [ArraySlice<UInt8>], isMathMode: Bool, isPercent: Bool = false, isSentence: Bool = false) {
    self.pieces = pieces
    self.isMathMode = isMathMode
    self.isPercent = isPercent
    self.isSentence = isSentence
  }

  public var text: String {
    pieces.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ") + (isPercent ? " %" : "")
  }

  /// Everything that it may mean; empty where it cannot be read.
  func readings(_ algebra: Algebra) throws(Stop) -> [Value] {
    if pieces.count == 1 { return try readings(of: pieces[0], algebra) }
    var members: [Value] = []
    for piece in pieces {
      switch try readings(of: piece, algebra).first {
      case .list(let several)?: members += several
      case let one?: members.append(one)
      case nil: return []
      }
    }
    if members.isEmpty { return [] }
    if let solution = try solution(of: members, algebra) { return [solution] }
    // The same answer said twice is one answer.
    let comparison = Comparison(algebra)
    var isRepeated = true
    for member in members.dropFirst() {
      guard isRepeated else { break }
      isRepeated = try comparison.matches(members[0], member)
      if isRepeated { isRepeated = try comparison.matches(member, members[0]) }
    }
    return [.list(members)] + (isRepeated ? [members[0]] : [])
  }

  /// x = 20 of "2x + 10 = 50, 2x = 40, x = 20": steps that lead to a solution.
  private func solution(of members: [Value], _ algebra: Algebra) throws(Stop) -> Value? {
    guard members.count > 1, let last = members.last, case .equation(.scalar(let name), _, isDefinition: true) = last
    else { return nil }
    let unknown = try algebra.symbols(of: name.sum)
    for member in members.dropLast() {
      guard case .equation(.scalar(let left), .scalar(let right), isDefinition: false) = member else { return nil }
      if try algebra.symbols(of: left.sum) != unknown { return nil }
      if try !algebra.symbols(of: right.sum).isSubset(of: unknown) { return nil }
    }
    return last
  }

  private func readings(of piece: ArraySlice<UInt8>, _ algebra: Algebra) throws(Stop) -> [Value] {
    guard let whole = Self.trimmed(piece), whole.count <= Self.maxLength else { return [] }
    let bytes = Self.conclusion(of: Self.withoutOption(whole))
    // Braces alone are a set: {1, 2}.
    let isSet = bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}") && bytes.count { $0 == 0x7B } == 1
    let isLaTeX =
      isMathMode || bytes.contains(UInt8(ascii: "\\")) || (bytes.contains(UInt8(ascii: "{")) && !isSet)
    if isSentence, Self.isProse(bytes) { return [] }
    if !isLaTeX, let (value, remark) = Self.remark(bytes), try agree(value, remark, algebra) {
      return try readings(of: value, algebra)
    }
    if let words = Self.words(bytes) {
      let phrase = Vocabulary.phrases[words]
      return [phrase == .reals ? .region(.all) : phrase == .emptySet ? .region(.none) : .text(words)]
    }
    if Self.isDate(bytes) { return [.text(String(decoding: bytes, as: UTF8.self))] }
    var readings: [Value] = []
    // "1,234" is a number first, then two; "1,5" is two numbers first, then a decimal.
    var ways = [Tokenizer.Commas.thousands]
    if Self.hasTightComma(bytes) { ways += isLaTeX || Self.hasThousands(bytes) ? [.list] : [.list, .point] }
    let isGlued = Self.hasGluedLetter(bytes)
    if isGlued { ways.append(.thousands) }
    var seen: [[Token]] = []
    for (index, commas) in ways.enumerated() {
      do {
        let hasGluedUnits = isGlued && index == ways.count - 1
        var tokenizer = Tokenizer(bytes, isLaTeX: isLaTeX, commas: commas, hasGluedUnits: hasGluedUnits)
        try tokenizer.run(algebra.budget)
        if seen.contains(tokenizer.tokens) { continue }
        seen.append(tokenizer.tokens)
        if commas == .point, tokenizer.tokens.count > 3 { continue }
        if isPercent { tokenizer.append(.sign(UInt8(ascii: "%"))) }
        var parser = Parser(tokenizer, budget: algebra.budget)
        var value = try Evaluator(algebra).value(of: parser.answer())
        if isSentence, value.mixesWords { continue }
        if case .list(let members) = value, let solution = try solution(of: members, algebra) { value = solution }
        if hasGluedUnits, case .scalar(var scalar) = value {
          scalar.mayBeName = true
          value = .scalar(scalar)
        }
        readings.append(value)
      } catch  where error != .timeout {
        continue
      }
    }
    return readings
  }

  /// x = 5 of "4x = 20 ⇒ x = 5".
  private static func conclusion(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = bytes.firstIndex(of: UInt8(ascii: "=")) else { return bytes }
    let marks = ["\\Rightarrow", "\\implies", "\\therefore", "\\Longrightarrow", "⇒", "⟹", "∴"].map { $0.utf8 }
    for index in bytes[first...].indices.reversed() where bytes[index] == UInt8(ascii: "\\") || bytes[index] >= 0xE2 {
      guard let mark = marks.first(where: { bytes[index...].starts(with: $0) }) else { continue }
      let rest = bytes[(index + mark.count)...]
      let isWhole = rest.count { $0 == UInt8(ascii: "{") } == rest.count { $0 == UInt8(ascii: "}") }
      return isWhole && rest.contains(UInt8(ascii: "=")) ? rest : bytes
    }
    return bytes
  }

  /// "6" and "3 × 2" of "6 (3 × 2)".
  private static func remark(_ bytes: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    guard bytes.last == UInt8(ascii: ")"), let open = bytes.firstIndex(of: UInt8(ascii: "(")),
      open > bytes.startIndex + 1, bytes[open - 1] == 32, bytes[bytes.startIndex].isDigit,
      bytes[..<(open - 1)].allSatisfy({ $0.isDigit || ".,".utf8.contains($0) }),
      !bytes[(open + 1)...].contains(UInt8(ascii: "("))
    else { return nil }
    let inside = bytes[(open + 1)...].dropLast()
    return inside.contains(where: \.isDigit) ? (bytes[..<(open - 1)], inside) : nil
  }

  /// Whether a remark repeats the value before it; else the two are a product.
  private func agree(
    _ value: ArraySlice<UInt8>, _ remark: ArraySlice<UInt8>, _ algebra: Algebra
  ) throws(Stop) -> Bool {
    guard let one = try readings(of: value, algebra).first, let other = try readings(of: remark, algebra).first else {
      return false
    }
    return try Comparison(algebra).matches(one, other)
  }

  /// Without white space, quotation marks and the punctuation of a sentence; nil for nothing, and for "1, 2, …".
  static func trimmed(_ piece: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var bytes = piece
    while let first = bytes.first, first <= 32 || "*`\":".utf8.contains(first) { bytes.removeFirst() }
    while let last = bytes.last, last <= 32 || "`\".,;:?".utf8.contains(last) {
      if last == UInt8(ascii: "."), bytes.suffix(3).elementsEqual("...".utf8) { return nil }
      // A LaTeX space, and an escaped full stop: "5\," and "5\.".
      let isEscaped = isBackslashed(bytes)
      if isEscaped, last == UInt8(ascii: "\"") || last == UInt8(ascii: "`") { break }
      bytes.removeLast(isEscaped ? 2 : 1)
    }
    if bytes.count > 2, bytes.first == UInt8(ascii: "'"), bytes.last == UInt8(ascii: "'") {
      bytes = bytes.dropFirst().dropLast()
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Whether a backslash, itself not escaped, stands before the last byte.
  private static func isBackslashed(_ bytes: ArraySlice<UInt8>) -> Bool {
    !bytes.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count.isMultiple(of: 2)
  }

  /// "42" of "(B) 42" and "\text{(B) }42": the letter of an option is no part of its answer.
  private static func withoutOption(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = bytes
    if rest.starts(with: "\\text".utf8), let open = rest.firstIndex(of: UInt8(ascii: "{")), open - rest.startIndex < 12,
      let close = rest[open...].firstIndex(of: UInt8(ascii: "}")), close - open < 10
    {
      let inside = rest[(open + 1)..<close].filter { $0 > 32 }
      guard isOption(inside[...]) else { return bytes }
      rest = rest[(close + 1)...]
    } else if rest.count > 4, isOption(rest.prefix(3)), rest[rest.startIndex + 3] == 32 {
      rest = rest.dropFirst(4)
    } else {
      return bytes
    }
    while let first = rest.first, first <= 32 || first == UInt8(ascii: "~") || rest.starts(with: "\\ ".utf8) {
      rest = rest.dropFirst(first == UInt8(ascii: "\\") ? 2 : 1)
    }
    guard let first = rest.first, first.isDigit || "\\-$.".utf8.contains(first) else { return bytes }
    return rest
  }

  private static func isOption(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.count == 3 && bytes.first == UInt8(ascii: "(") && bytes.last == UInt8(ascii: ")")
      && 65...72 ~= bytes[bytes.startIndex + 1]
  }

  /// An answer in words: letters and spaces with a run of three letters or more, or a short word. What has an order
  /// as a word ("cat" is not "act") has none as a product of variables.
  private static func words(_ bytes: ArraySlice<UInt8>) -> String? {
    guard bytes.count >= 2, bytes.count <= 128, bytes.allSatisfy({ ($0 | 0x20) &- 97 < 26 || $0 == 32 }) else {
      return nil
    }
    let words = String(decoding: bytes, as: UTF8.self).lowercased().split(separator: " ")
    if words.contains("and") || words.contains("or") { return nil }
    if words.count == 1, ["pi", "inf", "infinity", "infty", "oo"].contains(words[0]) { return nil }
    let isText = words.contains { $0.utf8.count > 2 || ["no", "on", "up", "in", "at", "is", "it", "if"].contains($0) }
    return isText ? words.joined(separator: " ") : nil
  }

  /// 12,345: never a decimal comma.
  private static func hasThousands(_ bytes: ArraySlice<UInt8>) -> Bool {
    for index in bytes.indices where bytes[index] == UInt8(ascii: ",") {
      let before = bytes[..<index].reversed().prefix { $0.isDigit }
      let after = bytes[(index + 1)...].prefix { $0.isDigit }
      if after.count == 3, 1...3 ~= before.count, before.last != UInt8(ascii: "0") { return true }
    }
    return false
  }

  /// A single letter right behind a digit, as in 5m and 5m^2, and no other letter.
  private static func hasGluedLetter(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let letter = bytes.lastIndex(where: \.isLetter), letter > bytes.startIndex, bytes[letter - 1].isDigit else {
      return false
    }
    return bytes[..<letter].allSatisfy { !$0.isLetter && $0 != UInt8(ascii: "^") } || bytes.contains(UInt8(ascii: "="))
  }

  /// "The result is 5", and not "x = 5": a number with words before it is read in its sentence.
  private static func isProse(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.contains(where: \.isDigit), let first = bytes.first else { return false }
    if hasFunctionWord(bytes) { return true }
    if first >= 0xD0 {
      let scalar = String(decoding: bytes.prefix(4), as: UTF8.self).unicodeScalars.first
      return scalar.map { $0.properties.isAlphabetic && Vocabulary.unicode[$0] == nil } ?? false
    }
    if bytes.contains(where: { (0xE3...0xED).contains($0) }), derives(bytes) { return true }
    guard first.isLetter else { return false }
    let word = bytes.prefix { $0.isLetter || $0 == UInt8(ascii: "'") }
    let next = bytes.dropFirst(word.count).first
    guard next == 32 || next == UInt8(ascii: ",") || next == UInt8(ascii: ":") || next == 10 else { return false }
    let text = String(decoding: word, as: UTF8.self)
    return word.count > 1 && !word.allSatisfy(\.isCapital) && FunctionName.names[text] == nil
      && !["pi", "sqrt"].contains(text)
  }

  /// "5 people are in the image", and not "5 in": words that join others.
  private static func hasFunctionWord(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.contains(32), !bytes.contains(UInt8(ascii: "\\")) else { return false }
    var index = bytes.startIndex
    while index < bytes.endIndex {
      guard bytes[index].isLetter else {
        // "5: 1 dog and 4 cats", "6 balls: 3 × 2"
        if bytes[index] == UInt8(ascii: ":"), bytes.first?.isDigit ?? false, bytes[index...].dropFirst().first == 32,
          bytes[..<index].allSatisfy(\.isDigit) && bytes[index...].contains(where: \.isLetter)
            || bytes[..<index].suffix(3).allSatisfy(\.isLetter)
        {
          return true
        }
        index += 1
        continue
      }
      let start = index
      while index < bytes.endIndex, bytes[index].isLetter { index += 1 }
      let isAlone = start == bytes.startIndex || bytes[start - 1] <= 32 || ",(".utf8.contains(bytes[start - 1])
      guard isAlone, index - start > 1, index < bytes.endIndex || index - start > 2 else { continue }
      if index < bytes.endIndex, bytes[index] > 32, !",.)".utf8.contains(bytes[index]) { continue }
      let word = String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
      if Lexicon.functionWords.contains(word) || Lexicon.refutations.contains(word) { return true }
    }
    return false
  }

  /// "x+2=7, 解得x=5"
  private static func derives(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    return ["解得", "所以", "因此", "得", "则", "故"].contains { text.contains(", " + $0) || text.contains("; " + $0) }
  }

  /// 2020-05-06 and 2020/05/06 are days, no differences and no quotients.
  private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count == 10 else { return false }
    let all = Array(bytes)
    guard all[4] == all[7], "-/".utf8.contains(all[4]) else { return false }
    let month = all[5..<7]
    let day = all[8..<10]
    return [all[0..<4], month, day].joined().allSatisfy(\.isDigit)
      && 1...12 ~= Int(month[5] &- 48) * 10 + Int(month[6] &- 48)
      && 1...31 ~= Int(day[8] &- 48) * 10 + Int(day[9] &- 48)
  }

  private static func hasTightComma(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 3 else { return false }
    for index in bytes.indices.dropFirst().dropLast() where bytes[index] == UInt8(ascii: ",") {
      if bytes[index - 1] &- 48 < 10, bytes[index + 1] &- 48 < 10 { return true }
    }
    return false
  }

  /// Without the spaces that part nothing: "a + b" is "a+b", "1 2" is not "12".
  private static func compact(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    func isWord(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 }
    var compact: [UInt8] = []
    var wasSpace = false
    for byte in bytes {
      if byte <= 32 {
        wasSpace = true
        continue
      }
      if wasSpace, let last = compact.last, isWord(last), isWord(byte) { compact.append(32) }
      compact.append(byte)
      wasSpace = false
    }
    return compact
  }

  /// The same characters but for spaces: what is left to compare where nothing can be read.
  public func isSameText(as other: WrittenAnswer) -> Bool {
    guard pieces.count == other.pieces.count, isPercent == other.isPercent else { return false }
    for (a, b) in zip(pieces, other.pieces) {
      guard let x = Self.trimmed(a), let y = Self.trimmed(b) else { return false }
      if !Self.compact(x).elementsEqual(Self.compact(y)) { return false }
    }
    return !pieces.isEmpty
  }
}
