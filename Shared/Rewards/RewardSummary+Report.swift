// SPDX-License-Identifier: MIT
// The summary as a table for people and as JSON for programs.
import Statistics
import StrictJSON

extension RewardSummary {
  /// Rows of categories, of benchmarks and of their groups. Accuracies and intervals (95 %) are in per cent.
  public var table: String {
    var lines = [["", "examples", "accuracy", "interval"]]
    let hasPairs = rows.values.contains { $0.values.contains { !$0.pairs.isEmpty } }
    if hasPairs { lines[0] += ["pairs", "right", "interval"] }
    lines[0] += ["unparsable", "timeout", "capped"]

    func categories(_ benchmark: String, indent: String) {
      for (category, row) in (rows[benchmark] ?? [:]).sorted(by: { $0.key < $1.key }) {
        var line = [indent + category, "\(row.accuracy.count)"] + Self.cells(row.accuracy.mean, row.accuracy.interval)
        if hasPairs {
          let pairs = row.pairAccuracy
          line += ["\(pairs.count)"] + Self.cells(pairs.mean, pairs.interval)
        }
        line += [Verdict.unparsable, .timeout].map { "\(row.counts.verdicts[$0] ?? 0)" } + ["\(row.counts.capped)"]
        lines.append(line)
      }
    }
    func scores(_ scores: [GroupScore], indent: String = "") {
      for score in scores {
        let name = score.yesNo == nil ? score.name : score.name + " (F1)"
        lines.append([indent + name, "\(score.examples)"] + Self.cells(score.score, score.interval))
        if rows[score.name] != nil { categories(score.name, indent: indent + "  ") }
      }
    }
    categories("", indent: "")
    scores(benchmarkScores)
    if !groupScores.isEmpty { lines.append([]) }
    scores(groupScores)
    let count = rows.values.reduce(0) { $0 + $1.count }
    if count != 1 { lines.append(["all", "\(all.count)"] + Self.cells(all.mean, all.interval)) }

    return (Self.aligned(lines) + benchmarkLines + [verdictLine]).joined(separator: "\n")
  }

  /// What POPE and MME are quoted by: precision, recall, F1 and the share of yes; sums out of 2000 and 800.
  private var benchmarkLines: [String] {
    var lines: [String] = []
    for score in benchmarkScores {
      if let all = score.yesNo {
        let parts = (rows[score.name] ?? [:]).sorted { $0.key < $1.key }.map { ("  " + $0.key, $0.value.yesNo) }
        lines += Self.aligned(
          [[score.name, "precision", "recall", "F1", "yes"]]
            + (parts.count > 1 ? parts + [("  all", all)] : parts).map { name, counts in
              [name]
                + [counts.precision, counts.recall, counts.f1, counts.yesRatio].map { $0.map(Self.percent) ?? "-" }
            })
      }
      if !score.totals.isEmpty {
        let totals = score.totals.map { total in
          let whole = total.categories == total.expected ? "" : " of \(total.expected)"
          let value = total.value.map { Self.tenths(10 * $0) } ?? "-"
          return "\(total.part) \(value) of \(total.limit) (\(total.categories)\(whole) categories)"
        }
        lines.append("\(score.name): \(totals.joined(separator: ", "))")
      }
    }
    return lines
  }

  private var counts: Counts { rows.values.reduce(Counts()) { $1.values.reduce($0) { $0 + $1.counts } } }

  /// "verdicts of 12 completions: right 5, wrong 4, …".
  private var verdictLine: String {
    let counts = counts
    let verdicts = Verdict.allCases.map { "\($0.rawValue) \(counts.verdicts[$0] ?? 0)" }.joined(separator: ", ")
    var line = "verdicts of \(counts.completions) completion\(counts.completions == 1 ? "" : "s"): \(verdicts)"
    line += "; capped \(counts.capped)"
    if counts.extracted > 0 { line += "; extracted \(counts.extracted)" }
    if counts.groups > 0 { line += "; \(counts.flatGroups) of \(counts.groups) groups without variance" }
    return line
  }

