// SPDX-License-Identifier: MIT
// A completion, while it grows and when it is done.

/// Why a completion ended.
public enum Finish: String, Sendable {
  /// An end-of-turn token, which is its last id.
  case eos
  /// As long as was allowed.
  case length
  /// A stop string, at which its text ends; its ids go on to the token that completed it.
  case stop
}

/// A finished completion.
public struct Completion: Sendable {
  public let ids: [Int32]
  /// One a token, in nats: see `SampledToken`.
  public let logps, samplingLogps: [Float]
  public let finish: Finish
  /// What the ids spell, special tokens left out, up to a stop string.
  public let text: String
}

/// What ids mean to a generator.
public struct GenerationVocabulary: Sendable {
  /// Tokens that end a completion.
  public let ends: Set<Int32>
  /// Tokens that are never chosen.
  public let forbidden: [Int32]
  /// The bytes of each id, special tokens empty.
  let bytes: @Sendable (Int32) -> [UInt8]
  /// Those of an id that opens a completion: SentencePiece's has a space there that the text does not have.
  let firstBytes: @Sendable (Int32) -> [UInt8]

  /// - firstBytes: nil where an id has the same bytes everywhere.
  public init(
    ends: Set<Int32>, forbidden: [Int32], firstBytes: (@Sendable (Int32) -> [UInt8])? = nil,
    bytes: @escaping @Sendable (Int32) -> [UInt8]
  ) {
    (self.ends, self.forbidden, self.bytes) = (ends, forbidden, bytes)
    self.firstBytes = firstBytes ?? bytes
  }
}

/// When completions end.
public struct GenerationLimits: Sendable {
  /// Tokens a completion, at least 1.
  public var maximum: Int
  /// Texts that end a completion.
  public var stops: [String]
  /// End-of-turn tokens are tokens like others.
  public var ignoresEnds: Bool

  public init(maximum: Int, stops: [String] = [], ignoresEnds: Bool = false) {
    (self.maximum, self.stops, self.ignoresEnds) = (maximum, stops, ignoresEnds)
  }
}

/// A completion that is being written.
struct GrowingCompletion {
  private(set) var ids: [Int32] = []
  private var logps: [Float] = []
  private var samplingLogps: [Float] = []
  private(set) var bytes: [UInt8] = []
  /// Whether a token other than a special one has come.
  private var hasBegun = false

  /// Adds a token; returns the completion where this was its last.
  mutating func append(
    _ token: SampledToken, _ limits: GenerationLimits, _ vocabulary: GenerationVocabulary, room: Int
  ) -> Completion? {
    ids.append(token.id)
    logps.append(token.logp)
    samplingLogps.append(token.samplingLogp)
    if vocabulary.ends.contains(token.id), !limits.ignoresEnds { return done(.eos) }
    let piece = hasBegun ? vocabulary.bytes(token.id) : vocabulary.firstBytes(token.id)
    hasBegun = hasBegun || !vocabulary.bytes(token.id).isEmpty
    bytes += piece
    if let cut = firstStop(limits.stops, new: piece.count) {
      bytes.removeSubrange(cut...)
      return done(.stop)
    }
    return ids.count >= min(limits.maximum, room) ? done(.length) : nil
  }

  private func done(_ finish: Finish) -> Completion {
    Completion(
      ids: ids, logps: logps, samplingLogps: samplingLogps, finish: finish, text: String(decoding: bytes, as: UTF8.self)
    )
  }

  /// Where the earliest stop string begins that the last `new` bytes complete.
  private func firstStop(_ stops: [String], new: Int) -> Int? {
    stops.compactMap { stop -> Int? in
      let stop = Array(stop.utf8)
      guard new > 0, !stop.isEmpty, bytes.count >= stop.count else { return nil }
      let first = max(0, bytes.count - new - stop.count + 1)
      return (first...bytes.count - stop.count).first { bytes[$0..<$0 + stop.count].elementsEqual(stop) }
    }.min()
  }
}
