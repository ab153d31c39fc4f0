// SPDX-License-Identifier: MIT
// Small things that the rules do with texts. All take time linear in the text: answers may be a megabyte long.
import Characters

extension Unicode.Scalar {
  /// White space as Python's `str.split` and `str.strip` take it, by which the published scripts are written: Unicode's,
  /// and the four separators U+001C to U+001F.
  var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}

extension StringProtocol where UTF8View: BidirectionalCollection {
  /// Without white space at its ends.
  var trimmed: String {
    if let first = utf8.first, let last = utf8.last, (0x21...0x7E).contains(first), (0x21...0x7E).contains(last) {
      return String(self)  // as most are
    }
    let scalars = unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.isBlank }),
      let last = scalars.lastIndex(where: { !$0.isBlank })
    else { return "" }
    return String(String.UnicodeScalarView(scalars[first...last]))
  }
}

extension StringProtocol {
  /// With one space for each run of white space, and none at the ends.
  var collapsed: String {
    var result = String.UnicodeScalarView()
    var isPending = false
    for scalar in unicodeScalars {
      if scalar.isBlank {
        isPending = !result.isEmpty
      } else {
        if isPending { result.append(" ") }
        isPending = false
        result.append(scalar)
      }
    }
    return String(result)
  }
}

/// Runs of letters and digits in lower case, by white space and punctuation; a Chinese, Japanese or Korean ideograph
/// or kana is a word by itself.
func words(_ text: String) -> [String] {
  var words: [String] = []
  var word = String.UnicodeScalarView()
  func isAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: true
    default: false
    }
  }
  func finish() {
    if !word.isEmpty { words.append(String(word)) }
    word = String.UnicodeScalarView()
  }
  for scalar in text.lowercased().unicodeScalars {
    let isPart =
      scalar.isASCII
      ? UInt8(scalar.value).isLetter || UInt8(scalar.value).isDigit
      : scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || scalar.properties.generalCategory == .nonspacingMark
    if !isPart || isAlone(scalar) { finish() }
    if isPart { word.append(scalar) }
    if isAlone(scalar) { finish() }
  }
  finish()
  return words
}
