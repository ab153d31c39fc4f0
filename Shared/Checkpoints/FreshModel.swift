// SPDX-License-Identifier: MIT
// A new, untrained LLaVA model: which tensors its config asks for, and what they are filled with.
//
// Initialisation follows transformers:
//   SigLIP     attention, MLP, pooling probe and packed attention: Xavier uniform; position table N(0, 1/d); patch kernel
//              and the pooling head's output: LeCun normal (truncated at 2 σ); MLP biases N(0, 1e-12); other biases 0
//   projector  N(0, 0.02²), biases 0                    (config's initializer_range where it has one)
//   Qwen2      N(0, 0.02²), biases 0, norms 1

import Failures
import Glibc
import StrictJSON
import Tensors

/// The tensors of an untrained `LlavaForConditionalGeneration` under their published names.
public struct FreshModel {
  public let config: JSONValue
  public let seed: UInt64
  /// What the config asks for, in the order of the model.
  let parameters: [Parameter]

  struct Parameter {
    let name: String
    let shape: [Int]
    let fill: Filling
  }

  /// How a tensor is filled.
  enum Filling {
    case constant(Float)
    case uniform(limit: Double)
    case normal(deviation: Double)
    /// Normal, cut at two deviations, and widened so that `deviation` is what remains.
    case truncated(deviation: Double)

    static func xavier(_ fanOut: Int, _ fanIn: Int) -> Filling {
      .uniform(limit: (6 / Double(fanIn + fanOut)).squareRoot())
    }
    static func lecun(_ fanIn: Int) -> Filling { .truncated(deviation: (1 / Double(fanIn)).squareRoot()) }
  }

  /// Throws 65 where the config lacks a number that a shape needs.
  public init(config: JSONValue, seed: UInt64) throws {
    self.config = config
    self.seed = seed
    let vision = try Self.vision(Sizes(config, "vision_config"))
    let text = try Sizes(config, "text_config")
    let deviation = Self.deviation(config)
    let layers = try ProjectorLayers(
      inputs: Sizes(config, "vision_config")["hidden_size"],
      widths: config[ProjectorLayers.widthsKey]?.array?.compactMap(\.int) ?? [
        text["hidden_size"], text["hidden_size"],
      ],
      hasBias: config["multimodal_projector_bias"]?.bool ?? true)
    parameters = try vision + Self.projector(layers, deviation) + Self.qwen2(text, deviation)
  }

  /// The standard deviation of a new LLM's matrices, and of a new projector's.
  static func deviation(_ config: JSONValue) -> Double { config["text_config"]?["initializer_range"]?.double ?? 0.02 }

  /// The tensors, made while they are written. The same config and seed give the same values, whatever the threads.
  public var tensors: [OutgoingTensor] {
    parameters.map { Self.tensor($0, seed: seed) }
  }

  static func tensor(_ parameter: Parameter, seed: UInt64) -> OutgoingTensor {
    let numbers = RandomValues(seed: seed, name: parameter.name)
    return OutgoingTensor(name: parameter.name, shape: parameter.shape) { range, target in
      nonisolated(unsafe) let target = target
      inChunks(range.count, size: 1 << 14) { part in
        numbers.write(
          parameter.fill, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound,
          to: target + part.lowerBound)
      }
    }
  }

  // MARK: Shapes

  /// Integers of one sub-config, with an error that names what is missing.
  struct Sizes {
    let config: JSONValue
    let name: String

    init(_ config: JSONValue, _ name: String) throws {
      guard let part = config[name] else { throw PlainFailure.badData("config.json: has no \"\(name)\"") }
      (self.config, self.name) = (part, name)
    }

    subscript(key: String) -> Int {
      get throws {
        guard let value = config[key]?.int, value > 0 else {
          throw PlainFailure.badData("config.json: \(name).\(key) is missing, expected a positive number")
        }
        // Far above any model, and low enough that nothing below overflows or runs on for ever.
        let limit = key == "num_hidden_layers" ? 1 << 12 : 1 << 24
        guard value <= limit else {
          throw PlainFailure.badData("config.json: \(name).\(key) is \(value), expected \(limit) or less")
        }
        return value
      }
    }
  }

