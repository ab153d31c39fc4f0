// SPDX-License-Identifier: MIT
// Answers are true, rejected answers are false, and types and words are as promised.

import Foundation
import TestSupport
import Testing

@testable import MiniWorlds

@Suite struct QuestionTests {
  /// The answer worked out again, from the question's words and what is painted.
  private func truth(_ question: Question, _ scene: Scene) -> String? {
    let words = question.text.split(separator: " ").map(String.init)
    func object(_ word: String) -> SceneObject? { scene.objects.first { $0.color.rawValue == word } }
    /// The middle of an object's visible pixels.
    func middle(_ word: String) -> (x: Double, y: Double)? {
      guard let i = scene.objects.firstIndex(where: { $0.color.rawValue == word }) else { return nil }
      let pixels = scene.owners.indices.filter { scene.owners[$0] == UInt8(i + 1) }
      let count = Double(pixels.count)
      return (
        pixels.reduce(0) { $0 + Double($1 % 48) } / count, pixels.reduce(0) { $0 + Double($1 / 48) } / count
      )
    }
    switch question.type {
    case .shape: return object(words[4])?.shape.rawValue
    case .color: return scene.objects.first { $0.shape.rawValue == words[4] }?.color.rawValue
    case .texture: return object(words[1]).map { $0.isStriped ? "striped" : "plain" }
    case .digit: return object(words[5])?.digit?.rawValue
    case .count:
      let owners = Set(
        scene.owners.filter { $0 > 0 && $0 != Scene.flagOwner && scene.objects[Int($0) - 1].shape.plural == words[2] })
      return ["zero", "one", "two", "three", "four"][owners.count]
    case .leftright: return middle(words[1]).flatMap { a in middle(words[6]).map { a.x < $0.x ? "left" : "right" } }
    case .abovebelow: return middle(words[1]).flatMap { a in middle(words[5]).map { a.y < $0.y ? "above" : "below" } }
    case .larger:
      return object(words[3]).flatMap { a in object(words[5]).map { a.radius > $0.radius ? a : $0 } }?.color.rawValue
    case .location:
      return object(words[3]).map { object in
        let third = { (v: Double) in v < 16 ? 0 : v < 32 ? 1 : 2 }
        return ["top", "middle", "bottom"][third(object.y)] + " " + ["left", "center", "right"][third(object.x)]
      }
    case .country: return scene.flag?.rawValue
    case .capital:
      return scene.flag.map {
        [
          "arland": "mirel", "belmor": "noska", "corvia": "oltan", "dunmar": "prava", "elsten": "quill",
          "farone": "rasto",
        ][
          $0.rawValue] ?? ""
      }
    }
  }

  @Test func everyAnswerIsTrue() {
    var asked: Set<QuestionType> = []
    for (i, scene) in someScenes.enumerated() {
      var generator = WorldGenerator([UInt64(i)])
      for question in scene.questions(using: &generator) {
        #expect(question.answer == truth(question, scene), "scene \(i): \(question.text)")
        #expect(question.type.candidates.contains(question.answer))
        #expect(!question.distractors.contains(question.answer))
        #expect(Set(question.distractors).isSubset(of: question.type.candidates))
        asked.insert(question.type)
      }
    }
    #expect(asked.count == QuestionType.allCases.count)
  }

  @Test func colorsAreOnlyAskedOfUniqueShapes() {
    for (i, scene) in someScenes.enumerated() {
      var generator = WorldGenerator([UInt64(i)])
      for question in scene.questions(using: &generator) where question.type == .color {
        #expect(scene.objects.count { question.text == "what color is the \($0.shape.rawValue) ?" } == 1)
      }
    }
  }

  @Test func theMaskOfAQuestionCoversWhatItNames() {
    for (i, scene) in someScenes.enumerated() {
      var generator = WorldGenerator([UInt64(i)])
      for question in scene.questions(using: &generator) {
        let words = Set(question.text.split(separator: " ").map(String.init))
        var named: Set<UInt8> = words.contains("flag") ? [Scene.flagOwner] : []
        for (i, object) in scene.objects.enumerated() {
          let names =
            [object.color.rawValue, object.shape.plural] + (question.type == .color ? [object.shape.rawValue] : [])
          if !words.isDisjoint(with: names) { named.insert(UInt8(i + 1)) }
        }
        let expected = scene.owners.map { named.contains($0) ? 1 : 0 as UInt8 }
        #expect(scene.mask(of: question.owners) == expected, "\(question.text)")
      }
    }
  }

