// SPDX-License-Identifier: MIT
// SigLIP vision encoder (arXiv 2303.15343); SigLIP2's fixed-resolution checkpoints (arXiv 2502.14786) are the same network.
// n images, P patches an image, p pixels a patch side, D width, H heads, M MLP width, L layers.
import Autograd
import CKernels
import Failures
import Tensors

/// `vision_config`, or the config of a plain vision model.
public struct SigLIPConfig: Sendable, Equatable {
  public let imageSize: Int
  public let patchSize: Int
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layerCount: Int
  public let headCount: Int
  public let activation: GELU
  public let epsilon: Double
  /// Whether the checkpoint holds the attention-pooling head, which features never pass.
  public let hasHead: Bool

  /// Patches along one side: pixels that the patch does not divide are dropped, as the convolution drops them.
  public var gridSize: Int { imageSize / patchSize }
  public var patchCount: Int { gridSize * gridSize }

  /// Missing keys take transformers' defaults (SiglipVisionConfig). `hasHead` nil: as the weights have it.
  init(_ reader: ConfigReader, headIsStored: Bool) throws {
    imageSize = try reader.int("image_size", or: 224)
    patchSize = try reader.int("patch_size", or: 16)
    hiddenSize = try reader.int("hidden_size", or: 768)
    intermediateSize = try reader.int("intermediate_size", or: 3072)
    layerCount = try reader.int("num_hidden_layers", or: 12)
    headCount = try reader.int("num_attention_heads", or: 12)
    activation = try GELU(reader.string("hidden_act", or: "gelu_pytorch_tanh"), reader, key: "hidden_act")
    epsilon = try reader.positive("layer_norm_eps", or: 1e-6)
    hasHead = try reader.bool("vision_use_head", or: headIsStored)
    guard hiddenSize % headCount == 0 else {
      throw reader.failure("num_attention_heads", "is \(headCount), which does not divide hidden_size \(hiddenSize)")
    }
    guard patchSize <= imageSize else {
      throw reader.failure("patch_size", "is \(patchSize), more than image_size \(imageSize)")
    }
    guard try reader.int("num_channels", or: 3) == 3 else { throw reader.failure("num_channels", "must be 3") }
  }
}

/// Patches in, hidden states at the feature layer out; no post-norm, no pooling.
struct SigLIPEncoder {
  private let config: SigLIPConfig
  private let patchEmbedding: (weight: Variable, bias: Variable)
  private let positionEmbedding: Variable
  private let layers: [SigLIPLayer]

  /// `depth`: layers to run. Those above must be in the checkpoint, and are kept as they are.
  init(_ weights: Weights, _ config: SigLIPConfig, depth: Int) throws {
    self.config = config
    let prefix = "vision_tower.vision_model."
    let width = config.hiddenSize
    let side = config.patchSize
    patchEmbedding = (
      try weights.parameter(prefix + "embeddings.patch_embedding.weight", [width, 3, side, side]),
      try weights.parameter(prefix + "embeddings.patch_embedding.bias", [width])
    )
    positionEmbedding = try weights.parameter(
      prefix + "embeddings.position_embedding.weight", [config.patchCount, width])
    layers = try (0..<depth).map { try SigLIPLayer(weights, prefix + "encoder.layers.\($0)", config) }
    for layer in depth..<config.layerCount {
      for (name, shape) in SigLIPLayer.shapes(config) {
        try weights.unused(prefix + "encoder.layers.\(layer).\(name)", shape)
      }
    }
    for (name, shape) in Self.unusedShapes(config) { try weights.unused(prefix + name, shape) }
  }

  /// pixels [n·P, 3·p·p], normalised  ->  [n·P, D]
  func callAsFunction(_ pixels: Variable) -> Variable {
    let patches = config.patchCount
    let images = (0..<pixels.rows / patches).map { Segment(parent: nil, start: $0 * patches, count: patches) }
    let layout = AttentionLayout(bidirectional: images)
    var x = linear(pixels, weight: patchEmbedding.weight, bias: patchEmbedding.bias)  // the convolution: its stride is its kernel
    x = addRepeating(x, table: positionEmbedding)  // [n·P, D]
    for layer in layers { x = layer(x, layout) }
    return x
  }

