// SPDX-License-Identifier: MIT
// The log's line of a step.
import Checkpoints
import Examples
import Objectives
import StrictJSON

extension StepLoop {
  /// What is reported of a step before it is counted.
  /// - Parameters:
  ///   - batch: what passed all checks.
  ///   - count: the steps that this batch gives.
  func metrics(
    _ gradients: BatchGradients, _ applied: AppliedUpdate, _ totals: BatchTotals, of batch: [Example],
    _ update: UpdatePlan.Update, of count: Int
  ) -> StepMetrics {
    StepMetrics(
      step: state.step + 1, epoch: epoch(afterUpdateOf: count), loss: gradients.result.loss,
      objective: objective.describe(batch) + gradients.result.metrics + objective.describe(update) + distance,
      gradientNorm: applied.norms.total, partNorms: applied.norms.parts, learningRates: applied.learningRates,
      examples: totals.examples, rows: gradients.rows, seconds: gradients.seconds + applied.seconds,
      unit: objective.unit, peakMemory: host.peakMemory, run: runName)
  }

  /// Passes over the file after this step, one of `count` of its batch; nil on a stream.
  private func epoch(afterUpdateOf count: Int) -> Double? {
    let batches = Double(state.batch) + Double(state.update + 1) / Double(count)
    return source.batchesPerEpoch.map { Double(state.epoch) + batches / Double($0) }
  }

  /// How far the weights are from those that sampled, and the batches that moved nothing; of a run that has such.
  private var distance: [(name: String, value: Double)] {
    var metrics: [(name: String, value: Double)] = []
    if state.policy != nil { metrics.append(("policy_age", Double(state.step - state.policyStep))) }
    if state.flatSteps > 0 { metrics.append(("skipped_steps", Double(state.flatSteps))) }
    return metrics
  }

  /// The log's line where no example asks for a change: no loss and no norms, and "skipped".
  func skippedLine(_ batch: [Example]) throws -> String {
    if !hasNotedFlat {
      hasNotedFlat = true
      host.warn(
        "after step \(state.step): \(objective.uninformative), so that it teaches nothing; no step "
          + "was taken (ids \(batch.prefix(4).map(\.id).joined(separator: ", "))\(batch.count > 4 ? ", …" : ""))")
    }
    var object = JSONObject()
    object["step"] = .int(state.step)
    object["skipped"] = true
    for (name, value) in objective.describe(batch) { object[name] = value.isFinite ? .double(value) : .null }
    object["skipped_steps"] = .int(state.flatSteps)
    object["run"] = .string(runName)
    return JSONValue.object(object).text()
  }
}
