// SPDX-License-Identifier: MIT
// miniworld: writes a folder of scenes, masks, questions and preference pairs of the embedded procedural world.
import ArgumentParser
import MiniWorlds
import TensorStream
import ToolSupport

@main struct Miniworld: Tool {
  static let watchesSignals = true
  static let configuration = CommandConfiguration(
    commandName: "miniworld",
    abstract: "Draw the embedded procedural world: pictures, masks, questions, answers, preference pairs.",
    discussion: """
      Scenes of one to four coloured shapes, some striped, some with a digit, some beside a country's flag; 48 x 48
      pixels.
      OUTDIR gets images/, masks/ and seven manifests with paths relative to it:
        pairs.jsonl    image, question, chosen, rejected (for dpo-step)
        qa.jsonl       image, question, answer (for sft-step)
        choices.jsonl  image, question, choices, gt (for score --choices)
        captions.jsonl image, answer: all that is in the scene (for imgtok --template plain)
        points.jsonl   image, answer: what stands in one of 8 x 8 cells (likewise)
        labels.jsonl   image, label, class: the shape of the largest object
        masks.jsonl    image, mask: a palette PNG; 0 background, 1 circle, 2 square, 3 triangle, 4 cross, 5 ring, 6 flag
      Questions also have a category (general, ocr, vision, knowledge) and a type.
      The same options give the same bytes; scene i does not depend on how many there are.

      Example: 500 scenes with the questions that a small model can learn, as a stream of preference pairs.
        miniworld --scenes 500 --seed 1 --types shape,color,texture,larger world
        imgtok --ckpt base world/pairs.jsonl > pairs
      Example: the same, rejecting what the model itself gets wrong.
        imgtok --ckpt base world/choices.jsonl |
          score --ckpt base --choices > scored
        miniworld --scenes 500 --seed 1 --types shape,color,texture,larger \\
          --rejected-from scored hard
      """,
    version: Version.text)

  @Option(help: "Number of scenes.")
  var scenes = 100

  @Option(help: "Questions a scene (fewer where a scene does not allow that many).")
  var questions = 4

  @Option(help: "Point captions a scene (fewer where less of the picture is covered).")
  var points = 8

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0

  @Option(
    help: "Which scenes: train (1-4 objects), val, test (2-4) or probe (1-3). No split shares a scene with another.")
  var split = Split.train

  @Option(
    help: ArgumentHelp(
      "Kinds of question, with commas between: \(allTypes.joined(separator: ", ")). (default: all)", valueName: "types"),
    transform: questionTypes)
  var types: Set<QuestionType>?

  @Option(help: "How true answers are put: varied (one of 48 styles) or plain (always the same).")
  var answers = AnswerVariety.varied

  @Option(help: "How rejected answers are put: same (they differ from the chosen one in one word) or independent.")
  var style = RejectedStyle.same

  @Option(
    help: ArgumentHelp(
      "Frames with logp_choices: rejected answers are what that model finds likely; a question that it is sure of is left "
        + "out of pairs.jsonl.", valueName: "scored"))
  var rejectedFrom: String?

  @Flag(help: "Also write, for every question, the mask of what it asks about (asked/, key mask).")
  var asked = false

  @OptionGroup var messages: MessageOptions

  @Argument(help: ArgumentHelp("The folder to write: missing or empty.", valueName: "outdir"))
  var path: String

  func validate() throws {
    guard scenes >= 0 else { throw ValidationError("--scenes \(scenes): must be 0 or more") }
    guard questions >= 0 else { throw ValidationError("--questions \(questions): must be 0 or more") }
    guard points >= 0 else { throw ValidationError("--points \(points): must be 0 or more") }
    guard !path.isEmpty else { throw ValidationError("outdir is empty: name a folder") }
  }

  func run() throws {
    messages.apply()
    let mistakes = try rejectedFrom.map(readMistakes)
    let folder = WorldFolder(
      world: MiniWorld(seed: seed, split: split), sceneCount: scenes, questionCount: questions,
      types: types ?? Set(QuestionType.allCases), pointCount: points, answerVariety: answers, rejectedStyle: style,
      mistakes: mistakes, masksAskedObjects: asked)
    let progress = Progress(unit: "scenes")
    defer { progress.end() }
    do {
      let summary = try folder.write(to: path) { done in
        progress.update(done, fraction: Double(done) / Double(scenes))
        if Signals.pending != nil { throw Interruption() }
      }
      let types = QuestionType.allCases.map { "\($0) \(summary.byType[$0] ?? 0)" }.joined(separator: ", ")
      Diagnostics.detail(
        "\(path): \(progress.summary), \(summary.questions) questions, \(summary.pairs) pairs (\(types))")
    } catch is Interruption {
      Diagnostics.note("interrupted; nothing was written")
    }
  }
}

/// Log-probabilities of candidate answers by id, from scored frames.
private func readMistakes(_ path: String) throws -> Mistakes {
  let reader = try FrameReader(paths: [path])
  var logps: [String: [Double]] = [:]
  while let frame = try reader.next() {
    guard let tensor = frame.tensors[.choiceLogps], let id = frame.metadata[.id] else {
      throw frame.error("has no \"logp_choices\"; score --choices adds them")
    }
    logps[id] = try tensor.floats().map(Double.init)
  }
  return Mistakes(logps: logps)
}

/// A signal came; what was begun is removed.
private struct Interruption: Error {}

private let allTypes = QuestionType.allCases.map(\.rawValue)

private func questionTypes(_ text: String) throws -> Set<QuestionType> {
  Set(
    try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let type = QuestionType(rawValue: String(name)) else {
        throw ValidationError("\"\(name)\" is none of \(allTypes.joined(separator: ", "))")
      }
      return type
    })
}

extension Split: ExpressibleByArgument {}
extension AnswerVariety: ExpressibleByArgument {}
extension RejectedStyle: ExpressibleByArgument {}
