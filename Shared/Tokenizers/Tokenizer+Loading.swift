// SPDX-License-Identifier: MIT
// Reads tokenizer.json. Whatever would change ids and is not implemented is refused by name, never passed over.

import StrictJSON

/// What a tokenizer.json says, checked.
struct TokenizerParts {
  var model: BytePairModel
  var normalizer: Normalizer
  var metaspace: Metaspace?
  var preTokenizer = PreTokenizer.none
  var decoder = TokenDecoder()
  var opening: [Int32] = []
  var texts: [String?]
  var addedTokens: [AddedToken] = []
}

extension Tokenizer {
  /// The tokenizer that a parsed tokenizer.json describes.
  ///
  /// Supported: model `BPE` (merges in both spellings, `ignore_merges`, `unk_token`, `fuse_unk`) over bytes, as GPT-2,
  /// Qwen2 and Llama 3 have it (pre-tokenizer `Split` by Qwen2's or Llama 3's expression followed by `ByteLevel`, or
  /// `ByteLevel` alone), or over characters, as SentencePiece and Llama 2 have it (`byte_fallback`; spaces marked by the
  /// normaliser or by the pre-tokenizer `Metaspace`); normaliser NFC, Prepend, Replace, or none; added tokens with all
  /// their flags. Anything else throws `TokenizerError`.
  ///
  /// - config: tokenizer_config.json, where there is one. Its `add_bos_token` goes before the post-processor.
  public convenience init(json: JSONValue, config: JSONValue? = nil) throws {
    guard json.object != nil else {
      throw TokenizerError.malformed("expected an object with \"model\" and \"added_tokens\"")
    }
    guard let model = json["model"], model.object != nil else {
      throw TokenizerError.malformed("\"model\" is missing or not an object")
    }
    let marksSpaces = Self.marksSpaces(json, model)
    let (vocabulary, texts) = try BytePairModel.readVocabulary(model, hasBytes: !marksSpaces)
    var parts = TokenizerParts(
      model: try BytePairModel(model, vocabulary, texts, hasBytes: !marksSpaces),
      normalizer: try Normalizer(json: json["normalizer"]), texts: texts)
    if marksSpaces {
      parts.metaspace = try Self.steps(json["pre_tokenizer"]).first.map { try Metaspace(json: $0) }
      parts.decoder = try TokenDecoder(json: json["decoder"])
    } else {
      parts.preTokenizer = try Self.readPreTokenizer(json["pre_tokenizer"])
    }
    try Self.readAddedTokens(json["added_tokens"], into: &parts)
    parts.opening = try Self.readOpening(json["post_processor"], parts)
    if let adds = config?["add_bos_token"]?.bool {
      let token = config?["bos_token"]?.string ?? config?["bos_token"]?["content"]?.string
      parts.opening = adds ? [token.flatMap { Self.id(of: $0, parts) }].compactMap { $0 } : []
    }
    self.init(parts: parts)
  }

  // MARK: Pre-tokenizer

  private static func steps(_ json: JSONValue?) -> [JSONValue] {
    guard let json, json != .null else { return [] }
    return json["type"]?.string == "Sequence" ? json["pretokenizers"]?.array ?? [] : [json]
  }

  /// Whether the vocabulary is SentencePiece's: characters, and a mark for each space.
  private static func marksSpaces(_ json: JSONValue, _ model: JSONValue) -> Bool {
    let steps = self.steps(json["pre_tokenizer"])
    if let step = steps.first { return steps.count == 1 && step["type"]?.string == "Metaspace" }
    let normalizers = json["normalizer"]?["normalizers"]?.array ?? [json["normalizer"] ?? .null]
    return model["byte_fallback"]?.bool == true || normalizers.contains { $0["pattern"]?["String"]?.string == " " }
  }

