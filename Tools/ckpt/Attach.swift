// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import ComputeSupport
import Failures
import Models
import Surgery
import ToolSupport

struct Attach: Tool {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Put a multimodal LLM together from a vision encoder, a projector and a language model.",
    discussion: """
      Each part comes from a checkpoint of its own (ckpt detach writes them) or from a multimodal one. Tensors keep their \
      bytes and get the names of published LLaVA checkpoints; preprocessor and feature layer come with the vision encoder, \
      tokenizer and chat template with the language model, which gets an <image> token where it has none. Without \
      --projector a new one is made, as ckpt new makes it.

      Example: a trained encoder under a fresh language model, its new projector trained first
        ckpt attach --vision enc.bin --llm Qwen2.5-1.5B-Instruct new.bin
        sft-step --ckpt s1.bin --init new.bin --train projector --lr 1e-3 \\
          --log s1.jsonl captions.features
      Example: keep the old projector's two layers as they are, and train one behind them
        ckpt attach --vision enc.bin --projector enc.bin \\
          --projector-layers 2+1 --llm Qwen2.5-1.5B-Instruct longer.bin
        sft-step --ckpt s2.bin --init longer.bin --train projector.new \\
          --lr 1e-3 --log s2.jsonl captions.features
      """)

  @Option(
    help: ArgumentHelp(
      "The vision encoder: a SiglipVisionModel or CLIPVisionModel, or a model with one.", valueName: "checkpoint"))
  var vision: String

  @Option(
    help: ArgumentHelp(
      "The projector: a detached one, or a model with one (default: a new one).", valueName: "checkpoint"))
  var projector: String?

  @Option(help: ArgumentHelp("The language model: a Qwen2 or Llama, or a model with one.", valueName: "checkpoint"))
  var llm: String

  @Option(
    help: ArgumentHelp(
      """
      Linear layers to keep of --projector and to add behind them, such as 2+1 (default: all, and none added). What is \
      added is what --train projector.new trains.
      """,
      valueName: "kept+new"))
  var projectorLayers: LayerCounts?

  @Option(
    help: ArgumentHelp(
      """
      Hidden state of the encoder that features are: 0 = its embeddings, -1 = the last (default: what the encoder's \
      checkpoint states, else -2).
      """,
      valueName: "n"))
  var featureLayer: Int?

  @Option(
    help:
      "full: every row is a feature; default: the first, CLIP's class token, is dropped (default: as its checkpoint states)."
  )
  var featureSelect: FeatureSelect?

  enum FeatureSelect: String, ExpressibleByArgument, CaseIterable { case full, `default` }

  @OptionGroup var seed: SeedOption

  @Argument(
    help: ArgumentHelp(
      "Where to write, must not exist: one file where it ends in .bin or .safetensors, else a directory.",
      valueName: "out"))
  var out: String

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if projectorLayers != nil && projector == nil {
      throw ValidationError("--projector-layers says what is kept of --projector, which is missing")
    }
    if let featureLayer, !(-4096...4096).contains(featureLayer) {
      throw ValidationError("--feature-layer \(featureLayer): no encoder has so many layers")
    }
  }

  func run() throws {
    messages.apply()
    compute.apply()
    var attachment = Reattachment(
      vision: try Checkpoint(opening: vision), projector: try projector.map { try Checkpoint(opening: $0) },
      llm: try Checkpoint(opening: llm))
    attachment.layers = projectorLayers.map { Reattachment.Layers(kept: $0.kept, new: $0.new) }
    attachment.featureLayer = featureLayer
    attachment.selectStrategy = featureSelect?.rawValue
    attachment.seed = seed.seed
    let (model, notes) = try attachment.assembled()
    try model.write(to: out)
    notes.forEach(Diagnostics.note)
    Diagnostics.detail(
      "\(out): vision of \(vision), \(projector.map { "projector of \($0)" } ?? "a new projector"), LLM of \(llm), "
        + "\(grouped(model.tensors.reduce(0) { $0 + $1.count })) parameters")
  }
}

/// "2+1": layers that are kept, and layers that are added.
struct LayerCounts: ExpressibleByArgument {
  let kept: Int
  let new: Int

  init?(argument: String) {
    let parts = argument.split(separator: "+", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let kept = parts[0], let new = parts[1], (1...64).contains(kept), (0...64).contains(new)
    else { return nil }
    (self.kept, self.new) = (kept, new)
  }
}
