// SPDX-License-Identifier: MIT
import ArgumentParser
import MiniWorlds

@main struct Miniworld: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "miniworld",
    abstract: "Draw the embedded procedural world: pictures, masks, questions, answers, preference pairs.",
    discussion: """
      Scenes of one to four coloured shapes, some striped, some with a digit, some beside a country's flag; 48 x 48 pixels.
      OUTDIR gets images/, masks/ and five manifests with paths relative to it:
        pairs.jsonl    image, question, chosen, rejected (for dpo-step)
        qa.jsonl       image, question, answer (for sft-step)
        choices.jsonl  image, question, choices, gt (for score --choices)
        labels.jsonl   image, label, class: the shape of the largest object
        masks.jsonl    image, mask: a palette PNG; 0 background, 1 circle, 2 square, 3 triangle, 4 cross, 5 ring, 6 flag
      Questions also have a category (general, ocr, vision, knowledge) and a type.
      The same options give the same bytes; scene i does not depend on how many there are.

      EXAMPLE
        miniworld --scenes 500 --seed 1 --types shape,color,texture,larger world
        imgtok --ckpt mini < world/pairs.jsonl > pairs
      """)

  @Option(help: "Number of scenes.")
  var scenes = 100

  @Option(help: "Questions a scene (fewer where a scene does not allow that many).")
  var questions = 4

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0

  @Option(help: "Which scenes: train (1-4 objects), val, test (2-4) or probe (1-3). No split shares a scene with another.")
  var split = Split.train

  @Option(
    help: ArgumentHelp(
      "Kinds of question, separated by commas: \(QuestionType.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "types"))
  var types = QuestionTypes.all

  @Option(help: "How rejected answers are put: same (they differ from the chosen one in one word) or independent.")
  var style = RejectedStyle.same

  @Flag(help: "Also write, for every question, the mask of what it asks about (asked/, key mask).")
  var asked = false

  @Argument(help: ArgumentHelp("The folder to write: missing or empty.", valueName: "outdir"))
  var folder: String

  func validate() throws {
    guard scenes >= 0 else { throw ValidationError("--scenes \(scenes): must be 0 or more") }
    guard questions >= 0 else { throw ValidationError("--questions \(questions): must be 0 or more") }
    guard !folder.isEmpty else { throw ValidationError("outdir is empty: name a folder") }
  }

  func run() throws {
    let writer = WorldFolder(
      world: MiniWorld(seed: seed, split: split), sceneCount: scenes, questionCount: questions, types: types.kinds,
      rejectedStyle: style, masksAskedObjects: asked)
    _ = try writer.write(to: folder)
  }
}

/// The value of --types.
struct QuestionTypes: ExpressibleByArgument {
  let kinds: Set<QuestionType>

  static let all = QuestionTypes(kinds: Set(QuestionType.allCases))

  init(kinds: Set<QuestionType>) { self.kinds = kinds }

  init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false)
    let found = names.compactMap { QuestionType(rawValue: String($0)) }
    guard found.count == names.count else { return nil }
    kinds = Set(found)
  }

  var defaultValueDescription: String {
    kinds.count == QuestionType.allCases.count
      ? "all" : QuestionType.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ",")
  }
}

extension Split: ExpressibleByArgument {}
extension RejectedStyle: ExpressibleByArgument {}
