// SPDX-License-Identifier: MIT
// ChartQA's relaxed accuracy.
import Characters

extension Rule {
  /// ChartQA's relaxed accuracy (Masry et al., arXiv 2203.10244; Methani et al., arXiv 1909.00997): numbers may
  /// differ by 5 % of the reference, all else must be the same text in lower case. A full stop at the end does not
  /// count.
  ///
  /// A number is the whole answer, as Python's float() reads one, which the published code calls: digits, a sign, a
  /// point, an exponent, underscores between digits; with "%" behind it a hundredth. NaN and infinities are texts. A
  /// reference of 0 asks for 0.
  ///
  /// A reference in brackets that is no JSON array of texts is ChartQA's list answer: each of its elements must be met,
  /// in order.
  static func relaxed(_ reference: Reference) throws -> AnswerScorer {
    let references = (reference.isListOfTexts ? reference.alternatives : [reference.text]).map { Target($0) }
    guard references.allSatisfy({ !$0.isEmpty }) else { throw reference.wrong(.relaxed, "it is empty") }
    return { answer in
      let answer = Target(answer)
      guard !answer.isEmpty else { return .unparsable }
      return Score(references.contains { $0.isMet(by: answer) })
    }
  }
}

/// A text, its number if it is one, and its elements if it is a list.
private struct Target: Sendable {
  private let text: String
  private let value: Double?
  /// Of "[a, b]"; nil of other texts.
  private let elements: [Target]?

  var isEmpty: Bool { text.isEmpty }

  /// - Parameter isElement: lists within lists are texts, as deep as somebody nests them.
  init(_ text: String, isElement: Bool = false) {
    let text = text.trimmed.lowercased()
    let end = text.utf8.lastIndex { $0 != UInt8(ascii: ".") }
    self.text = end.map { text[...$0].trimmed } ?? text
    value = Self.number(self.text)
    let isList = !isElement && self.text.hasPrefix("[") && self.text.hasSuffix("]") && self.text.utf8.count > 2
    elements = isList ? Self.elements(self.text.dropFirst().dropLast()) : nil
  }

  private static func elements(_ list: Substring) -> [Target] {
    list.split(separator: ",", omittingEmptySubsequences: false).map { element in
      let element = element.trimmed
      let isQuoted = element.utf8.count > 1 && "\"'".contains(element.first ?? " ") && element.first == element.last
      return Target(isQuoted ? String(element.dropFirst().dropLast()) : element, isElement: true)
    }
  }

  func isMet(by answer: Target) -> Bool {
    if text == answer.text { return true }
    if let elements {
      let found = answer.elements ?? Self.elements(answer.text[...])
      return elements.count == found.count && zip(elements, found).allSatisfy { $0.isMet(by: $1) }
    }
    guard let value, let found = answer.value else { return false }
    return value == 0 ? found == 0 : abs(found - value) / abs(value) <= 0.05
  }

  private static func number(_ text: String) -> Double? {
    let isPercent = text.hasSuffix("%")
    let numeral = isPercent ? text.dropLast().trimmed : text
    guard (1...512).contains(numeral.utf8.count), let plain = plain(numeral), let value = Double(plain), value.isFinite
    else { return nil }
    return isPercent ? value / 100 : value
  }

  /// A number as Swift reads it: without underscores, with a digit on both sides of the point, with ASCII's digits.
  private static func plain(_ numeral: String) -> String? {
    var result = ""
    var hasDigits = false
    var hasMark = false  // a point, or an exponent
    var last: Unicode.Scalar?
    func isDigit(_ scalar: Unicode.Scalar?) -> Bool { scalar?.properties.generalCategory == .decimalNumber }
    var rest = numeral.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case _ where isDigit(scalar):
        result += "\(Int(scalar.properties.numericValue ?? 0))"
        hasDigits = true
      case "_":
        guard isDigit(last), isDigit(rest.first) else { return nil }
      case ".":
        guard !hasMark else { return nil }
        hasMark = true
        if !isDigit(last) { result += "0" }
        result += isDigit(rest.first) ? "." : ".0"
      case "e":
        guard hasDigits, !result.contains("e") else { return nil }
        hasMark = true
        result += "e"
      case "+", "-":
        guard last == nil || last == "e" else { return nil }
        result.unicodeScalars.append(scalar)
      default: return nil
      }
      last = scalar
    }
    return hasDigits ? result : nil
  }
}
