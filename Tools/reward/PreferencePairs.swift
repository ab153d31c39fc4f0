// SPDX-License-Identifier: MIT
// A group of completions as preference pairs, the input of `score` and `dpo-step`.
import Failures
import Rewards
import TensorStream

/// Turns scored groups into frames with `chosen` and `rejected`.
struct PreferencePairs {
  private var pairing: Pairing

  init(_ choice: PairChoice, _ options: PairOptions) {
    pairing = Pairing(
      choice: choice, margin: options.margin ?? 0, capped: options.capped ?? .rejected, seed: options.seed.seed)
  }

  /// What was made of how many groups.
  var report: String { pairing.report }

  /// What belongs to a group and not to a pair.
  private static let tensors = ["completions", "completion_logps", "sampling_logps", "reference_logps", "rewards"]
  private static let metadata = ["completions", "finish", "verdicts", "scored", "extracted", "sampling", "reference"]
  /// Log-probabilities of another pair.
  private static let stale = ["logp_chosen", "logp_rejected", "patches_rejected", "features_rejected"]

  /// The pairs of a group, each a frame; with several, `id` becomes `id#1`, `id#2`, …
  mutating func pairs(from scored: ScoredFrame) throws -> [Frame] {
    let frame = scored.frame
    let rows = try Self.rows(of: frame)
    let first = Dictionary(zip(rows, rows.indices), uniquingKeysWith: { first, _ in first })
    let pairs = pairing.pairs(
      rewards: scored.scores.map(\.value), isCapped: rows.indices.map(scored.isCapped),
      sameAs: rows.map { first[$0] ?? 0 }, id: frame.id)
    var base = frame
    for name in Self.tensors + Self.stale { base.tensors[name] = nil }
    for name in base.tensors.keys where name.hasPrefix("rewards_") { base.tensors[name] = nil }
    for name in Self.metadata + ["grid_rejected", "image_digest_rejected"] { base.metadata[name] = nil }
    return pairs.enumerated().map { number, pair in
      var result = base
      if pairs.count > 1 { result.metadata["id"] = "\(frame.id)#\(number + 1)" }
      for (name, index) in [("chosen", pair.chosen), ("rejected", pair.rejected)] {
        result.tensors[name] = RawTensor(i32: rows[index])
        result.metadata[name] = scored.completions[index]
        result.metadata["reward_\(name)"] = "\(Float(scored.scores[index].value))"
      }
      return result
    }
  }

  /// The completions' ids without their padding.
  private static func rows(of frame: Frame) throws -> [[Int32]] {
    let tensor = try frame.tensor(
      "completions", [.i32], shape: [nil, nil], hint: "pairs are made of token ids; keep what sample wrote")
    let (ids, length) = (try tensor.int32s(), tensor.shape[1])
    return try (0..<tensor.shape[0]).map { row in
      let padded = ids[row * length..<(row + 1) * length]
      let tokens = Array(padded.prefix { $0 != -1 })
      guard !tokens.isEmpty else {
        throw frame.error("\"completions\" row \(row) is empty, expected at least one token")
      }
      guard padded.dropFirst(tokens.count).allSatisfy({ $0 == -1 }) else {
        throw frame.error("\"completions\" row \(row) goes on after its padding (-1)")
      }
      return tokens
    }
  }
}
