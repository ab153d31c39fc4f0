// SPDX-License-Identifier: MIT
// Learns a small byte-level BPE vocabulary from texts and writes it as a tokenizer.json of Qwen2's structure.

import StrictJSON

/// Training of a tokenizer (arXiv 1508.07909): the most frequent pair of adjacent tokens becomes a token, again and
/// again. Deterministic: of equally frequent pairs the one with the smaller ids is taken. Time grows with distinct
/// words × merges; meant for the small worlds of tests and demonstrations, not for corpora.
public enum BPETrainer {
  public static let defaultSpecialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"]

  /// A tokenizer.json with at most `vocabularySize` ids: the 256 bytes, merged tokens, and the special tokens last.
  /// A pair seen fewer than `minFrequency` times is not merged. `opening`: the special token that stands before every text.
  public static func train(
    _ texts: some Sequence<String>, vocabularySize: Int, minFrequency: Int = 2,
    specialTokens: [String] = defaultSpecialTokens, opening: String? = nil
  ) -> JSONValue {
    // The alphabet in the order of its characters, as tokenizers are published.
    let bytes = (0...255).map { UInt8($0) }.sorted {
      ByteLevel.characters[Int($0)].value < ByteLevel.characters[Int($1)].value
    }
    var tokens = bytes.map { ByteLevel.text([$0]) }
    var ids = [Int32](repeating: 0, count: 256)
    for (id, byte) in bytes.enumerated() { ids[Int(byte)] = Int32(id) }
    var known: [String: Int32] = [:]  // merged tokens: two merges may lead to the same text

    var words = countWords(texts).map { (tokens: $0.key.map { ids[Int($0)] }, count: $0.value) }
    var counts: [Pair: Int] = [:]
    for word in words { count(word.tokens, by: word.count, in: &counts) }
    var merges: [JSONValue] = []
    while tokens.count + specialTokens.count < vocabularySize,
      let best = counts.max(by: { $0.value != $1.value ? $0.value < $1.value : $1.key < $0.key }),
      best.value >= max(1, minFrequency)
    {
      let (left, right) = (tokens[Int(best.key.left)], tokens[Int(best.key.right)])
      let merged = known[left + right] ?? Int32(tokens.count)
      if merged == tokens.count { tokens.append(left + right) }
      known[left + right] = merged
      merges.append(.string("\(left) \(right)"))
      for i in words.indices where contains(words[i].tokens, best.key) {
        count(words[i].tokens, by: -words[i].count, in: &counts)
        merge(best.key, into: merged, in: &words[i].tokens)
        count(words[i].tokens, by: words[i].count, in: &counts)
      }
      counts[best.key] = nil
    }
    return file(tokens, merges, specialTokens, opening)
  }

  // MARK: Counting

  private struct Pair: Hashable, Comparable {
    var left: Int32
    var right: Int32
    static func < (a: Pair, b: Pair) -> Bool { a.left != b.left ? a.left < b.left : a.right < b.right }
  }

  private static func countWords(_ texts: some Sequence<String>) -> [[UInt8]: Int] {
    var counts: [[UInt8]: Int] = [:]
    for text in texts {
      Normalization.nfc(Array(text.utf8)).withUnsafeBufferPointer { bytes in
        PreTokenizer.split(digits: 1).forEachWord(in: bytes) { counts[Array(bytes[$0]), default: 0] += 1 }
      }
    }
    return counts
  }

  private static func count(_ word: [Int32], by amount: Int, in counts: inout [Pair: Int]) {
    for i in word.indices.dropLast() { counts[Pair(left: word[i], right: word[i + 1]), default: 0] += amount }
  }

  private static func contains(_ word: [Int32], _ pair: Pair) -> Bool {
    word.indices.dropLast().contains { word[$0] == pair.left && word[$0 + 1] == pair.right }
  }

  private static func merge(_ pair: Pair, into merged: Int32, in word: inout [Int32]) {
    var out: [Int32] = []
    var i = 0
    while i < word.count {
      let joins = i + 1 < word.count && word[i] == pair.left && word[i + 1] == pair.right
      out.append(joins ? merged : word[i])
      i += joins ? 2 : 1
    }
    word = out
  }

  // MARK: The file

  private static func file(_ tokens: [String], _ merges: [JSONValue], _ specialTokens: [String], _ opening: String?)
    -> JSONValue
  {
    var vocabulary = JSONObject()
    for (id, token) in tokens.enumerated() { vocabulary[token] = .int(id) }
    let added = specialTokens.enumerated().map { index, token -> JSONValue in
      [
        "id": .int(tokens.count + index), "content": .string(token), "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true,
      ]
    }
    let byteLevel: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
    ]
    let split: JSONValue = [
      "type": "Split", "pattern": ["Regex": .string(PreTokenizer.splitPattern(digits: #"\p{N}"#))],
      "behavior": "Isolated", "invert": false,
    ]
    return [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": ["type": "NFC"],
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": [split, byteLevel]],
      "post_processor": opening.map { opens(with: $0, byteLevel, added) } ?? byteLevel, "decoder": byteLevel,
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": "",
        "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": .object(vocabulary), "merges": .array(merges),
      ],
    ]
  }

  /// The post-processor that puts a token before each text, as Llama 3's does.
  private static func opens(with token: String, _ byteLevel: JSONValue, _ added: [JSONValue]) -> JSONValue {
    let id = added.first { $0["content"]?.string == token }?["id"] ?? .null
    func piece(_ type: Int) -> JSONValue { ["SpecialToken": ["id": .string(token), "type_id": .int(type)]] }
    func text(_ name: String, _ type: Int) -> JSONValue { ["Sequence": ["id": .string(name), "type_id": .int(type)]] }
    var tokens = JSONObject()
    tokens[token] = ["id": .string(token), "ids": [id], "tokens": [.string(token)]]
    return [
      "type": "Sequence",
      "processors": [
        byteLevel,
        [
          "type": "TemplateProcessing", "single": [piece(0), text("A", 0)],
          "pair": [piece(0), text("A", 0), piece(1), text("B", 1)], "special_tokens": .object(tokens),
        ],
      ],
    ]
  }
}
