// SPDX-License-Identifier: MIT
// Wrong answers that a model itself finds likely, in the place of made-up ones.

import Failures
import Glibc

/// What a model thinks of the candidate answers of every question of a world.
public struct Mistakes: Equatable, Sendable {
  /// By the question's id: log-probabilities of its candidates, in their order, in nats.
  private let logps: [String: [Double]]

  /// How many answers of the model at least one mistake is asked of.
  static let tries = 8.0

  public init(logps: [String: [Double]]) { self.logps = logps }

  /// A wrong candidate, drawn as the model would draw among the wrong ones; nil where the model is too sure of the truth:
  /// a question stays with the probability 1 - p(truth)⁸, that of at least one mistake in eight answers.
  /// Throws 65 where nothing is known about the question.
  func draw(
    _ id: String, candidates: [String], truth: String, using generator: inout WorldGenerator
  ) throws -> String? {
    guard let logps = logps[id] else {
      throw PlainFailure.badData(
        "no scored frame has the id \(id); score choices.jsonl of a world with the same seed, split, scenes and types")
    }
    guard logps.count == candidates.count, let right = candidates.firstIndex(of: truth),
      let best = logps.max(), best.isFinite
    else {
      throw PlainFailure.badData(
        "\(id): \(logps.count) scored choices do not belong to the question's \(candidates.count) candidates")
    }
    let weights = logps.map { exp($0 - best) }
    let sure = weights[right] / weights.reduce(0, +)
    let isKept = generator.chance(1 - pow(sure, Self.tries))
    var target = generator.uniform() * weights.indices.reduce(0) { $1 == right ? $0 : $0 + weights[$1] }
    guard isKept else { return nil }
    var last: Int?
    for index in weights.indices where index != right && weights[index] > 0 {
      last = index
      target -= weights[index]
      if target < 0 { break }
    }
    return last.map { candidates[$0] }
  }
}
