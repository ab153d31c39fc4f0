// SPDX-License-Identifier: MIT
// The beginning of a call: which run is this, and may it go on?
import Autograd
import Checkpoints
import Examples
import Failures
import Glibc
import Inference
import Layers
import Models
import Objectives
import StrictJSON
import TensorStream

/// Everything that is decided before the first step: the rules of the manual's "steps and resuming".
struct RunOpening {
  let store: CheckpointStore
  /// The weights to begin or go on with.
  let base: Checkpoint
  /// The checkpoint that --init or $PIVOT_CKPT names now, where one does.
  let initial: Checkpoint?
  let source: any BatchSource
  let totalSteps: Int?
  let schedule: LearningRateSchedule
  let state: RunState
  let model: MultimodalModel
  /// The options with everything filled in that depends on the model.
  let options: StepOptions
  /// True where `state` comes from the disk.
  let isResumed: Bool
  /// Frames of the stream that --resume leaves out.
  let framesSkipped: Int
  private let saved: TrainingState?

  init(_ request: StepRequest, _ options: StepOptions, _ objective: any Objective, host: any StepHost) throws {
    let store = try CheckpointStore(openingForWriting: request.output)
    self.store = store
    let (base, saved) = try Self.weights(request, store)
    self.base = base
    self.saved = saved
    let old = try saved.map { try RunState(.object($0.info), checkpoint: store.path) }

    let skip = try Self.framesToSkip(request, old, host)
    framesSkipped = skip
    let source = try Self.source(request, options, skip: skip, host)
    let available = source.stepsPerEpoch(objective.plan).map { steps in
      let (product, overflow) = steps.multipliedReportingOverflow(by: options.passes)
      return overflow ? Int.max : product
    }
    let totalSteps = [options.steps, available].compactMap { $0 }.min()
    let wanted = options.schedule ?? (totalSteps == nil ? .constant : .cosine)
    guard wanted == .constant || totalSteps != nil else {
      throw PlainFailure.usage(
        "--schedule \(wanted.rawValue): needs to know the run's length; give --steps, or a file instead of a pipe")
    }
    self.source = source
    self.totalSteps = totalSteps
    let schedule = LearningRateSchedule(
      wanted, warmup: options.warmup, totalSteps: totalSteps, floor: options.learningRateFloor)
    self.schedule = schedule

    // A checkpoint that is trained in place is no longer what it was: it cannot be its own reference.
    let named = request.initial.flatMap { absolutePath($0) == absolutePath(store.path) ? nil : $0 }
    let initial = try store.existing == nil ? base : named.map { try Checkpoint(opening: $0) }
    self.initial = initial
    let model = try MultimodalModel(
      base, trainable: options.train.parts, onlyNewProjectorLayers: options.train.onlyNewProjectorLayers)
    self.model = model
    if options.train.onlyNewProjectorLayers, !model.config.hasNewProjectorLayers {
      throw PlainFailure.usage(
        "--train projector.new: the projector of \(base.path) has no layers behind older ones "
          + "(ckpt attach --projector-layers adds some); --train projector trains all of it")
    }
    var options = options
    options.rowsPerPass = options.rowsPerPass ?? model.config.suggestedRowsPerPass
    self.options = options
    let from = initial ?? (saved == nil ? base : nil)
    var record = JSONObject()
    let resolved = options.resolved(totalSteps: totalSteps, schedule: schedule)
    for (name, value) in resolved.record + objective.record { record[name] = value }
    var now = RunState(
      tool: request.tool,
      options: record,
      initPath: from.map { absolutePath($0.path) } ?? old?.initPath ?? "",
      initFingerprint: try from.map { try $0.requiredModelFingerprint() } ?? old?.initFingerprint ?? "",
      input: source.input)

    now.isCallOver = false
    now.kernels = request.kernels
    isResumed = old != nil
    // A fresh run begins from its initial weights, whose fingerprint is known by now.
    func policy() throws -> String? {
      guard objective.checksPolicy else { return nil }
      return store.existing == nil ? now.initFingerprint : try base.requiredModelFingerprint()
    }
    guard let old else {
      now.policy = try policy()
      state = now
      return
    }
    var defaults = JSONObject()
    for (name, value) in options.recordedDefaults + objective.recordedDefaults { defaults[name] = value }
    if let problem = old.mismatch(with: now, defaults: defaults, checkpoint: store.path) { throw problem }
    now = old
    now.kernels = request.kernels
    // A longer run at a constant rate, or a new call on a stream, goes on where the last one ended.
    if case .stream = source.input, !request.resume || old.isCallOver {
      now.epoch += 1
      now.batch = 0
      now.consumed = 0
      now.update = 0
      (now.policy, now.policyStep) = (try policy(), old.step)
    }
    now.isCallOver = false
    now.isFinished = source.isExhausted(at: old)
    if let totalSteps, old.step >= totalSteps { now.isFinished = true }
    if let before = old.kernels, before != request.kernels, !now.isFinished {
      host.note(
        "\(store.path): was computed on \(before) up to step \(old.step), and goes on on \(request.kernels): its last "
          + "bits may differ from those of a run that stays on one of them")
    }
    state = now
  }

