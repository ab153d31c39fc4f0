// SPDX-License-Identifier: MIT
// ckpt: makes checkpoints, looks into them, takes them apart and puts them together, compares and converts them.
import ArgumentParser
import ComputeSupport
import Failures
import ToolSupport

@main struct Ckpt: Tool {
  static let configuration = CommandConfiguration(
    commandName: "ckpt",
    abstract: "Make checkpoints, look into them, take them apart, put them together, compare and convert them.",
    discussion: """
      A checkpoint is a Hugging Face directory (config.json, model.safetensors or shards with their index, tokenizer.json, \
      preprocessor_config.json), or one .bin or .safetensors file that carries the same JSON files in its metadata.

      Example: the vision encoder of a trained model, as a plain model for transformers
        ckpt detach vision enc.bin vision/
      """,
    version: Version.computing,
    subcommands: [New.self, Show.self, Detach.self, Attach.self, Diff.self, Convert.self])

  func run() throws {
    let names = Self.configuration.subcommands.compactMap { $0.configuration.commandName }
    throw PlainFailure.usage("name what to do: \(names.joined(separator: ", ")) (see ckpt --help)")
  }
}
