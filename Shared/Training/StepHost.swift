// SPDX-License-Identifier: MIT
// What a training run needs of the program around it.

/// The program around a run: messages, the log on standard output, and signals. The libraries themselves write nowhere.
public protocol StepHost: AnyObject {
  /// Something the user should know once.
  func note(_ text: String)
  /// Something that may be wrong.
  func warn(_ text: String)
  /// A bad example that was left out.
  func skipped(_ error: any Error)
  /// One line of the log; when its reader has gone away the run goes on without.
  func log(_ line: String) throws
  /// Where the run stands.
  func progress(_ progress: StepProgress)
  /// The signal (SIGINT, SIGTERM) that asks the run to stop, or nil.
  var pendingSignal: Int32? { get }
  /// The largest resident size of this process so far, in bytes.
  var peakMemory: Int { get }
}

/// Where a run stands after a step.
public struct StepProgress: Sendable {
  public let step: Int
  public let totalSteps: Int?
  public let loss: Double
  /// Steps a second, of this call.
  public let rate: Double
  /// Seconds until the end; nil where the end is unknown.
  public var secondsLeft: Double? {
    totalSteps.flatMap { rate > 0 ? Double($0 - step) / rate : nil }
  }
}

/// How a call of a step tool ended.
public enum StepOutcome: Sendable, Equatable {
  /// The data, or the steps, are used up.
  case done(steps: Int, path: String)
  /// There was nothing left to do.
  case alreadyFinished(steps: Int, path: String)
  /// A signal ended it; what was reached is saved (`steps` in all; `isSaved` false where there was nothing to save).
  case stopped(signal: Int32, steps: Int, path: String, isSaved: Bool)
}
