// SPDX-License-Identifier: MIT
// Frames through the passes and steps of the tools, in this process.
import Checkpoints
import Models
import StrictJSON
import Surgery
import TensorStream
import TestSupport
import Training

/// Keeps the losses of a run and nothing else.
final class QuietHost: StepHost {
  var losses: [Double] = []
  func note(_ text: String) {}
  func warn(_ text: String) {}
  func skipped(_ error: any Error) {}
  func log(_ line: String) throws { losses.append(try JSONValue.parse(line)["loss"]?.double ?? .nan) }
  func progress(_ progress: StepProgress) {}
  var pendingSignal: Int32? { nil }
  var peakMemory: Int { 0 }
}

func pass(_ frames: [Frame], through pass: any FramePass) throws -> [Frame] {
  var done: [FrameResult] = []
  for frame in frames { done += try pass.add(frame) }
  done += try pass.flush()
  return try done.map { try $0.get() }
}

func write(_ frames: [Frame], to path: String) throws {
  let writer = try FrameWriter(path: path)
  for frame in frames { try writer.write(frame) }
  try writer.finish()
}

/// A new model of `config` at `path`, with the tokenizer of a fixture.
func makeModel(_ config: JSONValue, preprocessor: JSONValue, at path: String) throws -> Checkpoint {
  let tokenizer = String(decoding: try readFile(fixture("models/published/tokenizer.json")), as: UTF8.self)
  try NewCheckpoint(
    tensors: try FreshModel(config: config, seed: 3).tensors,
    files: [
      "config.json": config.text(), "preprocessor_config.json": preprocessor.text(), "tokenizer.json": tokenizer,
    ]
  ).write(to: path)
  return try Checkpoint(opening: path)
}
