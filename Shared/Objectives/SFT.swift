// SPDX-License-Identifier: MIT
// Supervised fine-tuning.
import Examples
import OptionTables

/// sft-step's own options.
public struct SFTTable: OptionTable {
  public static let table = SFTTable()

  public let target: OpenSetting<SFTTarget> = .init(
    "target", "What is learnt: chosen or answer (default: chosen where a frame has it, else answer).",
    openMeans: "chosen, else answer")
}

public typealias SFTOptions = OptionValues<SFTTable>

extension SFTTarget: OptionValue {}

/// Supervised fine-tuning: Σ -log p(label) / labels, over the whole batch.
public struct SFTObjective: Objective {
  public let options: SFTOptions
  public var unit: String { "examples" }
  public var responses: Responses { .supervised(options.target) }
  public var needsReference: Bool { false }

  public init(_ options: SFTOptions = SFTOptions()) { self.options = options }

  public func add(_ scored: ScoredPass, to result: inout BatchResult) -> OutputGradients {
    let (logps, totals) = (scored.logps, scored.totals)
    result.loss -= logps.sum(0..<logps.count) / Double(totals.labels)
    result.hasGradient = true
    return [.logps: [Float](repeating: Float(-1 / Double(totals.labels)), count: logps.count)]
  }
}
