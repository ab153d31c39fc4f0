// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import Layers
import Surgery
import ToolSupport

struct New: Tool {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make an untrained multimodal LLM.",
    discussion: """
      OUT becomes one file where its name ends in .bin or .safetensors, otherwise a Hugging Face directory. Weights are F32, \
      under the names of published LLaVA checkpoints, and filled as transformers fills a new model: SigLIP with Xavier \
      uniform matrices, projector and Qwen2 with N(0, 0.02²). The tokenizer is a small byte-level BPE that knows the words \
      of miniworld and spells out the rest.

      Example:
        ckpt new --preset mini --seed 1 base/
      """)

  @Option(help: ArgumentHelp("The architecture.", valueName: "name"))
  var preset: Preset

  @OptionGroup var seed: SeedOption

  @Argument(help: ArgumentHelp("Where to write; must not exist.", valueName: "out"))
  var out: String

  @OptionGroup var threads: ThreadOption
  @OptionGroup var messages: MessageOptions

  func run() throws {
    messages.apply()
    threads.apply()
    let files = preset.files
    let model = try FreshModel(config: preset.config, seed: seed.seed)
    try NewCheckpoint(tensors: model.tensors, files: files).write(to: out)
    Diagnostics.detail("\(out): \(preset.rawValue), \(grouped(model.tensors.reduce(0) { $0 + $1.count })) parameters")
  }
}
