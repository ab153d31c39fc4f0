// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import Models
import Surgery
import ToolSupport

struct Detach: Tool {
  static let configuration = CommandConfiguration(
    commandName: "detach",
    abstract: "Write one part of a multimodal LLM as a checkpoint of its own.",
    discussion: """
      vision: a plain SiglipVisionModel or CLIPVisionModel with its preprocessor, which transformers loads unchanged. The \
      layers after the feature layer, the last norm and the pooling head are part of it as they were before training.
      projector: its linear layers and the sizes they join.

      ckpt attach puts parts together again.

      Example:
        ckpt detach vision enc.bin vision/
      """)

  enum Detachable: String, ExpressibleByArgument, CaseIterable { case vision, projector }

  @Argument(help: ArgumentHelp("What to detach: vision or projector.", valueName: "part"))
  var part: Detachable

  @Argument(help: ArgumentHelp("The checkpoint it is in.", valueName: "checkpoint"))
  var source: String

  @Argument(
    help: ArgumentHelp(
      "Where to write, must not exist: one file where it ends in .bin or .safetensors, else a directory.",
      valueName: "out"))
  var out: String

  @OptionGroup var messages: MessageOptions

  func run() throws {
    messages.apply()
    let checkpoint = try Checkpoint(opening: source)
    let detached =
      switch part {
      case .vision: try checkpoint.detachedVision()
      case .projector: try checkpoint.detachedProjector()
      }
    try detached.write(to: out)
    let count = detached.tensors.reduce(0) { $0 + $1.count }
    Diagnostics.detail(
      "\(out): \(part.rawValue) of \(source), \(detached.tensors.count) tensors, \(grouped(count)) parameters")
  }
}
