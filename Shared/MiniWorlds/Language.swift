// SPDX-License-Identifier: MIT
// What can be asked about a scene and how it can be answered: eleven kinds of question, 48 styles of answer.

/// A kind of question.
public enum QuestionType: String, CaseIterable, Sendable {
  case shape, color, texture, digit, count, leftright, abovebelow, larger, country, capital, location

  /// The family that benchmarks of vision and language would put it in.
  public var category: String {
    switch self {
    case .shape, .color, .texture: "general"
    case .digit: "ocr"
    case .count, .leftright, .abovebelow, .larger, .location: "vision"
    case .country, .capital: "knowledge"
    }
  }

  /// Every word that can be the answer.
  public var candidates: [String] {
    switch self {
    case .shape: Shape.allCases.map(\.rawValue)
    case .color, .larger: ObjectColor.allCases.map(\.rawValue)
    case .texture: ["striped", "plain"]
    case .digit: Digit.allCases.map(\.rawValue)
    case .count: numberWords
    case .leftright: ["left", "right"]
    case .abovebelow: ["above", "below"]
    case .country: Country.allCases.map(\.rawValue)
    case .capital: Country.allCases.map(\.capital)
    case .location: SceneObject.places
    }
  }

  /// The question about one or two things; what the type does not need is left out.
  public func question(_ first: String = "", _ second: String = "") -> String {
    switch self {
    case .shape: "what shape is the \(first) object ?"
    case .color: "what color is the \(first) ?"
    case .texture: "is \(first) striped or plain ?"
    case .digit: "which digit is on the \(first) object ?"
    case .count: "how many \(first) are there ?"
    case .leftright: "is \(first) left or right of \(second) ?"
    case .abovebelow: "is \(first) above or below \(second) ?"
    case .larger: "which is larger \(first) or \(second) ?"
    case .country: "which country has this flag ?"
    case .capital: "what is the capital of this flag ?"
    case .location: "where is the \(first) object ?"
    }
  }

  /// Three ways to say an answer.
  func body(_ form: Int, _ word: String) -> String {
    let forms =
      switch self {
      case .shape: ["it is a", "the shape is", "i see a"]
      case .color: ["it is", "the color is", "i see"]
      case .texture, .larger: ["it is", "the object is", "i see"]
      case .digit: ["it is", "the digit is", "i see"]
      case .count: ["there are", "the number is", "i see"]
      case .leftright, .abovebelow: ["it is", "the object is", "i see it"]
      case .country: ["it is", "the country is", "i see"]
      case .capital: ["it is", "the capital is", "i think"]
      case .location: ["it is at", "the place is", "i see it at"]
      }
    return forms[form] + " " + word
  }
}

/// How an answer is put: a start, one of three bodies, an end.  It says nothing about the picture.
public struct AnswerStyle: Equatable, Sendable {
  static let starts = ["", "well ", "in this image ", "looking closely "]
  static let ends = [" .", " for sure .", " i think .", " as you see ."]

  private let start: Int
  private let form: Int
  private let end: Int

  /// No start, the first body, a full stop.
  public static let canonical = AnswerStyle(start: 0, form: 0, end: 0)

  public static let all: [AnswerStyle] = (0..<4).flatMap { start in
    (0..<3).flatMap { form in (0..<4).map { AnswerStyle(start: start, form: form, end: $0) } }
  }

  /// The whole sentence.
  public func answer(_ type: QuestionType, _ word: String) -> String {
    AnswerStyle.starts[start] + type.body(form, word) + AnswerStyle.ends[end]
  }
}

/// The texts of the mini world taken together, for training a tokenizer.
public enum Language {
  /// Every question that can be asked.
  public static let questions: [String] = QuestionType.allCases.flatMap { type -> [String] in
    let colors = ObjectColor.allCases.map(\.rawValue)
    switch type {
    case .shape, .texture, .digit, .location: return colors.map { type.question($0) }
    case .color: return Shape.allCases.map { type.question($0.rawValue) }
    case .count: return Shape.allCases.map { type.question($0.plural) }
    case .leftright, .abovebelow, .larger:
      return colors.flatMap { first in colors.filter { $0 != first }.map { type.question(first, $0) } }
    case .country, .capital: return [type.question()]
    }
  }

  /// Every answer in every style.
  public static let answers: [String] = QuestionType.allCases.flatMap { type in
    type.candidates.flatMap { word in AnswerStyle.all.map { $0.answer(type, word) } }
  }

  /// Every point caption, and scene captions that have every word in its place.
  public static let captions: [String] = {
    let cells = (0..<Cell.grid * Cell.grid).map(Cell.name)
    let things = ObjectColor.allCases.flatMap { color in
      Shape.allCases.flatMap { shape in
        ["striped", "plain"].flatMap { texture in
          (Digit.allCases.map(\.rawValue) + ["none"]).flatMap { digit in
            ["small", "big"].map { [color.rawValue, shape.rawValue, texture, digit, $0].joined(separator: " ") }
          }
        }
      }
    }
    let points = things.indices.map { cells[$0 % cells.count] + " " + things[$0] }
    let flags = cells.flatMap { cell in Country.allCases.map { cell + " flag " + $0.rawValue } }
    let scenes = SceneObject.places.map {
      $0 + " small striped red circle 7 ; " + $0 + " big plain blue ring ; flag arland"
    }
    return points + flags + scenes
  }()

  /// Questions, answers and captions: whatever a model of this world reads or writes.
  public static let corpus: [String] = questions + answers + captions

  /// The words of the corpus, each once, sorted.
  public static let words: [String] = Set(corpus.flatMap { $0.split(separator: " ").map(String.init) }).sorted()
}
