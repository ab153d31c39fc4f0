// SPDX-License-Identifier: MIT
// A training run: batches in, optimizer steps taken, the checkpoint replaced as one whole.
import Autograd
import Checkpoints
import Clocks
import Examples
import Failures
import Glibc
import Inference
import Layers
import Models
import Objectives
import StrictJSON
import TensorStream
import Tensors

/// One call of a step tool.
public final class StepLoop {
  let request: StepRequest
  let options: StepOptions
  var objective: any Objective
  let host: any StepHost
  /// Where the processes of the run meet.
  let exchange: any GradientExchange

  let store: CheckpointStore
  let base: Checkpoint
  let runner: PassRunner
  let schedule: LearningRateSchedule
  let totalSteps: Int?
  let source: any BatchSource
  let reference: ReferencePolicy
  let trained: [Parameter]
  let moments: [AdamWMoments]
  let adamW: AdamWConfig
  var state: RunState
  private let isFinished: Bool

  var savedStep: Int?
  /// What is on the disk, where this call wrote it.
  var savedState: RunState?
  var savedAt = monotonicSeconds()
  let startedAt = monotonicSeconds()
  let firstStep: Int
  private let firstFlatStep: Int
  var hasNotedFlat = false
  var hasLookedForImages = false
  private let framesSkipped: Int
  /// No number of passes ends the run.
  private let isEndless: Bool
  /// The name of the run in its log.
  let runName: String
  /// Where the log goes, if not to the host.
  let logFile: LogFile?
  /// The last step, where --grads asks for it.
  var last: BatchGradients?

  /// True where the frames come from a pipe, so that only --resume finds the place again.
  public var isStream: Bool { source.input == .stream }

  /// Opens everything; takes no step and writes nothing.
  /// Throws 64, 65, 66 or 73 as the manual says.
  public init(
    _ request: StepRequest, _ options: StepOptions, _ objective: any Objective, host: any StepHost,
    exchange: any GradientExchange = SingleProcess()
  ) throws {
    if let problem = options.problem ?? objective.problem(batchSize: options.batchSize) {
      throw PlainFailure.usage(problem)
    }
    self.request = request
    self.objective = objective
    self.host = host
    self.exchange = exchange

    let opening = try RunOpening(request, options, objective, host: host)
    self.options = opening.options
    isEndless = options.passes == .max
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
    firstFlatStep = state.flatSteps
    self.objective.restore(state.memory)
    framesSkipped = opening.framesSkipped
    savedStep = opening.isResumed ? state.step : nil
    if opening.isResumed { store.goOn(fromStep: state.step) }

    let start = ReferencePolicy.Start(path: state.initPath, fingerprint: state.initFingerprint)
    reference = ReferencePolicy(
      recorded: state.reference, start: request.anyReference ? nil : start, note: host.note, warn: host.warn
    ) {
      try opening.openReference(note: host.note)
    }
    if let path = request.gradients { try Self.checkCanCreate(path) }
    if !isFinished { try store.begin(from: base, trained: trained.map(\.name)) }
    let (saved, name) = (state, state.name(checkpoint: store.path))
    runName = name
    logFile =
      try isFinished && saved.unlogged == nil
      ? nil : request.log.map { try LogFile($0, of: name, goingOnFrom: saved, note: host.note) }
    if !isFinished || logFile != nil, let line = state.unlogged {
      try log(line)
      state.unlogged = nil
    }
    if let totalSteps, totalSteps <= schedule.warmupSteps {
      let what = totalSteps == 1 ? "the run's only step is" : "all \(totalSteps) steps are"
      host.warn("\(what) warm-up, and the learning rate never reaches its peak (--warmup 0 turns warm-up off)")
    }
  }

  /// Trains until the data or the steps are used up, or a signal arrives. Saves what was reached before it throws.
  public func run() throws -> StepOutcome {
    if isFinished { return .alreadyFinished(steps: state.step, path: store.path) }
    do {
      var pass = DataPass(state, isEndless: isEndless)
      while !isAtEnd, host.pendingSignal == nil, let batch = try source.next(at: state) {
        guard try learn(batch) else { break }
        guard pass.goesOn(to: state) else {
          throw PlainFailure.badData(
            "\(source.name): a whole pass over it gave no step: "
              + (state.flatSteps > firstFlatStep ? "nothing in it asks for a change" : "none of its frames can be used")
          )
        }
      }
    } catch {
      if isInterruption(error), let signal = host.pendingSignal { return try stop(signal) }
      // The weights are whole: a step is applied as one, or not at all.
      if state.step != savedStep ?? firstStep {
        try save()
        host.note("\(store.path): saved after step \(state.step), before the error below")
      }
      throw error
    }
    if let signal = host.pendingSignal { return try stop(signal) }
    // An interrupted call may have used all frames already, and only its ending is missing.
    guard state.step > firstStep || state.flatSteps > firstFlatStep || framesSkipped > 0 else {
      throw PlainFailure.badData("\(source.name): no step was taken: there was no frame to learn from")
    }
    state.isCallOver = true
    state.isFinished = isAtEnd
    if savedState != state { try save() }
    try writeGradients()
    return .done(steps: state.step, path: store.path)
  }

  /// Whether a pass over a file gives steps at all: with --skip-bad and --steps a run could wait for them for ever.
  private struct DataPass {
    private var epoch: Int
    private var taken: Int?
    private let isEndless: Bool

    /// - Parameter isEndless: only steps end the run. Batches without a step then are no progress: the weights that found
    ///   nothing in the file find nothing in it again.
    init(_ state: RunState, isEndless: Bool) {
      self.isEndless = isEndless
      epoch = state.epoch
      taken = nil
      if state.batch == 0, state.update == 0 { taken = progress(state) }  // else the beginning of the pass is not known
    }

    private func progress(_ state: RunState) -> Int { state.step + (isEndless ? 0 : state.flatSteps) }

    /// False where `state` stands behind a pass without a step.
    mutating func goesOn(to state: RunState) -> Bool {
      guard state.epoch > epoch else { return true }
      let now = progress(state)
      defer { (epoch, taken) = (state.epoch, now) }
      return taken.map { now > $0 } ?? true
    }
  }

  /// A wait that a signal ended; or a stream cut short, where the same Ctrl-C has ended the tools upstream.
  private func isInterruption(_ error: any Error) -> Bool {
    if error is ReadInterrupted { return true }
    guard error is FrameError else { return false }
    if host.pendingSignal == nil { usleep(50_000) }
    return host.pendingSignal != nil
  }

  var isAtEnd: Bool { totalSteps.map { state.step >= $0 } ?? false || source.isExhausted(at: state) }
}
