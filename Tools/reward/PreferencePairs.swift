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
  private static let tensors: [TensorName] = [
    .completions, .completionLogps, .samplingLogps, .referenceLogps, .rewards,
  ]
  private static let metadata: [MetadataKey] = [
    .completions, .finish, .verdicts, .scored, .extracted, .sampling, .reference,
  ]
  /// What belongs to another pair.
  private static let stale: [TensorName] = [.chosenLogp, .rejectedLogp, .rejectedPatches, .rejectedFeatures]

  /// Where a pair's responses go.
  private typealias ResponseFields = (tokens: TensorName, text: MetadataKey, reward: MetadataKey)
  private static let chosen: ResponseFields = (.chosen, .chosen, .chosenReward)
  private static let rejected: ResponseFields = (.rejected, .rejected, .rejectedReward)

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
    for name in base.tensors.keys where TensorName(name).rewardsRule != nil { base.tensors[name] = nil }
    for name in Self.metadata + [.rejectedGrid, .rejectedImageDigest] { base.metadata[name] = nil }
    return pairs.enumerated().map { number, pair in
      var result = base
      if pairs.count > 1 { result.metadata[.id] = "\(frame.id)#\(number + 1)" }
      for (fields, index) in [(Self.chosen, pair.chosen), (Self.rejected, pair.rejected)] {
        result.tensors[fields.tokens] = RawTensor(i32: rows[index])
        result.metadata[fields.text] = scored.completions[index]
        result.metadata[fields.reward] = "\(Float(scored.scores[index].value))"
      }
      return result
    }
  }

  /// The completions' ids without their padding.
  private static func rows(of frame: Frame) throws -> [[Int32]] {
    let tensor = try frame.tensor(
      .completions, [.i32], shape: [nil, nil], hint: "pairs are made of token ids; keep what sample wrote")
    return try (0..<tensor.shape[0]).map { try frame.tokens(row: $0, of: tensor, .completions) }
  }
}
