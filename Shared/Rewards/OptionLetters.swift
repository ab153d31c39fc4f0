// SPDX-License-Identifier: MIT
// Which options an answer to a multiple-choice question names.

extension Rule {
  /// The answer names the reference's option and no other.
  ///
  /// "A", "a", "A)", "(a)", "A.", "A. cat", "Option A", "The answer is A.", `\boxed{A}` and "**A**" are the same on
  /// both sides. A letter that is only a word of a sentence is none ("A cat"). Where the question's choices are
  /// known, a choice's whole text is its letter. Substrings never count: an answer that names several options is
  /// wrong unless the reference names the same set (https://github.com/Liuziyu77/Visual-RFT/issues/176).
  static func mcq(_ reference: Reference) throws -> AnswerScorer {
    let options = OptionList(choices: reference.choices)
    let wanted = options.letters(in: reference.alternatives.joined(separator: ", "))
    guard !wanted.isEmpty else {
      throw reference.wrong(.mcq, "expected an option's letter, or the text of one of the \"choices\"")
    }
    return { answer in
      let found = options.letters(in: answer)
      return found.isEmpty ? .unparsable : Score(found == wanted)
    }
  }
}

/// The options of a question, and how answers name them.
private struct OptionList {
  /// The choices' words, A's first; empty where they are not known.
  private let choices: [[String]]
  private let count: Int

  init(choices: [String]) {
    self.choices = choices.map(words)
    count = choices.isEmpty ? 26 : min(26, choices.count)
  }

  /// The letters named, in upper case; empty where none is, or where the text is more than letters.
  func letters(in text: String) -> Set<UInt8> {
    let plain = Self.unwrapped(Array(text.utf8)[...])
    let pieces = Self.pieces(plain)
    // Whole choices first: an option may read "Vitamin C", or "B".
    if let letter = choice(pieces) { return [letter] }
    let body = pieces.drop { option($0) == nil && Self.isPhrase($0) }
    guard let first = body.first else { return [] }
    if first.isMarked, let letter = option(first), choice(body.dropFirst()) == letter { return [letter] }
    if let letters = enumeration(body) ?? letterRun(body) { return letters }
    // "A. cat": the mark tells the letter from a word. What follows may name no other option.
    guard first.isMarked, let letter = option(first) else { return [] }
    let others = body.dropFirst().filter { $0.isMarked && !$0.isLast }.compactMap(option)
    return Set([letter] + others)
  }

  /// The letter of the choice whose text this is; nil where none or several are.
  private func choice(_ pieces: some Collection<Piece>) -> UInt8? {
    guard !choices.isEmpty, pieces.count < 64 else { return nil }
    let text = pieces.flatMap { words(String(decoding: $0.bytes, as: UTF8.self)) }
    let fitting = choices.indices.filter { choices[$0] == text && !text.isEmpty }
    return fitting.count == 1 && fitting[0] < count ? UInt8(ascii: "A") + UInt8(fitting[0]) : nil
  }

  /// Letters joined by "or", "and", commas and the like, with the phrases around that answers have; nil for anything
  /// else.
  private func enumeration(_ pieces: ArraySlice<Piece>) -> Set<UInt8>? {
    var letters: Set<UInt8> = []
    for piece in pieces {
      if let letter = option(piece), piece.isCapital || piece.isMarked || pieces.count == 1 {
        letters.insert(letter)
      } else if !Self.isPhrase(piece) {
        return nil
      }
    }
    return letters.isEmpty ? nil : letters
  }

  /// "AC": a question may have several right options.
  private func letterRun(_ pieces: ArraySlice<Piece>) -> Set<UInt8>? {
    guard pieces.count == 1, let letters = pieces.first?.bytes, letters.count <= min(count, 8),
      zip(letters, letters.dropFirst()).allSatisfy(<),
      letters.allSatisfy({ $0.isCapital && $0 < UInt8(ascii: "A") + UInt8(min(count, 8)) })
    else { return nil }
    return Set(letters)
  }

  private static func isPhrase(_ piece: Piece) -> Bool {
    piece.bytes.count < 16 && phrase.contains(String(decoding: piece.bytes, as: UTF8.self).lowercased())
  }

  private static let phrase: Set<String> = [
    "the", "my", "final", "correct", "best", "right", "answer", "answers", "option", "options", "choice", "letter",
    "is",
    "are", "would", "be", "so", "therefore", "thus", "or", "and", "both", "either",
  ]

  private func option(_ piece: Piece) -> UInt8? {
    guard piece.bytes.count == 1, let byte = piece.bytes.first, byte.isLetter else { return nil }
    let letter = byte & 0xDF
    return letter < UInt8(ascii: "A") + UInt8(count) ? letter : nil
  }

  /// A run of word characters and whether a bracket or full stop marks it as an option: "(A", "A)", "A." or "A:".
  struct Piece {
    var bytes: ArraySlice<UInt8>
    var isMarked: Bool
    /// Only punctuation follows: a full stop then ends a sentence.
    var isLast = false
    var isCapital: Bool { bytes.first?.isCapital ?? false }
  }

  private static func pieces(_ text: ArraySlice<UInt8>) -> [Piece] {
    let opening = Set("([{".utf8)
    let closing = Set(")]}.:".utf8)
    var pieces: [Piece] = []
    var at = text.startIndex
    while at < text.endIndex {
      guard text[at].isWordPart || text[at] == UInt8(ascii: "'") else {
        at += 1
        continue
      }
      let start = at
      while at < text.endIndex, text[at].isWordPart || text[at] == UInt8(ascii: "'") { at += 1 }
      let isMarked =
        (start > text.startIndex && opening.contains(text[start - 1]))
        || (at < text.endIndex && closing.contains(text[at]))
      pieces.append(Piece(bytes: text[start..<at], isMarked: isMarked))
    }
    if !pieces.isEmpty { pieces[pieces.count - 1].isLast = true }
    return pieces
  }

  /// Without white space, quotes, Markdown's asterisks, dollar signs, and LaTeX's \boxed{} and \text{} around the
  /// whole.
  private static func unwrapped(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let around = Set("*`\"'$ \t\n\r".utf8)
    var rest = text
    while true {
      while let byte = rest.first, around.contains(byte) { rest = rest.dropFirst() }
      while let byte = rest.last, around.contains(byte) { rest = rest.dropLast() }
      let commands = ["\\boxed{", "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{"]
      guard let command = commands.first(where: { rest.starts(with: $0.utf8) }) else { return rest }
      let hasDot = rest.last == UInt8(ascii: ".")
      guard rest.dropLast(hasDot ? 1 : 0).last == UInt8(ascii: "}") else { return rest }
      rest = rest.dropFirst(command.utf8.count).dropLast(hasDot ? 2 : 1)
    }
  }
}
