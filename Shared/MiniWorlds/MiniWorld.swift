// SPDX-License-Identifier: MIT
// A reproducible supply of scenes and of questions about them.

/// Scenes for different uses: the same distribution, never the same scene.
public enum Split: String, CaseIterable, Sendable {
  case train, val, test, probe

  /// How many objects are tried: few where a picture has to be "of" one thing.
  public var objectCounts: ClosedRange<Int> {
    switch self {
    case .train: 1...4
    case .val, .test: 2...4
    case .probe: 1...3
    }
  }
}

/// How a rejected answer is put.
public enum RejectedStyle: String, CaseIterable, Sendable {
  /// As the chosen one: they differ in the one word that matters.
  case same
  /// In a style of its own.
  case independent
}

/// How a supervised answer, and the preferred one of a pair, is put.
public enum AnswerVariety: String, CaseIterable, Sendable {
  /// In one of 48 styles that say nothing about the picture.
  case varied
  /// Always in the plainest.
  case plain
}

/// A question with everything that can be said to it.
public struct AnsweredQuestion: Equatable, Sendable {
  public let question: Question
  /// A true sentence.
  public let chosen: String
  /// A sentence whose decisive word is wrong.
  public let rejected: String
  /// How it is put.
  let rejectedStyle: AnswerStyle
  /// All candidate answers in the plainest style, and the right one among them.
  public let choices: [String]
  public let truth: String

  /// The same with another wrong word.
  func rejecting(_ word: String) -> AnsweredQuestion {
    AnsweredQuestion(
      question: question, chosen: chosen, rejected: rejectedStyle.answer(question.type, word),
      rejectedStyle: rejectedStyle, choices: choices, truth: truth)
  }
}

/// The embedded procedural world.  Scene i of a seed and split is always the same, however many are drawn.
public struct MiniWorld: Equatable, Sendable {
  public let seed: UInt64
  public let split: Split
  public let objectCounts: ClosedRange<Int>

  public init(seed: UInt64, split: Split, objectCounts: ClosedRange<Int>? = nil) {
    self.seed = seed
    self.split = split
    self.objectCounts = objectCounts ?? split.objectCounts
  }

  /// Streams of random numbers that do not disturb each other: asking more does not change the picture.
  private enum Purpose: UInt64 { case drawing, asking, pointing, mistaking }

  private func generator(_ purpose: Purpose, _ index: Int) -> WorldGenerator {
    WorldGenerator([seed, splitNumber, UInt64(index), purpose.rawValue])
  }

  private var splitNumber: UInt64 { UInt64(Split.allCases.firstIndex(of: split) ?? 0) }

  public func scene(_ index: Int) -> Scene {
    var generator = generator(.drawing, index)
    return Scene(objects: objectCounts, using: &generator)
  }

  /// Up to `count` different questions about a scene: first a type, uniform over those that are left, then one of it.
  /// - Parameters:
  ///   - scene: `scene(index)`.
  ///   - types: the types to ask about.
  public func ask(
    _ count: Int, about scene: Scene, _ index: Int, types: Set<QuestionType> = Set(QuestionType.allCases),
    answers variety: AnswerVariety = .varied, rejected rejectedStyle: RejectedStyle = .same
  ) -> [AnsweredQuestion] {
    var generator = generator(.asking, index)
    let all = scene.questions(using: &generator)
    var left = QuestionType.allCases.filter(types.contains).map { type in all.filter { $0.type == type } }
    var result: [AnsweredQuestion] = []
    while result.count < count {
      left.removeAll(where: \.isEmpty)
      guard !left.isEmpty else { break }
      let type = generator.below(left.count)
      let question = left[type].remove(at: generator.below(left[type].count))
      result.append(Self.answer(question, variety, rejectedStyle, &generator))
    }
    return result
  }

  /// The question with a wrong answer that a model finds likely, in the style that the other had; nil where the model is
  /// too sure of the truth.  Throws 65 where nothing is known about the question.
  /// - id: the question's.
  public func ask(
    _ item: AnsweredQuestion, _ id: String, _ index: Int, _ number: Int, from mistakes: Mistakes
  ) throws -> AnsweredQuestion? {
    var generator = WorldGenerator([seed, splitNumber, UInt64(index), Purpose.mistaking.rawValue, UInt64(number)])
    let type = item.question.type
    let word = try mistakes.draw(
      id, candidates: type.candidates, truth: item.question.answer, using: &generator)
    return word.map { item.rejecting($0) }
  }

  /// Up to `count` point captions of a scene.
  public func points(_ count: Int, of scene: Scene, _ index: Int) -> [PointCaption] {
    var generator = generator(.pointing, index)
    return scene.points(count, using: &generator)
  }

  private static func answer(
    _ question: Question, _ variety: AnswerVariety, _ rejectedStyle: RejectedStyle, _ generator: inout WorldGenerator
  ) -> AnsweredQuestion {
    let type = question.type
    let drawnStyle = generator.pick(AnswerStyle.all)
    let style = variety == .plain ? AnswerStyle.canonical : drawnStyle
    let otherStyle = generator.pick(AnswerStyle.all)
    let mistakes =
      question.distractors.isEmpty ? type.candidates.filter { $0 != question.answer } : question.distractors
    let mistake = generator.pick(mistakes)
    let wrongStyle = rejectedStyle == .same ? style : otherStyle
    return AnsweredQuestion(
      question: question, chosen: style.answer(type, question.answer), rejected: wrongStyle.answer(type, mistake),
      rejectedStyle: wrongStyle,
      choices: type.candidates.map { AnswerStyle.canonical.answer(type, $0) },
      truth: AnswerStyle.canonical.answer(type, question.answer))
  }
}
