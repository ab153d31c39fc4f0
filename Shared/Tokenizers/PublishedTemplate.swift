// SPDX-License-Identifier: MIT
// The chat template that a checkpoint brings along, where transformers would find it.

import Failures
import Jinja
import StrictJSON

/// A checkpoint's own chat template.
public struct PublishedTemplate: Sendable {
  /// The file that holds it.
  public let file: String
  /// Its source; why there is none that could be used, in words that follow "the chat template".
  let source: Result<String, PlainFailure>
  /// What it may use beside the conversation: the special tokens by name.
  let tokens: JSONObject

  public init(file: String, source: String, tokens: JSONObject = JSONObject()) {
    self.file = file
    self.source = .success(source)
    self.tokens = tokens
  }

  /// Looks where transformers does: a model that takes images has its processor's template before its tokenizer's, and
  /// a `chat_template.jinja` takes the place of what tokenizer_config.json says. Nil where the checkpoint has none.
  ///
  /// - file, json: a file that travels with the checkpoint, as text and parsed; nil where there is none. Throws what
  ///   they throw.
  public init?(
    takesImages: Bool, file: (String) throws -> String?, json: (String) throws -> JSONValue?
  ) throws {
    let tokenizer = try json("tokenizer_config.json")
    tokens = Self.specialTokens(try json("special_tokens_map.json"), tokenizer)
    if takesImages, let value = try json("chat_template.json")?["chat_template"], !value.isNull {
      (self.file, source) = ("chat_template.json", Self.source(value))
    } else if let text = try file("chat_template.jinja") {
      (self.file, source) = ("chat_template.jinja", .success(text))
    } else if takesImages, let value = try json("processor_config.json")?["chat_template"], !value.isNull {
      (self.file, source) = ("processor_config.json", Self.source(value))
    } else if let value = tokenizer?["chat_template"], !value.isNull {
      (self.file, source) = ("tokenizer_config.json", Self.source(value))
    } else {
      return nil
    }
  }

  /// A text, or a list of named ones of which "default" is meant.
  private static func source(_ value: JSONValue) -> Result<String, PlainFailure> {
    if let text = value.string { return .success(text) }
    guard let list = value.array else {
      return .failure(.badData("is \(value.kind), expected a string"))
    }
    if let text = list.first(where: { $0["name"]?.string == "default" })?["template"]?.string { return .success(text) }
    let names = list.map { $0["name"]?.string ?? "?" }.joined(separator: ", ")
    return .failure(.badData("has no \"default\" among its templates (\(names))"))
  }

  /// `bos_token` and its like; tokenizer_config.json goes before the older special_tokens_map.json.
  private static func specialTokens(_ files: JSONValue?...) -> JSONObject {
    var tokens = JSONObject()
    for object in files.flatMap({ [$0?.object, $0?["extra_special_tokens"]?.object] }) {
      for (key, value) in object ?? JSONObject() where key.hasSuffix("_token") {
        if let text = value.string ?? value["content"]?.string { tokens[key] = .string(text) }
      }
    }
    return tokens
  }
}
