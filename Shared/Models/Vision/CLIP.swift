// SPDX-License-Identifier: MIT
// CLIP vision encoder (arXiv 2103.00020): a class token in front of the patches, a norm before the layers, quick GELU.
// n images, P patches an image, p pixels a patch side, D width, H heads, M MLP width, L layers.
import Autograd
import Imaging
import Layers
import StrictJSON

/// `vision_config`, or the config of a plain vision model.
public struct CLIPConfig: EncoderBasedConfig {
  public let encoder: EncoderConfig
  /// Of new tables and of the patches' kernel; and what all deviations are multiplied by.
  let deviation: Double
  let factor: Double

  /// The class token.
  public var prefixRows: Int { 1 }

  public init(_ reader: ConfigReader) throws {
    encoder = try EncoderConfig(reader)
    deviation = try reader.positive("initializer_range")
    factor = try reader.positive("initializer_factor")
  }
}

/// Patches in, hidden states at the feature layer out.
public struct CLIP: VisionEncoder {
  private let grid: PatchGrid
  private let classEmbedding: Variable
  private let patchEmbedding: any Weight
  private let positionEmbedding: Variable
  private let preNorm: LayerNorm
  private let layers: [EncoderBlock]

  public static let card = ArchitectureCard(
    name: "CLIP", modelTypes: ["clip_vision_model"],
    keys: KeyRules(
      root: "vision_model.", modules: ["embeddings.", "pre_layrnorm.", "encoder.", "post_layernorm."],
      buffers: ["embeddings.position_ids"],
      pair: ("clip", ["text_model.", "logit_scale", "visual_projection.", "text_projection."])),
    defaults: [
      "attention_dropout": 0.0, "hidden_act": "quick_gelu", "hidden_size": 768, "image_size": 224,
      "initializer_factor": 1.0, "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-5,
      "model_type": "clip_vision_model", "num_attention_heads": 12, "num_channels": 3, "num_hidden_layers": 12,
      "patch_size": 32, "projection_dim": 512,
    ],
    transformersClass: "CLIPVisionModel", preparation: "bicubic, the middle cut out, CLIP's mean and deviation",
    preprocessor: { Preprocessor.Family.clip.json(side: $0) })

  /// As transformers fills a new model.
  public init(_ weights: Weights, _ config: CLIPConfig, depth: Int) throws {
    let prefix = "vision_tower.vision_model."
    let block = config.encoder.block
    let (d, p) = (block.width, config.patchSize)
    func normal(_ deviation: Double) -> Initialization { .normal(deviation: deviation * config.factor) }
    let (width, depthScale) = (Double(d), 1 / Double(2 * config.layerCount).squareRoot())
    grid = config.grid
    classEmbedding = try weights.variable(
      prefix + "embeddings.class_embedding", [d], normal(1 / width.squareRoot()), decays: true)
    patchEmbedding = try weights.matrix(
      prefix + "embeddings.patch_embedding.weight", [d, 3, p, p], normal(config.deviation))
    positionEmbedding = try weights.variable(
      prefix + "embeddings.position_embedding.weight", [config.grid.count + 1, d], normal(config.deviation))
    preNorm = try LayerNorm(weights, prefix + "pre_layrnorm", d, epsilon: block.epsilon)  // transformers' spelling
    func layer(_ number: Int) throws -> EncoderBlock {
      try EncoderBlock(
        weights, prefix + "encoder.layers.\(number)", block,
        EncoderBlockInitialization(
          attention: normal(depthScale / width.squareRoot()), out: normal(1 / width.squareRoot()),
          fc1: normal(1 / (2 * width).squareRoot()), fc2: normal(depthScale / width.squareRoot()), mlpBias: .zeros))
    }
    layers = try (0..<depth).map(layer)
    try weights.unused {
      for number in depth..<config.layerCount { _ = try layer(number) }
      _ = try LayerNorm(weights, prefix + "post_layernorm", d, epsilon: block.epsilon)
    }
  }

  /// pixels [n·P, 3·p·p], normalised  ->  [n·(P + 1), D], each image's class token first
  public func callAsFunction(_ pixels: Variable, grids: [PatchGrid]) -> Variable {
    let patches = linear(pixels, weight: patchEmbedding)  // the convolution: its stride is its kernel
    var x = prepend(classEmbedding, to: patches, every: grid.count)
    x = preNorm(addRepeating(x, table: positionEmbedding))  // [n·(P + 1), D]
    let layout = AttentionLayout(bidirectional: Segment.roots(grids.map { $0.count + 1 }))
    for layer in layers { x = layer(x, layout) }
    return x
  }
}
