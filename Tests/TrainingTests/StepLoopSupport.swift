// SPDX-License-Identifier: MIT
// A host that remembers, and runs over the tiny checkpoints of Tests/Fixtures.
import StrictJSON
import TensorStream
import TestSupport

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

final class RecordingHost: StepHost {
  var notes: [String] = []
  var warnings: [String] = []
  var skippedErrors: [String] = []
  var lines: [String] = []
  /// Signals after this many log lines.
  var stopsAfter: Int?

  func note(_ text: String) { notes.append(text) }
  func warn(_ text: String) { warnings.append(text) }
  func skipped(_ error: any Error) { skippedErrors.append("\(error)") }
  func log(_ line: String) throws { lines.append(line) }
  func progress(_ progress: StepProgress) {}
  var peakMemory: Int { 0 }
  var pendingSignal: Int32? { stopsAfter.map { lines.count >= $0 } ?? false ? 15 : nil }

  func values(_ key: String) throws -> [Double?] { try lines.map { try JSONValue.parse($0)[key]?.double } }
}

func dpo(beta: Double = 0.1, labelSmoothing: Double = 0, gamma: Double = 0) -> DPOObjective {
  var options = DPOOptions()
  (options.beta, options.labelSmoothing, options.gamma) = (beta, labelSmoothing, gamma)
  return DPOObjective(options)
}

func sft(_ target: SFTTarget?) -> SFTObjective {
  var options = SFTOptions()
  options.target = target
  return SFTObjective(options)
}

/// One call of the objective's tool in this process.
@discardableResult
func runSteps(
  _ output: String, model: String = "published", files: [String]? = nil, objective: any Objective = dpo(),
  host: RecordingHost = RecordingHost(), exchange: any GradientExchange = SingleProcess(),
  _ choose: (inout StepOptions) -> Void = { _ in },
  request change: (inout StepRequest) -> Void = { _ in }
) throws -> StepOutcome {
  let tool = (type(of: objective) as? any StepMethod.Type)?.tool
  var request = StepRequest(tool: tool ?? "made-up-step", output: output)
  request.initial = fixture("models/\(model)")
  request.files = files ?? [fixture("parity/\(model)/pairs.frames")]
  change(&request)
  var choices = StepOptions()
  choices.warmup = .steps(0)
  choose(&choices)
  return try StepLoop(request, StepOptions(choices, learningRate: 1e-3), objective, host: host, exchange: exchange)
    .run()
}

/// The frames of a stream.
func frames(_ path: String) throws -> [Frame] {
  let reader = try FrameReader(paths: [path])
  var frames: [Frame] = []
  while let frame = try reader.next() { frames.append(frame) }
  return frames
}

/// The tensors of a safetensors file.
func tensors(_ path: String) throws -> [String: RawTensor] {
  try FrameReader(paths: [path]).next()?.tensors ?? [:]
}
