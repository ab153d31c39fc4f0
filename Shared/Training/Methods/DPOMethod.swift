// SPDX-License-Identifier: MIT
// dpo-step, and the stage of PIVOT that it is there for.
import Objectives
import OptionTables

extension DPOObjective: StepMethod {
  public static var tool: String { "dpo-step" }
  public static var presets: [Preset<DPOTable>] { [.dpo] }
}

extension Preset<DPOTable> {
  /// Stage 2, PIVOT: preference pairs.
  public static var dpo: Self {
    Self("pivot-dpo") { step, own in
      step.setPIVOT(train: [.vision, .projector, .llm], learningRate: 1e-6, epochs: 3)
      step.dropLast = true
      (own.beta, own.labelSmoothing, own.gamma) = (0.1, 0, 0)
    }
  }
}
