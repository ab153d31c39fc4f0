import Checkpoints
// SPDX-License-Identifier: MIT
// The published settings of PIVOT (arXiv 2510.16333) and its training scripts, of VLAA-Thinker (arXiv 2504.11468), and
// the defaults of TRL's GRPO.
import Examples
import Inference
import Objectives

/// A named set of options. What is given explicitly goes before it.
public enum Preset: String, CaseIterable, Sendable {
  /// Stage 1a: the projector alone, on image captions.
  case s1a = "pivot-s1a"
  /// Stage 1b: everything, on visual instructions; the vision encoder slower.
  case s1b = "pivot-s1b"
  /// Stage 2, the baseline: supervised on the chosen responses.
  case sft = "pivot-sft"
  /// Stage 2, PIVOT: preference pairs.
  case dpo = "pivot-dpo"
  /// VLAA-Thinker's best GRPO run. What it does not state (peak rate, clipping) is left to the options.
  case vlaaGRPO = "vlaa-grpo"
  /// What TRL's GRPO does unless told otherwise.
  case trlGRPO = "trl-grpo"

  /// The tool that the preset is meant for.
  public var tool: String {
    switch self {
    case .s1a, .s1b, .sft: "sft-step"
    case .dpo: "dpo-step"
    case .vlaaGRPO, .trlGRPO: "grpo-step"
    }
  }

  public var choices: StepChoices {
    switch self {
    case .s1a, .s1b, .sft, .dpo: pivotChoices
    case .vlaaGRPO: vlaaChoices
    case .trlGRPO: trlChoices
    }
  }

  /// 512 prompts sampled at a time and optimizer steps of 256, used once; cosine to 5e-7 after 3 % of warm-up; a KL term
  /// that is steered from 1e-3 to a KL of 5e-4; tokens averaged by completion, completions by group.
  private var vlaaChoices: StepChoices {
    var choices = StepChoices()
    choices.batchSize = 512
    choices.epochs = 1
    choices.schedule = .cosine
    choices.minLearningRate = 5e-7
    choices.warmup = .fraction(0.03)
    choices.grpo.minibatchSize = 256
    choices.grpo.innerEpochs = 1
    choices.grpo.loss = .grpo
    choices.grpo.advantage = .std
    choices.grpo.klCoefficient = 1e-3
    choices.grpo.klTarget = 5e-4
    return choices
  }

  /// The token mean over the batch, the ratio clipped at 0.2, no KL term.
  private var trlChoices: StepChoices {
    var choices = StepChoices()
    choices.learningRate = 1e-6
    choices.grpo.loss = .dapo
    choices.grpo.advantage = .std
    choices.grpo.clipLow = 0.2
    choices.grpo.clipHigh = 0.2
    choices.grpo.klCoefficient = 0
    return choices
  }

  /// All stages: AdamW without weight decay, cosine to 0, 3 % warm-up, norm clipped at 1, 256 examples a step, seed 42.
  private var pivotChoices: StepChoices {
    var choices = StepChoices()
    choices.batchSize = 256
    choices.schedule = .cosine
    choices.warmup = .fraction(0.03)
    choices.clipNorm = 1
    choices.weightDecay = 0
    choices.seed = 42
    choices.shuffle = true
    switch self {
    case .s1a:
      choices.train = [.projector]
      choices.learningRate = 1e-3
      choices.epochs = 1
    case .s1b:
      choices.train = [.vision, .projector, .llm]
      choices.learningRate = 1e-5
      choices.visionLearningRate = 2e-6
      choices.epochs = 1
    case .sft:
      choices.train = [.vision, .projector, .llm]
      choices.learningRate = 1e-5
      choices.epochs = 3
      choices.dropLast = true
      choices.target = .chosen
    case .dpo:
      choices.train = [.vision, .projector, .llm]
      choices.learningRate = 1e-6
      choices.epochs = 3
      choices.dropLast = true
      choices.beta = 0.1
      choices.labelSmoothing = 0
      choices.gamma = 0
    case .vlaaGRPO, .trlGRPO: break
    }
    return choices
  }
}
