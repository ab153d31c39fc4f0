// SPDX-License-Identifier: MIT
// The questions that a scene allows, with their true answers and likely mistakes.

/// A question about a scene.
public struct Question: Equatable, Sendable {
  public let type: QuestionType
  public let text: String
  /// The one word that matters in the answer.
  public let answer: String
  /// Wrong words that the scene suggests: another object's shape, the mirrored flag's country.  May be empty.
  public let distractors: [String]
  /// What it asks about, as values of `Scene.owners`.
  public let owners: [UInt8]
}

extension Scene {
  /// All questions with one clear answer.  (Whether "how many" is asked about shapes that are rare or absent is
  /// random, so that "one" and "zero" are not always right.)
  public func questions(using generator: inout WorldGenerator) -> [Question] {
    var result: [Question] = []
    func add(_ type: QuestionType, _ text: String, _ answer: String, _ seen: [String], _ owners: [UInt8]) {
      result.append(
        Question(type: type, text: text, answer: answer, distractors: seen.filter { $0 != answer }, owners: owners))
    }
    let shapes = objects.map(\.shape)
    for (i, object) in objects.enumerated() {
      let owner = UInt8(i + 1)
      let name = object.color.rawValue
      add(.shape, QuestionType.shape.question(name), object.shape.rawValue, shapes.map(\.rawValue), [owner])
      if shapes.count(where: { $0 == object.shape }) == 1 {
        add(.color, QuestionType.color.question(object.shape.rawValue), name, objects.map(\.color.rawValue), [owner])
      }
      add(.texture, QuestionType.texture.question(name), object.texture, ["striped", "plain"], [owner])
      if let digit = object.digit {
        add(.digit, QuestionType.digit.question(name), digit.rawValue, objects.compactMap(\.digit?.rawValue), [owner])
      }
      add(.location, QuestionType.location.question(name), object.place, objects.map(\.place), [owner])
      for (j, other) in objects.enumerated() where j != i {
        let both = [owner, UInt8(j + 1)]
        let second = other.color.rawValue
        if (object.x - other.x).magnitude >= 7 {
          let side = object.x < other.x ? "left" : "right"
          add(.leftright, QuestionType.leftright.question(name, second), side, ["left", "right"], both)
        }
        if (object.y - other.y).magnitude >= 7 {
          let side = object.y < other.y ? "above" : "below"
          add(.abovebelow, QuestionType.abovebelow.question(name, second), side, ["above", "below"], both)
        }
        if max(object.radius, other.radius) >= 1.3 * min(object.radius, other.radius) {
          let larger = object.radius > other.radius ? name : second
          add(.larger, QuestionType.larger.question(name, second), larger, [name, second], both)
        }
      }
    }
    for shape in Shape.allCases {
      let count = shapes.count { $0 == shape }
      guard generator.chance(count == 0 ? 0.12 : count == 1 ? 0.35 : 1) else { continue }
      let owners = shapes.indices.filter { shapes[$0] == shape }.map { UInt8($0 + 1) }
      let near = [max(count - 1, 0), min(count + 1, numberWords.count - 1)]
      add(
        .count, QuestionType.count.question(shape.plural), numberWords[count], near.map { numberWords[$0] }, owners)
    }
    if let flag {
      add(.country, QuestionType.country.question(), flag.rawValue, [flag.mirror.rawValue], [Scene.flagOwner])
      add(.capital, QuestionType.capital.question(), flag.capital, [flag.mirror.capital], [Scene.flagOwner])
    }
    return result
  }
}

extension SceneObject {
  /// "striped" or "plain".
  public var texture: String { isStriped ? "striped" : "plain" }
}
