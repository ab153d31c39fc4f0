// SPDX-License-Identifier: MIT
import ArgumentParser
import Glibc
import Rewards
import ToolSupport

extension Rule: ExpressibleByArgument {
  /// "open" is short for "open-ended".
  public init?(argument: String) { self.init(rawValue: argument == "open" ? "open-ended" : argument) }
}
extension AnswerFormat: ExpressibleByArgument {}
extension BoxSpace: ExpressibleByArgument {}
extension PairChoice: ExpressibleByArgument {}
extension CappedUse: ExpressibleByArgument {}

/// RULE for all, or NAME=RULE for the frames of a category or benchmark.
struct RuleAssignment {
  /// nil: every frame.
  let name: String?
  let rule: Rule

  init(argument: String) throws {
    let split = argument.lastIndex(of: "=")
    let ruleName = split.map { String(argument[argument.index(after: $0)...]) } ?? argument
    name = split.map { String(argument[..<$0]) }
    if name == "" { throw ValidationError("there is no name before \"=\"; expected RULE or NAME=RULE") }
    guard let rule = Rule(argument: ruleName) else {
      let rules = Rule.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\"\(ruleName)\" is no rule; expected one of \(rules)")
    }
    self.rule = rule
  }
}

struct ScoringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      The rule of all frames, or NAME=RULE: that of the frames whose "category" or "benchmark" is NAME; may be given \
      several times (default: each frame's metadata "reward").
      """, valueName: "[name=]rule"), transform: RuleAssignment.init)
  var rule: [RuleAssignment] = []

  @Option(
    help: """
      optional: the answer is what stands between <answer> and </answer>, else all behind the last </think>. \
      required: a completion that is not <think>...</think> <answer>...</answer> has no answer and earns 0.
      """)
  var format: AnswerFormat = .optional

  @Option(
    help: ArgumentHelp(
      "Share of the format in the reward, 0 to 1: (1 - w) rule + w format.", valueName: "w"))
  var formatWeight = 0.0

  @Option(
    help: """
      What the numbers of boxes are: pixels, unit (0 to 1) or permille (0 to 1000) (default: each frame's metadata \
      "box_space").
      """)
  var boxSpace: BoxSpace?

  @Option(help: ArgumentHelp("Longest time for one comparison of mathematics, in seconds.", valueName: "s"))
  var timeout = 1.0

  @Option(
    help: ArgumentHelp(
      """
      Mathematics: decimals are equal where they are after rounding to so many digits behind the point, 0 to 12 \
      (default: within 5e-7, and within 1e-4 of the greater).
      """, valueName: "digits"))
  var precision: Int?

  @Flag(
    help: """
      Mathematics: names, units and percent signs count (x = 5, 5 cm and 5 % are not 5, 90 degrees are not pi/2), and \
      a bare list is no tuple.
      """)
  var strict = false

  var mathematics: MathOptions { MathOptions(decimals: precision, isStrict: strict) }

  func validate() throws {
    if let precision, !MathOptions.decimalsAllowed.contains(precision) {
      throw ValidationError("--precision \(precision): must be 0 to 12")
    }
    if !(0...1).contains(formatWeight) { throw ValidationError("--format-weight \(formatWeight): must be 0 to 1") }
    if !(timeout > 0 && timeout <= 3600) {
      throw ValidationError("--timeout \(timeout): must be above 0 and at most 3600")
    }
    var names: Set<String?> = []
    for assignment in rule where !names.insert(assignment.name).inserted {
      throw ValidationError("--rule: two rules for \(assignment.name.map { "\"\($0)\"" } ?? "all frames")")
    }
  }
}

struct JudgeOptions: ParsableArguments {
  @Option(
    name: .customLong("judge"),
    help: ArgumentHelp(
      """
      A shell command that scores answers to frames of the rule open-ended: it reads a JSON object a line and writes \
      one for each (docs/REWARDS.md has the protocol).
      """, valueName: "command"))
  var command: String?

  @Option(
    name: .customLong("judge-beta"),
    help: ArgumentHelp("Beta of the judge's reward: 1 - exp(-beta (S(answer) - S(reference))).", valueName: "beta"))
  var beta = 1.0

  @Option(
    name: .customLong("judge-timeout"),
    help: ArgumentHelp("Longest time for the judge to answer for one frame, in seconds.", valueName: "s"))
  var timeout = 60.0

  func validate() throws {
    if !(beta > 0 && beta.isFinite) { throw ValidationError("--judge-beta \(beta): must be above 0") }
    if !(timeout > 0 && timeout <= 86400) {
      throw ValidationError("--judge-timeout \(timeout): must be above 0 and at most 86400")
    }
  }

  func start() throws -> Judge? { try command.map { try Judge(command: $0, beta: beta, timeout: timeout) } }
}

struct PairOptions: ParsableArguments {
  @Option(
    name: .customLong("pairs"),
    help: ArgumentHelp(
      """
      Write a frame with "chosen" and "rejected" for each pair instead of the group: best-worst (also --pairs \
      alone), all, or random (one). Groups without variance are dropped and counted.
      """, valueName: "which"))
  var choice: PairChoice?

  @Option(help: ArgumentHelp("The rewards of a pair differ by more than this (default: 0).", valueName: "x"))
  var margin: Double?

  @Option(
    help: """
      What completions that were cut off at the token limit may serve as: both, rejected, neither. They lack the \
      end-of-turn token (default: rejected).
      """)
  var capped: CappedUse?

  @OptionGroup var seed: SeedOption

  func validate() throws {
    if let margin, !(0..<1).contains(margin) { throw ValidationError("--margin \(margin): must be 0 to below 1") }
  }

  var givenOption: String? { margin != nil ? "--margin" : capped != nil ? "--capped" : nil }
}

struct ReportOptions: ParsableArguments {
  @Flag(
    help: """
      Print accuracy by benchmark and category with intervals of 95 %, and the verdicts, on standard error. On a \
      terminal the frames are then not written.
      """)
  var summary = false

  @Option(help: ArgumentHelp("Write the summary as JSON to this file.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write a line of JSON a frame to this file: id, rewards, verdicts, scored, extracted.", valueName: "file"))
  var lines: String?

  @Option(
    help: ArgumentHelp(
      "Metadata that the questions of one pair have in common: pairs count where all are right.", valueName: "name"))
  var pairKey = "pair_id"

  @Option(
    name: .customLong("diff"),
    help: ArgumentHelp(
      "Print which rewards differ, by id, from those of OLD: saved frames, or what --lines wrote.", valueName: "old"))
  var old: String?

  /// Nobody reads frames on a terminal.
  var writesFrames: Bool { !(summary && isatty(1) == 1) }
}
