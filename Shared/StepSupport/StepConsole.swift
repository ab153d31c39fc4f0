// SPDX-License-Identifier: MIT
// A training run's view of the terminal, the log and the signals.
import Failures
import TensorStream
import ToolSupport
import Training

/// Messages on standard error, the log on standard output, signals from the process.
final class StepConsole: StepHost {
  private let log = TextOutput()
  private var isLogRead = true
  private let bar = Progress(unit: "steps")
  private var firstStep: Int?
  /// What was said of the examples that were left out: each is named and counted once, however often a file is read.
  private var skippedExamples: Set<String> = []

  func note(_ text: String) { Diagnostics.note(text) }
  func warn(_ text: String) { Diagnostics.warn(text) }

  func skipped(_ error: any Error) {
    guard skippedExamples.insert("\(error)").inserted else { return }
    Diagnostics.error("left out: \(error)")
  }

  func log(_ line: String) throws {
    guard isLogRead else { return }
    do {
      try log.line(line)
      try log.flush()
    } catch is ReaderLeft {
      isLogRead = false
      Diagnostics.note("nobody reads the log on stdout any more; going on without it")
    }
  }

  func progress(_ progress: StepProgress) {
    let before = firstStep ?? progress.step - 1
    firstStep = before
    let fraction = progress.totalSteps.map { Double(progress.step - before) / Double(max(1, $0 - before)) }
    let loss = (progress.loss * 1e4).rounded() / 1e4
    bar.update(progress.step - before, fraction: fraction, note: "step \(progress.step), loss \(loss)")
  }

  var pendingSignal: Int32? { Signals.pending }
  var peakMemory: Int { ProcessMemory.peak }

  /// Closes the log and sums up.
  func finish(_ outcome: StepOutcome, isStream: Bool) throws {
    bar.end()
    switch outcome {
    case .done(let steps, let path):
      Diagnostics.note("\(path): saved after step \(steps)")
    case .alreadyFinished(let steps, let path):
      Diagnostics.note("\(path): this run is finished (\(steps) steps); --new-run begins another from its weights")
    case .stopped(_, let steps, let path, isSaved: true):
      let command = isStream ? "the same command with --resume" : "the same command"
      Diagnostics.note("stopped by a signal; \(path) is saved after step \(steps), \(command) goes on")
    case .stopped(_, _, let path, isSaved: false):
      Diagnostics.note("stopped by a signal before the first step; \(path) is as it was")
    }
    let skipped = skippedExamples.count
    if skipped > 0 { Diagnostics.error("\(skipped) bad example\(skipped == 1 ? "" : "s") left out") }
    let megabytes = Progress.rounded(Double(ProcessMemory.peak) / 1e6)
    Diagnostics.detail("\(bar.summary), peak memory \(megabytes) MB, \(Diagnostics.version)")
    do { try log.close() } catch is ReaderLeft {}
  }
}
