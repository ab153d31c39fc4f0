// SPDX-License-Identifier: MIT
// Which tokenizer made these ids: a name that travels with them.

import Digests
import StrictJSON

extension Tokenizer {
  /// 16 hexadecimal digits over what ids mean and how texts are merged into them: every token with its id, added
  /// tokens included, and the merges in order. How the file is written, and what it says of padding, truncation,
  /// post-processing or decoding, does not change it.
  ///
  /// - json: a parsed tokenizer.json; also of a kind that this library cannot run.
  /// - Returns: nil where it has no table of tokens.
  public static func fingerprint(_ json: JSONValue) -> String? {
    guard let vocabulary = json["model"]?["vocab"]?.object else { return nil }
    // Sums do not depend on an order, which JSON objects do not promise.
    var tokens: UInt64 = 0
    func add(_ token: String, _ id: Int) {
      var mixer = Mixer(seed: UInt64(bitPattern: Int64(id)) &+ 1)
      mixer.add(token)
      tokens &+= mixer.value
    }
    for (token, id) in vocabulary { add(token, id.int ?? -1) }
    for token in json["added_tokens"]?.array ?? [] {
      guard let content = token["content"]?.string, vocabulary[content] == nil else { continue }
      add(content, token["id"]?.int ?? -1)
    }
    var state = Mixer()
    state.add(tokens)
    for merge in json["model"]?["merges"]?.array ?? [] {
      // "a b" and ["a", "b"] are two spellings of one merge; no token holds a space as such.
      state.add(merge.string ?? merge.array?.map { $0.string ?? "" }.joined(separator: " ") ?? "")
    }
    return state.hexadecimal
  }
}
