// SPDX-License-Identifier: MIT
// A training run: batches in, optimizer steps taken, the checkpoint replaced as one whole.
import Autograd
import Checkpoints
import Failures
import Glibc
import Models
import StrictJSON
import TensorStream
import Tensors

/// What a call of a step tool is asked for, besides the options that change numbers.
public struct StepRequest: Sendable {
  /// "dpo-step" or "sft-step".
  public var tool: String
  /// The checkpoint that is trained.
  public var output: String
  /// The checkpoint a new run begins from, and the option or variable that named it.
  public var initial: String?
  /// Goes on from weights that have no training state.
  public var inPlace = false
  /// Begins a new run from the weights that are there.
  public var newRun = false
  /// Skips the frames that an interrupted call had used.
  public var resume = false
  public var skipBad = false
  /// Where the last step's gradients go.
  public var gradients: String?
  /// Steps between two saves; nil: every 10 minutes.
  public var saveEvery: Int?
  /// Input files; empty: standard input.
  public var files: [String] = []

  public init(tool: String, output: String, initial: String? = nil) {
    self.tool = tool
    self.output = output
    self.initial = initial
  }
}

/// One call of a step tool.
public final class StepLoop {
  let request: StepRequest
  let options: StepOptions
  let objective: any Objective
  let host: any StepHost

  let store: CheckpointStore
  let base: Checkpoint
  let runner: PassRunner
  let schedule: LearningRateSchedule
  let totalSteps: Int?
  let source: any BatchSource
  let reference: ReferencePolicy
  let trained: [Parameter]
  private var moments: [AdamWMoments]
  private let adamW: AdamWConfig
  private(set) var state: RunState
  private let isFinished: Bool

  private var savedStep: Int?
  private var savedAt = monotonicSeconds()
  private let startedAt = monotonicSeconds()
  private let firstStep: Int
  /// The last step's loss, while its gradients are still in place.
  private var lastLoss: Double?

  /// Opens everything; takes no step and writes nothing.
  /// Throws 64, 65, 66 or 73 as the manual says.
  public init(_ request: StepRequest, _ options: StepOptions, _ objective: any Objective, host: any StepHost) throws {
    if let problem = options.problem { throw PlainFailure.usage(problem) }
    self.request = request
    self.options = options
    self.objective = objective
    self.host = host

    let opening = try RunOpening(request, options, objective, host: host)
    store = opening.store
    base = opening.base
    source = opening.source
    totalSteps = opening.totalSteps
    schedule = opening.schedule
    state = opening.state
    isFinished = opening.state.isFinished

    let model = opening.model
    let contract = try FrameContract(base, model.config)
    let encoder = options.train.contains(.vision) ? nil : try base.encoderFingerprint()
    runner = PassRunner(model, contract: contract, encoder: encoder, note: host.note)
    trained = model.trainableParameters
    adamW = AdamWConfig(weightDecay: options.weightDecay)
    moments = try opening.moments(of: trained)
    firstStep = state.step
    savedStep = opening.isResumed ? state.step : nil

    reference = ReferencePolicy(recorded: state.reference, note: host.note) {
      try opening.openReference(note: host.note)
    }
    if !isFinished { try store.begin(from: base, trained: trained.map(\.name)) }
    if let only = totalSteps, only <= schedule.warmupSteps, only > 0 {
      host.warn("all \(only) steps are warm-up: the learning rate never reaches its peak (--warmup 0 turns warm-up off)")
    }
  }

  /// Trains until the data or the steps are used up, or a signal arrives. Saves what was reached before it throws.
  public func run() throws -> StepOutcome {
    if isFinished { return .alreadyFinished(steps: state.step, path: store.path) }
    do {
      while !isAtEnd, host.pendingSignal == nil, let batch = try source.next(at: state) {
        guard try step(batch) else { break }
        state.isFinished = isAtEnd
        if isSaveDue { try save() }
      }
    } catch {
      if isInterruption(error), let signal = host.pendingSignal { return try stop(signal) }
      // The weights are whole: a step is applied as one, or not at all.
      if state.step != savedStep ?? firstStep { try save() }
      throw error
    }
    if let signal = host.pendingSignal { return try stop(signal) }
    guard state.step > firstStep else {
      throw PlainFailure.badData("\(source.name): no step was taken: there was no frame to learn from")
    }
    state.isCallOver = true
    state.isFinished = isAtEnd
    try save()
    try writeGradients()
    return .done(steps: state.step, path: store.path)
  }

