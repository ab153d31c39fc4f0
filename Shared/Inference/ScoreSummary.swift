// SPDX-License-Identifier: MIT
// Accuracy by category: how often the right answer is the likeliest, beside what not looking would reach. Of answers that are
// equally likely each counts in part, as if lots were drawn: a model that finds all alike reaches chance, wherever the right
// one stands.
import Statistics
import StrictJSON
import TensorStream

/// How often the right answer is the likeliest, by a metadata key.
public struct ScoreSummary: Sendable, Equatable {
  struct Row: Sendable, Equatable {
    var count = 0
    /// The right answers; of a tie of m that the right one is in, 1/m.
    var correct = 0.0
    /// Expected correct answers of blind guessing.
    var chance = 0.0
    /// How often each answer is the right one.
    var truths: [String: Int] = [:]

    /// Correct answers of always saying what is right most often.
    var majority: Int { truths.values.max() ?? 0 }
  }
  let key: String
  private(set) var rows: [String: Row] = [:]
  /// Frames whose metadata `gt` is missing or names no choice.
  private(set) var withoutTruth = 0

  /// - Parameter key: the metadata that tells rows apart: "category", "type".
  public init(by key: String = "category") { self.key = key }

  mutating func addPair(_ frame: Frame, chosen: Double, rejected: Double) {
    add(frame, credit: Self.credit([chosen, rejected], truth: 0), chance: 0.5, truth: nil)
  }

  mutating func addChoices(_ frame: Frame, logps: [Double]) {
    guard let truth = Self.truth(frame, count: logps.count) else {
      withoutTruth += 1
      return
    }
    add(frame, credit: Self.credit(logps, truth: truth), chance: 1 / Double(logps.count), truth: frame.metadata[.truth])
  }

  /// 1 where the truth alone is the likeliest, 1/m where m are equally likely and it is one of them.
  private static func credit(_ logps: [Double], truth: Int) -> Double {
    let largest = logps.max() ?? 0
    return logps[truth] == largest ? 1 / Double(logps.count { $0 == largest }) : 0
  }

  private mutating func add(_ frame: Frame, credit: Double, chance: Double, truth: String?) {
    var row = rows[frame.metadata[key] ?? "-", default: Row()]
    row.count += 1
    row.correct += credit
    row.chance += chance
    if let truth { row.truths[truth, default: 0] += 1 }
    rows[frame.metadata[key] ?? "-"] = row
  }

  /// Which choice `gt` names: its text, or its number from 0.
  private static func truth(_ frame: Frame, count: Int) -> Int? {
    guard let gt = frame.metadata[.truth] else { return nil }
    let texts = (try? frame.metadata[.choices].map { try JSONValue.parse($0) })??.array?.map(\.string)
    if let texts, texts.count == count, let index = texts.firstIndex(of: gt) { return index }
    if let index = Int(gt), (0..<count).contains(index) { return index }
    return nil
  }

  /// A table, in per cent: accuracy; its error, half of Wilson's interval of one standard error, which is √(p(1-p)/n)
  /// but for few examples and near 0 and 1, where that would be 0; what guessing would reach; of candidate answers,
  /// always giving the most frequent one; and Wilson's interval of 95 %. The last line takes all examples together.
  public var table: String {
    var lines = [[key, "examples", "accuracy", "error", "chance", "majority", "interval"]]
    var all = Row()
    var majority = 0
    for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
      lines.append(Self.line(name, row, majority: row.majority))
      all.count += row.count
      all.correct += row.correct
      all.chance += row.chance
      majority += row.majority
    }
    if rows.count != 1 { lines.append(Self.line("all", all, majority: majority)) }
    let width = lines.map(\.[0].count).max() ?? 0
    var text = lines.map { cells in
      cells[0] + String(repeating: " ", count: width - cells[0].count)
        + cells.enumerated().dropFirst().map { column, cell in
          String(repeating: " ", count: max(1, (column < 6 ? 10 : 13) - cell.count)) + cell
        }.joined()
    }
    if withoutTruth > 0 { text.append("(\(withoutTruth) without a \"gt\" among their choices are not counted)") }
    return text.joined(separator: "\n")
  }

  private static func line(_ name: String, _ row: Row, majority: Int) -> [String] {
    let count = Double(row.count)
    func percent(_ share: Double) -> String {
      let tenths = Int((1000 * share).rounded())
      return "\(tenths / 10).\(tenths % 10)"
    }
    guard count > 0 else { return [name, "0"] + [String](repeating: "-", count: 5) }
    let accuracy = row.correct / count
    let one = Interval.wilson(accuracy, count: row.count, z: 1)
    let interval = Interval.wilson(accuracy, count: row.count)
    return [
      name, "\(row.count)", percent(accuracy), percent((one.high - one.low) / 2), percent(row.chance / count),
      majority > 0 ? percent(Double(majority) / count) : "-", "\(percent(interval.low))-\(percent(interval.high))",
    ]
  }
}
