// SPDX-License-Identifier: MIT
// One optimizer step: frames checked, gradients summed over passes, clipped, applied, reported.
import Autograd
import Checkpoints
import Failures
import Models
import TensorStream
import Tensors

extension StepLoop {
  /// Takes one optimizer step. False where a signal arrived on the way: the step is dropped, nothing has changed.
  func step(_ frames: [ReadFrame]) throws -> Bool {
    let examples = try admit(frames)
    var taken: StepMetrics?
    if !examples.isEmpty {
      guard let gradients = try gradients(of: examples) else { return false }
      taken = try apply(gradients, examples)
    }
    // From here on the step has happened: weights and place in the data go together.
    if taken != nil { state.step += 1 }
    state.consumed += frames.count
    state.batch += 1
    if let batches = source.batchesPerEpoch, state.batch == batches {
      (state.epoch, state.batch) = (state.epoch + 1, 0)
    }
    state.isFinished = isAtEnd
    state.isCallOver = isAtEnd
    guard let taken else { return true }
    try host.log(taken.line)
    host.progress(
      StepProgress(
        step: state.step, totalSteps: totalSteps, loss: taken.loss,
        rate: Double(state.step - firstStep) / (monotonicSeconds() - startedAt)))
    return true
  }

  /// The frames of a batch that pass all checks; what does not is left out or thrown.
  private func admit(_ frames: [ReadFrame]) throws -> [Example] {
    var examples: [Example] = []
    for frame in frames {
      do {
        let example = try Example(frame.get(), responses: objective.responses, contract: runner.contract)
        try runner.admit(example)
        examples.append(example)
      } catch let error as FrameError where request.skipBad {
        host.skipped(error)
      }
    }
    if objective.needsReference {
      try reference.admit(examples)
      state.reference = reference.fingerprint
    }
    return examples
  }

  private struct Gradients {
    var result: BatchResult
    var rows: Int
    var hasImages: Bool
    var seconds: Double
  }

  /// Forward and backward over the whole batch: gradients of the batch's loss, divided already, lie at the parameters.
  private func gradients(of examples: [Example]) throws -> Gradients? {
    lastLoss = nil
    for parameter in trained { parameter.variable.clearGradient() }
    let totals = BatchTotals(examples)
    var sum = Gradients(result: BatchResult(), rows: 0, hasImages: false, seconds: 0)
    for pass in MicroBatch.passes(of: examples, rows: options.rowsPerPass ?? runner.model.config.suggestedRowsPerPass) {
      if host.pendingSignal != nil { return nil }
      let known = objective.needsReference ? try reference.logps(pass, of: examples) : []
      let start = monotonicSeconds()
      let logps = try runner.logps(pass)
      let values = UnsafeBufferPointer(start: UnsafePointer(logps.value.pointer), count: logps.value.count)
      let seed = objective.add(pass, logps: values, reference: known, totals: totals, to: &sum.result)
      logps.backward(seed: Tensor(seed, shape: logps.shape))
      sum.seconds += monotonicSeconds() - start
      sum.rows += pass.forest.rowCount
      sum.hasImages = sum.hasImages || !pass.images.isEmpty
    }
    return sum
  }

  /// Clips and updates. Nil where loss or gradient is not finite and the batch is left out.
  private func apply(_ gradients: Gradients, _ examples: [Example]) throws -> StepMetrics? {
    let start = monotonicSeconds()
    let squares = Part.allCases.filter(options.train.contains).map { part in
      (part: part, sum: trained.reduce(0.0) { $1.part == part ? $0 + ($1.variable.gradient?.sumOfSquares ?? 0) : $0 })
    }
    let norm = squares.reduce(0) { $0 + $1.sum }.squareRoot()
    guard gradients.result.loss.isFinite, norm.isFinite else {
      let problem = NotFinite(
        step: state.step + 1, loss: gradients.result.loss, norm: norm, ids: examples.map(\.id),
        parameter: trained.first { $0.variable.gradient?.isFinite == false }?.name)
      guard request.skipBad else { throw problem }
      host.skipped(problem)
      return nil
    }
    try watch(zero: squares.filter { $0.sum == 0 }.map(\.part), gradients)
    let factor = schedule.factor(at: state.step)
    let scale = options.clipNorm > 0 ? min(1, options.clipNorm / (norm + 1e-6)) : 1
    for (parameter, moments) in zip(trained, moments) {
      let value = parameter.variable.value
      // Without a gradient (a batch of text has none for the encoder) the moments fade as after a gradient of zero.
      adamW.update(
        value, moments, gradient: parameter.variable.gradient ?? Tensor(zeros: value.shape),
        gradientScale: Float(scale),
        learningRate: (options.learningRates[parameter.part] ?? 0) * factor, step: state.step + 1)
    }
    lastLoss = gradients.result.loss
    return StepMetrics(
      step: state.step + 1, epoch: epochAfterBatch, loss: gradients.result.loss, objective: gradients.result.metrics,
      gradientNorm: norm, partNorms: squares.map { ($0.part, $0.sum.squareRoot()) },
      learningRates: squares.map { ($0.part, (options.learningRates[$0.part] ?? 0) * factor) },
      examples: examples.count,
      rows: gradients.rows, seconds: gradients.seconds + monotonicSeconds() - start, unit: objective.unit,
      peakMemory: host.peakMemory)
  }

  /// Passes over the file after this batch; nil on a stream.
  private var epochAfterBatch: Double? {
    source.batchesPerEpoch.map { Double(state.epoch) + Double(state.batch + 1) / Double($0) }
  }

  /// A part that should learn but never gets a gradient is a mistake that a falling loss would hide.
  private func watch(zero: [Part], _ gradients: Gradients) throws {
    let window = 10
    guard state.imageSteps < window, gradients.hasImages, gradients.result.hasGradient else { return }
    state.imageSteps += 1
    for part in zero { state.zeroSteps[part, default: 0] += 1 }
    guard state.imageSteps == window, let part = zero.first(where: { state.zeroSteps[$0] == window }) else { return }
    throw PlainFailure.badData(
      "--train \(part.rawValue): its gradient was exactly zero in the first \(window) steps with images; "
        + "something cuts it off from the loss, or it should not be trained")
  }
}

/// A step that would have ruined the weights, and was not taken.
struct NotFinite: Failure {
  let step: Int
  let loss: Double
  let norm: Double
  let ids: [String]
  let parameter: String?

  var exitStatus: ExitStatus { .badData }
  var description: String {
    let what = loss.isFinite ? "the gradient\(parameter.map { " of \($0)" } ?? "")" : "the loss"
    return "step \(step): \(what) is not finite (loss \(loss), gradient norm \(norm)); the step was not taken. "
      + "Ids of its batch: \(ids.joined(separator: ", "))"
  }
}
