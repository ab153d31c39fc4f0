// SPDX-License-Identifier: MIT
// SigLIP vision encoder (arXiv 2303.15343); SigLIP2's fixed-resolution checkpoints (arXiv 2502.14786) are the same network.
// n images, P patches an image, p pixels a patch side, D width, H heads, M MLP width, L layers.
import Autograd
import Checkpoints
import Imaging
import Layers
import StrictJSON

/// `vision_config`, or the config of a plain vision model.
public struct SigLIPConfig: EncoderBasedConfig {
  public let encoder: EncoderConfig
  /// Whether there is an attention-pooling head, which features never pass; nil: as the weights have it.
  let hasHead: Bool?

  public var prefixRows: Int { 0 }

  public init(_ reader: ConfigReader) throws {
    encoder = try EncoderConfig(reader)
    hasHead = try reader.raw("vision_use_head") == nil ? nil : reader.bool("vision_use_head", or: true)
  }
}

/// Patches in, hidden states at the feature layer out.
public struct SigLIP: VisionEncoder {
  private let patchEmbedding: (weight: any Weight, bias: Variable)
  private let positionEmbedding: Variable
  private let layers: [EncoderBlock]

  public static let card = ArchitectureCard(
    name: "SigLIP", modelTypes: ["siglip_vision_model"],
    keys: KeyRules(
      root: "vision_model.", modules: ["embeddings.", "encoder.", "post_layernorm.", "head."],
      buffers: ["embeddings.position_ids"], pair: ("siglip", ["text_model.", "logit_scale", "logit_bias"])),
    defaults: [
      "attention_dropout": 0.0, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 768, "image_size": 224,
      "intermediate_size": 3072, "layer_norm_eps": 1e-6, "model_type": "siglip_vision_model",
      "num_attention_heads": 12, "num_channels": 3, "num_hidden_layers": 12, "patch_size": 16,
    ],
    transformersClass: "SiglipVisionModel", preparation: "bicubic, mean and deviation 0.5",
    preprocessor: { Preprocessor.Family.siglip.json(side: $0) })

  /// As transformers fills a new model: Xavier uniform matrices, MLP biases N(0, 1e-12), the kernel of the patches and the
  /// pooling head's output LeCun normal, the position table N(0, 1/D).
  public init(_ weights: Weights, _ config: SigLIPConfig, depth: Int) throws {
    let prefix = "vision_tower.vision_model."
    let block = config.encoder.block
    let (d, m, p) = (block.width, block.mlpWidth, config.patchSize)
    let mlpBias = Initialization.normal(deviation: 1e-6)
    patchEmbedding = (
      try weights.matrix(prefix + "embeddings.patch_embedding.weight", [d, 3, p, p], .lecun(3 * p * p)),
      try weights.variable(prefix + "embeddings.patch_embedding.bias", [d], .zeros)
    )
    positionEmbedding = try weights.variable(
      prefix + "embeddings.position_embedding.weight", [config.grid.count, d],
      .normal(deviation: 1 / Double(d).squareRoot()))
    func layer(_ number: Int) throws -> EncoderBlock {
      try EncoderBlock(
        weights, prefix + "encoder.layers.\(number)", block,
        EncoderBlockInitialization(
          attention: .xavier(d, d), out: .xavier(d, d), fc1: .xavier(m, d), fc2: .xavier(d, m), mlpBias: mlpBias))
    }
    layers = try (0..<depth).map(layer)
    try weights.unused {
      for number in depth..<config.layerCount { _ = try layer(number) }
      _ = try LayerNorm(weights, prefix + "post_layernorm", d, epsilon: block.epsilon)
      guard config.hasHead ?? weights.has(prefix + "head.probe") ?? true else { return }
      _ = try weights.variable(prefix + "head.probe", [1, 1, d], .xavier(d, d))
      _ = try weights.matrix(prefix + "head.attention.in_proj_weight", [3 * d, d], .xavier(3 * d, d))
      _ = try weights.variable(prefix + "head.attention.in_proj_bias", [3 * d], .zeros)
      _ = try Linear(weights, prefix + "head.attention.out_proj", d, d, .lecun(d))
      _ = try LayerNorm(weights, prefix + "head.layernorm", d, epsilon: block.epsilon)
      _ = try Linear(weights, prefix + "head.mlp.fc1", d, m, .xavier(m, d), bias: mlpBias)
      _ = try Linear(weights, prefix + "head.mlp.fc2", m, d, .xavier(d, m), bias: mlpBias)
    }
  }

  /// pixels [n·P, 3·p·p], normalised  ->  [n·P, D]
  public func callAsFunction(_ pixels: Variable, grids: [PatchGrid]) -> Variable {
    let layout = AttentionLayout(bidirectional: Segment.roots(grids.map(\.count)))
    var x = linear(pixels, weight: patchEmbedding.weight, bias: patchEmbedding.bias)  // the convolution: its stride is its kernel
    x = addRepeating(x, table: positionEmbedding)  // [n·P, D]
    for layer in layers { x = layer(x, layout) }
    return x
  }

  /// Whether there is a pooling head.
  public static func stated(by checkpoint: Checkpoint) throws -> JSONObject {
    let head = "vision_tower.vision_model.head."
    return ["vision_use_head": .bool(checkpoint.canonicalNames.contains { $0.hasPrefix(head) })]
  }

  /// A new one has its pooling head.
  public static func newConfig(_ sizes: VisionSizes) -> JSONObject {
    var config = sizes.config(card)
    config["vision_use_head"] = true
    return config
  }
}
