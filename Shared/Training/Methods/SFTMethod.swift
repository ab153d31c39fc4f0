// SPDX-License-Identifier: MIT
// sft-step, and the supervised stages of PIVOT.
import Objectives
import OptionTables

extension SFTObjective: StepMethod {
  public static var tool: String { "sft-step" }
  public static var learningRate: Double? { 1e-5 }
  public static var presets: [Preset<SFTTable>] { [.s1a, .s1b, .sft] }
}

extension Preset<SFTTable> {
  /// Stage 1a: the projector alone, on image captions.
  public static var s1a: Self {
    Self("pivot-s1a") { step, _ in step.setPIVOT(train: [.projector], learningRate: 1e-3, epochs: 1) }
  }

  /// Stage 1b: everything, on visual instructions; the vision encoder slower.
  public static var s1b: Self {
    Self("pivot-s1b") { step, _ in
      step.setPIVOT(train: [.vision, .projector, .llm], learningRate: 1e-5, epochs: 1)
      step.visionLearningRate = 2e-6
    }
  }

  /// Stage 2, the baseline: supervised on the chosen responses.
  public static var sft: Self {
    Self("pivot-sft") { step, own in
      step.setPIVOT(train: [.vision, .projector, .llm], learningRate: 1e-5, epochs: 3)
      step.dropLast = true
      own.target = .chosen
    }
  }
}
