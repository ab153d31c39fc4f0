// SPDX-License-Identifier: MIT
// The model "BPE": a word becomes its smallest tokens, and those are merged.

import StrictJSON

/// Words to ids.
struct BytePairModel: Sendable {
  /// What the smallest tokens stand for.
  enum Alphabet: Sendable {
    /// Bytes, written in GPT-2's alphabet: the id of each, -1 where the vocabulary lacks it.
    case bytes([Int32])
    /// Characters; one that the vocabulary lacks becomes its UTF-8 bytes, each a token "<0x0A>", where all are there.
    case characters(byteTokens: [Int32])
  }
  struct Unknown: Sendable {
    var id: Int32
    var fuses: Bool
  }

  var vocabulary: TokenTable
  var merges: MergeTable
  var alphabet: Alphabet
  var unknown: Unknown?
  var wholeWordsFirst: Bool  // "ignore_merges"
  /// Which smallest tokens may come together in a merge, as pairs; nil if that cannot be told.
  var joints: MergeTable?

  /// Appends the ids of one word (valid UTF-8).
  func append(_ word: UnsafeBufferPointer<UInt8>, _ pairs: inout BytePairs, _ ids: inout [Int32]) throws {
    if wholeWordsFirst, let id = id(ofWhole: word, &pairs.scratch) {
      ids.append(id)
      return
    }
    pairs.word.removeAll(keepingCapacity: true)
    switch alphabet {
    case .bytes(let byteIDs): try appendBytes(word, byteIDs, to: &pairs.word)
    case .characters(let byteTokens): try appendCharacters(word, byteTokens, to: &pairs.word)
    }
    pairs.merge(betweenJoints: joints, into: &ids)
  }

  private func id(ofWhole word: UnsafeBufferPointer<UInt8>, _ scratch: inout [UInt8]) -> Int32? {
    guard case .bytes = alphabet else { return vocabulary.id(of: word) }
    scratch.removeAll(keepingCapacity: true)
    for byte in word { ByteLevel.append(byte, to: &scratch) }
    return vocabulary.id(of: scratch)
  }

  private func appendBytes(
    _ word: UnsafeBufferPointer<UInt8>, _ byteIDs: [Int32], to ids: inout [Int32]
  ) throws {
    for byte in word {
      let id = byteIDs[Int(byte)]
      if id >= 0 {
        ids.append(id)
      } else if let unknown {
        if !(unknown.fuses && ids.last == unknown.id) { ids.append(unknown.id) }
      } else {
        throw TokenizerError.noToken(byte: byte, word: String(decoding: word, as: UTF8.self))
      }
    }
  }

  private func appendCharacters(
    _ word: UnsafeBufferPointer<UInt8>, _ byteTokens: [Int32], to ids: inout [Int32]
  ) throws {
    var at = 0
    // An unknown character waits for the next known one, over characters that fall back to bytes: so does the reference.
    var unknownIsDue = false
    while at < word.count {
      let character = UnsafeBufferPointer(rebasing: word[at..<at + word.scalar(at: at).length])
      at += character.count
      if let id = vocabulary.id(of: character) {
        if unknownIsDue, let unknown { ids.append(unknown.id) }
        unknownIsDue = false
        ids.append(id)
      } else if !byteTokens.isEmpty, character.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
        for byte in character { ids.append(byteTokens[Int(byte)]) }
      } else if let unknown {
        if unknownIsDue, !unknown.fuses { ids.append(unknown.id) }
        unknownIsDue = true
      } else {
        throw TokenizerError.noToken(byte: character[0], word: String(decoding: word.prefix(64), as: UTF8.self))
      }
    }
    if unknownIsDue, let unknown { ids.append(unknown.id) }
  }
}
