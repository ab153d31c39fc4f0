// SPDX-License-Identifier: MIT
// A fingerprint says which weights computed something: features, or reference log-probabilities. File layout, key
// layout, shards and dtype do not change it, a single changed value does.

import StrictJSON

extension Checkpoint {
  /// A hash over canonical names and f32 values of the tensors `names` (canonical), and over the settings under which
  /// they ran. 16 hexadecimal digits. Throws 65 where a tensor is missing or of no floating-point type.
  public func fingerprint(of names: [String], layersRun: Int, selectStrategy: String) throws -> String {
    let inputs = try names.map { name in
      guard let tensor = tensor(canonical: name) else { throw CheckpointError.missingKey(path: path, key: name) }
      guard tensor.dtype.isFloatingPoint else {
        throw CheckpointError.notFloat(path: path, key: tensor.name, dtype: tensor.dtype.rawValue)
      }
      return DigestInput(stored: tensor, as: name)
    }
    return Digest.of(
      inputs, settings: [("layers_run", String(layersRun)), ("vision_feature_select_strategy", selectStrategy)])
  }

  /// Fingerprint of the vision encoder up to its feature layer: the `encoder` of a frame's features. The same for a
  /// multimodal LLM and for the vision model detached from it. Nil for a checkpoint without a vision encoder.
  ///
  /// - Parameters:
  ///   - featureLayer: index into the hidden states; negative from the end. Without: the config's, else -2.
  ///   - selectStrategy: "full" or "default". Without: the config's, else "full".
  public func encoderFingerprint(featureLayer: Int? = nil, selectStrategy: String? = nil) throws -> String? {
    let layers = layersRun(featureLayer: featureLayer)
    let names = encoderNames(layersRun: layers)
    if names.isEmpty { return nil }
    return try fingerprint(of: names, layersRun: layers, selectStrategy: selectStrategy ?? self.selectStrategy)
  }

  /// Fingerprint of everything that runs in a multimodal LLM: the `reference` of a frame's log-probabilities. Nil for a
  /// checkpoint without an LLM.
  public func modelFingerprint() throws -> String? {
    let layers = layersRun(featureLayer: nil)
    var names = encoderNames(layersRun: layers)
    let others = canonicalNames.filter { Part(ofCanonical: $0) != .vision && !isTiedHead($0) }
    if !others.contains(where: { Part(ofCanonical: $0) == .llm }) { return nil }
    names += others
    return try fingerprint(of: names, layersRun: names.isEmpty ? 0 : layers, selectStrategy: selectStrategy)
  }

  /// Canonical names of the vision encoder's tensors that run: the embeddings and the first `layersRun` layers.
  public func encoderNames(layersRun: Int) -> [String] {
    let root = "vision_tower.vision_model."
    let layers = root + "encoder.layers."
    return canonicalNames.filter { name in
      if name.hasPrefix(layers) {
        let number = name.dropFirst(layers.count).prefix { $0 != "." }
        return Int(number).map { $0 < layersRun } ?? false
      }
      // A norm before the stack (CLIP has one) runs; the norm and the pooling head after it do not.
      return name.hasPrefix(root) && !name.hasPrefix(root + "post_layernorm.") && !name.hasPrefix(root + "head.")
    }
  }

  /// How many of the vision encoder's layers run for features of `featureLayer`.
  func layersRun(featureLayer: Int?) -> Int {
    let layer = featureLayer ?? self.featureLayer
    guard layer < 0 else { return layer }
    let count = (config["vision_config"] ?? config)["num_hidden_layers"]?.int ?? 12
    return max(0, min(count, 1 << 20) + 1 + layer)
  }

  /// `vision_feature_layer`: index into the hidden states, negative from the end; -2 unless stated.
  var featureLayer: Int {
    let stated = config["vision_feature_layer"]
    return stated?.int ?? stated?.array?.first?.int ?? -2
  }

  /// `vision_feature_select_strategy`; a vision model of its own has none: all its patches are features.
  var selectStrategy: String {
    config["vision_feature_select_strategy"]?.string ?? (modelType == "llava" ? "default" : "full")
  }

  /// A stored head that is only a copy of the embeddings.
  private func isTiedHead(_ canonical: String) -> Bool {
    guard canonical == Self.headName, tiesWordEmbeddings, let head = tensor(canonical: Self.headName),
      let embeddings = tensor(canonical: Self.embeddingName)
    else { return false }
    return head.hasSameValues(as: embeddings)
  }
}