  /// A wait that a signal ended; or a stream cut short, where the same Ctrl-C has ended the tools upstream.
  private func isInterruption(_ error: any Error) -> Bool {
    if error is ReadInterrupted { return true }
    guard error is FrameError else { return false }
    if host.pendingSignal == nil { usleep(50_000) }
    return host.pendingSignal != nil
  }

  private var isAtEnd: Bool { totalSteps.map { state.step >= $0 } ?? false || source.isExhausted(at: state) }

  // MARK: One step

  /// Takes one optimizer step. False where a signal arrived on the way: the step is dropped, nothing has changed.
  private func step(_ frames: [ReadFrame]) throws -> Bool {
    let examples = try admit(frames)
    if !examples.isEmpty {
      guard let outcome = try gradients(of: examples) else { return false }
      if try apply(outcome, examples) { state.step += 1 }
    }
    state.consumed += frames.count
    state.batch += 1
    if let batches = source.batchesPerEpoch, state.batch == batches { (state.epoch, state.batch) = (state.epoch + 1, 0) }
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

  private struct Outcome {
    var result: BatchResult
    var rows: Int
    var hasImages: Bool
    var seconds: Double
  }

  /// Forward and backward over the whole batch: gradients of the batch's loss, divided already, lie at the parameters.
  private func gradients(of examples: [Example]) throws -> Outcome? {
    lastLoss = nil
    for parameter in trained { parameter.variable.clearGradient() }
    let totals = BatchTotals(examples)
    var outcome = Outcome(result: BatchResult(), rows: 0, hasImages: false, seconds: 0)
    for pass in MicroBatch.passes(of: examples, rows: options.rowsPerPass) {
      if host.pendingSignal != nil { return nil }
      let known = objective.needsReference ? try reference.logps(pass, of: examples) : []
      let start = monotonicSeconds()
      let logps = try runner.logps(pass)
      let values = UnsafeBufferPointer(start: UnsafePointer(logps.value.pointer), count: logps.value.count)
      let seed = objective.add(pass, logps: values, reference: known, totals: totals, to: &outcome.result)
      logps.backward(seed: Tensor(seed, shape: logps.shape))
      outcome.seconds += monotonicSeconds() - start
      outcome.rows += pass.forest.rowCount
      outcome.hasImages = outcome.hasImages || !pass.images.isEmpty
    }
    return outcome
  }

  /// Clips, updates, reports. False where loss or gradient is not finite and the batch is left out.
  private func apply(_ outcome: Outcome, _ examples: [Example]) throws -> Bool {
    let start = monotonicSeconds()
    let squares = Part.allCases.filter(options.train.contains).map { part in
      (part: part, sum: trained.reduce(0.0) { $1.part == part ? $0 + ($1.variable.gradient?.sumOfSquares ?? 0) : $0 })
    }
    let norm = squares.reduce(0) { $0 + $1.sum }.squareRoot()
    guard outcome.result.loss.isFinite, norm.isFinite else {
      let problem = NotFinite(
        step: state.step + 1, loss: outcome.result.loss, norm: norm, ids: examples.map(\.id),
        parameter: trained.first { $0.variable.gradient?.isFinite == false }?.name)
      guard request.skipBad else { throw problem }
      host.skipped(problem)
      return false
    }
    let zero = squares.filter { $0.sum == 0 }.map(\.part)
    let factor = schedule.factor(at: state.step)
    let scale = options.clipNorm > 0 ? min(1, options.clipNorm / (norm + 1e-6)) : 1
    for (parameter, moments) in zip(trained, moments) {
      let value = parameter.variable.value
      // Without a gradient (a batch of text has none for the encoder) the moments fade as after a gradient of zero.
      adamW.update(
        value, moments, gradient: parameter.variable.gradient ?? Tensor(zeros: value.shape), gradientScale: Float(scale),
        learningRate: (options.learningRates[parameter.part] ?? 0) * factor, step: state.step + 1)
    }
    let seconds = outcome.seconds + monotonicSeconds() - start
    lastLoss = outcome.result.loss
    try watch(zero: zero, outcome)

    let metrics = StepMetrics(
      step: state.step + 1, epoch: epoch(after: examples.count), loss: outcome.result.loss, objective: outcome.result.metrics,
      gradientNorm: norm, partNorms: squares.map { ($0.part, $0.sum.squareRoot()) },
      learningRates: squares.map { ($0.part, (options.learningRates[$0.part] ?? 0) * factor) }, examples: examples.count,
      rows: outcome.rows, seconds: seconds, unit: objective.unit, peakMemory: host.peakMemory)
    try host.log(metrics.line)
    let taken = state.step + 1 - firstStep
    host.progress(
      StepProgress(
        step: state.step + 1, totalSteps: totalSteps, loss: metrics.loss,
        rate: Double(taken) / (monotonicSeconds() - startedAt)))
    return true
  }

  /// Passes over the file after this batch; nil on a stream.
  private func epoch(after examples: Int) -> Double? {
    source.batchesPerEpoch.map { Double(state.epoch) + Double(state.batch + 1) / Double($0) }
  }

  /// A part that should learn but never gets a gradient is a mistake that a falling loss would hide.
  private func watch(zero: [Part], _ outcome: Outcome) throws {
    let window = 10
    guard state.imageSteps < window, outcome.hasImages, outcome.result.hasGradient else { return }
    state.imageSteps += 1
    for part in zero { state.zeroSteps[part, default: 0] += 1 }
    guard state.imageSteps == window, let part = zero.first(where: { state.zeroSteps[$0] == window }) else { return }
    throw PlainFailure.badData(
      "--train \(part.rawValue): its gradient was exactly zero in the first \(window) steps with images; "
        + "something cuts it off from the loss, or it should not be trained")
  }

  // MARK: Saving

  private var isSaveDue: Bool {
    if let every = request.saveEvery { return state.step % every == 0 && state.step != savedStep }
    return monotonicSeconds() - savedAt >= 600
  }

  private func save() throws {
    var weights: [String: Tensor] = [:]
    var saved = TrainingState(info: state.json.object ?? JSONObject())
    for (parameter, moments) in zip(trained, moments) {
      weights[parameter.name] = parameter.variable.value
      saved.firstMoments[parameter.name] = moments.first
      saved.secondMoments[parameter.name] = moments.second
    }
    try store.commit(generation: state.step, weights: weights, state: saved)
    (savedStep, savedAt) = (state.step, monotonicSeconds())
  }

  private func stop(_ signal: Int32) throws -> StepOutcome {
    let isNew = state.step != savedStep ?? firstStep
    if isNew { try save() }
    return .stopped(signal: signal, steps: state.step, path: store.path, isSaved: isNew || savedStep != nil)
  }

  /// `--grads`: the last step's gradients, averaged over its batch and not clipped, and its loss.
  private func writeGradients() throws {
    guard let path = request.gradients else { return }
    guard let lastLoss else {
      host.warn("--grads \(path): not written, this call took no step")
      return
    }
    var frame = Frame()
    frame.tensors["loss"] = RawTensor(f32: [Float(lastLoss)])
    for parameter in trained {
      let value = parameter.variable.value
      frame.tensors[parameter.name] = RawTensor(parameter.variable.gradient ?? Tensor(zeros: value.shape))
    }
    let writer = try FrameWriter(path: path)
    try writer.writeBare(frame)
    try writer.close()
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
