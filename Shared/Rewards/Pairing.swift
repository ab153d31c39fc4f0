// SPDX-License-Identifier: MIT
// Which completions of a group make preference pairs.
import Digests
import Randomness

/// How pairs are taken from a group.
public enum PairChoice: String, Sendable, CaseIterable {
  /// The best against the worst; of equals the first.
  case bestWorst = "best-worst"
  /// Each against every worse one.
  case all
  /// One of those, drawn with the seed and the example's id.
  case random
}

/// What completions that were cut off at the token limit may serve as. They have no end-of-turn token: preferred,
/// they would teach never to end.
public enum CappedUse: String, Sendable, CaseIterable {
  case both, rejected, neither
}

/// Takes pairs from groups and counts the groups that have none.
public struct Pairing: Sendable {
  public let choice: PairChoice
  /// The rewards of a pair differ by more than this; of rewards that are apart by just this, rounding decides nothing.
  public let margin: Double
  public let capped: CappedUse
  public let seed: UInt64

  /// Groups seen, and those that gave no pair, by reason.
  public private(set) var groups = 0
  public private(set) var allRight = 0
  public private(set) var allWrong = 0
  public private(set) var allEqual = 0
  /// Rewards differ, but not by more than the margin, or only those of completions that were cut off.
  public private(set) var unusable = 0
  public private(set) var pairs = 0

  public init(choice: PairChoice = .bestWorst, margin: Double = 0, capped: CappedUse = .rejected, seed: UInt64 = 0) {
    self.choice = choice
    self.margin = margin
    self.capped = capped
    self.seed = seed
  }

  /// The pairs of a group of completions, as their numbers from 0.
  ///
  /// - Parameters:
  ///   - rewards: one a completion.
  ///   - isCapped: whether it was cut off.
  ///   - sameAs: the first completion with the same tokens; only that one is used.
  ///   - id: with the seed, what `random` draws by: the order of a stream does not matter.
  public mutating func pairs(
    rewards: [Double], isCapped: [Bool], sameAs: [Int], id: String
  ) -> [(chosen: Int, rejected: Int)] {
    groups += 1
    let members = rewards.indices.filter { sameAs[$0] == $0 }
    let chosen = members.filter { capped == .both || !isCapped[$0] }
    let rejected = capped == .neither ? chosen : members
    var all: [(chosen: Int, rejected: Int)] = []
    switch choice {
    case .bestWorst:
      if let best = chosen.first(where: { index in chosen.allSatisfy { rewards[$0] <= rewards[index] } }),
        let worst = rejected.first(where: { index in rejected.allSatisfy { rewards[$0] >= rewards[index] } }),
        isAbove(rewards[best], rewards[worst])
      {
        all = [(best, worst)]
      }
    case .all, .random:
      all = chosen.flatMap { best in
        rejected.filter { isAbove(rewards[best], rewards[$0]) }.map { (chosen: best, rejected: $0) }
      }
      if choice == .random, !all.isEmpty {
        var random = SplitMix64(state: FNV1a(id.utf8, seed: seed).value)
        all = [all[random.next(below: all.count)]]
      }
    }
    if all.isEmpty { countGroup(rewards) }
    pairs += all.count
    return all
  }

  /// 0.9 - 0.6 is more than 0.3 in binary, and 0.8 - 0.7 in f32 more than 0.1: such a difference is the margin, and not above it.
  private func isAbove(_ better: Double, _ worse: Double) -> Bool {
    margin > 0 ? better - worse > margin + 1e-6 : better > worse
  }

  private mutating func countGroup(_ rewards: [Double]) {
    if rewards.contains(where: { $0 != rewards[0] }) {
      unusable += 1
    } else if rewards[0] >= 1 {
      allRight += 1
    } else if rewards[0] <= 0 {
      allWrong += 1
    } else {
      allEqual += 1
    }
  }

  /// One line for people.
  public var report: String {
    let without = allRight + allWrong + allEqual + unusable
    var line = "\(pairs) pair\(pairs == 1 ? "" : "s") of \(groups) group\(groups == 1 ? "" : "s")"
    if without > 0 {
      let reasons = [
        (allRight, "all right"), (allWrong, "all 0"), (allEqual, "all equal"),
        (unusable, "within --margin, or better only where cut off"),
      ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
      line += "; \(without) gave none: \(reasons.joined(separator: ", "))"
    }
    return line
  }
}
