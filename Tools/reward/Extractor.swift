// SPDX-License-Identifier: MIT
// A model behind a command that finds the answer in prose where the rules find none. docs/REWARDS.md has the protocol.
import ArgumentParser
import Failures
import Rewards
import StrictJSON
import TensorStream

struct ExtractorOptions: ParsableArguments {
  @Option(
    name: .customLong("extractor"),
    help: ArgumentHelp(
      """
      A shell command that finds the answer in texts in which the rules mcq and math find none: it reads a JSON object \
      a line and writes one for each (docs/REWARDS.md has the protocol). What it finds is scored by the same rule.
      """, valueName: "command"))
  var command: String?

  @Option(
    name: .customLong("extractor-timeout"),
    help: ArgumentHelp("Longest time for the extractor to answer for one frame, in seconds.", valueName: "s"))
  var timeout = 60.0

  func validate() throws {
    if !(timeout > 0 && timeout <= 86400) {
      throw ValidationError("--extractor-timeout \(timeout): must be above 0 and at most 86400")
    }
  }

  func start() throws -> Extractor? { try command.map { try Extractor(command: $0, timeout: timeout) } }
}

/// Sends the answers that no rule could read, gets what they say. It never sees the reference: it reads, the rule judges.
final class Extractor {
  private let process: CoProcess
  private let timeout: Double

  init(command: String, timeout: Double) throws {
    process = try CoProcess(name: "extractor", command: command)
    self.timeout = timeout
  }

  /// The rules whose answers may be hidden in prose.
  static let rules: Set<Rule> = [.mcq, .math]

  /// What each unparsable answer says, where the extractor finds something; nil for all others.
  func extracted(from spans: [String?], _ scores: [Score], _ rule: Rule, _ frame: Frame) throws -> [String?] {
    let asked = spans.indices.filter { spans[$0] != nil && scores[$0].verdict == .unparsable }
    var found = [String?](repeating: nil, count: spans.count)
    guard Self.rules.contains(rule), !asked.isEmpty else { return found }
    var request = JSONObject()
    request["rule"] = .string(rule.rawValue)
    if let choices = frame.metadata[.choices].flatMap({ try? JSONValue.parse($0) }) { request["choices"] = choices }
    request["answers"] = .array(asked.map { .string(spans[$0] ?? "") })
    let reply = try process.ask(request, about: frame, timeout: timeout)
    let texts = reply["answers"]?.array ?? []
    guard texts.count == asked.count, texts.allSatisfy({ $0.isNull || $0.string != nil }) else {
      let count = asked.count
      throw process.failure(
        frame, "expected \"answers\" with \(count) text\(count == 1 ? "" : "s") or null, as many as it was sent")
    }
    for (index, text) in zip(asked, texts) { found[index] = text.string.flatMap(AnswerFormat.optional.answer) }
    return found
  }

  /// The extractor must end well: what it found before it failed may be wrong.
  func close() throws { try process.finish(timeout: timeout) }
}
