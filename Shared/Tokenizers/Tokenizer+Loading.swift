// SPDX-License-Identifier: MIT
// Reads tokenizer.json. Whatever would change ids and is not implemented is refused by name, never passed over.

import StrictJSON

/// What a tokenizer.json says, checked.
struct TokenizerParts {
  var vocabulary: TokenTable
  var merges: MergeTable
  var byteIDs: [Int32]
  var unknown: Tokenizer.Unknown?
  var wholeWordsFirst: Bool
  var normalizes: Bool
  var preTokenizer: PreTokenizer
  var texts: [String?]
  var addedTokens: [AddedToken]
}

extension Tokenizer {
  /// The tokenizer that a parsed tokenizer.json describes.
  ///
  /// Supported: model `BPE` (merges in both spellings, `ignore_merges`, `unk_token`, `fuse_unk`); pre-tokenizer `Split`
  /// by Qwen2's or Llama 3's expression followed by `ByteLevel`, or `ByteLevel` alone; normaliser NFC or none; added
  /// tokens with all their flags. Anything else throws `TokenizerError`.
  public convenience init(json: JSONValue) throws {
    guard json.object != nil else {
      throw TokenizerError.malformed("expected an object with \"model\" and \"added_tokens\"")
    }
    guard let model = json["model"], model.object != nil else {
      throw TokenizerError.malformed("\"model\" is missing or not an object")
    }
    try Self.checkModel(model)
    var parts = try Self.readVocabulary(model)
    parts.merges = try Self.readMerges(model, parts.vocabulary)
    parts.normalizes = try Self.readNormalizer(json["normalizer"])
    parts.preTokenizer = try Self.readPreTokenizer(json["pre_tokenizer"])
    try Self.readAddedTokens(json["added_tokens"], into: &parts)
    self.init(parts: parts)
  }

  private static func isAbsent(_ value: JSONValue?) -> Bool { value == nil || value == .null }

  // MARK: Model

