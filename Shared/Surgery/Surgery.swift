// SPDX-License-Identifier: MIT
// Checkpoints made from others: a part on its own, another dtype, another file layout.

import Checkpoints
import Failures
import Layers
import Models
import StrictJSON
import Tensors

extension Checkpoint {
  /// Every file that travels with the weights.
  func allFiles() throws -> [String: String] {
    var files: [String: String] = [:]
    for name in fileNames { files[name] = try file(name) }
    return files
  }

  /// The same checkpoint, its floating-point tensors rounded to `dtype` (nil: as they are). Names are kept; what belongs
  /// to a training run (generation, state) is left behind.
  public func converted(to dtype: DType?) throws -> NewCheckpoint {
    let tensors = names.compactMap { tensor($0) }
    guard let dtype else {
      return NewCheckpoint(tensors: tensors.map { OutgoingTensor(copying: $0) }, files: try allFiles())
    }
    var files = try allFiles()
    files["config.json"] = config.settingDType(dtype.configName).text(pretty: true) + "\n"
    return NewCheckpoint(tensors: tensors.map { OutgoingTensor(converting: $0, to: dtype) }, files: files)
  }

  /// The vision encoder alone, as its class in transformers (`SiglipVisionModel`) saves it, under the names that every version
  /// reads, with its preprocessor. Layers, norm and head that a multimodal LLM does not use are part of it. Throws 65
  /// where there is no vision encoder that is known here.
  public func detachedVision() throws -> NewCheckpoint {
    let card = try visionCard()
    let config = try wholeVisionConfig()
    let tensors = try tensors(of: .vision).map { name, tensor in
      OutgoingTensor(copying: tensor, as: String(name.dropFirst(Part.vision.prefix.count)))
    }
    // Defaults are written out, so that the config does not depend on the version that reads it.
    var result = JSONObject()
    result["architectures"] = [.string(card.transformersClass)]
    for (key, value) in config { result[key] = value }
    result["torch_dtype"] = .string(Self.commonDType(tensors).configName)
    // Where its features are not the usual ones, the encoder remembers which they are; transformers keeps such keys.
    let usual = Anatomy(.object(result)).defaults
    for (key, value) in [
      ("vision_feature_layer", JSONValue.int(featureLayer)),
      ("vision_feature_select_strategy", .string(selectStrategy)),
    ] where usual[key] != value { result[key] = value }
    var files = ["config.json": JSONValue.object(result).text(pretty: true) + "\n"]
    files["preprocessor_config.json"] = try preprocessorText()
    return NewCheckpoint(tensors: tensors, files: files)
  }

  /// What is known of the vision encoder's architecture. Throws 65 where there is none.
  func visionCard() throws -> ArchitectureCard {
    guard let encoder = anatomy.vision else { throw nothing(.vision) }
    return encoder.card
  }

  /// The vision encoder's config with transformers' defaults written out, without what belongs to the whole or to the
  /// files: architectures, dtype, feature layer. Throws 65 where there is no vision encoder that is known here.
  func wholeVisionConfig() throws -> JSONObject {
    let card = try visionCard()
    guard let object = (config["vision_config"] ?? config).object else { throw nothing(.vision) }
    _ = try tensors(of: .vision)
    var result = card.defaults
    let foreign = [
      "architectures", "dtype", "torch_dtype", "_name_or_path", "transformers_version", "vision_feature_layer",
      "vision_feature_select_strategy",
    ]
    for (key, value) in object where !foreign.contains(key) { result[key] = value }
    for (key, value) in try anatomy.vision?.stated(by: self) ?? [:] { result[key] = value }
    if result["model_type"] == nil { result["model_type"] = .string(card.modelTypes[0]) }
    return result
  }

  /// preprocessor_config.json, from wherever the checkpoint has it.
  func preprocessorText() throws -> String? {
    try file("preprocessor_config.json") ?? preprocessorConfig().map { $0.json.text(pretty: true) + "\n" }
  }

  /// The projector alone: keys `multi_modal_projector.…` and a config of its own, which says of it what its architecture needs.
  public func detachedProjector() throws -> NewCheckpoint {
    let tensors = try tensors(of: .projector).map { OutgoingTensor(copying: $0.tensor, as: $0.name) }
    guard let connector = anatomy.connector else { throw nothing(.projector) }
    var result: JSONObject = ["model_type": .string(connector.card.modelTypes[0])]
    for (key, value) in try connector.description(of: self) { result[key] = value }
    for key in ["vision_feature_layer", "vision_feature_select_strategy"] { result[key] = config[key] }
    result["torch_dtype"] = .string(Self.commonDType(tensors).configName)
    return NewCheckpoint(tensors: tensors, files: ["config.json": JSONValue.object(result).text(pretty: true) + "\n"])
  }

  /// The dtype that all floating-point tensors share, else F32, which holds every one of them.
  static func commonDType(_ tensors: [OutgoingTensor]) -> DType {
    let dtypes = Set(tensors.map(\.dtype).filter(\.isFloatingPoint))
    return dtypes.count == 1 ? dtypes.first ?? .f32 : .f32
  }
}

extension DType {
  /// The dtype's name in config.json.
  var configName: String {
    switch self {
    case .bf16: "bfloat16"
    case .f16: "float16"
    case .f64: "float64"
    default: "float32"
    }
  }
}
