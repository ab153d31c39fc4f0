// SPDX-License-Identifier: MIT
// What architectures do when models are taken apart and put together: how their configs are written for another model, and what
// of a connector is kept. The defaults serve whoever has nothing special to say.
import Checkpoints
import Failures
import Layers
import StrictJSON

/// How many layers of a connector are kept, the first ones, and how many new ones follow.
public struct LayerChoice: Sendable, Equatable {
  public var kept: Int
  public var new: Int

  public init(kept: Int, new: Int) { (self.kept, self.new) = (kept, new) }
}

/// The sides that a connector joins, each with the path it comes from, for messages.
public struct Junction: Sendable {
  /// Width of the features.
  public let inputs: Int
  public let encoder: String
  /// Width of the LLM.
  public let outputs: Int
  public let llm: String

  public init(inputs: Int, of encoder: String, outputs: Int, of llm: String) {
    (self.inputs, self.encoder, self.outputs, self.llm) = (inputs, encoder, outputs, llm)
  }
}

/// The connector of a model that is put together.
public struct ConnectorPlan: Sendable {
  /// What config.json of the whole says of it.
  public var config: JSONObject
  /// Keys that config.json must not have from elsewhere.
  public var absentKeys: [String]
  /// Canonical names of the tensors that are kept; all others are new.
  public var kept: Set<String>
  /// What the maker of the model should know.
  public var notes: [String]

  public init(config: JSONObject, absentKeys: [String] = [], kept: Set<String> = [], notes: [String] = []) {
    (self.config, self.absentKeys, self.kept, self.notes) = (config, absentKeys, kept, notes)
  }

  /// Adds to the config of the whole what it must say of the connector.
  public func describe(in whole: inout JSONObject) {
    for key in absentKeys { whole[key] = nil }
    for (key, value) in config { whole[key] = value }
  }
}

extension VisionEncoder {
  public static func stated(by checkpoint: Checkpoint) throws -> JSONObject { [:] }

  public static func config(_ config: JSONObject, layers: Int) -> JSONObject {
    var result = config
    result["num_hidden_layers"] = .int(layers)
    return result
  }
}

extension Connector {
  public static func planned(
    from stored: Checkpoint?, _ layers: LayerChoice?, _ junction: Junction
  ) throws -> ConnectorPlan {
    guard let stored else { return ConnectorPlan(config: card.defaults) }
    if let layers {
      throw PlainFailure.usage(
        "--projector-layers \(layers.kept)+\(layers.new): the \(card.name) projector of \(stored.path) is kept whole or not at "
          + "all; leave the option out, or --projector for a new one")
    }
    return ConnectorPlan(
      config: try description(of: stored), kept: Set(try stored.tensors(of: .projector).map(\.name)))
  }

  public static func description(of stored: Checkpoint) throws -> JSONObject {
    var result = card.defaults
    for (key, _) in card.defaults {
      if let value = stored.config[key] { result[key] = value }
    }
    return result
  }
}

extension LanguageModel {
  public static func written(_ config: JSONObject) -> JSONObject {
    var result = config
    for (key, value) in card.defaults where result[key] == nil { result[key] = value }
    return result
  }

  public static func config(_ config: JSONObject, vocabularySize: Int) -> JSONObject {
    var result = config
    result["vocab_size"] = .int(vocabularySize)
    return result
  }
}

extension LanguageModel where Config: DecoderBasedConfig {
  /// An explicit null for the heads of keys and values means as many as there are heads, whatever a missing key means.
  public static func written(_ config: JSONObject) -> JSONObject {
    var result = config
    if result["num_key_value_heads"] == .null { result["num_key_value_heads"] = result["num_attention_heads"] }
    for (key, value) in card.defaults where result[key] == nil { result[key] = value }
    return result
  }
}
