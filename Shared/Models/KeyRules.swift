// SPDX-License-Identifier: MIT
// How the tensors of an architecture are called in files. One model is published under several key layouts: everything above
// this file speaks canonical names, everything on disk keeps the names it came with.

/// The names of one architecture's tensors, without the part's prefix: "vision_model.encoder.layers.0…", "model.norm.weight".
public struct KeyRules: Sendable {
  /// The module that holds nearly all of it; some files leave it out. "" where there is none.
  let root: String
  /// Modules directly under the root, by which a name without it is known.
  let modules: [String]
  /// Modules beside the root: "lm_head.".
  let outside: [String]
  /// Buffers that older versions of transformers wrote; their values follow from the config. By the end of the name.
  let buffers: [String]
  /// The head, and the embeddings that a config may tie it to.
  let tied: (head: String, embedding: String)?
  /// `model_type` of a pair of towers of which this is one, with what of it belongs to the other.
  let pair: (modelType: String, others: [String])?

  public init(
    root: String, modules: [String] = [], outside: [String] = [], buffers: [String] = [],
    tied: (head: String, embedding: String)? = nil, pair: (modelType: String, others: [String])? = nil
  ) {
    (self.root, self.modules, self.outside, self.buffers) = (root, modules, outside, buffers)
    (self.tied, self.pair) = (tied, pair)
  }

  /// The name behind the part's prefix, in a file of this architecture alone; nil: no name of it.
  func alone(_ name: Substring, isPair: Bool = false) -> String? {
    if let own = known(name) { return own }
    return !isPair && modules.contains { Self.begins(name, $0) } ? root + name : nil
  }

  /// The same behind the prefix that a multimodal model gives the part: whatever is there belongs to it.
  func inside(_ name: Substring) -> String { known(name) ?? root + name }

  private func known(_ name: Substring) -> String? {
    ([root] + outside).contains { Self.begins(name, $0) } ? String(name) : nil
  }

  static func begins(_ name: some StringProtocol, _ prefix: String) -> Bool {
    !prefix.isEmpty && name.hasPrefix(prefix) && name.utf8.count > prefix.utf8.count
  }

  func isOutside(_ name: Substring) -> Bool { outside.contains { Self.begins(name, $0) } }

  /// Whether a name belongs to the other tower of the pair.
  func isOfOther(_ name: String) -> Bool {
    (pair?.others ?? []).contains { $0.hasSuffix(".") ? name.hasPrefix($0) : name == $0 }
  }

  func isBuffer(_ name: String) -> Bool { buffers.contains { name.hasSuffix($0) } }
}

extension KeyRules {
  /// Those of `CausalDecoder`, as Llama, Qwen2 and their kin have them.
  public static let causalDecoder = KeyRules(
    root: "model.", outside: ["lm_head."], buffers: [".rotary_emb.inv_freq"],
    tied: ("lm_head.weight", "model.embed_tokens.weight"))
}
