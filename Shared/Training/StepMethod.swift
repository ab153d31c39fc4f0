// SPDX-License-Identifier: MIT
// What makes an objective a tool: a name, a learning rate to begin with, and published settings.
import Objectives
import OptionTables

/// An objective with a step tool of its own.
public protocol StepMethod: Objective {
  init(_ options: OptionValues<Table>)
  /// "dpo-step".
  static var tool: String { get }
  /// The peak learning rate of a run that names none; nil: as `StepTable` has it.
  static var learningRate: Double? { get }
  /// In the order of the help.
  static var presets: [Preset<Table>] { get }
}

extension StepMethod {
  public static var learningRate: Double? { nil }
  public static var presets: [Preset<Table>] { [] }
  static var presetNames: [String] { presets.map(\.name) }
}

/// A named set of options: of the run, and of its objective. What is given explicitly goes before it.
public struct Preset<Table: OptionTable>: Sendable {
  /// For `--preset`.
  public let name: String
  public var step = StepOptions()
  public var own = OptionValues<Table>()

  /// - Parameter set: sets what the preset says; the rest stays open.
  public init(_ name: String, _ set: (_ step: inout StepOptions, _ own: inout OptionValues<Table>) -> Void) {
    self.name = name
    set(&step, &own)
  }
}

extension StepOptions {
  /// What was given, then the defaults.
  /// - Parameter learningRate: the tool's default; nil: the table's.
  public init(_ given: StepOptions, learningRate: Double?) {
    var fallback = StepOptions()
    if let learningRate { fallback.learningRate = learningRate }
    self = given.or(fallback)
  }

  /// What was given, then what the preset says, then the defaults.
  public init<Own>(_ given: StepOptions, preset: Preset<Own>?, learningRate: Double?) {
    self.init(given.or(preset?.step ?? StepOptions()), learningRate: learningRate)
  }
}

/// The methods that have a tool.
public enum StepMethods {
  /// In the order of the help.
  static let all: [any StepMethod.Type] = [SFTObjective.self, DPOObjective.self, GRPOObjective.self]

  /// All of them, and `method`, which may be none of them.
  private static func all(and method: any StepMethod.Type) -> [any StepMethod.Type] {
    all.contains { $0.tool == method.tool } ? all : all + [method]
  }

  /// The names of all presets, those of `method` among them: one of another tool is told from one that there is not.
  public static func presetNames(and method: any StepMethod.Type) -> [String] {
    all(and: method).flatMap { $0.presetNames }
  }

  /// The same for a help text, each tool behind its own: "pivot-dpo (dpo-step), vlaa-grpo, trl-grpo (grpo-step)".
  public static func presetList(and method: any StepMethod.Type) -> String {
    all(and: method).filter { !$0.presetNames.isEmpty }
      .map { "\($0.presetNames.joined(separator: ", ")) (\($0.tool))" }.joined(separator: ", ")
  }

  /// The tool that a preset is meant for; nil: there is no such preset.
  public static func tool(ofPreset name: String) -> String? { all.first { $0.presetNames.contains(name) }?.tool }

  /// Default learning rates that are not the table's, as its help goes on: "; of sft-step 1e-5".
  static var learningRatesOfTheirOwn: String {
    all.compactMap { method in method.learningRate.map { "; of \(method.tool) \($0.helpText)" } }.joined()
  }
}
