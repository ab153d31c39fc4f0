// SPDX-License-Identifier: MIT
// grpo-step, the settings of VLAA-Thinker (arXiv 2504.11468) and the defaults of TRL's GRPO.
import Objectives
import OptionTables

extension GRPOObjective: StepMethod {
  public static var tool: String { "grpo-step" }
  public static var presets: [Preset<GRPOTable>] { [.vlaaGRPO, .trlGRPO] }
}

extension Preset<GRPOTable> {
  /// VLAA-Thinker's best GRPO run: 512 prompts sampled at a time and optimizer steps of 256, used once; cosine to 5e-7 after
  /// 3 % of warm-up; a KL term that is steered from 1e-3 to a KL of 5e-4; tokens averaged by completion, completions by
  /// group. What it does not state (peak rate, clipping) is left to the options.
  public static var vlaaGRPO: Self {
    Self("vlaa-grpo") { step, own in
      (step.batchSize, step.epochs) = (512, 1)
      (step.schedule, step.minLearningRate, step.warmup) = (.cosine, 5e-7, .fraction(0.03))
      (own.loss, own.advantage) = (.grpo, .std)
      (own.klCoefficient, own.klTarget) = (1e-3, 5e-4)
      (own.minibatchSize, own.innerEpochs) = (256, 1)
    }
  }

  /// What TRL's GRPO does unless told otherwise: the token mean over the batch, the ratio clipped at 0.2, no KL term.
  public static var trlGRPO: Self {
    Self("trl-grpo") { step, own in
      step.learningRate = 1e-6
      (own.loss, own.advantage) = (.dapo, .std)
      (own.clipLow, own.clipHigh, own.klCoefficient) = (0.2, 0.2, 0)
    }
  }
}