  /// What every SigLIP checkpoint holds above the feature layer.
  private static func unusedShapes(_ config: SigLIPConfig) -> [(String, [Int])] {
    let d = config.hiddenSize
    let m = config.intermediateSize
    let norm: [(String, [Int])] = [("post_layernorm.weight", [d]), ("post_layernorm.bias", [d])]
    guard config.hasHead else { return norm }
    return norm + [
      ("head.probe", [1, 1, d]), ("head.attention.in_proj_weight", [3 * d, d]),
      ("head.attention.in_proj_bias", [3 * d]),
      ("head.attention.out_proj.weight", [d, d]), ("head.attention.out_proj.bias", [d]),
      ("head.layernorm.weight", [d]), ("head.layernorm.bias", [d]),
      ("head.mlp.fc1.weight", [m, d]), ("head.mlp.fc1.bias", [m]), ("head.mlp.fc2.weight", [d, m]),
      ("head.mlp.fc2.bias", [d]),
    ]
  }
}

/// One pre-norm block: [T, D] -> [T, D]
private struct SigLIPLayer {
  let norm1, norm2: LayerNorm
  let query, key, value, out: LinearLayer
  let fc1, fc2: LinearLayer
  let heads: Int
  let activation: GELU

  init(_ weights: Weights, _ prefix: String, _ config: SigLIPConfig) throws {
    let d = config.hiddenSize
    let m = config.intermediateSize
    norm1 = try LayerNorm(weights, prefix + ".layer_norm1", d, epsilon: config.epsilon)
    query = try LinearLayer(weights, prefix + ".self_attn.q_proj", d, d)
    key = try LinearLayer(weights, prefix + ".self_attn.k_proj", d, d)
    value = try LinearLayer(weights, prefix + ".self_attn.v_proj", d, d)
    out = try LinearLayer(weights, prefix + ".self_attn.out_proj", d, d)
    norm2 = try LayerNorm(weights, prefix + ".layer_norm2", d, epsilon: config.epsilon)
    fc1 = try LinearLayer(weights, prefix + ".mlp.fc1", d, m)
    fc2 = try LinearLayer(weights, prefix + ".mlp.fc2", m, d)
    heads = config.headCount
    activation = config.activation
  }

  func callAsFunction(_ x: Variable, _ layout: AttentionLayout) -> Variable {
    let n = norm1(x)
    let h = x + out(attention(query(n), key(n), value(n), layout, heads: heads, keyHeads: heads))
    return h + fc2(gelu(fc1(norm2(h)), activation))
  }

  /// The keys above with their shapes, for layers that do not run.
  static func shapes(_ config: SigLIPConfig) -> [(String, [Int])] {
    let d = config.hiddenSize
    let m = config.intermediateSize
    let square = ["q_proj", "k_proj", "v_proj", "out_proj"].flatMap {
      [("self_attn.\($0).weight", [d, d]), ("self_attn.\($0).bias", [d])]
    }
    let norms = ["layer_norm1", "layer_norm2"].flatMap { [("\($0).weight", [d]), ("\($0).bias", [d])] }
    return square + norms + [
      ("mlp.fc1.weight", [m, d]), ("mlp.fc1.bias", [m]), ("mlp.fc2.weight", [d, m]), ("mlp.fc2.bias", [d]),
    ]
  }
}

/// U8 patches as imgtok cuts them, one buffer an image -> normalised pixels [Σ P, 3·p·p]: (v/255 - mean)/std a channel.
public func normalizedPixels(_ images: [UnsafeRawBufferPointer], patchSize: Int, mean: [Float], std: [Float]) -> Tensor
{
  let row = 3 * patchSize * patchSize
  let pixels = Tensor(uninitialized: [images.reduce(0) { $0 + $1.count } / row, row])
  var at = 0
  for image in images {
    guard let start = image.baseAddress else { continue }
    kernel_normalize_patches(
      start.assumingMemoryBound(to: UInt8.self), pixels.pointer + at, image.count / row, patchSize * patchSize, mean,
      std)
    at += image.count
  }
  return pixels
}
