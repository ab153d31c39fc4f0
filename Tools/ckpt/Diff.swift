// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import ComputeSupport
import Layers
import Models
import StrictJSON
import Surgery
import ToolSupport

struct Diff: Tool {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Print how far two checkpoints are apart, part by part.",
    discussion: """
      change is ‖B - A‖, relative ‖B - A‖ / ‖A‖, largest max |B - A|, all over f32 values. Tensors are matched whatever \
      the key layout, files and dtype of the two; a detached part is compared with the part of the whole.

      Example: what did training change?
        ckpt diff base/ enc.bin
      """)

  @Argument(help: ArgumentHelp("The first checkpoint.", valueName: "a"))
  var first: String

  @Argument(help: ArgumentHelp("The second checkpoint.", valueName: "b"))
  var second: String

  @Flag(help: "Also a line for every tensor that changed.")
  var tensors = false

  @Flag(help: "Print one line of JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var messages: MessageOptions

  func run() throws {
    messages.apply()
    compute.apply()
    let difference = CheckpointDifference(from: try Checkpoint(opening: first), to: try Checkpoint(opening: second))
    let output = TextOutput()
    if json {
      try output.line(report(difference))
    } else {
      for line in lines(difference) { try output.line(line) }
    }
    try output.close()
  }

  private func totals(_ difference: CheckpointDifference) -> [(name: String, total: CheckpointDifference.Total)] {
    (Part.allCases.map { $0 as Part? } + [nil]).compactMap { part in
      let total = difference.total(of: part)
      return total.tensors == 0 ? nil : (part?.rawValue ?? "other", total)
    }
  }

  private func lines(_ difference: CheckpointDifference) -> [String] {
    var rows = [["part", "changed", "of", "change", "relative", "largest"]]
    for (name, total) in totals(difference) {
      rows.append([
        name, "\(total.changedTensors)", "\(total.tensors) tensors", short(total.change), short(total.relativeChange),
        short(Double(total.largestChange)),
      ])
    }
    if tensors {
      for entry in difference.entries where entry.changedCount > 0 {
        rows.append([
          entry.name, "\(entry.changedCount)", "\(entry.count) values", short(entry.change),
          short(entry.norm == 0 ? .infinity : entry.change / entry.norm), short(Double(entry.largestChange)),
        ])
      }
    }
    var lines = columns(rows)
    lines += difference.reshaped.map { "shape differs\t\($0.name)\t\($0.first) and \($0.second)" }
    lines += absent(difference, difference.onlyInFirst, first) + absent(difference, difference.onlyInSecond, second)
    return lines
  }

  /// Tensors that one side lacks: a whole part in one line, others one by one.
  private func absent(_ difference: CheckpointDifference, _ names: [String], _ path: String) -> [String] {
    Dictionary(grouping: names) { Part(ofCanonical: $0) }.sorted { $0.value[0] < $1.value[0] }.flatMap { part, names in
      guard let part, !tensors, difference.total(of: part).tensors == 0 else {
        return names.map { "only in \(path)\t\($0)" }
      }
      return ["only in \(path)\t\(part.rawValue), \(names.count) tensors"]
    }
  }

  /// The first column to the left, the others to the right.
  private func columns(_ rows: [[String]]) -> [String] {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + space : "  " + space + cell.0
      }.joined()
    }
  }

  /// Four significant digits.
  private func short(_ value: Double) -> String {
    if value == 0 { return "0" }
    guard value.isFinite else { return value.isNaN ? "nan" : "inf" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let digits = String(Int((mantissa * 1000).rounded()))
    if digits.count > 4 { return "1.000e\(exponent + 1)" }
    return "\(value < 0 ? "-" : "")\(digits.prefix(1)).\(digits.dropFirst())e\(exponent)"
  }

  private func report(_ difference: CheckpointDifference) -> JSONValue {
    var parts = JSONObject()
    for (name, total) in totals(difference) {
      parts[name] = [
        "tensors": .int(total.tensors), "changed_tensors": .int(total.changedTensors), "values": .int(total.count),
        "changed_values": .int(total.changedCount), "change": .double(total.change), "norm": .double(total.norm),
        "relative": .double(total.relativeChange), "largest": .double(Double(total.largestChange)),
      ]
    }
    var report = JSONObject()
    report["parts"] = .object(parts)
    report["only_in_first"] = .array(difference.onlyInFirst.map { .string($0) })
    report["only_in_second"] = .array(difference.onlyInSecond.map { .string($0) })
    report["reshaped"] = .array(difference.reshaped.map { .string($0.name) })
    if tensors {
      report["tensors"] = .array(
        difference.entries.map { entry in
          [
            "name": .string(entry.name), "values": .int(entry.count), "changed_values": .int(entry.changedCount),
            "change": .double(entry.change), "norm": .double(entry.norm),
            "largest": .double(Double(entry.largestChange)),
          ]
        })
    }
    return .object(report)
  }
}
