// SPDX-License-Identifier: MIT
// Llama causal language models (arXiv 2302.13971, 2307.09288, 2407.21783).
// T rows, E width, H query heads, K key heads, d head width, M MLP width, V vocabulary, L layers.
import Autograd
import Layers
import StrictJSON

/// `text_config`, or the config of a plain language model.
public struct LlamaConfig: DecoderBasedConfig {
  public let decoder: DecoderConfig
  let frequencies: RotaryFrequencies

  public init(_ reader: ConfigReader, tiedAbove: Bool) throws {
    let attentionBias = try reader.bool("attention_bias", or: false)
    let mlpBias = try reader.bool("mlp_bias", or: false)
    decoder = try DecoderConfig(
      reader, tiedAbove: tiedAbove, biases: (input: attentionBias, output: attentionBias, mlp: mlpBias))
    let rotary = try RotaryConfig(reader, types: ["default", "linear", "llama3"])
    let plain = rotary.frequencies(headSize: decoder.block.headSize)
    switch (rotary.type, rotary.scaling) {
    case ("linear", let scaling?): frequencies = try Self.linear(plain, scaling)
    case ("llama3", let scaling?):
      frequencies = try Self.llama3(plain, scaling, positionCount: decoder.positionCount)
    default: frequencies = plain
    }
  }

  /// All angles divided by a factor.
  private static func linear(_ plain: RotaryFrequencies, _ scaling: ConfigReader) throws -> RotaryFrequencies {
    let factor = Float(try scaling.positive("factor"))
    return RotaryFrequencies(plain.values.map { $0 / factor })
  }

  /// Llama 3.1's scaling, in f32 as transformers has it: long waves are divided by `factor`, short ones stay, and those between
  /// are blended.
  private static func llama3(
    _ plain: RotaryFrequencies, _ scaling: ConfigReader, positionCount: Int
  ) throws -> RotaryFrequencies {
    let factor = Float(try scaling.positive("factor"))
    let low = Float(try scaling.positive("low_freq_factor"))
    let high = Float(try scaling.positive("high_freq_factor"))
    guard high > low else {
      throw scaling.failure("high_freq_factor", "is \(high), expected more than low_freq_factor \(low)")
    }
    let trained = Float(try scaling.int("original_max_position_embeddings", or: positionCount))
    return RotaryFrequencies(
      plain.values.map { frequency in
        let wavelength = 2 * Float.pi / frequency
        if wavelength < trained / high { return frequency }
        if wavelength > trained / low { return frequency / factor }
        let smooth = (trained / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      })
  }
}

/// Embedded rows in, final hidden states out.
public struct Llama: LanguageModel {
  public let config: LlamaConfig
  private let decoder: CausalDecoder

  public static let card = ArchitectureCard(
    name: "Llama", modelTypes: ["llama"],
    keys: .causalDecoder,
    defaults: [
      "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
      "vocab_size": 32000, "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
    ],
    transformersClass: "LlamaForCausalLM", tokenizerClass: "LlamaTokenizer")

  public init(_ weights: Weights, _ config: LlamaConfig) throws {
    self.config = config
    decoder = try CausalDecoder(weights, config.decoder, config.frequencies)
  }

  public var embedding: any Weight { decoder.embedding }
  public var head: any Weight { decoder.head }

  public func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable { decoder(x, context) }
}
