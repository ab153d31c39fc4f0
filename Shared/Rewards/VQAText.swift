// SPDX-License-Identifier: MIT
// The normalisation of texts in the official VQA evaluation (https://visualqa.org/evaluation.html), step by step.
import Characters

enum VQAText {
  /// One line without white space at its ends: what the script does with every text.
  static func prepared(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return text.trimmed }
    return String(decoding: text.utf8.map { $0 == 0x0A || $0 == 0x09 ? 0x20 : $0 }, as: UTF8.self).trimmed
  }

  /// Of a prepared text: no punctuation, lower case, number words as digits, no articles, contractions with their
  /// apostrophes. Of "the" and of "?" nothing is left.
  static func normalized(_ text: String) -> String {
    let plain = String(decoding: withoutPunctuation(Array(text.utf8)), as: UTF8.self).lowercased().collapsed
    return plain.utf8.split(separator: 0x20).compactMap { word in
      let word = String(decoding: word, as: UTF8.self)
      if articles.contains(word) { return nil }
      return numbers[word] ?? contractions[word] ?? word
    }.joined(separator: " ")
  }

  private static let articles: Set<String> = ["a", "an", "the"]
  private static let numbers: [String: String] = {
    var numbers = ["none": "0"]
    for (value, word) in numberWords.enumerated() { numbers[word] = "\(value)" }
    return numbers
  }()

  private static let marks = Array(";/[]\"{}()=+\\_-><@`,?!".utf8)

  /// A mark that touches a space anywhere in the text goes from the whole text, and so does every mark of a text with
  /// a comma between digits; other marks become spaces. Then full stops go, unless a digit follows; no more than 32 of
  /// them, since the script gives a flag of that value where the number is expected.
  private static func withoutPunctuation(_ text: [UInt8]) -> [UInt8] {
    var touches = [Bool](repeating: false, count: 256)
    var hasGroups = false
    for index in text.indices {
      let before = index > text.startIndex ? text[index - 1] : 0
      let after = index + 1 < text.endIndex ? text[index + 1] : 0
      if before == 0x20 || after == 0x20 { touches[Int(text[index])] = true }
      if text[index] == UInt8(ascii: ","), before.isDigit, after.isDigit { hasGroups = true }
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for byte in text {
      if !marks.contains(byte) {
        result.append(byte)
      } else if !hasGroups, !touches[Int(byte)] {
        result.append(0x20)
      }
    }
    var left = 32
    return result.indices.compactMap { index in
      let isBeforeDigit = index + 1 < result.count && result[index + 1].isDigit
      guard left > 0, result[index] == UInt8(ascii: "."), !isBeforeDigit else { return result[index] }
      left -= 1
      return nil
    }
  }

  /// "dont" → "don't": each contraction without one of its apostrophes, unless that is another word ("shed", "well").
  private static let contractions: [String: String] = {
    let whole = """
      ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd \
      he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't \
      needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll \
      somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd \
      there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't \
      what'll what're what's what've when's where'd where's where've who'd who'd've who'll who's who've why'll \
      why're why's won't would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've
      """
    var contractions = ["somebody'd": "somebodyd"]  // the script's one slip
    for word in whole.utf8.split(separator: 0x20) {
      for index in word.indices where word[index] == UInt8(ascii: "'") {
        let key = Array(word[..<index]) + Array(word[word.index(after: index)...])
        contractions[String(decoding: key, as: UTF8.self)] = String(decoding: word, as: UTF8.self)
      }
    }
    return contractions
  }()
}
