// SPDX-License-Identifier: MIT
// What dpo-step is told besides the options of every step.
import OptionTables

/// dpo-step's own options.
public struct DPOTable: OptionTable {
  public static let table = DPOTable()

  /// β of the loss.
  public let beta: Setting<Double> = .init(
    "beta", "How far the policy may go from the reference: the smaller, the further (default: {default}).",
    default: 0.1, check: .positive)

  public let labelSmoothing: Setting<Double> = .init(
    "label-smoothing", "Share of pairs taken to be labelled the wrong way round, below 0.5 (default: {default}).",
    valueName: "share", default: 0,
    check: OptionCheck { (0..<0.5).contains($0) ? nil : " \($0): must be at least 0 and below 0.5" })

  /// γ: weight of the chosen response's NLL beside the DPO loss.
  public let gamma: Setting<Double> = .init(
    "gamma", "Weight of the chosen response's negative log-likelihood, a token (default: {default}).",
    valueName: "weight", default: 0, check: .notNegative)
}

public typealias DPOOptions = OptionValues<DPOTable>
