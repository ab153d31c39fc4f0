// SPDX-License-Identifier: MIT
// Checkpoints made from others: a part on its own, another dtype, another file layout.

import Failures
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

  /// The vision encoder alone, as `SiglipVisionModel.save_pretrained` writes it (keys `vision_model.…`, which every version
  /// of transformers reads), with its preprocessor. Layers, norm and head that a multimodal LLM does not use are part of
  /// it. Throws 65 where there is no SigLIP vision encoder.
  public func detachedVision() throws -> NewCheckpoint {
    let config = try visionConfig()
    let tensors = try tensors(of: .vision).map { name, tensor in
      OutgoingTensor(copying: tensor, as: "vision_model." + name.dropFirst(Self.visionPrefix.count))
    }
    // Defaults are written out, so that the config does not depend on the version that reads it.
    var result = JSONObject()
    result["architectures"] = ["SiglipVisionModel"]
    for (key, value) in config { result[key] = value }
    result["torch_dtype"] = .string(Self.commonDType(tensors).configName)
    // Where its features are not the usual ones, the encoder remembers which they are; transformers keeps such keys.
    if featureLayer != -2 { result["vision_feature_layer"] = .int(featureLayer) }
    if selectStrategy != "full" { result["vision_feature_select_strategy"] = .string(selectStrategy) }
    var files = ["config.json": JSONValue.object(result).text(pretty: true) + "\n"]
    files["preprocessor_config.json"] = try preprocessorText()
    return NewCheckpoint(tensors: tensors, files: files)
  }

  static let visionPrefix = "vision_tower.vision_model."

  /// Canonical names and tensors of a part, sorted. Throws 65 where it is not there.
  func tensors(of part: Part) throws -> [(name: String, tensor: StoredTensor)] {
    let found = canonicalNames.filter { Part(ofCanonical: $0) == part }.compactMap { name in
      tensor(canonical: name).map { (name: name, tensor: $0) }
    }
    guard !found.isEmpty else { throw nothing(part) }
    return found
  }

  func nothing(_ part: Part) -> CheckpointError {
    let what =
      switch part {
      case .vision: "SigLIP vision encoder"
      case .projector: "projector"
      case .llm: "Qwen2 language model"
      }
    return .nothingToDetach(path: path, what: what, found: modelType)
  }

  /// The vision encoder's config with transformers' defaults written out, without what belongs to the whole or to the
  /// files: architectures, dtype, feature layer. Throws 65 where there is no SigLIP vision encoder.
  func visionConfig() throws -> JSONObject {
    let source = config["vision_config"] ?? config
    guard let object = source.object, source["model_type"]?.string == "siglip_vision_model" else {
      throw nothing(.vision)
    }
    let hasHead = try tensors(of: .vision).contains { $0.name.hasPrefix(Self.visionPrefix + "head.") }
    var result = JSONObject()
    for (key, value): (String, JSONValue) in [
      ("attention_dropout", 0.0), ("hidden_act", "gelu_pytorch_tanh"), ("hidden_size", 768), ("image_size", 224),
      ("intermediate_size", 3072), ("layer_norm_eps", 1e-6), ("model_type", "siglip_vision_model"),
      ("num_attention_heads", 12), ("num_channels", 3), ("num_hidden_layers", 12), ("patch_size", 16),
    ] { result[key] = value }
    let foreign = [
      "architectures", "dtype", "torch_dtype", "_name_or_path", "transformers_version", "vision_feature_layer",
      "vision_feature_select_strategy",
    ]
    for (key, value) in object where !foreign.contains(key) { result[key] = value }
    result["vision_use_head"] = .bool(hasHead)
    return result
  }

  /// preprocessor_config.json, from wherever the checkpoint has it.
  func preprocessorText() throws -> String? {
    try file("preprocessor_config.json") ?? preprocessorConfig().map { $0.json.text(pretty: true) + "\n" }
  }

  /// The projector alone: keys `multi_modal_projector.…` and a config of its own with the sizes it joins.
  public func detachedProjector() throws -> NewCheckpoint {
    let tensors = try tensors(of: .projector).map { OutgoingTensor(copying: $0.tensor, as: $0.name) }
    let layers = try ProjectorLayers(self)
    var result = JSONObject()
    result["model_type"] = .string(KeyLayout.projectorType)
    result["vision_hidden_size"] = .int(layers.inputs)
    result["text_hidden_size"] = .int(layers.outputs)
    result["projector_hidden_act"] = config["projector_hidden_act"] ?? "gelu"
    result["multimodal_projector_bias"] = .bool(layers.hasBias)
    layers.describe(in: &result)
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
