// SPDX-License-Identifier: MIT
// Byte-level BPE as Hugging Face's `tokenizers` does it: added tokens are cut out, the rest is normalised and cut into
// words, and the bytes of each word are merged.

import StrictJSON

/// The tokenizer of a checkpoint, immutable and safe to use from any thread.
///
/// `encode` gives exactly the ids of `tokenizers` without special tokens around them (`add_special_tokens=False`).
/// Truncation and padding that a tokenizer.json may ask for are not applied.
public final class Tokenizer: Sendable {
  let vocabulary: TokenTable
  let merges: MergeTable
  let byteIDs: [Int32]  // by byte, -1 where the vocabulary lacks it
  let unknown: Unknown?
  let wholeWordsFirst: Bool  // "ignore_merges"
  let normalizes: Bool
  let preTokenizer: PreTokenizer
  let rawTokens: AddedTokenMatcher  // sought in the text as it is
  let normalizedTokens: AddedTokenMatcher  // sought in the normalised text
  let texts: [String?]  // by id, in the byte-level alphabet
  let addedTokens: [Int32: AddedToken]

  struct Unknown: Sendable {
    var id: Int32
    var fuses: Bool
  }

  /// One more than the largest id.
  public var idCount: Int { texts.count }

  /// The id of a token by its exact text: an added token's content, or a vocabulary entry in the byte-level alphabet.
  public func id(of token: String) -> Int32? {
    addedTokenIDs[Array(token.utf8)] ?? vocabulary.id(of: token)
  }
  private let addedTokenIDs: [[UInt8]: Int32]

  /// The text of a token as tokenizer.json has it, nil if no token has this id.
  public func token(_ id: Int32) -> String? {
    texts.indices.contains(Int(id)) ? texts[Int(id)] : nil
  }

  public func isSpecial(_ id: Int32) -> Bool { addedTokens[id]?.isSpecial ?? false }

  init(parts: TokenizerParts) {
    vocabulary = parts.vocabulary
    merges = parts.merges
    byteIDs = parts.byteIDs
    unknown = parts.unknown
    wholeWordsFirst = parts.wholeWordsFirst
    normalizes = parts.normalizes
    preTokenizer = parts.preTokenizer
    texts = parts.texts
    addedTokens = Dictionary(uniqueKeysWithValues: parts.addedTokens.map { ($0.id, $0) })
    addedTokenIDs = Dictionary(
      parts.addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { _, b in b })
    let normalizes = parts.normalizes
    rawTokens = AddedTokenMatcher(
      parts.addedTokens.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) })
    normalizedTokens = AddedTokenMatcher(
      parts.addedTokens.filter(\.isNormalized).map {
        (normalizes ? Normalization.nfc(Array($0.content.utf8)) : Array($0.content.utf8), $0)
      })
  }

  // MARK: Encoding

  /// Token ids of `text`.
  ///
  /// - parseSpecial: whether the contents of special tokens ("<|im_end|>") become their ids. If not they are text like
  ///   any
  /// other, as with `split_special_tokens=True` of transformers. Added tokens that are not special are found either
  /// way.
  /// - literal: further tokens whose contents are text unless `parseSpecial`: those that a template places itself.
  /// Throws `TokenizerError.noToken` for a byte outside the vocabulary where there is no unknown token.
  public func encode(_ text: String, parseSpecial: Bool = false, literal: Set<Int32> = []) throws -> [Int32] {
    let ignored: (AddedToken) -> Bool = { !parseSpecial && ($0.isSpecial || literal.contains($0.id)) }
    var ids: [Int32] = []
    var pairs = BytePairs(merges: merges)
    try forEachPiece(of: Array(text.utf8), rawTokens, ignored, &ids) { raw, ids in
      let text = normalizes ? Normalization.nfc(raw) : raw
      try forEachPiece(of: text, normalizedTokens, ignored, &ids) { plain, ids in
        try plain.withUnsafeBufferPointer { bytes in
          try preTokenizer.forEachWord(in: bytes) { word in
            try appendWord(UnsafeBufferPointer(rebasing: bytes[word]), &pairs, &ids)
          }
        }
      }
    }
    return ids
  }

  private func forEachPiece(
    of text: [UInt8], _ matcher: AddedTokenMatcher, _ ignored: (AddedToken) -> Bool, _ ids: inout [Int32],
    plain: (_ text: [UInt8], _ ids: inout [Int32]) throws -> Void
  ) throws {
    if matcher.isEmpty { return try plain(text, &ids) }
    let pieces = text.withUnsafeBufferPointer { matcher.pieces(of: $0, ignoring: ignored) }
    for piece in pieces {
      if let token = piece.token {
        ids.append(token.id)
      } else {
        try plain(piece.range == text.indices ? text : Array(text[piece.range]), &ids)
      }
    }
  }

  private func appendWord(_ bytes: UnsafeBufferPointer<UInt8>, _ pairs: inout BytePairs, _ ids: inout [Int32]) throws {
    if wholeWordsFirst, let id = vocabulary.id(of: ByteLevel.text(bytes)) {
      ids.append(id)
      return
    }
    var word: [Int32] = []
    word.reserveCapacity(bytes.count)
    for byte in bytes {
      let id = byteIDs[Int(byte)]
      if id >= 0 {
        word.append(id)
      } else if let unknown {
        if !(unknown.fuses && word.last == unknown.id) { word.append(unknown.id) }
      } else {
        throw TokenizerError.noToken(byte: byte, word: String(decoding: bytes, as: UTF8.self))
      }
    }
    pairs.merge(&word)
    ids += word
  }

  // MARK: Decoding

  /// The text of `ids`. Bytes that are not UTF-8 (a character cut in two) become U+FFFD; ids that no token has are
  /// passed over, as are special tokens if `skipSpecial`.
  public func decode(_ ids: [Int32], skipSpecial: Bool = false) -> String {
    String(decoding: ids.flatMap { bytes(of: $0, skipSpecial: skipSpecial) }, as: UTF8.self)
  }

  /// The bytes that one token adds to a text: a part of a character, it may be. None for an id that no token has.
  public func bytes(of id: Int32, skipSpecial: Bool = false) -> [UInt8] {
    guard let text = token(id), !(skipSpecial && isSpecial(id)) else { return [] }
    return ByteLevel.bytes(of: text)
  }
}