  @Test func rejectedAnswersAreFalseAndInTheSameStyleDifferInOneWord() {
    for style in RejectedStyle.allCases {
      let world = MiniWorld(seed: 9, split: .train)
      var otherStyles = 0
      for index in 0..<200 {
        for item in world.ask(3, about: world.scene(index), index, rejected: style) {
          let chosen = item.chosen.split(separator: " ")
          let rejected = item.rejected.split(separator: " ")
          let candidates = Set(item.question.type.candidates)
          func named(_ words: [Substring]) -> Set<String> {
            // Places are two words: "top left".
            candidates.intersection(words.map(String.init) + zip(words, words.dropFirst()).map { "\($0) \($1)" })
          }
          #expect(named(chosen) == [item.question.answer])
          #expect(named(rejected).count == 1 && !named(rejected).contains(item.question.answer))
          switch style {
          case .same:
            let differences = zip(chosen, rejected).count { $0 != $1 }
            #expect(chosen.count == rejected.count)
            #expect(differences == 1 || (item.question.type == .location && differences == 2))
          case .independent:
            otherStyles +=
              item.chosen.replacing(item.question.answer, with: "")
                == item.rejected.replacing(named(rejected).first ?? "", with: "")
              ? 0 : 1
          }
          #expect(item.choices.count == item.question.type.candidates.count)
          #expect(Set(item.choices).count == item.choices.count && item.choices.contains(item.truth))
        }
      }
      if style == .independent { #expect(otherStyles > 500) }
    }
  }

  @Test func typesAreDrawnEvenlyAmongThoseThatASceneAllows() {
    let world = MiniWorld(seed: 2, split: .test)
    var asked: [QuestionType: Int] = [:]
    var expected: [QuestionType: Double] = [:]
    for index in 0..<3000 {
      let scene = world.scene(index)
      let all = world.ask(1000, about: scene, index)
      let types = Set(all.map(\.question.type))
      for type in types { expected[type, default: 0] += 1 / Double(types.count) }
      for item in world.ask(1, about: scene, index) { asked[item.question.type, default: 0] += 1 }
    }
    for type in QuestionType.allCases {
      let mean = expected[type] ?? 0
      let deviation = (Double(asked[type] ?? 0) - mean).magnitude
      #expect(deviation <= 4 * mean.squareRoot(), "\(type): \(asked[type] ?? 0) questions, expected \(mean)")
    }
  }

  @Test func questionsOfASceneDifferAndFollowTheWantedTypes() {
    let world = MiniWorld(seed: 2, split: .test)
    for index in 0..<100 {
      let scene = world.scene(index)
      let few = world.ask(3, about: scene, index).map(\.question.text)
      let many = world.ask(1000, about: scene, index).map(\.question.text)
      #expect(Set(many).count == many.count)
      #expect(Array(many.prefix(3)) == few)
      let shapes = world.ask(1000, about: scene, index, types: [.shape, .larger])
      #expect(shapes.allSatisfy { [.shape, .larger].contains($0.question.type) })
      #expect(shapes.count { $0.question.type == .shape } == scene.objects.count)
    }
  }

  @Test func theCorpusHoldsEverythingThatIsSaid() {
    let corpus = Set(Language.corpus)
    let world = MiniWorld(seed: 4, split: .train)
    for index in 0..<200 {
      for item in world.ask(5, about: world.scene(index), index, rejected: .independent) {
        for text in [item.question.text, item.chosen, item.rejected] + item.choices {
          #expect(corpus.contains(text), "\(text)")
        }
      }
    }
    #expect(AnswerStyle.all.count == 48)
    for index in 0..<200 {
      let scene = world.scene(index)
      for word in (scene.caption + " " + world.points(64, of: scene, index).map(\.text).joined(separator: " ")).split(
        separator: " ")
      {
        #expect(Language.words.contains(String(word)), "\(word)")
      }
    }
    #expect((150...170).contains(Language.words.count), "\(Language.words.count) words")
  }
}
