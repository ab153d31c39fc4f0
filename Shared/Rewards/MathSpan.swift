// SPDX-License-Identifier: MIT

/// A part of a text that may be its final answer: one expression, or several that belong together.
struct MathSpan {
  var pieces: [ArraySlice<UInt8>]
  /// Between dollar signs: letters are variables. Elsewhere a backslash or a brace tells.
  var isMathMode: Bool
  /// A percent sign stands behind it.
  var isPercent = false

  var text: String {
    pieces.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ") + (isPercent ? " %" : "")
  }

  /// Everything that the span may mean; empty where it cannot be read.
  func readings(_ algebra: MathAlgebra) throws(MathStop) -> [MathValue] {
    if pieces.count == 1 { return try readings(of: pieces[0], algebra) }
    var members: [MathValue] = []
    for piece in pieces {
      switch try readings(of: piece, algebra).first {
      case .list(let several)?: members += several
      case let one?: members.append(one)
      case nil: return []
      }
    }
    return members.isEmpty ? [] : [.list(members)]
  }

  private func readings(of piece: ArraySlice<UInt8>, _ algebra: MathAlgebra) throws(MathStop) -> [MathValue] {
    guard let bytes = Self.trimmed(piece), bytes.count <= MathAnswer.maxExpression else { return [] }
    let isLaTeX = isMathMode || bytes.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "{") }
    if let words = Self.words(bytes) {
      let phrase = MathVocabulary.phrases[words]
      return [phrase == .reals ? .region(.all) : phrase == .emptySet ? .region(.none) : .text(words)]
    }
    var readings: [MathValue] = []
    // "1,234" is a number first, then two; "1,5" is two numbers first, then a decimal.
    var ways = [MathTokenizer.Commas.thousands]
    if Self.hasTightComma(bytes) { ways += isLaTeX ? [.list] : [.list, .point] }
    var seen: [[MathToken]] = []
    for commas in ways {
      do {
        var tokenizer = MathTokenizer(bytes, isLaTeX: isLaTeX, commas: commas)
        try tokenizer.run(algebra.budget)
        if seen.contains(tokenizer.tokens) { continue }
        seen.append(tokenizer.tokens)
        if commas == .point, tokenizer.tokens.count > 3 { continue }
        if isPercent { tokenizer.append(.sign(UInt8(ascii: "%"))) }
        var parser = MathParser(tokenizer, budget: algebra.budget)
        readings.append(try MathEvaluator(algebra).value(of: parser.answer()))
      } catch  where error != .timeout {
        continue
      }
    }
    return readings
  }

  /// Without white space, quotation marks and the punctuation of a sentence; nil for nothing, and for "1, 2, …".
  static func trimmed(_ piece: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var bytes = piece
    while let first = bytes.first, first <= 32 || "*`\":".utf8.contains(first) { bytes.removeFirst() }
    while let last = bytes.last, last <= 32 || "*`\".,;:?".utf8.contains(last) {
      if last == UInt8(ascii: "."), bytes.suffix(3).elementsEqual("...".utf8) { return nil }
      if last <= 32, bytes.dropLast().last == UInt8(ascii: "\\") { break }
      bytes.removeLast()
    }
    return bytes.isEmpty ? nil : bytes
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
  func isSameText(as other: MathSpan) -> Bool {
    guard pieces.count == other.pieces.count, isPercent == other.isPercent else { return false }
    for (a, b) in zip(pieces, other.pieces) {
      guard let x = Self.trimmed(a), let y = Self.trimmed(b) else { return false }
      if !Self.compact(x).elementsEqual(Self.compact(y)) { return false }
    }
    return !pieces.isEmpty
  }
}
