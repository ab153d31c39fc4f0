// SPDX-License-Identifier: MIT
// The token that stands for an image in a prompt: the one that a language model has, or one that its tokenizer gets.

import Checkpoints
import Failures
import Models
import StrictJSON

/// The placeholder of images, and the tokenizer files that know it.
struct ImageToken {
  let id: Int
  /// "<image>" unless the model has another.
  let content: String
  /// True where the tokenizer had none: then `files` are its files with it.
  let isNew: Bool
  let files: [String: String]

  private static let usual = "<image>"
  /// Far above any vocabulary, and low enough that a table may grow to it.
  private static let limit = 1 << 22
  private static let flags: [(key: String, value: JSONValue)] = [
    ("content", .string(usual)), ("lstrip", false), ("normalized", false), ("rstrip", false), ("single_word", false),
    ("special", true),
  ]

  /// Of a multimodal model its own; of a language model "<image>", added where its tokenizer has none. Throws 65 or 66
  /// where a language model's tokenizer.json is missing or not what it must be.
  init(of llm: Checkpoint) throws {
    if llm.anatomy.whole != nil {
      let id = try llm.imageToken()
      guard id < Self.limit else {
        throw PlainFailure.badData(
          "\(llm.path): config.json: image_token_index is \(id), expected less than \(Self.limit)")
      }
      // A tokenizer of another kind is not ours to judge here: imgtok says what is wrong with it.
      let added = (try? llm.json("tokenizer.json"))?["added_tokens"]?.array ?? []
      let content = added.first { $0["id"]?.int == id }?["content"]?.string
      self.init(id: id, content: content ?? Self.usual, isNew: false, files: [:])
      return
    }
    guard let tokenizer = try llm.json("tokenizer.json") else {
      throw PlainFailure(
        llm.isDirectory ? .missingInput : .badData,
        "\(llm.path): has no tokenizer.json; AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one")
    }
    try self.init(addingTo: tokenizer, llm)
  }

  private init(id: Int, content: String, isNew: Bool, files: [String: String]) {
    (self.id, self.content, self.isNew, self.files) = (id, content, isNew, files)
  }

  private init(addingTo tokenizer: JSONValue, _ llm: Checkpoint) throws {
    func malformed(_ problem: String) -> PlainFailure { .badData("\(llm.path): tokenizer.json: \(problem)") }
    guard var object = tokenizer.object, let vocabulary = tokenizer["model"]?["vocab"]?.object else {
      throw malformed("\"model\": \"vocab\" is missing or not an object of token: id")
    }
    var added = tokenizer["added_tokens"]?.array ?? []
    if let known = added.first(where: { $0["content"]?.string == Self.usual }) {
      guard let id = known["id"]?.int, (0..<Self.limit).contains(id) else {
        throw malformed("\"\(Self.usual)\" has id \(known["id"]?.text() ?? "none"), expected 0 to \(Self.limit - 1)")
      }
      self.init(id: id, content: Self.usual, isNew: false, files: [:])
      return
    }
    // The id that the tokenizers library gives to the next token that is added: it insists on no other.
    let ids = added.compactMap { $0["id"]?.int }
    let largest = ids.max() ?? -1
    let id = vocabulary[Self.usual]?.int ?? max(min(largest, Self.limit) + 1, vocabulary.count)
    guard id >= 0, id < Self.limit, !ids.contains(id),
      vocabulary[Self.usual] != nil || !vocabulary.contains(where: { $0.value.int == id })
    else { throw malformed("id \(id), the next after its \(vocabulary.count) tokens, is taken: its ids have gaps") }
    var entry = JSONObject()
    entry["id"] = .int(id)
    for (key, value) in Self.flags { entry[key] = value }
    added.append(.object(entry))
    object["added_tokens"] = .array(added)
    var files = ["tokenizer.json": JSONValue.object(object).text(pretty: true) + "\n"]
    files["tokenizer_config.json"] = try Self.tokenizerConfig(llm, id).text(pretty: true) + "\n"
    if let older = try llm.json("added_tokens.json"), var list = older.object {
      list[Self.usual] = .int(id)
      files["added_tokens.json"] = JSONValue.object(list).text(pretty: true) + "\n"
    }
    self.init(id: id, content: Self.usual, isNew: true, files: files)
  }

  /// tokenizer_config.json with the token, where transformers' processors look for it. It names the tokenizer's class,
  /// which transformers otherwise chooses by the model type, and that becomes llava.
  private static func tokenizerConfig(_ llm: Checkpoint, _ id: Int) throws -> JSONValue {
    var config = try llm.json("tokenizer_config.json")?.object ?? JSONObject()
    if var decoder = config["added_tokens_decoder"]?.object {
      var entry = JSONObject()
      for (key, value) in flags { entry[key] = value }
      decoder[String(id)] = .object(entry)
      config["added_tokens_decoder"] = .object(decoder)
    }
    if let list = config["extra_special_tokens"]?.array {
      config["extra_special_tokens"] = .array(list + [.string(usual)])
    } else {
      var named = config["extra_special_tokens"]?.object ?? JSONObject()
      named["image_token"] = .string(usual)
      config["extra_special_tokens"] = .object(named)
    }
    if config["tokenizer_class"] == nil, let usual = llm.anatomy.language?.card.tokenizerClass {
      config["tokenizer_class"] = .string(usual)
    }
    return .object(config)
  }
}
