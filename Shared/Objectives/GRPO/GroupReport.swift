// SPDX-License-Identifier: MIT
// What a step's log says about its completions before any model has seen them; names are TRL's where it has one.
import Examples

/// Rewards and lengths of the groups of a step.
struct GroupReport {
  private let groups: [(group: CompletionGroup, lengths: [Int])]

  init(_ groups: [(group: CompletionGroup, lengths: [Int])]) { self.groups = groups }

  var metrics: [(name: String, value: Double)] {
    guard !groups.isEmpty else { return [] }
    let flat = groups.count { $0.group.rewards.isFlat }
    let lengths = groups.flatMap { $0.lengths.map { Double($0) } }
    var metrics = spread("reward", "reward_std", of: groups.flatMap(\.group.values))
    metrics += bySource { $0.sources }.flatMap {
      spread("rewards/\($0.name)/mean", "rewards/\($0.name)/std", of: $0.values)
    }
    metrics += bySource { group in group.category.map { [($0, group.values)] } ?? [] }
      .flatMap { spread("reward/\($0.name)", "reward_std/\($0.name)", of: $0.values) }
    metrics += [
      ("zero_variance_groups", Double(flat)), ("frac_reward_zero_std", Double(flat) / Double(groups.count)),
      ("completions/mean_length", lengths.reduce(0, +) / Double(max(1, lengths.count))),
      ("completions/max_length", lengths.max() ?? 0),
    ]
    let capped = groups.compactMap { entry in entry.group.capped.map { (cut: $0, of: entry.lengths.count) } }
    if !capped.isEmpty {
      let share = Double(capped.reduce(0) { $0 + $1.cut }) / Double(capped.reduce(0) { $0 + $1.of })
      metrics.append(("completions/clipped_ratio", share))
    }
    return metrics
  }

  /// Values under each name, over all groups, names in order.
  private func bySource(
    _ sources: (CompletionGroup) -> [(name: String, values: [Float])]
  ) -> [(name: String, values: [Float])] {
    var all: [String: [Float]] = [:]
    for (group, _) in groups { for source in sources(group) { all[source.name, default: []] += source.values } }
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func spread(_ mean: String, _ std: String, of values: [Float]) -> [(name: String, value: Double)] {
    let spread = Spread(values.map { Double($0) })
    return [(mean, spread.mean), (std, spread.std)]
  }
}