  private static func checkModel(_ model: JSONValue) throws {
    let type = model["type"]?.string ?? (model["merges"] == nil ? "not given" : "BPE")
    guard type == "BPE" else {
      throw TokenizerError.unsupported(feature: "\"model\": \"type\"", found: "\"\(type)\"", supported: "\"BPE\"")
    }
    if model["byte_fallback"]?.bool == true {
      throw TokenizerError.unsupported(feature: "\"byte_fallback\"", found: "true", supported: "false (byte-level BPE)")
    }
    if let dropout = model["dropout"]?.double, dropout != 0 {
      throw TokenizerError.unsupported(feature: "\"dropout\"", found: "\(dropout)", supported: "null")
    }
    for affix in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = model[affix]?.string, !text.isEmpty {
        throw TokenizerError.unsupported(feature: "\"\(affix)\"", found: "\"\(text)\"", supported: "null or \"\"")
      }
    }
  }

  /// More ids than any vocabulary has; bounds what is allocated for a hostile file.
  private static let idLimit = 1 << 22

  private static func readVocabulary(_ model: JSONValue) throws -> TokenizerParts {
    guard let entries = model["vocab"]?.object else {
      throw TokenizerError.malformed("\"model\": \"vocab\" is missing or not an object of token: id")
    }
    var table = TokenTable(capacity: entries.count)
    var texts = [String?](repeating: nil, count: entries.count)
    for (token, value) in entries {
      guard let id = value.int, id >= 0, id < idLimit else {
        throw TokenizerError.malformed(
          "\"vocab\": token \"\(token)\" has id \(value.text()), expected a whole number from 0")
      }
      while id >= texts.count { texts.append(nil) }
      if let other = texts[id] {
        throw TokenizerError.malformed("\"vocab\": tokens \"\(other)\" and \"\(token)\" have the same id \(id)")
      }
      texts[id] = token
      var text = token
      if !text.withUTF8({ table.insert($0, id: Int32(id)) }) {
        throw TokenizerError.malformed("\"vocab\": token \"\(token)\" occurs twice")
      }
    }
    var unknown: Unknown?
    if let text = model["unk_token"]?.string, !text.isEmpty {
      guard let id = table.id(of: text) else {
        throw TokenizerError.malformed("\"unk_token\" is \"\(text)\", which \"vocab\" lacks")
      }
      unknown = Unknown(id: id, fuses: model["fuse_unk"]?.bool ?? false)
    }
    return TokenizerParts(
      vocabulary: table, merges: MergeTable(capacity: 0), byteIDs: ByteLevel.utf8.map { table.id(of: $0) ?? -1 },
      unknown: unknown, wholeWordsFirst: model["ignore_merges"]?.bool ?? false, normalizes: false, preTokenizer: .gpt2,
      texts: texts, addedTokens: [])
  }

  private static func readMerges(_ model: JSONValue, _ vocabulary: TokenTable) throws -> MergeTable {
    guard let list = model["merges"]?.array else {
      throw TokenizerError.malformed("\"model\": \"merges\" is missing or not an array")
    }
    var table = MergeTable(capacity: list.count)
    var joined: [UInt8] = []  // left + right
    for (rank, entry) in list.enumerated() {
      joined.removeAll(keepingCapacity: true)
      let leftCount: Int
      if let text = entry.string {
        joined.append(contentsOf: text.utf8)
        guard let space = joined.firstIndex(of: 0x20), joined.lastIndex(of: 0x20) == space else {
          throw TokenizerError.malformed("merge \(rank) is \"\(text)\", expected two tokens with a space between")
        }
        joined.remove(at: space)
        leftCount = space
      } else if let pair = entry.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        joined.append(contentsOf: left.utf8)
        leftCount = joined.count
        joined.append(contentsOf: right.utf8)
      } else {
        throw TokenizerError.malformed("merge \(rank) is \(entry.text()), expected \"a b\" or [\"a\", \"b\"]")
      }
      let (left, right, result) = joined.withUnsafeBufferPointer { bytes in
        (
          vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<leftCount])),
          vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[leftCount...])), vocabulary.id(of: bytes)
        )
      }
      guard let left, let right, let result else {
        throw TokenizerError.malformed(
          "merge \(rank) is \(entry.text()): \"vocab\" lacks one of the two tokens or their union")
      }
      table.insert(left, right, MergeTable.Merge(rank: Int32(rank), result: result))
    }
    return table
  }

  // MARK: Normaliser and pre-tokenizer

  private static func readNormalizer(_ json: JSONValue?) throws -> Bool {
    guard let json, json != .null else { return false }
    switch json["type"]?.string {
    case "NFC": return true
    case "Sequence":
      let parts = try (json["normalizers"]?.array ?? []).map { try readNormalizer($0) }
      return parts.contains(true)
    default:
      throw TokenizerError.unsupported(feature: "\"normalizer\"", found: json.text(), supported: "null, NFC")
    }
  }

  private static func readPreTokenizer(_ json: JSONValue?) throws -> PreTokenizer {
    let steps = json?["type"]?.string == "Sequence" ? json?["pretokenizers"]?.array ?? [] : [json ?? .null]
    let supported = "Split by Qwen2's expression and ByteLevel, or ByteLevel alone"
    let unsupported = TokenizerError.unsupported(
      feature: "\"pre_tokenizer\"", found: (json ?? .null).text(), supported: supported)
    guard let last = steps.last, last["type"]?.string == "ByteLevel" else { throw unsupported }
    if last["add_prefix_space"]?.bool ?? true {
      throw TokenizerError.unsupported(feature: "\"add_prefix_space\"", found: "true", supported: "false")
    }
    let cutsWords = last["use_regex"]?.bool ?? true
    if steps.count == 1 {
      guard cutsWords else { throw unsupported }
      return .gpt2
    }
    guard steps.count == 2, !cutsWords, steps[0]["type"]?.string == "Split",
      steps[0]["behavior"]?.string == "Isolated", steps[0]["invert"]?.bool != true,
      let pattern = steps[0]["pattern"]?["Regex"]?.string, let known = PreTokenizer.qwen2Patterns[pattern]
    else { throw unsupported }
    return known
  }

  // MARK: Added tokens

  private static func readAddedTokens(_ json: JSONValue?, into parts: inout TokenizerParts) throws {
    guard let json, json != .null else { return }
    guard let list = json.array else { throw TokenizerError.malformed("\"added_tokens\" is not an array") }
    for (index, entry) in list.enumerated() {
      guard let content = entry["content"]?.string, let id = entry["id"]?.int, id >= 0, id < idLimit else {
        throw TokenizerError.malformed("added token \(index) is \(entry.text()), expected \"id\" and \"content\"")
      }
      if content.isEmpty { continue }
      while id >= parts.texts.count { parts.texts.append(nil) }
      if let other = parts.texts[id], !other.utf8.elementsEqual(content.utf8) {
        throw TokenizerError.malformed("added token \"\(content)\" has id \(id), which is token \"\(other)\"'s")
      }
      if let other = parts.vocabulary.id(of: content), other != Int32(id) {
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
