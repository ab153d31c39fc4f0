// SPDX-License-Identifier: MIT
// What a checkpoint's files say about its tokens: which end a turn, and which must never be sampled.
import Checkpoints
import Failures
import Generation
import Models
import StrictJSON
import Tokenizers

extension GenerationVocabulary {
  /// Ends: `eos_token_id` of generation_config.json, else of config.json, else `eos_token` of tokenizer_config.json; and
  /// always what ends a turn in a known chat format where the tokenizer has it as a special token. Forbidden: the image's
  /// placeholder, the padding token (unless it is an end), and rows of the head that belong to no token.
  ///
  /// Throws 65 where there is no tokenizer.json, or where an id is not one.
  init(_ checkpoint: Checkpoint, _ config: MultimodalConfig) throws {
    let tokenizer = try Self.tokenizer(checkpoint)
    let size = config.text?.vocabularySize ?? 0
    let files = try ["generation_config.json", "config.json"].map { name in
      (name: name, json: name == "config.json" ? checkpoint.config : try checkpoint.json(name) ?? .null)
    }
    func stated(_ key: String) throws -> [Int32] {
      for (name, json) in files {
        let ids = try [json, json["text_config"] ?? .null].compactMap {
          try $0[key].map { try Self.ids($0, size, "\(checkpoint.path): \(name): \(key)") }
        }
        if let first = ids.first(where: { !$0.isEmpty }) { return first }
      }
      let name = key == "eos_token_id" ? "eos_token" : "pad_token"
      let token = try checkpoint.json("tokenizer_config.json")?[name]
      return [(token?.string ?? token?["content"]?.string).flatMap(tokenizer.id(of:))].compactMap { $0 }
    }
    var ends = Set(try stated("eos_token_id"))
    ends.formUnion(ChatFormat.turnEnds(tokenizer))
    let padding = try stated("pad_token_id").filter { !ends.contains($0) }
    let rowsWithoutToken = (0..<Int32(size)).filter { tokenizer.token($0) == nil }
    let forbidden = Set(rowsWithoutToken + padding + [config.imageToken].compactMap { $0 })
    self.init(
      ends: ends, forbidden: forbidden.sorted(),
      firstBytes: { tokenizer.bytes(of: $0, skipSpecial: true, isFirst: true) },
      bytes: { tokenizer.bytes(of: $0, skipSpecial: true) })
  }

  private static func tokenizer(_ checkpoint: Checkpoint) throws -> Tokenizer {
    guard let json = try checkpoint.json("tokenizer.json") else {
      throw PlainFailure.badData(
        "\(checkpoint.path): has no tokenizer.json; AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one")
    }
    do {
      return try Tokenizer(json: json)
    } catch let failure as any Failure {
      throw PlainFailure(failure.exitStatus, "\(checkpoint.path): tokenizer.json: \(failure)")
    }
  }

  /// An id, a list of ids, or null for none.
  private static func ids(_ value: JSONValue, _ size: Int, _ place: String) throws -> [Int32] {
    if value.isNull { return [] }
    return try (value.array ?? [value]).map { value in
      guard let id = value.int, (0..<size).contains(id) else {
        throw PlainFailure.badData("\(place) is \(value.text()), expected ids below the vocabulary's size of \(size)")
      }
      return Int32(id)
    }
  }
}