  private static func vision(_ sizes: Sizes) throws -> [Parameter] {
    let d = try sizes["hidden_size"]
    let mlp = try sizes["intermediate_size"]
    let patch = try sizes["patch_size"]
    let side = try sizes["image_size"] / patch
    let root = "vision_tower.vision_model."
    var list: [Parameter] = []
    func add(_ name: String, _ shape: [Int], _ fill: Filling) {
      list.append(Parameter(name: root + name, shape: shape, fill: fill))
    }
    func addNorm(_ name: String) {
      add(name + ".weight", [d], .constant(1))
      add(name + ".bias", [d], .constant(0))
    }
    func addMLP(_ name: String) {
      add(name + ".fc1.weight", [mlp, d], .xavier(mlp, d))
      add(name + ".fc1.bias", [mlp], .normal(deviation: 1e-6))
      add(name + ".fc2.weight", [d, mlp], .xavier(d, mlp))
      add(name + ".fc2.bias", [d], .normal(deviation: 1e-6))
    }
    add("embeddings.patch_embedding.weight", [d, 3, patch, patch], .lecun(3 * patch * patch))
    add("embeddings.patch_embedding.bias", [d], .constant(0))
    add("embeddings.position_embedding.weight", [side * side, d], .normal(deviation: 1 / Double(d).squareRoot()))
    for layer in 0..<(try sizes["num_hidden_layers"]) {
      let block = "encoder.layers.\(layer)."
      addNorm(block + "layer_norm1")
      for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
        add(block + "self_attn.\(projection).weight", [d, d], .xavier(d, d))
        add(block + "self_attn.\(projection).bias", [d], .constant(0))
      }
      addNorm(block + "layer_norm2")
      addMLP(block + "mlp")
    }
    addNorm("post_layernorm")
    guard sizes.config["vision_use_head"]?.bool ?? true else { return list }
    add("head.probe", [1, 1, d], .xavier(d, d))
    add("head.attention.in_proj_weight", [3 * d, d], .xavier(3 * d, d))
    add("head.attention.in_proj_bias", [3 * d], .constant(0))
    add("head.attention.out_proj.weight", [d, d], .lecun(d))
    add("head.attention.out_proj.bias", [d], .constant(0))
    addNorm("head.layernorm")
    addMLP("head.mlp")
    return list
  }

  static func projector(_ layers: ProjectorLayers, _ deviation: Double) -> [Parameter] {
    var list: [Parameter] = []
    for (layer, width) in layers.widths.enumerated() {
      let name = ProjectorLayers.name(layer)
      let inputs = layer == 0 ? layers.inputs : layers.widths[layer - 1]
      list.append(Parameter(name: name + ".weight", shape: [width, inputs], fill: .normal(deviation: deviation)))
      if layers.hasBias { list.append(Parameter(name: name + ".bias", shape: [width], fill: .constant(0))) }
    }
    return list
  }

  private static func qwen2(_ sizes: Sizes, _ deviation: Double) throws -> [Parameter] {
    let d = try sizes["hidden_size"]
    let mlp = try sizes["intermediate_size"]
    let vocabulary = try sizes["vocab_size"]
    let heads = try sizes["num_attention_heads"]
    let groups = try sizes["num_key_value_heads"]
    let width = sizes.config["head_dim"]?.int ?? d / heads
    let root = "language_model.model."
    let matrix = Filling.normal(deviation: deviation)
    var list: [Parameter] = []
    func add(_ name: String, _ shape: [Int], _ fill: Filling) {
      list.append(Parameter(name: root + name, shape: shape, fill: fill))
    }
    add("embed_tokens.weight", [vocabulary, d], matrix)
    for layer in 0..<(try sizes["num_hidden_layers"]) {
      let block = "layers.\(layer)."
      add(block + "input_layernorm.weight", [d], .constant(1))
      for (name, rows) in [("q_proj", heads * width), ("k_proj", groups * width), ("v_proj", groups * width)] {
        add(block + "self_attn.\(name).weight", [rows, d], matrix)
        add(block + "self_attn.\(name).bias", [rows], .constant(0))
      }
      add(block + "self_attn.o_proj.weight", [d, heads * width], matrix)
      add(block + "post_attention_layernorm.weight", [d], .constant(1))
      add(block + "mlp.gate_proj.weight", [mlp, d], matrix)
      add(block + "mlp.up_proj.weight", [mlp, d], matrix)
      add(block + "mlp.down_proj.weight", [d, mlp], matrix)
    }
    add("norm.weight", [d], .constant(1))
    if sizes.config["tie_word_embeddings"]?.bool != true {
      list.append(Parameter(name: "language_model.lm_head.weight", shape: [vocabulary, d], fill: matrix))
    }
    return list
  }
}

/// Numbers that depend on seed, tensor name and place alone, so that threads may make them in any order.
private struct RandomValues {
  private let key: UInt64

  init(seed: UInt64, name: String) {
    var key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    for byte in name.utf8 { key = Self.mix(key ^ UInt64(byte)) }
    self.key = key
  }

  /// The finaliser of SplitMix64.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  private func bits(_ index: Int, _ attempt: Int) -> UInt64 {
    Self.mix(key &+ (UInt64(index) &+ UInt64(attempt) << 48) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// One of a pair of independent normal numbers (Box–Muller); |z| ≤ 6.66.
  private func normal(_ index: Int, _ attempt: Int = 0) -> Double {
    let bits = bits(index >> 1, attempt)
    let radius = (-2 * log((Double(bits >> 32) + 0.5) / 0x1p32)).squareRoot()
    let angle = 2 * Double.pi * Double(bits & 0xFFFF_FFFF) / 0x1p32
    return radius * (index & 1 == 0 ? cos(angle) : sin(angle))
  }

  func write(_ fill: FreshModel.Filling, _ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    switch fill {
    case .constant(let value):
      target.update(repeating: value, count: range.count)
    case .uniform(let limit):
      for index in range {
        target[index - range.lowerBound] = Float((Double(bits(index, 0) >> 11) * 0x1p-52 - 1) * limit)
      }
    case .normal(let deviation):
      for index in range { target[index - range.lowerBound] = Float(normal(index) * deviation) }
    case .truncated(let deviation):
      for index in range {
        var attempt = 0
        var value = normal(index)
        while abs(value) > 2 {
          attempt += 1
          value = normal(index, attempt)
        }
        target[index - range.lowerBound] = Float(value * deviation / 0.87962566103423978)
      }
    }
  }
}
