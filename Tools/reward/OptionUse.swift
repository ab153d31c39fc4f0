// SPDX-License-Identifier: MIT
// Options that no frame has met: a misspelt name changes nothing, and nobody would see it.
import Rewards
import TensorStream

/// Which names and rules the frames had.
struct OptionUse {
  private var names: Set<String> = []
  private var rules: Set<Rule> = []

  mutating func add(_ scored: ScoredFrame) {
    rules.insert(scored.rule)
    for key in [MetadataKey.category, .benchmark] {
      if let name = scored.frame.metadata[key] { names.insert(name) }
    }
  }

  /// A line for each option that had nothing to do; none for an empty stream.
  func warnings(_ scoring: ScoringOptions, judge: JudgeOptions, extractor: ExtractorOptions) -> [String] {
    guard !rules.isEmpty else { return [] }
    var warnings: [String] = []
    for assignment in scoring.rule {
      guard let name = assignment.name, !names.contains(name) else { continue }
      warnings.append(
        "--rule \(name)=\(assignment.rule.rawValue): no frame has the category or benchmark \"\(name)\"; "
          + (names.isEmpty ? "none has either" : "there are \(Self.list(names.sorted().map { "\"\($0)\"" }))"))
    }
    func check(_ isGiven: Bool, _ option: String, _ needed: [Rule]) {
      guard isGiven, rules.isDisjoint(with: needed) else { return }
      let found = Self.list(rules.map(\.rawValue).sorted())
      let wanted = needed.map(\.rawValue).joined(separator: " or ")
      warnings.append("\(option) had no effect: no frame has the rule \(wanted); there are \(found)")
    }
    check(judge.command != nil, "--judge", [.openEnded])
    check(extractor.command != nil, "--extractor", [.mcq, .math])
    check(scoring.precision != nil, "--precision", [.math])
    check(scoring.strict, "--strict", [.math])
    return warnings
  }

  /// The first few.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown), and \(names.count - 8) more" : shown
  }
}
