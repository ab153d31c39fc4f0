// SPDX-License-Identifier: MIT
// The published settings of PIVOT (arXiv 2510.16333) and its training scripts.
import Checkpoints

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

  /// True where the preset is meant for `dpo-step`, false for `sft-step`.
  public var isPreference: Bool { self == .dpo }

  /// All stages: AdamW without weight decay, cosine to 0, 3 % warm-up, norm clipped at 1, 256 examples a step, seed 42.
  public var choices: StepChoices {
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
    }
    return choices
  }
}
