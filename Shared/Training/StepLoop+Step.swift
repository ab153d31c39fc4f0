import Autograd
import Checkpoints
import Clocks
// SPDX-License-Identifier: MIT
// One optimizer step: frames checked, gradients summed over passes, clipped, applied, reported.
import Examples
import Failures
import Inference
import Layers
import Models
import Objectives
import StrictJSON
import TensorStream
import Tensors

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
    if batch.isEmpty { return "" }
    let examples = objective.select(batch)
    if examples.isEmpty {
      state.flatSteps += 1
      return try skippedLine(batch)
    }
    guard let gradients = try gradients(of: examples, &known[update.frames.lowerBound]) else { return nil }
    guard var taken = try apply(gradients, examples, of: count) else { return "" }
    taken.objective = objective.describe(batch) + gradients.result.metrics + policyMetrics(update)
    objective.stepWasTaken(gradients.result, on: examples, update)
    state.memory = objective.memory
    state.step += 1
    host.progress(
      StepProgress(
        step: state.step, totalSteps: totalSteps, loss: taken.loss,
        rate: Double(state.step - firstStep) / (monotonicSeconds() - startedAt)))
    return taken.line
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

  /// How far the weights are from those that sampled.
  private func policyMetrics(_ update: UpdatePlan.Update) -> [(name: String, value: Double)] {
    guard case .group = objective.responses else { return [] }
    var metrics = [(name: "inner_epoch", value: Double(update.innerEpoch + 1))]
    if state.policy != nil { metrics.append(("policy_age", Double(state.step - state.policyStep))) }
    if state.flatSteps > 0 { metrics.append(("skipped_steps", Double(state.flatSteps))) }
    return metrics
  }

  /// The log's line where rewards say nothing: no loss and no norms, and "skipped".
  private func skippedLine(_ batch: [Example]) throws -> String {
    if !hasNotedFlat {
      hasNotedFlat = true
      host.warn(
        "after step \(state.step): no group of this batch has rewards that differ, so that it teaches nothing; no step "
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

  /// The examples of a batch in the places of their frames; nil for what does not pass all checks and is left out.
  private func admit(_ frames: [ReadFrame]) throws -> [Example?] {
    var examples: [Example?] = []
    for frame in frames {
      do {
        let example = try Example(frame.get(), responses: objective.responses, contract: runner.contract)
        try runner.admit(example)
        try checkPolicy(example)
        examples.append(example)
      } catch let error as FrameError where request.skipBad {
        host.skipped(error)
        examples.append(nil)
      }
    }
    if objective.needsReference {
      try reference.admit(examples.compactMap { $0 })
      state.reference = reference.fingerprint
    }
    return examples
  }

  /// A misspelt key of a manifest loses the images without a trace, and text alone trains no encoder.
  private func lookForImages(_ batch: [Example]) {
    guard !hasLookedForImages, !batch.isEmpty else { return }
    hasLookedForImages = true
    let sighted = [Part.vision, .projector].filter(options.train.contains)
    guard !sighted.isEmpty, batch.allSatisfy(\.images.isEmpty) else { return }
    host.warn(
      "no example of the first batch has an image, and --train has \(sighted.map(\.rawValue).joined(separator: ",")): text "
        + "alone does not train it; imgtok --verbose says what each key of a manifest was taken for, and --train llm trains on text"
    )
  }

  /// Completions of another policy would be taken for this one's.
  private func checkPolicy(_ example: Example) throws {
    guard objective.checksPolicy, let policy = state.policy, let named = example.group?.policy, named != policy else {
      return
    }
    throw example.place.error(
      "its completions were sampled by the policy \(named), and \(base.path) was \(policy) when this call began; sample "
        + "with the checkpoint that is trained, or --off-policy to take them")
  }

  private struct Gradients {
    var result: BatchResult
    var rows: Int
    var hasImages: Bool
    var seconds: Double
  }

  /// Forward and backward over all examples of a step: gradients of its loss, divided already, lie at the parameters.
  /// - Parameter known: the reference's log-probabilities pass by pass, where an earlier step has used the same examples.
  private func gradients(of examples: [Example], _ known: inout [[ReferenceLogps]]?) throws -> Gradients? {
    lastLoss = nil
    for parameter in trained { parameter.variable.clearGradient() }
    let totals = BatchTotals(examples)
    let isOnPolicy = objective.checksPolicy && state.policy != nil && state.step == state.policyStep
    var sum = Gradients(result: BatchResult(), rows: 0, hasImages: false, seconds: 0)
    var found: [[ReferenceLogps]] = []
    let passes = MicroBatch.passes(of: examples, rows: options.rowsPerPass ?? runner.model.config.suggestedRowsPerPass)
    for (number, pass) in passes.enumerated() {
      if host.pendingSignal != nil { return nil }
      if objective.needsReference { found.append(try known?[number] ?? reference.logps(pass, of: examples)) }
      let start = monotonicSeconds()
      let logps = try runner.logps(pass)
      let values = UnsafeBufferPointer(start: UnsafePointer(logps.value.pointer), count: logps.value.count)
      let scored = ScoredPass(
        pass: pass, examples: examples, logps: values, reference: found.last ?? [], totals: totals,
        isOnPolicy: isOnPolicy)
      let seed = try objective.add(scored, to: &sum.result)
      logps.backward(seed: Tensor(seed, shape: logps.shape))
      sum.seconds += monotonicSeconds() - start
      sum.rows += pass.forest.rowCount
      sum.hasImages = sum.hasImages || !pass.images.isEmpty
    }
    known = found
    return sum
  }

  /// Clips and updates. Nil where loss or gradient is not finite and the batch is left out.
  private func apply(_ gradients: Gradients, _ examples: [Example], of count: Int) throws -> StepMetrics? {
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
      step: state.step + 1, epoch: epoch(afterUpdateOf: count), loss: gradients.result.loss,
      objective: gradients.result.metrics,
      gradientNorm: norm, partNorms: squares.map { ($0.part, $0.sum.squareRoot()) },
      learningRates: squares.map { ($0.part, (options.learningRates[$0.part] ?? 0) * factor) },
      examples: examples.count,
      rows: gradients.rows, seconds: gradients.seconds + monotonicSeconds() - start, unit: objective.unit,
      peakMemory: host.peakMemory, run: runName)
  }

  /// Passes over the file after this step, one of `count` of its batch; nil on a stream.
  private func epoch(afterUpdateOf count: Int) -> Double? {
    let batches = Double(state.batch) + Double(state.update + 1) / Double(count)
    return source.batchesPerEpoch.map { Double(state.epoch) + batches / Double($0) }
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
