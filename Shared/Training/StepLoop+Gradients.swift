// SPDX-License-Identifier: MIT
// Forward and backward over what a step is taken on.
import Autograd
import Clocks
import Examples
import Inference
import Objectives

extension StepLoop {
  /// Gradients of the loss of `examples`, divided by `totals`. Nil where a signal arrived on the way.
  /// - Parameter known: the reference's log-probabilities pass by pass, where an earlier step has used the same examples.
  func gradients(
    of examples: [Example], _ totals: BatchTotals, _ known: inout [[ReferenceLogps]]?
  ) throws -> BatchGradients? {
    for parameter in trained { parameter.variable.clearGradient() }
    let isOnPolicy = objective.checksPolicy && state.policy != nil && state.step == state.policyStep
    var sum = BatchGradients(gradients: [], result: BatchResult(), rows: 0, hasImages: false, seconds: 0)
    var found: [[ReferenceLogps]] = []
    let passes = MicroBatch.passes(of: examples, rows: options.rowsPerPass ?? runner.model.config.suggestedRowsPerPass)
    for (number, pass) in passes.enumerated() {
      if host.pendingSignal != nil { return nil }
      if objective.needsReference { found.append(try known?[number] ?? reference.logps(pass, of: examples)) }
      let start = monotonicSeconds()
      let variables = try runner.outputs(objective.outputs, of: pass)
      let gradients = try variables.withValues { outputs in
        let scored = ScoredPass(
          pass: pass, examples: examples, outputs: outputs, reference: found.last ?? [], totals: totals,
          isOnPolicy: isOnPolicy)
        return try objective.add(scored, to: &sum.result)
      }
      variables.backward(gradients)
      sum.seconds += monotonicSeconds() - start
      sum.rows += pass.forest.rowCount
      sum.hasImages = sum.hasImages || !pass.images.isEmpty
    }
    known = found
    sum.gradients = trained.map(\.variable.gradient)
    return sum
  }
}
