// SPDX-License-Identifier: MIT
import Examples
import StrictJSON

/// Supervised fine-tuning: Σ -log p(label) / labels, over the whole batch.
public struct SFTObjective: Objective {
  public let target: SFTTarget?
  public var unit: String { "examples" }
  public var responses: Responses { .supervised(target) }
  public var needsReference: Bool { false }
  public var record: [(name: String, value: JSONValue)] {
    [("target", .string(target?.rawValue ?? "chosen, else answer"))]
  }

  public init(target: SFTTarget?) { self.target = target }

  public func add(_ scored: ScoredPass, to result: inout BatchResult) -> [Float] {
    let (logps, totals) = (scored.logps, scored.totals)
    result.loss -= logps.sum(0..<logps.count) / Double(totals.labels)
    result.hasGradient = true
    return [Float](repeating: Float(-1 / Double(totals.labels)), count: logps.count)
  }
}
