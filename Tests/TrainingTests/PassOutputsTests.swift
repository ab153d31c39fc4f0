// SPDX-License-Identifier: MIT
// An objective may ask for more than log-probabilities, and its gradient reaches the weights from all that it asks for.
import Autograd
import Checkpoints
import Layers
import Models
import OptionTables
import Tensors
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// Supervised fine-tuning with a penalty on the final hidden states: Σ (-logp + c / 2 |h|²) / labels.
private struct PenalisedSFT: Objective {
  let options = SFTOptions()
  var penalty = 0.3
  var outputs: Set<PassOutput> = [.logps, .hiddenStates]
  var unit: String { "examples" }
  var responses: Responses { .supervised(.chosen) }
  var needsReference: Bool { false }

  func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> OutputGradients {
    let labels = Double(scored.totals.labels)
    var gradients: OutputGradients = [:]
    if let logps = scored.outputs[.logps] {
      result.loss -= logps.values.sum(logps.values.indices) / labels
      gradients[.logps] = [Float](repeating: Float(-1 / labels), count: logps.values.count)
    }
    if let hidden = scored.outputs[.hiddenStates] {
      result.loss += penalty / 2 * hidden.values.reduce(0) { $0 + Double($1) * Double($1) } / labels
      gradients[.hiddenStates] = hidden.values.map { Float(penalty / labels) * $0 }
    }
    result.hasGradient = true
    return gradients
  }
}

@Suite struct PassOutputsTests {
  private struct Pass {
    let model: MultimodalModel
    let runner: PassRunner
    let examples: [Example]
    let pass: MicroBatch

    init() throws {
      let checkpoint = try Checkpoint(opening: fixture("models/published"))
      model = try MultimodalModel(checkpoint, trainable: [.vision, .projector, .llm])
      runner = PassRunner(
        model, contract: try FrameContract(checkpoint, model.config), encoder: nil, note: { _ in })
      let contract = runner.contract
      examples = try frames(fixture("parity/published/pairs.frames")).map {
        try Example($0, responses: .supervised(.chosen), contract: contract)
      }
      pass = MicroBatch(examples, members: examples.indices)
    }

    /// The loss; its gradients are added to the parameters' where asked for.
    func loss(_ objective: PenalisedSFT, backward: Bool = false) throws -> Double {
      let variables = try runner.outputs(objective.outputs, of: pass)
      var result = BatchResult()
      let gradients = try variables.withValues { outputs in
        try objective.add(
          ScoredPass(
            pass: pass, examples: examples, outputs: outputs, reference: [],
            totals: BatchTotals(examples, selected: examples, informative: examples.count), isOnPolicy: false),
          to: &result)
      }
      if backward { variables.backward(gradients) }
      return result.loss
    }
  }

  /// Along the gradient the loss rises by |gradient|² a unit: every part's share of it is felt.
  @Test(arguments: [[.logps], [.hiddenStates], [.logps, .hiddenStates]] as [Set<PassOutput>])
  func gradientsAreTheSlopesOfTheLoss(_ outputs: Set<PassOutput>) throws {
    let pass = try Pass()
    let objective = PenalisedSFT(outputs: outputs)
    _ = try pass.loss(objective, backward: true)
    for part in Part.allCases {
      let learnt = pass.model.trainableParameters.filter { $0.part == part }
      // A hidden state does not depend on an untied head: nothing arrives there.
      let gradients = learnt.map {
        $0.variable.gradient?.values ?? [Float](repeating: 0, count: $0.variable.value.count)
      }
      let square = gradients.joined().reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(square > 0, "\(part)")
      func moved(_ step: Double) throws -> Double {
        let scale = Float(step / square.squareRoot())
        func shift(_ sign: Float) {
          for (parameter, gradient) in zip(learnt, gradients) {
            for (index, slope) in gradient.enumerated() {
              parameter.variable.value.pointer[index] += sign * scale * slope
            }
          }
        }
        shift(1)
        defer { shift(-1) }
        return try pass.loss(objective)
      }
      let slope = (try moved(5e-4) - moved(-5e-4)) / 1e-3
      expectClose(slope, square.squareRoot(), tolerance: 5e-3, "\(part) of \(outputs)")
    }
  }

  @Test func hiddenStatesAreARowALabel() throws {
    let pass = try Pass()
    try pass.runner.outputs([.hiddenStates], of: pass.pass).withValues { outputs in
      let hidden = try #require(outputs[.hiddenStates])
      #expect(outputs.count == 1 && hidden.values.count == pass.pass.gathers.count * hidden.width && hidden.width > 1)
      #expect(Array(hidden[1]) == Array(hidden.values[hidden.width..<2 * hidden.width]))
    }
  }

  /// An output that is asked for and not used changes no bit of a run.
  @Test func whatIsOnlyLookedAtChangesNothing() throws {
    struct Onlooker: Objective {
      let base = sft(.chosen)
      var options: SFTOptions { base.options }
      var unit: String { base.unit }
      var responses: Responses { base.responses }
      var needsReference: Bool { false }
      var outputs: Set<PassOutput> { [.logps, .hiddenStates] }
      func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> OutputGradients {
        base.add(scored, to: &result)
      }
    }
    try withTemporaryDirectory { folder in
      try runSteps(folder + "/a.bin", objective: sft(.chosen))
      try runSteps(folder + "/b.bin", objective: Onlooker())
      #expect(try readFile(folder + "/a.bin") == readFile(folder + "/b.bin"))
    }
  }
}
