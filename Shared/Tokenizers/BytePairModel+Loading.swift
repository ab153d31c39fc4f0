// SPDX-License-Identifier: MIT
// Reads the "model" of a tokenizer.json.

import StrictJSON

extension BytePairModel {
  /// More ids than any vocabulary has; bounds what is allocated for a hostile file.
  static let idLimit = 1 << 22

  /// - hasBytes: whether the vocabulary is in the byte-level alphabet.
  init(_ model: JSONValue, _ vocabulary: TokenTable, _ texts: [String?], hasBytes: Bool) throws {
    self.vocabulary = vocabulary
    wholeWordsFirst = model["ignore_merges"]?.bool ?? false
    if let text = model["unk_token"]?.string, !text.isEmpty {
      guard let id = vocabulary.id(of: text) else {
        throw TokenizerError.malformed("\"unk_token\" is \"\(text)\", which \"vocab\" lacks")
      }
      unknown = Unknown(id: id, fuses: model["fuse_unk"]?.bool ?? false)
    }
    let list = try Self.readMerges(model, vocabulary)
    merges = MergeTable(capacity: list.count)
    for (rank, pair) in list.enumerated() {
      merges.insert(pair.left, pair.right, MergeTable.Merge(rank: Int32(rank), result: pair.result))
    }
    if hasBytes {
      alphabet = .bytes(ByteLevel.utf8.map { vocabulary.id(of: $0) ?? -1 })
    } else {
      let fallsBack = model["byte_fallback"]?.bool ?? false
      let byteTokens = fallsBack ? (0...255).map { vocabulary.id(of: Self.byteToken($0)) ?? -1 } : []
      alphabet = .characters(byteTokens: byteTokens)
      joints = Self.joints(list, texts, vocabulary, Set(byteTokens + [unknown?.id ?? -1]))
    }
  }

  /// "<0x0A>", as the reference spells it.
  private static func byteToken(_ byte: UInt8) -> String {
    "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
  }

  private typealias Pair = (left: Int32, right: Int32, result: Int32)

  /// The last character of a merge's left token and the first of its right one, by id: where no such pair stands, no
  /// merge reaches across. `others` are smallest tokens that are no characters; nil where they take part in merges.
  private static func joints(
    _ merges: [Pair], _ texts: [String?], _ vocabulary: TokenTable, _ others: Set<Int32>
  ) -> MergeTable? {
    var joints: Set<[Int32]> = []
    for merge in merges {
      if others.contains(merge.left) || others.contains(merge.right) || others.contains(merge.result) { return nil }
      guard let last = texts[Int(merge.left)]?.unicodeScalars.last, let left = vocabulary.id(of: String(last)),
        let first = texts[Int(merge.right)]?.unicodeScalars.first, let right = vocabulary.id(of: String(first))
      else { continue }  // a token that no text leads to
      joints.insert([left, right])
    }
    var table = MergeTable(capacity: joints.count)
    for joint in joints { table.insert(joint[0], joint[1], MergeTable.Merge(rank: 0, result: 0)) }
    return table
  }

  private static func check(_ model: JSONValue, hasBytes: Bool) throws {
    let type = model["type"]?.string ?? (model["merges"] == nil ? "not given" : "BPE")
    guard type == "BPE" else {
      throw TokenizerError.unsupported(feature: "\"model\": \"type\"", found: "\"\(type)\"", supported: "\"BPE\"")
    }
    if hasBytes, model["byte_fallback"]?.bool == true {
      throw TokenizerError.unsupported(
        feature: "\"byte_fallback\"", found: "true", supported: "false beside a pre_tokenizer of words")
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

  /// The tokens, and their texts by id. Throws where the model is of another kind.
  static func readVocabulary(_ model: JSONValue, hasBytes: Bool) throws -> (TokenTable, texts: [String?]) {
    try check(model, hasBytes: hasBytes)
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
    return (table, texts)
  }

  private static func readMerges(_ model: JSONValue, _ vocabulary: TokenTable) throws -> [Pair] {
    guard let list = model["merges"]?.array else {
      throw TokenizerError.malformed("\"model\": \"merges\" is missing or not an array")
    }
    var merges: [Pair] = []
    merges.reserveCapacity(list.count)
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
      merges.append((left, right, result))
    }
    return merges
  }
}
