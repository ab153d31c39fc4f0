// SPDX-License-Identifier: MIT
// What is told beside the frames: the summary, lines of JSON, and what has changed since an earlier scoring.
import Failures
import Rewards
import StrictJSON
import TensorStream
import ToolSupport

/// Collects what --summary, --json, --lines and --diff ask for.
final class RewardReport {
  private let options: ReportOptions
  private var summary = RewardSummary()
  private var flips: Flips?
  private let json: OutputFile?
  private let lines: OutputFile?

  /// Reads OLD and creates the files, so that a wrong path ends the tool before anything is scored.
  ///
  /// - Parameter files: those of the stream; what is written must be none of them, nor OLD.
  init(_ options: ReportOptions, reading files: [String]) throws {
    self.options = options
    let inputs = InputFiles(stream: files, [options.old])
    for (path, option) in [(options.json, "--json"), (options.lines, "--lines")] {
      try inputs.refuse(path, as: option)
    }
    flips = try options.old.map { try Flips(readingOld: $0) }
    json = try options.json.map { try OutputFile($0, as: "--json", apartFrom: inputs) }
    lines = try options.lines.map { try OutputFile($0, as: "--lines", apartFrom: inputs) }
  }

  func add(_ scored: ScoredFrame) throws {
    let metadata = scored.frame.metadata
    try flips?.add(scored)
    summary.add(
      Outcome(
        benchmark: metadata[.benchmark], category: metadata[.category], source: metadata[.source],
        pair: metadata[options.pairKey], scores: scored.scores,
        cappedCount: scored.scores.indices.count { scored.isCapped($0) },
        extractedCount: scored.extracted.count { $0 != nil }, yesNo: scored.yesNo))
    try lines?.line(Self.line(scored))
  }

  func finish() throws {
    try lines?.finish()
    if let flips { Diagnostics.table(flips.table) }
    if options.summary { Diagnostics.table(summary.table) }
    if options.summary || json != nil {
      for warning in summary.warnings(pairKey: options.pairKey) { Diagnostics.warn(warning) }
    }
    if let json {
      var object = summary.json
      if let flips { object["flips"] = flips.json }
      try json.line(JSONValue.object(object).text(pretty: true))
      try json.finish()
    }
  }

  /// One frame; `Flips` reads it again.
  private static func line(_ scored: ScoredFrame) -> String {
    var object = JSONObject()
    object["id"] = .string(scored.frame.id)
    for key in [MetadataKey.benchmark, .category] {
      if let value = scored.frame.metadata[key] { object[key.description] = .string(value) }
    }
    object["reward"] = .string(scored.rule.rawValue)
    object["rewards"] = .array(scored.scores.map { .double($0.value) })
    object["verdicts"] = .array(scored.scores.map { .string($0.verdict.rawValue) })
    object["scored"] = .array(scored.spans.map { $0.map { .string($0) } ?? .null })
    if scored.extracted.contains(where: { $0 != nil }) {
      object["extracted"] = .array(scored.extracted.map { $0.map { .string($0) } ?? .null })
    }
    return JSONValue.object(object).text()
  }
}
