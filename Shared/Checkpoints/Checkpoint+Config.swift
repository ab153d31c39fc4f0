// SPDX-License-Identifier: MIT
// What the storage of a checkpoint needs to know of its config.json; architectures read the rest for themselves.

import StrictJSON

extension Checkpoint {
  /// Canonical names of the pair that may be tied.
  static let embeddingName = "language_model.model.embed_tokens.weight", headName = "language_model.lm_head.weight"

  /// True where config.json ties the head to the embeddings: `tie_word_embeddings` at the top or in the text config,
  /// either suffices.
  var tiesWordEmbeddings: Bool {
    config["tie_word_embeddings"]?.bool == true || config["text_config"]?["tie_word_embeddings"]?.bool == true
  }
}

extension JSONValue {
  /// A config that states its dtype (`dtype`, or `torch_dtype` in older ones, also in its sub-configs) with another
  /// one in its place; one that states none is unchanged.
  func settingDType(_ name: String) -> JSONValue {
    guard var object else { return self }
    for key in ["dtype", "torch_dtype"] where object[key]?.string != nil { object[key] = .string(name) }
    for (key, value) in object where key.hasSuffix("_config") { object[key] = value.settingDType(name) }
    return .object(object)
  }
}
