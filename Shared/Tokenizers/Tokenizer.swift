// SPDX-License-Identifier: MIT
// BPE as Hugging Face's `tokenizers` does it: added tokens are cut out, the rest is normalised and cut into words, and
// the smallest tokens of each word (bytes, or characters) are merged.

import StrictJSON

/// Where in a whole text a part of it stands: SentencePiece puts a space in front of some parts.
public enum TextPlace: Sendable {
  /// At the start of the text.
  case start
  /// Behind an added token.
  case afterToken
  /// Behind other text, whose words it goes on with.
  case inside
}

/// The tokenizer of a checkpoint, immutable and safe to use from any thread.
///
/// `encode` gives exactly the ids of `tokenizers` without special tokens around them (`add_special_tokens=False`).
/// Truncation and padding that a tokenizer.json may ask for are not applied.
public final class Tokenizer: Sendable {
  private let model: BytePairModel
  private let normalizer: Normalizer
  private let metaspace: Metaspace?
  private let preTokenizer: PreTokenizer
  private let decoder: TokenDecoder
  private let rawTokens: AddedTokenMatcher  // sought in the text as it is
  private let normalizedTokens: AddedTokenMatcher  // sought in the normalised text
  private let texts: [String?]  // by id, as tokenizer.json writes them
  private let addedTokens: [Int32: AddedToken]
  /// What stands before a text in a whole sequence ("post_processor").
  let opening: [Int32]

  /// One more than the largest id.
  public var idCount: Int { texts.count }

  /// The id of a token by its exact text: an added token's content, or a vocabulary entry as tokenizer.json writes
  /// it.
  public func id(of token: String) -> Int32? {
    addedTokenIDs[Array(token.utf8)] ?? model.vocabulary.id(of: token)
  }
  private let addedTokenIDs: [[UInt8]: Int32]

  /// The text of a token as tokenizer.json has it, nil if no token has this id.
  public func token(_ id: Int32) -> String? {
    texts.indices.contains(Int(id)) ? texts[Int(id)] : nil
  }

  public func isSpecial(_ id: Int32) -> Bool { addedTokens[id]?.isSpecial ?? false }

  init(parts: TokenizerParts) {
    model = parts.model
    normalizer = parts.normalizer
    metaspace = parts.metaspace
    preTokenizer = parts.preTokenizer
    decoder = parts.decoder
    opening = parts.opening
    texts = parts.texts
    addedTokens = Dictionary(uniqueKeysWithValues: parts.addedTokens.map { ($0.id, $0) })
    addedTokenIDs = Dictionary(
      parts.addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { _, b in b })
    rawTokens = AddedTokenMatcher(
      parts.addedTokens.filter { !$0.isNormalized }.map { (Array($0.content.utf8), $0) })
    normalizedTokens = AddedTokenMatcher(
      parts.addedTokens.filter(\.isNormalized).map { (parts.normalizer(Array($0.content.utf8)), $0) })
  }

  // MARK: Encoding

  /// Token ids of `text`.
  ///
  /// - parseSpecial: whether the contents of special tokens ("<|im_end|>") become their ids. If not they are text like
  ///   any
  /// other, as with `split_special_tokens=True` of transformers. Added tokens that are not special are found either
  /// way.
  /// - literal: further tokens whose contents are text unless `parseSpecial`: those that a template places itself.
  /// - place: where `text` stands, if it is a part of a longer one.
  /// Throws `TokenizerError.noToken` for a byte outside the vocabulary where there is no unknown token.
  public func encode(
    _ text: String, parseSpecial: Bool = false, literal: Set<Int32> = [], place: TextPlace = .start
  ) throws -> [Int32] {
    let ignored: (AddedToken) -> Bool = { !parseSpecial && ($0.isSpecial || literal.contains($0.id)) }
    var ids: [Int32] = []
    var pairs = BytePairs(merges: model.merges)
    try forEachPiece(of: Array(text.utf8), rawTokens, ignored, place, &ids) { raw, place, ids in
      let text = normalizer.isEmpty ? raw : normalizer(raw, continues: place == .inside)
      try forEachPiece(of: text, normalizedTokens, ignored, place, &ids) { piece, place, ids in
        try appendWords(of: metaspace?.marked(piece, place) ?? piece, &pairs, &ids)
      }
    }
    return ids
  }

  /// Calls `plain` with what lies between added tokens, and where it stands.
  private func forEachPiece(
    of text: [UInt8], _ matcher: AddedTokenMatcher, _ ignored: (AddedToken) -> Bool, _ place: TextPlace,
    _ ids: inout [Int32], plain: (_ text: [UInt8], _ place: TextPlace, _ ids: inout [Int32]) throws -> Void
  ) throws {
    if text.isEmpty { return }
    if matcher.isEmpty { return try plain(text, place, &ids) }
    let pieces = text.withUnsafeBufferPointer { matcher.pieces(of: $0, ignoring: ignored) }
    for piece in pieces {
      if let token = piece.token {
        ids.append(token.id)
      } else {
        try plain(
          piece.range == text.indices ? text : Array(text[piece.range]),
          piece.range.lowerBound == 0 ? place : .afterToken, &ids)
      }
    }
  }

  private func appendWords(of piece: [UInt8], _ pairs: inout BytePairs, _ ids: inout [Int32]) throws {
    try piece.withUnsafeBufferPointer { bytes in
      func append(_ word: Range<Int>) throws {
        try model.append(UnsafeBufferPointer(rebasing: bytes[word]), &pairs, &ids)
      }
      if let metaspace {
        try metaspace.forEachWord(in: bytes, append)
      } else {
        try preTokenizer.forEachWord(in: bytes, append)
      }
    }
  }

  // MARK: Decoding

  /// The text of `ids`. Ids that no token has are passed over, as are special tokens if `skipSpecial`. Bytes that are not
  /// UTF-8 (a character cut in two) become U+FFFD: one for each byte of a run of tokens that stand for bytes.
  public func decode(_ ids: [Int32], skipSpecial: Bool = false) -> String {
    var bytes: [UInt8] = []
    var run: [UInt8] = []  // of tokens that stand for one byte each
    func endRun() {
      let isText = String(validating: run, as: UTF8.self) != nil
      bytes += isText ? run : run.flatMap { _ in Array("\u{FFFD}".utf8) }
      run = []
    }
    var isFirst = true
    for id in ids {
      guard let text = token(id), !(skipSpecial && isSpecial(id)) else { continue }
      let piece = decoder.bytes(of: text, isFirst: isFirst)
      isFirst = false
      if decoder.byte(of: text) != nil {
        run += piece
      } else {
        endRun()
        bytes += piece
      }
    }
    endRun()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes that one token adds to a text: a part of a character, it may be. None for an id that no token has.
  ///
  /// - isFirst: whether it opens the text; SentencePiece's has a space there that the text does not have.
  public func bytes(of id: Int32, skipSpecial: Bool = false, isFirst: Bool = false) -> [UInt8] {
    guard let text = token(id), !(skipSpecial && isSpecial(id)) else { return [] }
    return decoder.bytes(of: text, isFirst: isFirst)
  }
}
