// SPDX-License-Identifier: MIT
// A fingerprint says which weights computed something: features, or reference log-probabilities. File layout, key
// layout, shards and dtype do not change it, a single changed value does.

import Checkpoints
import Layers
import StrictJSON

extension Checkpoint {
  /// Fingerprint of the vision encoder up to its feature layer: the `encoder` of a frame's features. The same for a
  /// multimodal LLM and for the vision model detached from it. Nil for a checkpoint without a vision encoder.
  ///
  /// - Parameters:
  ///   - featureLayer: index into the hidden states; negative from the end. Without: the config's, else its card's.
  ///   - selectStrategy: "full" or "default". Without: the config's, else its card's.
  public func encoderFingerprint(featureLayer: Int? = nil, selectStrategy: String? = nil) throws -> String? {
    guard let layers = try layersRun(featureLayer: featureLayer) else { return nil }
    return try fingerprint(
      of: encoderNames(layersRun: layers),
      settings: settings(layersRun: layers, selectStrategy: selectStrategy ?? self.selectStrategy))
  }

  /// Fingerprint of everything that runs in a multimodal LLM: the `reference` of a frame's log-probabilities. Nil for a
  /// checkpoint without an LLM.
  public func modelFingerprint() throws -> String? {
    let others = canonicalNames.filter { Part(ofCanonical: $0) != .vision && !isTiedHead($0) }
    if !others.contains(where: { Part(ofCanonical: $0) == .llm }) { return nil }
    // A language model alone has no encoder. Its own depth stands in, so that frames which were scored by one stay valid.
    let ownDepth = min(config["num_hidden_layers"]?.int ?? 12, 1 << 20)
    let layers = try layersRun(featureLayer: nil) ?? max(0, ownDepth + 1 + featureLayer)
    let names = try encoderNames(layersRun: layers) + others
    return try fingerprint(of: names, settings: settings(layersRun: layers, selectStrategy: selectStrategy))
  }

  private func settings(layersRun: Int, selectStrategy: String) -> [(String, String)] {
    [("layers_run", String(layersRun)), ("vision_feature_select_strategy", selectStrategy)]
  }

  /// Canonical names of the vision encoder's tensors that run: those below the feature layer.
  private func encoderNames(layersRun: Int) throws -> [String] {
    guard let encoder = anatomy.vision, let config = try visionConfig() else { return [] }
    let declared = try Weights.declarations { _ = try encoder.make($0, config, depth: layersRun) }
    return declared.filter(\.runs).map(\.name)
  }

  /// A stored head that is only a copy of the embeddings.
  private func isTiedHead(_ canonical: String) -> Bool {
    anatomy.ties.contains { follower, leader in
      guard canonical == follower, let head = tensor(canonical: follower), let embeddings = tensor(canonical: leader)
      else { return false }
      return head.hasSameValues(as: embeddings)
    }
  }
}