  private static func cells(_ value: Double?, _ interval: Interval?) -> [String] {
    [value.map(percent) ?? "-", interval.map { "\(percent($0.low))-\(percent($0.high))" } ?? "-"]
  }

  private static func percent(_ value: Double) -> String { tenths(1000 * value) }

  /// So many tenths as a decimal number.
  private static func tenths(_ count: Double) -> String {
    let tenths = Int(count.rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// The first column to the left, the others to the right.
  private static func aligned(_ lines: [[String]]) -> [String] {
    let columns = lines.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in lines.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return lines.map { line in
      line.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : "  " + space + cell
      }.joined()
    }
  }

  /// The same and all counts. Accuracies are from 0 to 1.
  public var json: JSONObject {
    var categories: [JSONValue] = []
    for (benchmark, rows) in rows.sorted(by: { $0.key < $1.key }) {
      for (category, row) in rows.sorted(by: { $0.key < $1.key }) {
        var object = JSONObject()
        object["benchmark"] = benchmark == "" ? .null : .string(benchmark)
        object["category"] = category == "-" ? .null : .string(category)
        object["examples"] = .int(row.accuracy.count)
        object["accuracy"] = row.accuracy.mean.map { .double($0) } ?? .null
        object["interval"] = Self.json(row.accuracy.interval)
        if !row.pairs.isEmpty {
          let pairs = row.pairAccuracy
          object["pairs"] = .int(pairs.count)
          object["pair_accuracy"] = pairs.mean.map { .double($0) } ?? .null
          object["pair_interval"] = Self.json(pairs.interval)
        }
        for (key, value) in Self.json(row.counts) { object[key] = value }
        if row.yesNo.answers > 0 { object["yes_no"] = Self.json(row.yesNo) }
        categories.append(.object(object))
      }
    }
    var object = JSONObject()
    object["examples"] = .int(all.count)
    object["accuracy"] = all.mean.map { .double($0) } ?? .null
    object["interval"] = Self.json(all.interval)
    for (key, value) in Self.json(counts) { object[key] = value }
    object["categories"] = .array(categories)
    object["benchmarks"] = .array(benchmarkScores.map(Self.json))
    object["groups"] = .array(groupScores.map(Self.json))
    return object
  }

  private static func json(_ score: GroupScore) -> JSONValue {
    var object = JSONObject()
    object["name"] = .string(score.name)
    if let group = score.group { object["group"] = .string(group) }
    object["examples"] = .int(score.examples)
    object["score"] = .double(score.score)
    object["interval"] = json(score.interval)
    object["method"] = .string(score.method)
    if let yesNo = score.yesNo { object["yes_no"] = json(yesNo) }
    if !score.totals.isEmpty {
      object["totals"] = .array(
        score.totals.map {
          [
            "part": .string($0.part), "total": $0.value.map { .double($0) } ?? .null, "of": .int($0.limit),
            "categories": .int($0.categories),
          ]
        })
    }
    return .object(object)
  }

  private static func json(_ yesNo: YesNoCounts) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
    return [
      "precision": number(yesNo.precision), "recall": number(yesNo.recall), "f1": number(yesNo.f1),
      "yes_ratio": number(yesNo.yesRatio), "answers": .int(yesNo.answers), "positives": .int(yesNo.positives),
      "claims": .int(yesNo.claims), "hits": .int(yesNo.hits),
    ]
  }

  private static func json(_ interval: Interval?) -> JSONValue {
    guard let interval else { return .null }
    return [
      "low": .double(interval.low), "high": .double(interval.high), "method": .string(interval.method.rawValue),
    ]
  }

  private static func json(_ counts: Counts) -> JSONObject {
    var object = JSONObject()
    object["completions"] = .int(counts.completions)
    for verdict in Verdict.allCases { object[verdict.rawValue] = .int(counts.verdicts[verdict] ?? 0) }
    object["capped"] = .int(counts.capped)
    object["extracted"] = .int(counts.extracted)
    object["sampled_groups"] = .int(counts.groups)
    object["flat_groups"] = .int(counts.flatGroups)
    return object
  }
}
