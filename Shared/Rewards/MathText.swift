// SPDX-License-Identifier: MIT
import Characters

/// A text as the search reads it: one spelling for each sign, without the marks of Markdown.
struct MathText {
  private(set) var bytes: [UInt8] = []
  /// What was emphasised (**5**), in `bytes`.
  private(set) var emphases: [Range<Int>] = []

  init(_ text: [UInt8]) {
    let plain = text.contains { $0 >= 0x80 } ? Self.unified(text) : text
    let kept = plain.contains(UInt8(ascii: "~")) ? Self.unstruck(plain) : plain
    let isMarked = plain.contains {
      $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "`") || $0 == UInt8(ascii: "#")
    }
    if isMarked { unmark(kept) } else { bytes = kept }
  }

  // MARK: Signs

  /// Full-width forms, typographic spaces and signs as their ASCII twins.
  private static func unified(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    func isDigit(_ index: Int) -> Bool {
      scalars.indices.contains(index) && (48...57 ~= scalars[index].value || 0xFF10...0xFF19 ~= scalars[index].value)
    }
    for (index, scalar) in scalars.enumerated() {
      if scalar.value < 0x80 {
        result.append(UInt8(scalar.value))
      } else if let replacement = replacements[scalar] {
        result += replacement.utf8
      } else if scalar == "：" || scalar == "∶" {
        result += isDigit(index - 1) && isDigit(index + 1) || scalar == "∶" ? ":".utf8 : ": ".utf8
      } else if 0xFF01...0xFF5E ~= scalar.value {
        result.append(UInt8(scalar.value - 0xFEE0))
      } else {
        result += UTF8.encode(scalar)!
      }
    }
    return result
  }

  private static let replacements: [Unicode.Scalar: String] = [
    "−": "-", "﹣": "-", "‐": "-", "‑": "-", "⁄": "/", "。": ". ", "．": ".", "，": ", ", "、": ", ", "；": "; ",
    "\u{3000}": " ", "\u{A0}": " ", "\u{2009}": " ", "\u{202F}": " ", "\u{2002}": " ", "\u{2003}": " ",
    "\u{200B}": "", "\u{FEFF}": "", "\u{2060}": "", "℃": "°C", "℉": "°F", "º": "°", "˚": "°", "∘": "°", "’": "'",
    "“": "\"", "”": "\"", "「": "\"", "」": "\"", "【": " ", "】": " ", "？": "? ", "！": "! ",
  ]

  // MARK: Markdown

  /// Without ~~what was struck through~~. Between operands ~~ is a LaTeX space.
  private static func unstruck(_ text: [UInt8]) -> [UInt8] {
    let tilde = UInt8(ascii: "~")
    func isMark(_ index: Int) -> Bool {
      index + 1 < text.count && text[index] == tilde && text[index + 1] == tilde
    }
    func isOpen(_ index: Int) -> Bool { index < 0 || index >= text.count || !text[index].isWordPart }
    var result: [UInt8] = []
    var (index, isClosed) = (0, true)
    while index < text.count {
      if isMark(index), isClosed, isOpen(index - 1), index + 2 < text.count, text[index + 2] > 32 {
        var stop = index + 2
        while stop < text.count, text[stop] != 10, !isMark(stop) { stop += 1 }
        if isMark(stop), isOpen(stop + 2) {
          index = stop + 2
          while index < text.count, text[index] == 32 { index += 1 }
          if result.last?.isWordPart ?? false { result.append(32) }
          continue
        }
        if stop >= text.count { isClosed = false }  // no other closes either
      }
      result.append(text[index])
      index += 1
    }
    return result
  }

  /// Copies the text without heading marks, code marks and the stars around emphasised words. Stars between operands
  /// (2**3) stay.
  private mutating func unmark(_ text: [UInt8]) {
    bytes.reserveCapacity(text.count)
    var open: [(mark: [UInt8], start: Int)] = []
    var index = 0
    func byte(_ index: Int) -> UInt8 { text.indices.contains(index) ? text[index] : 10 }
    while index < text.count {
      let mark = text[index]
      if mark == 10 { open = [] }
      if mark == UInt8(ascii: "#"), byte(index - 1) == 10, [mark, 32].contains(byte(index + 1)) {
        while byte(index) == mark { index += 1 }
        continue
      }
      guard mark == UInt8(ascii: "*") || mark == UInt8(ascii: "_") || mark == UInt8(ascii: "`") else {
        bytes.append(mark)
        index += 1
        continue
      }
      var end = index
      while end < text.count, text[end] == mark { end += 1 }
      let run = Array(text[index..<end])
      let (before, after) = (byte(index - 1), byte(end))
      defer { index = end }
      let isKnown = run.count <= 3 && (mark != UInt8(ascii: "_") || run.count == 2)
      if isKnown, let last = open.last, last.mark == run, before > 32, !isOperand(after) {
        open.removeLast()
        emphases.append(last.start..<bytes.count)
      } else if isKnown, open.count < 4, after > 32, !isOperand(before), run.count > 1 || !followsOperand(text, index),
        closes(run, in: text, from: end)
      {
        open.append((run, bytes.count))
      } else {
        bytes += run
      }
    }
  }

  private func isOperand(_ byte: UInt8) -> Bool {
    byte.isASCIIWordPart || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "(") || byte == UInt8(ascii: "}")
      || byte == UInt8(ascii: "\\")
  }

  /// Whether a digit or a bracket stands before, spaces aside: "3 *4" is a product.
  private func followsOperand(_ text: [UInt8], _ index: Int) -> Bool {
    var index = index - 1
    while index >= 0, text[index] == 32 { index -= 1 }
    return index >= 0 && (text[index].isDigit || text[index] == UInt8(ascii: ")"))
  }

  /// Whether the same mark comes again on the line, right behind something.
  private func closes(_ run: [UInt8], in text: [UInt8], from start: Int) -> Bool {
    var index = start
    let limit = min(text.count, start + 256)
    while index + run.count <= limit, text[index] != 10 {
      if text[index] == run[0] {
        var end = index
        while end < text.count, text[end] == run[0] { end += 1 }
        if end - index == run.count, text[index - 1] > 32, end == text.count || !isOperand(text[end]) { return true }
        index = end
      } else {
        index += 1
      }
    }
    return false
  }
}
