// SPDX-License-Identifier: MIT
// The published settings of PIVOT (arXiv 2510.16333) and its training scripts, of VLAA-Thinker (arXiv 2504.11468), and
// the defaults of TRL's GRPO.
import Checkpoints
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

  /// What it says of the run.
  public var step: StepOptions {
    switch self {
    case .s1a, .s1b, .sft, .dpo: pivot
    case .vlaaGRPO: vlaa
    case .trlGRPO: trl
    }
  }

  /// What it says of supervised fine-tuning.
  public var sft: SFTOptions {
    var options = SFTOptions()
    if self == .sft { options.target = .chosen }
    return options
  }

  /// What it says of DPO.
  public var dpo: DPOOptions {
    var options = DPOOptions()
    if self == .dpo { (options.beta, options.labelSmoothing, options.gamma) = (0.1, 0, 0) }
    return options
  }

  /// What it says of GRPO: of VLAA-Thinker a KL term that is steered from 1e-3 to a KL of 5e-4, tokens averaged by
  /// completion, completions by group; of TRL the token mean over the batch, the ratio clipped at 0.2, no KL term.
  public var grpo: GRPOOptions {
    var options = GRPOOptions()
    switch self {
    case .vlaaGRPO:
      (options.loss, options.advantage) = (.grpo, .std)
      (options.klCoefficient, options.klTarget) = (1e-3, 5e-4)
      (options.minibatchSize, options.innerEpochs) = (256, 1)
    case .trlGRPO:
      (options.loss, options.advantage) = (.dapo, .std)
      (options.clipLow, options.clipHigh, options.klCoefficient) = (0.2, 0.2, 0)
    default: break
    }
    return options
  }

  /// 512 prompts sampled at a time and optimizer steps of 256, used once; cosine to 5e-7 after 3 % of warm-up.
  private var vlaa: StepOptions {
    var options = StepOptions()
    options.batchSize = 512
    options.epochs = 1
    options.schedule = .cosine
    options.minLearningRate = 5e-7
    options.warmup = .fraction(0.03)
    return options
  }

  private var trl: StepOptions {
    var options = StepOptions()
    options.learningRate = 1e-6
    return options
  }

  /// All stages: AdamW without weight decay, cosine to 0, 3 % warm-up, norm clipped at 1, 256 examples a step, seed 42.
  private var pivot: StepOptions {
    var options = StepOptions()
    options.batchSize = 256
    options.schedule = .cosine
    options.warmup = .fraction(0.03)
    options.clipNorm = 1
    options.weightDecay = 0
    options.seed = 42
    options.shuffle = true
    switch self {
    case .s1a:
      options.train = [.projector]
      options.learningRate = 1e-3
      options.epochs = 1
    case .s1b:
      options.train = [.vision, .projector, .llm]
      options.learningRate = 1e-5
      options.visionLearningRate = 2e-6
      options.epochs = 1
    case .sft:
      options.train = [.vision, .projector, .llm]
      options.learningRate = 1e-5
      options.epochs = 3
      options.dropLast = true
    case .dpo:
      options.train = [.vision, .projector, .llm]
      options.learningRate = 1e-6
      options.epochs = 3
      options.dropLast = true
    case .vlaaGRPO, .trlGRPO: break
    }
    return options
  }
}

extension StepOptions {
  /// What was given, then what the preset says.
  /// - Parameter learningRate: the default of the tool, where neither has one.
  public init(_ given: StepOptions, preset: Preset? = nil, learningRate: Double) {
    var fallback = StepOptions()
    fallback.learningRate = learningRate
    self = given.or(preset?.step ?? StepOptions()).or(fallback)
  }
}