  private static func readPreTokenizer(_ json: JSONValue?) throws -> PreTokenizer {
    let steps = self.steps(json)
    let supported = "Split by Qwen2's or Llama 3's expression and ByteLevel, ByteLevel alone, or Metaspace alone"
    let unsupported = TokenizerError.unsupported(
      feature: "\"pre_tokenizer\"", found: (json ?? .null).text(), supported: supported)
    guard let last = steps.last, last["type"]?.string == "ByteLevel" else { throw unsupported }
    if last["add_prefix_space"]?.bool ?? true {
      throw TokenizerError.unsupported(feature: "\"add_prefix_space\"", found: "true", supported: "false")
    }
    let cutsWords = last["use_regex"]?.bool ?? true
    if steps.count == 1 {
      guard cutsWords else { throw unsupported }
      return .byteLevel
    }
    guard steps.count == 2, !cutsWords, steps[0]["type"]?.string == "Split",
      steps[0]["behavior"]?.string == "Isolated", steps[0]["invert"]?.bool != true,
      let pattern = steps[0]["pattern"]?["Regex"]?.string, let known = PreTokenizer.splitPatterns[pattern]
    else { throw unsupported }
    return known
  }

  // MARK: Post-processor

  private static func id(of token: String, _ parts: TokenizerParts) -> Int32? {
    parts.addedTokens.first { $0.content.utf8.elementsEqual(token.utf8) }?.id ?? parts.model.vocabulary.id(of: token)
  }

  /// The special tokens that a `TemplateProcessing` puts in front of a text.
  private static func readOpening(_ json: JSONValue?, _ parts: TokenizerParts) throws -> [Int32] {
    guard let json, json != .null else { return [] }
    if let processors = json["processors"]?.array { return try processors.flatMap { try readOpening($0, parts) } }
    guard let type = json["type"]?.string, ["TemplateProcessing", "ByteLevel", "Sequence"].contains(type) else {
      throw TokenizerError.unsupported(
        feature: "\"post_processor\"", found: (json["type"] ?? json).text(),
        supported: "TemplateProcessing, ByteLevel, a Sequence of them, or none")
    }
    let items = (json["single"]?.array ?? []).prefix { $0["Sequence"] == nil }
    return items.compactMap { $0["SpecialToken"]?["id"]?.string.flatMap { id(of: $0, parts) } }
  }

  // MARK: Added tokens

  private static func readAddedTokens(_ json: JSONValue?, into parts: inout TokenizerParts) throws {
    guard let json, json != .null else { return }
    guard let list = json.array else { throw TokenizerError.malformed("\"added_tokens\" is not an array") }
    for (index, entry) in list.enumerated() {
      guard let content = entry["content"]?.string, let id = entry["id"]?.int, id >= 0, id < BytePairModel.idLimit
      else {
        throw TokenizerError.malformed("added token \(index) is \(entry.text()), expected \"id\" and \"content\"")
      }
      if content.isEmpty { continue }
      while id >= parts.texts.count { parts.texts.append(nil) }
      if let other = parts.texts[id], !other.utf8.elementsEqual(content.utf8) {
        throw TokenizerError.malformed("added token \"\(content)\" has id \(id), which is token \"\(other)\"'s")
      }
      if let other = parts.model.vocabulary.id(of: content), other != Int32(id) {
        throw TokenizerError.malformed("added token \"\(content)\" has id \(id), but \"vocab\" gives it \(other)")
      }
      if parts.addedTokens.contains(where: { $0.content.utf8.elementsEqual(content.utf8) }) {
        throw TokenizerError.malformed("added token \"\(content)\" occurs twice")
      }
      parts.texts[id] = content
      let isSpecial = entry["special"]?.bool ?? false
      parts.addedTokens.append(
        AddedToken(
          id: Int32(id), content: content, isSpecial: isSpecial, singleWord: entry["single_word"]?.bool ?? false,
          stripsLeft: entry["lstrip"]?.bool ?? false, stripsRight: entry["rstrip"]?.bool ?? false,
          isNormalized: entry["normalized"]?.bool ?? !isSpecial))
    }
  }
}
