// SPDX-License-Identifier: MIT
// From rows to the scores of benchmarks and of their groups.
import Statistics

/// A score in [0, 1] with its uncertainty.
struct GroupScore: Sendable {
  let name: String
  let group: String?
  let method: String
  let examples: Int
  let score: Double
  let interval: Interval?
  /// Of MME.
  var totals: [Total] = []
  /// Of POPE.
  var yesNo: YesNoCounts?

  /// A sum over the categories of one part of MME, each of 100 (acc + acc⁺).
  struct Total: Sendable {
    let part: String
    /// nil where there are no pairs.
    let value: Double?
    /// How many categories there were, and how many the benchmark has.
    let categories: Int
    let expected: Int

    var limit: Int { 200 * categories }
  }
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
        members.map { ($0.score, $0.interval) }, name: group.rawValue, group: nil,
        method: "mean of \(members.map(\.name).joined(separator: ", "))",
        examples: members.reduce(0) { $0 + $1.examples })
    }
  }

  private static func score(_ name: String, _ categories: [String: Row]) -> GroupScore {
    let benchmark = Benchmark.named(name)
    let ordered = categories.sorted { $0.key < $1.key }
    let examples = ordered.reduce(0) { $0 + $1.value.accuracy.count }
    let group = benchmark?.group?.rawValue
    let hasPairs = ordered.allSatisfy { !$0.value.pairs.isEmpty }
    switch benchmark?.method {
    case .perception?:
      return perception(name, group, ordered, hasPairs: hasPairs)
    case .pairs? where hasPairs:
      let keys = ordered.map(\.value.pairAccuracy)
      return pooled(keys, name: name, group: group, method: "all of a pair right", examples: examples)
    case .sources?:
      var sources: [String: Estimate] = [:]
      for row in ordered { sources.merge(row.value.bySource) { $0.merged($1) } }
      if sources.count > 1, sources.values.reduce(0, { $0 + $1.count }) == examples {
        let parts = sources.sorted { $0.key < $1.key }.map { ($0.value.mean ?? 0, $0.value.interval) }
        return mean(parts, name: name, group: group, method: "mean of sources", examples: examples)
      }
    case .detection?:
      let yesNo = ordered.reduce(YesNoCounts()) { $0 + $1.value.yesNo }
      let counts = ordered.reduce(Counts()) { $0 + $1.value.counts }
      if yesNo.answers == counts.completions, yesNo.positives > 0, let f1 = yesNo.f1 {
        // Several completions of one question are no independent answers.
        return GroupScore(
          name: name, group: group, method: "F1 of yes", examples: examples, score: f1,
          interval: counts.groups == 0 ? yesNo.f1Interval : nil, yesNo: yesNo)
      }
    default: break
    }
    let method = benchmark?.method == .pairs ? "mean (no pair keys)" : "mean"
    return pooled(ordered.map(\.value.accuracy), name: name, group: group, method: method, examples: examples)
  }

  /// Of MME: the score is that of perception, the totals are those of both parts.
  private static func perception(
    _ name: String, _ group: String?, _ categories: [(key: String, value: Row)], hasPairs: Bool
  ) -> GroupScore {
    let isCognition = { (name: String) in Benchmark.cognition.contains(name.lowercased()) }
    let parts = (
      perception: categories.filter { !isCognition($0.key) }.map(\.value),
      cognition: categories.filter { isCognition($0.key) }.map(\.value)
    )
    let examples = categories.reduce(0) { $0 + $1.value.accuracy.count }
    var score =
      hasPairs && !parts.perception.isEmpty
      ? mean(
        parts.perception.map(\.accuracyAndPairs), name: name, group: group, method: "perception, (acc + acc+) / 2",
        examples: examples)
      : pooled(
        categories.map(\.value.accuracy), name: name, group: group,
        method: hasPairs ? "mean (no perception)" : "mean (no pair keys)", examples: examples)
    func total(_ part: String, _ rows: [Row], of expected: Int) -> GroupScore.Total {
      let value = hasPairs ? rows.reduce(0) { $0 + 200 * $1.accuracyAndPairs.0 } : nil
      return GroupScore.Total(part: part, value: value, categories: rows.count, expected: expected)
    }
    score.totals = [
      total("perception", parts.perception, of: Benchmark.perceptionCount),
      total("cognition", parts.cognition, of: Benchmark.cognition.count),
    ].filter { $0.categories > 0 }
    return score
  }

  private static func pooled(
    _ estimates: [Estimate], name: String, group: String?, method: String, examples: Int
  ) -> GroupScore {
    let all = estimates.reduce(Estimate()) { $0.merged($1) }
    return GroupScore(
      name: name, group: group, method: method, examples: examples, score: all.mean ?? 0, interval: all.interval)
  }

  /// Parts of equal weight; their errors are independent.
  private static func mean(
    _ parts: [(score: Double, interval: Interval?)], name: String, group: String?, method: String, examples: Int
  ) -> GroupScore {
    let score = parts.reduce(0) { $0 + $1.score } / Double(parts.count)
    let known = parts.compactMap { part in part.interval.map { (part.score, $0) } }
    return GroupScore(
      name: name, group: group, method: method, examples: examples, score: score,
      interval: known.count == parts.count ? .ofMean(known) : nil)
  }
}

extension RewardSummary.Row {
  /// (acc + acc⁺) / 2. The same answers are in both, so that their errors add.
  fileprivate var accuracyAndPairs: (Double, Interval?) {
    let pairs = pairAccuracy
    let interval = accuracy.interval.flatMap { own in pairs.interval.map { Interval.ofDependentMean(own, $0) } }
    return (((accuracy.mean ?? 0) + (pairs.mean ?? 0)) / 2, interval)
  }
}
