// SPDX-License-Identifier: MIT

extension Rule {
  /// The number in the answer equals the reference's (VLAA-Thinker's reward for CLEVR-Math).
  ///
  /// Exact, in decimal: "3", "3.0" and "There are 3." are equal, "1,000" is 1000, a word from "zero" to "ten" is its
  /// number where the answer has no digits. An answer with two different numbers is wrong, whichever they are.
  static func digit(_ reference: Reference) throws -> AnswerScorer {
    let wanted = try Set(
      reference.alternatives.map { text in
        let numbers = numbers(in: text)
        guard numbers.count == 1, let number = numbers.first else {
          throw reference.wrong(.digit, "expected one number")
        }
        return number
      })
    return { answer in
      let found = numbers(in: answer)
      return found.isEmpty ? .unparsable : Score(found.count == 1 && !wanted.isDisjoint(with: found))
    }
  }

  /// The different numbers of a text; of those beyond two nobody asks.
  private static func numbers(in text: String) -> Set<DecimalNumber> {
    let bytes = Array(text.utf8)
    var scanner = NumeralScanner(bytes[...], hasGroups: true)
    var found: Set<DecimalNumber> = []
    var hasDigits = false
    while found.count < 2, let numeral = scanner.next() {
      hasDigits = true
      if let number = DecimalNumber(numeral[...]) { found.insert(number) }
    }
    if !hasDigits {
      for word in words(text) {
        if let value = numberWords.firstIndex(of: word), let number = DecimalNumber(Array("\(value)".utf8)[...]) {
          found.insert(number)
        }
      }
    }
    return found
  }
}

/// The position is the value.
let numberWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
