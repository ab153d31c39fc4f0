// SPDX-License-Identifier: MIT
// encode: the vision encoder's features, beside the patches they come from.
import ArgumentParser
import Checkpoints
import ComputeSupport
import Inference
import Models
import Tensors
import ToolSupport

@main struct Encode: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Add the vision encoder's features to each frame.",
    discussion: """
      Reads frames with "patches" and adds "features" [P, D]: hidden states at the checkpoint's feature layer, one row \
      a patch, without the post-norm. The metadata "encoder" is the fingerprint of what made them. Frames of text \
      alone pass unchanged.

      Example: features of a trained encoder, without the pixels
        imgtok --ckpt base < images.jsonl |
          encode --ckpt enc.bin --drop patches > features
      """,
    version: Version.computing)

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(help: "Element type of the features: f32 or bf16.")
  var dtype: FeatureType = .f32

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var stream: StreamOptions

  enum FeatureType: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16
  }

  mutating func run(_ io: ToolIO) throws {
    compute.apply()
    let encoder = try FrameEncoder(
      Checkpoint(opening: checkpoint.path()), dtype: dtype == .f32 ? .f32 : .bf16, note: Diagnostics.note)
    try io.pass(through: encoder.groups())
    Diagnostics.detail("\(encoder.imageCount) images encoded, encoder \(encoder.fingerprint)")
  }
}
