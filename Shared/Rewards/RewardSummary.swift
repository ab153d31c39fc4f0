// SPDX-License-Identifier: MIT
// Accuracy by benchmark and category, pairs by key, verdicts: what an evaluation reports.
import Statistics

/// What became of one example.
public struct Outcome: Sendable {
  public var benchmark: String?
  public var category: String?
  /// Where a benchmark's questions come from (CV-Bench).
  public var source: String?
  /// What the questions of one pair have in common.
  public var pair: String?
  /// One a completion.
  public var scores: [Score]
  /// Completions that were cut off at the token limit.
  public var cappedCount: Int
  /// Completions whose answer a model extracted.
  public var extractedCount: Int
  /// Of the rule `yesno`: what is true, and what each completion says.
  public var yesNo: YesNo?

  public struct YesNo: Sendable {
    public var truth: Bool
    public var answers: [Bool?]

    /// nil where the reference is neither yes nor no.
    public init?(reference: String, answers: [String?]) {
      guard let truth = Rule.yesOrNo(reference) else { return nil }
      self.truth = truth
      self.answers = answers.map { $0.flatMap(Rule.yesOrNo) }
    }
  }

  public init(
    benchmark: String? = nil, category: String? = nil, source: String? = nil, pair: String? = nil, scores: [Score],
    cappedCount: Int = 0, extractedCount: Int = 0, yesNo: YesNo? = nil
  ) {
    self.benchmark = benchmark
    self.category = category
    self.source = source
    self.pair = pair
    self.scores = scores
    self.cappedCount = cappedCount
    self.extractedCount = extractedCount
    self.yesNo = yesNo
  }
}

/// Sums over examples, in any order: pairs are found by their keys, never by what stands next to what.
public struct RewardSummary: Sendable {
  /// Of one category of one benchmark.
  struct Row: Sendable {
    /// The mean reward of each example.
    var accuracy = Estimate()
    /// The same by source.
    var bySource: [String: Estimate] = [:]
    var counts = Counts()
    /// Of the completions that say yes or no.
    var yesNo = YesNoCounts()
    /// Key → for each completion's number whether it was right for all questions so far.
    var pairs: [String: (size: Int, isRight: [Bool])] = [:]
    /// Examples without a key.
    var unpaired: Int { accuracy.count - pairs.values.reduce(0) { $0 + $1.size } }

    /// Of each key, how often all of its questions are right.
    var pairAccuracy: Estimate {
      var estimate = Estimate()
      // In the keys' order, so that the last digit is the same for the same examples.
      for (_, pair) in pairs.sorted(by: { $0.key < $1.key }) {
        estimate.add(Double(pair.isRight.count { $0 }) / Double(max(1, pair.isRight.count)))
      }
      return estimate
    }
  }

  /// What became of completions.
  struct Counts: Sendable {
    var completions = 0
    var verdicts: [Verdict: Int] = [:]
    var capped = 0
    var extracted = 0
    /// Examples with several completions, and those among them whose rewards are all equal: no gradient comes of them.
    var groups = 0
    var flatGroups = 0

    static func + (a: Counts, b: Counts) -> Counts {
      Counts(
        completions: a.completions + b.completions, verdicts: a.verdicts.merging(b.verdicts, uniquingKeysWith: +),
        capped: a.capped + b.capped, extracted: a.extracted + b.extracted, groups: a.groups + b.groups,
        flatGroups: a.flatGroups + b.flatGroups)
    }
  }

  /// Benchmark ("" where none is named) → category ("-" where none is) → row.
  private(set) var rows: [String: [String: Row]] = [:]
  private(set) var all = Estimate()

  public init() {}

  public mutating func add(_ outcome: Outcome) {
    guard !outcome.scores.isEmpty else { return }
    let benchmark = outcome.benchmark.map { Benchmark.named($0)?.name ?? $0 } ?? ""
    rows[benchmark, default: [:]][outcome.category ?? "-", default: Row()].add(outcome)
    all.add(outcome.meanReward)
  }
}

extension Outcome {
  var meanReward: Double { scores.reduce(0) { $0 + $1.value } / Double(scores.count) }
}

extension RewardSummary.Row {
  mutating func add(_ outcome: Outcome) {
    accuracy.add(outcome.meanReward)
    if let source = outcome.source { bySource[source, default: Estimate()].add(outcome.meanReward) }
    counts.completions += outcome.scores.count
    counts.capped += outcome.cappedCount
    counts.extracted += outcome.extractedCount
    for answer in outcome.yesNo?.answers ?? [] { yesNo.add(truth: outcome.yesNo?.truth ?? false, answer: answer) }
    for score in outcome.scores { counts.verdicts[score.verdict, default: 0] += 1 }
    if outcome.scores.count > 1 {
      counts.groups += 1
      if outcome.scores.allSatisfy({ $0.value == outcome.scores[0].value }) { counts.flatGroups += 1 }
    }
    if let key = outcome.pair {
      let isRight = outcome.scores.map { $0.value >= 1 }
      let before = pairs[key] ?? (0, isRight)
      pairs[key] = (before.size + 1, zip(before.isRight, isRight).map { $0 && $1 })
    }
  }
}
