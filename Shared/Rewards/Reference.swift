// SPDX-License-Identifier: MIT
import Characters
import Failures
import StrictJSON

/// What an answer is compared with: the metadata `gt` of a frame.
public struct Reference: Sendable, Equatable {
  /// As it was written.
  public let text: String
  /// Each text of a JSON array of texts, numbers or booleans; else the text alone.
  public let alternatives: [String]
  /// Whether `alternatives` come from an array of strings.
  let isListOfTexts: Bool
  /// The candidate answers that the question offers, if any: A is the first.
  public let choices: [String]

  /// - Parameter text: a text, or a JSON array of them where several answers are right (or, for `vqa`, where several
  ///   people answered).
  public init(_ text: String, choices: [String] = []) {
    self.text = text
    self.choices = choices
    if text.utf8.first(where: { !$0.isBlank }) == UInt8(ascii: "["),
      let values = (try? JSONValue.parse(text, maxDepth: 4))?.array, !values.isEmpty,
      case let texts = values.compactMap(Self.plain), texts.count == values.count
    {
      alternatives = texts
      isListOfTexts = values.allSatisfy { $0.string != nil }
    } else {
      alternatives = [text]
      isListOfTexts = false
    }
  }

  private static func plain(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .int, .double, .bool: value.text()
    default: nil
    }
  }

  func wrong(_ rule: Rule, _ expected: String) -> ReferenceError {
    ReferenceError(rule: rule, text: text, expected: expected)
  }
}

/// A reference that its rule cannot use: the data are wrong, not the answer.
public struct ReferenceError: Failure, Equatable {
  public let rule: Rule
  public let text: String
  public let expected: String

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    let shown = text.unicodeScalars.count > 60 ? String(text.unicodeScalars.prefix(60)) + "…" : text
    return "the reference \(JSONValue.string(shown).text()) does not suit the reward \(rule.rawValue): \(expected)"
  }
}