  /// The weights that the run goes on with, and their state where there is a run to go on with.
  private static func weights(_ request: StepRequest, _ store: CheckpointStore) throws -> (Checkpoint, TrainingState?) {
    guard let existing = store.existing else {
      guard let initial = request.initial else {
        throw PlainFailure.missingInput(
          "--ckpt \(store.path): does not exist, and nothing says what to begin from; give --init, or set PIVOT_CKPT")
      }
      return (try Checkpoint(opening: initial), nil)
    }
    if request.newRun { return (existing, nil) }
    guard store.hasState else {
      guard request.inPlace else {
        throw PlainFailure.usage(
          "--ckpt \(store.path): has weights but no training state; --in-place trains them, or name a new checkpoint")
      }
      return (existing, nil)
    }
    do {
      return (existing, try store.loadState())
    } catch  where request.inPlace {
      return (existing, nil)
    }
  }

  /// Frames that --resume leaves out, because the call that was interrupted had used them.
  private static func framesToSkip(_ request: StepRequest, _ old: RunState?, _ host: any StepHost) throws -> Int {
    guard let old, case .stream = old.input, !old.isCallOver, old.consumed > 0 || old.update > 0 else { return 0 }
    if request.resume { return old.consumed }
    let inside = old.update > 0 ? " and \(old.update) steps of the next batch" : ""
    host.note(
      "the last call was interrupted after \(old.consumed) frames\(inside) of its stream; this one is taken as new "
        + "(--resume skips them)"
    )
    return 0
  }

  private static func source(
    _ request: StepRequest, _ options: StepOptions, skip: Int, _ host: any StepHost
  ) throws -> any BatchSource {
    let files = request.files
    if !files.isEmpty && files.allSatisfy(FrameFile.isPossible) {
      return try FileBatches(paths: files, options: options, keepsDamaged: request.skipBad)
    }
    if options.epochs != nil || options.shuffle {
      guard let file = files.first(where: { !FrameFile.isPossible($0) }) else {
        throw PlainFailure.usage(
          "\(options.shuffle ? "--shuffle" : "--epochs"): a pipe passes only once; give the frames as a file argument")
      }
      _ = try FrameFile(path: file)  // says what is wrong with it
    }
    return try StreamBatches(files: files, batchSize: options.batchSize, dropLast: options.dropLast, skip: skip) {
      host.pendingSignal != nil
    }
  }

  /// The second, frozen model that computes the reference's log-probabilities.
  func openReference(note: @escaping (String) -> Void) throws -> (runner: PassRunner, fingerprint: String) {
    guard initial != nil || absolutePath(store.path) != state.initPath else {
      throw PlainFailure.usage(
        "the frames carry no reference log-probabilities; add them with score, or name the reference with --init")
    }
    let checkpoint = try initial ?? Checkpoint(opening: state.initPath)
    let reference = try MultimodalModel(checkpoint)
    let fingerprint = try checkpoint.requiredModelFingerprint()
    guard fingerprint == state.initFingerprint else {
      throw PlainFailure.badData(
        "\(checkpoint.path): is no longer the checkpoint that the run in \(store.path) began from; "
          + "name that with --init"
      )
    }
    let runner = PassRunner(
      reference, contract: try FrameContract(checkpoint, reference.config),
      encoder: try checkpoint.encoderFingerprint(), note: note)
    return (runner, fingerprint)
  }

  /// The moments of the trained parameters: as saved, or zero.
  func moments(of parameters: [Parameter]) throws -> [AdamWMoments] {
    try parameters.map { parameter in
      let value = parameter.variable.value
      guard let saved else { return AdamWMoments(zerosFor: value) }
      guard let first = saved.firstMoments[parameter.name], let second = saved.secondMoments[parameter.name],
        first.shape == value.shape, second.shape == value.shape
      else {
        throw PlainFailure.badData(
          "\(store.path): the training state has no moments of the shape of \(parameter.name); "
            + "use --new-run to begin again"
        )
      }
      return AdamWMoments(first: first, second: second)
    }
  }
}

/// The path from the root, so that a later call finds it from another folder.
private func absolutePath(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}
