// SPDX-License-Identifier: MIT

extension Rule {
  /// ChartQA's relaxed accuracy (Masry et al., arXiv 2203.10244; Methani et al., arXiv 1909.00997): numbers may
  /// differ by 5 % of the reference, all else must be the same text in lower case.
  ///
  /// A number is the whole answer: digits, a sign, a point, an exponent; with "%" behind it a hundredth. Where both are
  /// numbers they are compared as numbers, and a reference of 0 asks for 0.
  static func relaxed(_ reference: Reference) throws -> AnswerScorer {
    let references = reference.alternatives.map { (text: $0.trimmed.lowercased(), value: number($0.trimmed)) }
    guard references.allSatisfy({ !$0.text.isEmpty }) else { throw reference.wrong(.relaxed, "it is empty") }
    return { answer in
      let text = answer.trimmed.lowercased()
      guard !text.isEmpty else { return .unparsable }
      let value = number(text)
      return Score(
        references.contains { reference in
          guard let wanted = reference.value, let value else { return reference.text == text }
          return wanted == 0 ? value == 0 : abs(value - wanted) / abs(wanted) <= 0.05
        })
    }
  }

  /// A finite number, as Python's float() reads one, without underscores and words.
  private static func number(_ text: String) -> Double? {
    let isPercent = text.hasSuffix("%")
    let numeral = isPercent ? text.dropLast().trimmed : text
    guard (1...64).contains(numeral.utf8.count),
      numeral.utf8.allSatisfy({ $0.isDigit || "+-.eE".utf8.contains($0) }), numeral.utf8.contains(where: \.isDigit)
    else { return nil }
    // Python takes "5." and ".5", Swift does not.
    var plain = numeral.hasSuffix(".") ? String(numeral.dropLast()) : numeral
    if let point = plain.firstIndex(of: "."),
      point == plain.startIndex || !plain[..<point].utf8.contains(where: \.isDigit)
    {
      plain.insert("0", at: point)
    }
    guard let value = Double(plain), value.isFinite else { return nil }
    return isPercent ? value / 100 : value
  }
}
