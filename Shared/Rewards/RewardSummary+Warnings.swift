// SPDX-License-Identifier: MIT
// Where a benchmark's number is not what the benchmark is quoted by, and why.

extension RewardSummary {
  /// One line a benchmark and finding.
  ///
  /// - Parameter pairKey: the metadata that pairs have in common.
  public func warnings(pairKey: String) -> [String] {
    var warnings: [String] = []
    for (name, categories) in rows.sorted(by: { $0.key < $1.key }) {
      switch Benchmark.named(name)?.method {
      case .pairs?: warnings += pairWarning(name, categories, pairKey, score: "the share of pairs that are right")
      case .perception?: warnings += pairWarning(name, categories, pairKey, score: "(acc + acc+) / 2")
      case .detection?: warnings += detectionWarning(name, categories)
      default: break
      }
    }
    let single = rows.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.pairs.values.count { $0.size == 1 } } }
    if single > 0 {
      warnings.append(
        "metadata \"\(pairKey)\": \(single) value\(single == 1 ? " is" : "s are") in one frame only; "
          + "is half of a pair missing?")
    }
    return warnings
  }

  private func pairWarning(
    _ name: String, _ categories: [String: Row], _ pairKey: String, score: String
  ) -> [String] {
    let count = categories.values.reduce(0) { $0 + $1.accuracy.count }
    let unpaired = categories.values.reduce(0) { $0 + $1.unpaired }
    guard unpaired > 0 else { return [] }
    let missing = "\(name): \(unpaired) of \(count) frames have no metadata \"\(pairKey)\""
    let hasScore = categories.values.allSatisfy { !$0.pairs.isEmpty }
    let remedy = "see --pair-key"
    return [
      hasScore
        ? "\(missing) and are in no pair; \(remedy)"
        : "\(missing), so its score is the mean and not \(score); \(remedy)"
    ]
  }

  private func detectionWarning(_ name: String, _ categories: [String: Row]) -> [String] {
    let yesNo = categories.values.reduce(YesNoCounts()) { $0 + $1.yesNo }
    let completions = categories.values.reduce(0) { $0 + $1.counts.completions }
    let isMean = "so there is no F1; its score is the mean"
    if yesNo.answers < completions {
      let other = completions - yesNo.answers
      return ["\(name): \(other) of \(completions) completions were not scored by the rule yesno, \(isMean)"]
    }
    if yesNo.positives == 0 { return ["\(name): no reference is \"yes\", \(isMean)"] }
    if yesNo.positives == yesNo.answers {
      return ["\(name): every reference is \"yes\", so its F1 knows no false alarm and says no more than recall"]
    }
    return []
  }
}
