// SPDX-License-Identifier: MIT
// Cuts text into the words inside which byte pairs are merged: the regular expressions of tokenizer.json as scanners over
// UTF-8. The engines' semantics are kept: alternatives are tried in order, repetition is greedy, and one step of
// backtracking (the last space of a run goes with the word after it) is written out.

/// Which regular expression a tokenizer.json cuts its words with.
public enum PreTokenizer: Sendable, Equatable {
  /// `Split` by the expression in which numbers are words of at most so many digits (1 in Qwen2; 3 in Llama 3).
  case split(digits: Int)
  /// `ByteLevel` with `use_regex`: GPT-2's expression.
  case byteLevel
  /// One word, however long it is.
  case none

  static let splitPatterns: [String: PreTokenizer] = [
    splitPattern(digits: #"\p{N}"#): .split(digits: 1),
    splitPattern(digits: #"\p{N}{1,3}"#): .split(digits: 3),
  ]

  static func splitPattern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Calls `body` with each word of valid UTF-8, as a range of bytes, in order; every byte belongs to one word.
  func forEachWord(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) throws -> Void) rethrows {
    try ScalarClass.table.withUnsafeBufferPointer { classes in
      let scanner = WordScanner(bytes: bytes, classes: classes)
      var start = 0
      while start < bytes.count {
        let end =
          switch self {
          case .split(let digits): scanner.splitWord(from: start, digits: digits)
          case .byteLevel: scanner.byteLevelWord(from: start)
          case .none: bytes.count
          }
        try body(start..<end)
        start = end
      }
    }
  }
}

private struct WordScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let classes: UnsafeBufferPointer<ScalarClass>

  /// Class and end of the scalar at `index`; at the end of the text an empty class that no alternative accepts.
  @inline(__always)
  func look(_ index: Int) -> (kind: ScalarClass, end: Int)? {
    guard index < bytes.count else { return nil }
    let (value, length) = bytes.scalar(at: index)
    return (classes[Int(value)], index + length)
  }

  /// Where the run of scalars that satisfy `condition` ends.
  @inline(__always)
  func run(_ start: Int, limit: Int = .max, while condition: (ScalarClass) -> Bool) -> Int {
    var end = start
    var count = 0
    while count < limit, let next = look(end), condition(next.kind) {
      end = next.end
      count += 1
    }
    return end
  }

  static func isLetter(_ kind: ScalarClass) -> Bool { kind.contains(.letter) }
  static func isNumber(_ kind: ScalarClass) -> Bool { kind.contains(.number) }
  static func isSymbol(_ kind: ScalarClass) -> Bool { kind.isDisjoint(with: [.letter, .number, .space]) }

  // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
  func splitWord(from start: Int, digits: Int) -> Int {
    guard let first = look(start) else { return start }
    if let end = contraction(start, anyCase: true) { return end }
    if first.kind.contains(.letter) { return run(first.end, while: Self.isLetter) }
    if first.kind.contains(.number) { return run(start, limit: digits, while: Self.isNumber) }
    if !first.kind.contains(.newline) {
      let letters = run(first.end, while: Self.isLetter)
      if letters > first.end { return letters }
    }
    let symbolStart = bytes[start] == 0x20 ? first.end : start
    let symbols = run(symbolStart, while: Self.isSymbol)
    if symbols > symbolStart { return run(symbols, while: { $0.contains(.newline) }) }
    return spaces(from: start, newlinesEndWords: true)
  }

  // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  func byteLevelWord(from start: Int) -> Int {
    if let end = contraction(start, anyCase: false) { return end }
    let body = bytes[start] == 0x20 ? start + 1 : start
    if let next = look(body), !next.kind.contains(.space) {
      if next.kind.contains(.letter) { return run(next.end, while: Self.isLetter) }
      if next.kind.contains(.number) { return run(next.end, while: Self.isNumber) }
      return run(next.end, while: Self.isSymbol)
    }
    return spaces(from: start, newlinesEndWords: false)
  }

  /// `\s*[\r\n]+` (where asked for), `\s+(?!\S)` and `\s+` of a run of white space.
  private func spaces(from start: Int, newlinesEndWords: Bool) -> Int {
    var end = start
    var last = start  // where the run's last scalar begins
    var afterNewline: Int?
    while let next = look(end), next.kind.contains(.space) {
      last = end
      end = next.end
      if next.kind.contains(.newline) { afterNewline = end }
    }
    if newlinesEndWords, let afterNewline { return afterNewline }
    if end == bytes.count || last == start { return end }
    return last
  }

  /// 's 't 're 've 'm 'll 'd; without regard to case also "'ſ" (U+017F, which folds to s).
  private func contraction(_ start: Int, anyCase: Bool) -> Int? {
    guard bytes[start] == UInt8(ascii: "'"), start + 1 < bytes.count else { return nil }
    func letter(_ index: Int) -> UInt8 {
      guard index < bytes.count else { return 0 }
      let byte = bytes[index]
      return anyCase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
    switch letter(start + 1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(start + 2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return letter(start + 2) == UInt8(ascii: "l") ? start + 3 : nil
    case 0xC5 where anyCase && start + 2 < bytes.count && bytes[start + 2] == 0xBF: return start + 3
    default: return nil
    }
  }
}
