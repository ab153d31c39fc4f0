// SPDX-License-Identifier: MIT
// What a run leaves on the disk: checkpoint and state as one, and the gradients that were asked for.
import Checkpoints
import Clocks
import Failures
import Glibc
import StrictJSON
import TensorStream
import Tensors

extension StepLoop {
  var isSaveDue: Bool {
    if let every = request.saveEvery { return state.step % every == 0 && state.step != savedStep }
    return monotonicSeconds() - savedAt >= 600
  }

  /// One line of the log, to the file that was named for it, else to the host.
  func log(_ line: String) throws {
    guard let logFile else { return try host.log(line) }
    try logFile.append(line)
  }

  func save() throws {
    try logFile?.synchronize()
    var weights: [String: Tensor] = [:]
    var saved = TrainingState(info: state.json.object ?? JSONObject())
    for (parameter, moments) in zip(trained, moments) {
      weights[parameter.name] = parameter.variable.value
      saved.firstMoments[parameter.name] = moments.first
      saved.secondMoments[parameter.name] = moments.second
    }
    try store.commit(generation: state.step, weights: weights, state: saved)
    (savedStep, savedState, savedAt) = (state.step, state, monotonicSeconds())
  }

  func stop(_ signal: Int32) throws -> StepOutcome {
    let isNew = state.step != savedStep ?? firstStep
    if isNew { try save() }
    return .stopped(signal: signal, steps: state.step, path: store.path, isSaved: isNew || savedStep != nil)
  }

  /// Finds out before the first step, not after the last, that a file cannot be written.
  static func checkCanCreate(_ path: String) throws {
    let isNew = access(path, F_OK) != 0
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw PlainFailure(.cannotCreate, "--grads \(path): cannot create: \(String(cString: strerror(errno)))")
    }
    close(descriptor)
    if isNew { unlink(path) }
  }

  /// `--grads`: the last step's gradients, averaged over its batch and not clipped, and its loss.
  func writeGradients() throws {
    guard let path = request.gradients else { return }
    guard let last else {
      host.warn("--grads \(path): not written, this call took no step")
      return
    }
    var frame = Frame()
    frame.tensors["loss"] = RawTensor(f32: [Float(last.result.loss)])
    for (parameter, gradient) in zip(trained, last.gradients) {
      frame.tensors[parameter.name] = RawTensor(gradient ?? Tensor(zeros: parameter.variable.value.shape))
    }
    let writer = try FrameWriter(path: path)
    try writer.writeBare(frame)
    try writer.close()
  }
}
