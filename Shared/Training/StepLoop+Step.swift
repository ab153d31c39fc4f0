// SPDX-License-Identifier: MIT
// One optimizer step: gradients summed over passes, exchanged between processes, clipped, applied, reported.
import Checkpoints
import Clocks
import Examples
import Objectives
import TensorStream

extension StepLoop {
  /// Takes the optimizer steps of one batch: most objectives want one. False where a signal arrived on the way: the step
  /// under way is dropped, and what came before it stays.
  func learn(_ frames: [ReadFrame]) throws -> Bool {
    let examples = try admit(frames)
    lookForImages(examples.compactMap { $0 })
    let count = objective.plan.count(frames: frames.count)
    var known: [Int: [[ReferenceLogps]]] = [:]
    repeat {
      let update = objective.plan.update(state.update, frames: frames.count)
      guard let line = try step(examples[update.frames].compactMap { $0 }, update, of: count, &known) else {
        return false
      }
      // From here on the step has happened: weights and place in the data go together.
      advance(frames.count, of: count)
      if !line.isEmpty {
        state.unlogged = line
        try log(line)
        state.unlogged = nil
      }
      if isSaveDue { try save() }
      if host.pendingSignal != nil { return false }
    } while state.update > 0 && !isAtEnd
    return true
  }

  /// One optimizer step. -> its line of the log, empty where none was taken; nil where a signal arrived.
  private func step(
    _ batch: [Example], _ update: UpdatePlan.Update, of count: Int, _ known: inout [Int: [[ReferenceLogps]]]
  ) throws -> String? {
    let examples = objective.select(batch)
    let totals = try exchange.sum(
      BatchTotals(batch, selected: examples, informative: objective.informative(examples)))
    if totals.admitted == 0 { return "" }
    if totals.informative == 0 {
      state.flatSteps += 1
      return try skippedLine(batch)
    }
    last = nil
    guard let own = try gradients(of: examples, totals, &known[update.frames.lowerBound]) else { return nil }
    let gradients = try exchange.sum(own)
    guard let applied = try apply(gradients, of: examples) else { return "" }
    let line = metrics(gradients, applied, totals, of: batch, update, of: count).line
    if request.gradients != nil { last = gradients }
    objective.stepWasTaken(gradients.result, totals, update)
    state.memory = objective.memory
    state.step += 1
    host.progress(
      StepProgress(
        step: state.step, totalSteps: totalSteps, loss: gradients.result.loss,
        rate: Double(state.step - firstStep) / (monotonicSeconds() - startedAt)))
    return line
  }

  private func advance(_ frames: Int, of count: Int) {
    state.update += 1
    if state.update == count {
      state.update = 0
      state.consumed += frames
      state.batch += 1
      if let batches = source.batchesPerEpoch, state.batch == batches {
        (state.epoch, state.batch) = (state.epoch + 1, 0)
      }
    }
    state.isFinished = isAtEnd
    state.isCallOver = isAtEnd
  }
}
