// SPDX-License-Identifier: MIT
// Presets, defaults, and who goes before whom.
import Checkpoints
import StrictJSON
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct OptionsTests {
  @Test func theDefaultsAreThoseOfTheManual() {
    let options = StepOptions(StepOptions(), learningRate: 1e-6)
    #expect(options.train == [.vision, .projector, .llm])
    #expect(Set(options.learningRates.values) == [1e-6])
    #expect(options.warmup == .fraction(0.03) && options.schedule == nil)
    #expect(options.clipNorm == 1 && options.weightDecay == 0)
    let own = DPOOptions()
    #expect(own.beta == 0.1 && own.labelSmoothing == 0 && own.gamma == 0 && own.problem == nil)
    #expect(options.problem == nil)
  }

  @Test func presetsCarryThePublishedNumbers() {
    let dpo = StepOptions(StepOptions(), preset: .dpo, learningRate: 5)
    #expect(dpo.batchSize == 256 && dpo.epochs == 3 && dpo.dropLast && dpo.schedule == .cosine)
    #expect(Set(dpo.learningRates.values) == [1e-6] && Preset.dpo.own.beta == 0.1 && Preset.dpo.own.gamma == 0)
    let sft = StepOptions(StepOptions(), preset: .sft, learningRate: 5)
    #expect(Set(sft.learningRates.values) == [1e-5] && Preset.sft.own.target == .chosen && sft.epochs == 3)
    let s1a = StepOptions(StepOptions(), preset: .s1a, learningRate: 5)
    #expect(s1a.train == [.projector] && s1a.learningRates[.projector] == 1e-3 && s1a.epochs == 1)
    let s1b = StepOptions(StepOptions(), preset: .s1b, learningRate: 5)
    #expect(s1b.learningRates == [.vision: 2e-6, .projector: 1e-5, .llm: 1e-5])
    func check(_ method: (some StepMethod).Type) {
      for preset in method.presets {
        #expect(StepOptions(StepOptions(), preset: preset, learningRate: 5).problem == nil)
      }
    }
    for method in StepMethods.all { check(method) }
  }

  @Test func presetsAndLearningRatesAreListedWithTheirTools() {
    #expect(
      StepMethods.presetList(and: DPOObjective.self)
        == "pivot-s1a, pivot-s1b, pivot-sft (sft-step), pivot-dpo (dpo-step), vlaa-grpo, trl-grpo (grpo-step)")
    #expect(StepTable.table.learningRate.help == "Peak learning rate (default: 1e-6; of sft-step 1e-5).")
    #expect(StepOptions(StepOptions(), learningRate: SFTObjective.learningRate).learningRate == 1e-5)
    #expect(StepOptions(StepOptions(), learningRate: DPOObjective.learningRate).learningRate == 1e-6)
  }

  @Test func anExplicitValueGoesBeforeThePreset() {
    var choices = StepOptions()
    choices.batchSize = 32
    choices.learningRate = 3e-6
    choices.shuffle = false
    let options = StepOptions(choices, preset: .s1b, learningRate: 5)
    #expect(options.batchSize == 32 && !options.shuffle)
    #expect(options.learningRates == [.vision: 2e-6, .projector: 3e-6, .llm: 3e-6])
  }

  @Test func impossibleValuesAreNamed() {
    func problem(_ change: (inout StepOptions) -> Void) -> String? {
      var choices = StepOptions()
      change(&choices)
      return StepOptions(choices, learningRate: 1e-6).problem
    }
    func ownProblem(_ change: (inout DPOOptions) -> Void) -> String? {
      var own = DPOOptions()
      change(&own)
      return own.problem
    }
    #expect(ownProblem { $0.beta = 0 } == "--beta 0.0: must be a number above 0")
    #expect(problem { $0.batchSize = 0 } == "--batch-size 0: must be 1 or more")
    #expect(problem { $0.steps = -1 } == "--steps -1: must be 1 or more")
    #expect(ownProblem { $0.labelSmoothing = 0.5 } == "--label-smoothing 0.5: must be at least 0 and below 0.5")
    #expect(ownProblem { $0.labelSmoothing = .nan } != nil)
    #expect(problem { $0.visionLearningRate = -1 } == "--lr-vision -1.0: must be 0 or more")
    #expect(ownProblem { $0.gamma = .infinity } != nil)
    #expect(problem { $0.train = [] } != nil)
    #expect(problem { $0.clipNorm = 0 } == nil)
  }
}

@Suite struct MetricsTests {
  private func metrics(loss: Double) -> StepMetrics {
    StepMetrics(
      step: 3, epoch: 0.75, loss: loss, objective: [("rewards/chosen", 0.5)], gradientNorm: 2,
      partNorms: [(.vision, 1)], learningRates: [(.vision, 1e-6), (.llm, 2e-6)], examples: 8, rows: 1000, seconds: 0.3,
      unit: "pairs", peakMemory: 5 << 20, run: "c0ffee00")
  }

  @Test func theLineHasTheNamesOfTRL() throws {
    let object = try JSONValue.parse(metrics(loss: 0.25).line)
    #expect(object["step"]?.int == 3 && object["run"]?.string == "c0ffee00")
    #expect(object["loss"]?.double == 0.25)
    #expect(object["rewards/chosen"]?.double == 0.5)
    #expect(object["grad_norm"]?.double == 2)
    #expect(object["grad_norm/vision"]?.double == 1)
    #expect(object["learning_rate"]?.double == 2e-6)
    #expect(object["learning_rate/vision"]?.double == 1e-6)
    #expect(object["tokens_per_second"]?.double == 3333)
    #expect(object["pairs_per_second"]?.double == 26.67)
    #expect(object["peak_memory_bytes"]?.int == 5 << 20)
    #expect(!metrics(loss: 0).line.contains("\n"))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func aNumberThatIsNotFiniteIsNull(value: Double) throws {
    let object = try JSONValue.parse(metrics(loss: value).line)
    #expect(object["loss"] == .null)
  }
}
