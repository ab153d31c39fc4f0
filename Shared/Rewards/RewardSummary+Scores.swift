// SPDX-License-Identifier: MIT
// From rows to the scores of benchmarks and of their groups.
import Glibc

/// A score in [0, 1] with its uncertainty.
struct GroupScore: Sendable {
  let name: String
  let group: String?
  let method: String
  let examples: Int
  let score: Double
  let interval: Interval?
  fileprivate let error: Double?
}

extension RewardSummary {
  /// The benchmarks' scores, by group and name; those of no known group last.
  var benchmarkScores: [GroupScore] {
    rows.filter { $0.key != "" }.map { Self.score($0.key, $0.value) }.sorted { a, b in
      let order = Benchmark.Group.allCases.map(\.rawValue)
      func place(_ score: GroupScore) -> Int { score.group.flatMap { order.firstIndex(of: $0) } ?? order.count }
      return (place(a), a.name) < (place(b), b.name)
    }
  }

  /// The mean over a group's benchmarks, each with the same weight.
  var groupScores: [GroupScore] {
    let benchmarks = benchmarkScores
    return Benchmark.Group.allCases.compactMap { group in
      let members = benchmarks.filter { $0.group == group.rawValue }
      guard !members.isEmpty else { return nil }
      return Self.mean(
        members.map { ($0.score, $0.error) }, name: group.rawValue, group: nil,
        method: "mean of \(members.map(\.name).joined(separator: ", "))",
        examples: members.reduce(0) { $0 + $1.examples })
    }
  }

  private static func score(_ name: String, _ categories: [String: Row]) -> GroupScore {
    let benchmark = Benchmark.named(name)
    let ordered = categories.sorted { $0.key < $1.key }
    let examples = ordered.reduce(0) { $0 + $1.value.accuracy.count }
    let group = benchmark?.group.rawValue
    let hasPairs = ordered.allSatisfy { !$0.value.pairs.isEmpty }
    switch benchmark?.method {
    case .perception? where hasPairs:
      let parts = ordered.filter { !Benchmark.cognition.contains($0.key.lowercased()) }.map { _, row in
        let pairs = row.pairAccuracy
        // The same answers are in both, so that their errors add.
        return (
          ((row.accuracy.mean ?? 0) + (pairs.mean ?? 0)) / 2,
          zip(row.accuracy.standardError, pairs.standardError).map { ($0 + $1) / 2 }
        )
      }
      if !parts.isEmpty {
        return mean(parts, name: name, group: group, method: "perception, (acc + acc+) / 2", examples: examples)
      }
    case .pairs? where hasPairs:
      let keys = ordered.map(\.value.pairAccuracy)
      return pooled(keys, name: name, group: group, method: "all of a pair right", examples: examples)
    case .sources?:
      var sources: [String: Estimate] = [:]
      for row in ordered { sources.merge(row.value.bySource) { $0.merged($1) } }
      if sources.count > 1, sources.values.reduce(0, { $0 + $1.count }) == examples {
        let parts = sources.sorted { $0.key < $1.key }.map { ($0.value.mean ?? 0, $0.value.standardError) }
        return mean(parts, name: name, group: group, method: "mean of sources", examples: examples)
      }
    default: break
    }
    let method = benchmark?.method == .pairs || benchmark?.method == .perception ? "mean (no pair keys)" : "mean"
    return pooled(ordered.map(\.value.accuracy), name: name, group: group, method: method, examples: examples)
  }

  private static func pooled(
    _ estimates: [Estimate], name: String, group: String?, method: String, examples: Int
  ) -> GroupScore {
    let all = estimates.reduce(Estimate()) { $0.merged($1) }
    return GroupScore(
      name: name, group: group, method: method, examples: examples, score: all.mean ?? 0, interval: all.interval,
      error: all.standardError)
  }

  /// Parts of equal weight; their errors are independent.
  private static func mean(
    _ parts: [(score: Double, error: Double?)], name: String, group: String?, method: String, examples: Int
  ) -> GroupScore {
    let count = Double(parts.count)
    let score = parts.reduce(0) { $0 + $1.score } / count
    let errors = parts.compactMap(\.error)
    let error = errors.count == parts.count ? sqrt(errors.reduce(0) { $0 + $1 * $1 }) / count : nil
    return GroupScore(
      name: name, group: group, method: method, examples: examples, score: score,
      interval: error.map { .normal(score, error: $0) }, error: error)
  }
}

private func zip(_ a: Double?, _ b: Double?) -> (Double, Double)? {
  if let a, let b { (a, b) } else { nil }
}
