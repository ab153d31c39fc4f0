// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import ComputeSupport
import Layers
import Surgery
import ToolSupport

struct New: Tool {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make an untrained multimodal LLM.",
    discussion: """
      OUT becomes one file where its name ends in .bin or .safetensors, otherwise a Hugging Face directory. Weights are F32, \
      under the names of published LLaVA checkpoints, and filled as transformers fills a new model of their architectures; \
      projector and language model with N(0, 0.02²), in the mini ones N(0, 0.08²). The tokenizer is a small byte-level BPE \
      that knows the words of miniworld and spells out the rest. mini-llava is mini as LLaVA-1.5 is built, of CLIP and \
      Llama; the others are of SigLIP and Qwen2.

      Example:
        ckpt new --preset mini --seed 1 base/
      """)

  @Option(help: ArgumentHelp("The architecture.", valueName: "name"))
  var preset: Preset

  @OptionGroup var seed: SeedOption

  @Argument(help: ArgumentHelp("Where to write; must not exist.", valueName: "out"))
  var out: String

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var messages: MessageOptions

  func run() throws {
    messages.apply()
    compute.apply()
    let recipe = preset.recipe
    let model = try FreshModel(config: recipe.config(), seed: seed.seed)
    try NewCheckpoint(tensors: model.tensors, files: recipe.files()).write(to: out)
    Diagnostics.detail("\(out): \(preset.rawValue), \(grouped(model.tensors.reduce(0) { $0 + $1.count })) parameters")
  }
}
