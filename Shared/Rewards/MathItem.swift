// SPDX-License-Identifier: MIT
import Characters

/// A stretch of mathematics in running text: a formula between its marks, a bare expression, or both where nothing
/// parts them ("$AB$ = 5"). It is never a fragment: what belongs to the expression is in it.
struct MathItem {
  /// In the text, marks included.
  var range: Range<Int>
  /// Without marks.
  var content: [UInt8]
  var isFormula: Bool
  /// It begins or ends with a sign whose other side could not be read.
  var isBroken = false

  /// More than a name: a digit, a constant, or an operation.
  var isValue: Bool {
    content.contains { $0.isDigit || "+=<>/^".utf8.contains($0) } || has("π") || has("\\pi") || has("√") || has("∞")
      || has("\\infty") || has("½") || has("\\emptyset") || has("≤") || has("≥") || hasFraction
  }

  var startsWithRelation: Bool {
    guard let first = content.first(where: { $0 > 32 }) else { return false }
    return first == UInt8(ascii: "=") || content.drop { $0 <= 32 }.starts(with: "≈".utf8)
  }

  /// It says by itself what it equals.
  var isRelation: Bool { content.contains { "=<>".utf8.contains($0) } || has("\\approx") || has("≈") }

  private var hasFraction: Bool { has("⅓") || has("⅔") || has("¼") || has("¾") || has("⅜") || has("⅛") || has("⅝") }
  private func has(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { text in
      guard content.count >= text.count else { return false }
      return (0...(content.count - text.count)).contains {
        content[$0] == text[0] && content[$0...].starts(with: text)
      }
    }
  }
}

extension MathSearch {
  /// The mathematics of a sentence, from left to right.
  func items(in sentence: Range<Int>) -> [MathItem] {
    var scanner = MathItemScanner(text, sentence, formulas: formulas(within: sentence))
    return scanner.items()
  }
}
