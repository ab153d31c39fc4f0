// SPDX-License-Identifier: MIT
// Canonical names and the names as stored. One model is published under several key layouts; everything above this
// file speaks canonical names, everything on disk keeps the names it came with.

/// The key layouts of one architecture, chosen by `model_type` in config.json.
///
/// Canonical names are those of published LLaVA checkpoints:
///
///     vision_tower.vision_model.embeddings.…   .encoder.layers.N.…   .post_layernorm.…   .head.…
///     multi_modal_projector.linear_1.…   .linear_2.…   (.linear_3.… where ckpt attach has put layers behind old ones)
///     language_model.model.embed_tokens.…   .layers.N.…   .norm.…      language_model.lm_head.weight
///
/// Stored forms that are read (the longest prefix wins):
///
///     model_type            vision                             projector                LLM
///     llava                 vision_tower.[vision_model.]       multi_modal_projector.   language_model.[model.]  [language_model.]lm_head.
///                           (each also behind "model.", as transformers 5 keeps them in memory)
///     siglip_vision_model   [vision_model.]                    –                        –
///     siglip                vision_model.                      –                        –
///     qwen2                 –                                  –                        model.  lm_head.
///     (projector alone)     –                                  multi_modal_projector.   –
public struct KeyLayout: Sendable {
  /// What a stored name is to the architecture.
  public enum Role: Sendable, Equatable {
    /// A parameter of the model, with its canonical name.
    case parameter(String)
    /// Known, and no parameter: a buffer that older files carry, or the text half of a SigLIP pair.
    case ignored
    /// Nothing that this architecture has.
    case unknown
  }

  private let modelType: String

  /// The layout of a `model_type`; in an unknown one every name is unknown (its tensors are still kept and copied).
  public init(modelType: String) { self.modelType = modelType }

  /// `model_type` of a projector that was detached from its model.
  public static let projectorType = "multi_modal_projector"

  private static let vision = "vision_tower.vision_model."

  /// What `stored` is.
  public func role(of stored: String) -> Role {
    if modelType == "siglip" && (stored.hasPrefix("text_model.") || stored == "logit_scale" || stored == "logit_bias") {
      return .ignored
    }
    guard let name = renamed(stored) else { return .unknown }
    // Buffers that older versions of transformers wrote; their values follow from the config.
    if name == Self.vision + "embeddings.position_ids" { return .ignored }
    if name.hasPrefix("language_model.") && name.hasSuffix(".rotary_emb.inv_freq") { return .ignored }
    return .parameter(name)
  }

  /// The canonical name of a stored name; nil where the tensor is no parameter of this architecture.
  public func canonical(of stored: String) -> String? {
    if case .parameter(let name) = role(of: stored) { name } else { nil }
  }

  private func renamed(_ stored: String) -> String? {
    /// The first rule whose prefix fits, applied.
    func rename(_ name: Substring, _ rules: [(from: String, to: String)]) -> String? {
      for (from, to) in rules where name.hasPrefix(from) && name.utf8.count > from.utf8.count {
        return to + name.dropFirst(from.count)
      }
      return nil
    }
    switch modelType {
    case "llava":
      return rename(
        stored.hasPrefix("model.") ? stored.dropFirst("model.".count) : stored[...],
        [
          ("vision_tower.vision_model.", Self.vision), ("vision_tower.", Self.vision),
          ("multi_modal_projector.", "multi_modal_projector."),
          ("language_model.lm_head.", "language_model.lm_head."), ("lm_head.", "language_model.lm_head."),
          ("language_model.model.", "language_model.model."), ("language_model.", "language_model.model."),
        ])
    case "siglip_vision_model":
      let bare = ["embeddings.", "encoder.", "post_layernorm.", "head."].map { (from: $0, to: Self.vision + $0) }
      return rename(stored[...], [("vision_model.", Self.vision)] + bare)
    case "siglip":
      return rename(stored[...], [("vision_model.", Self.vision)])
    case "qwen2":
      return rename(stored[...], [("model.", "language_model.model."), ("lm_head.", "language_model.lm_head.")])
    case Self.projectorType:
      return rename(stored[...], [("multi_modal_projector.", "multi_modal_projector.")])
    default:
      return nil
    }
  }
}
