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

/// Pairs over pictures of 2 by 3 and of 2 by 2 patches.
func pairs() -> [Frame] {
  var numbers = SeededGenerator(seed: 5)
  return (0..<6).map { number in
    let grid = number % 3 == 2 ? (2, 2) : (2, 3)
    let bytes = (0..<grid.0 * grid.1 * 12).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    func ids(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(numbers.next() % 300) } }
    return Frame(
      metadata: ["id": "pair-\(number)", "grid": "\(grid.0) \(grid.1)", "patch": "2"],
      tensors: [
        "patches": RawTensor(u8: bytes, shape: [grid.0 * grid.1, 12]),
        "prompt": RawTensor(i32: ids(2) + [319] + ids(3)), "chosen": RawTensor(i32: ids(4)),
        "rejected": RawTensor(i32: ids(3)),
      ])
  }
}

/// A new model of `config` at `path`, for pictures of 4 by 6 pixels, with the tokenizer of a fixture.
func makeModel(_ config: JSONValue, at path: String) throws -> Checkpoint {
  let preprocessor: JSONValue = [
    "size": ["height": 4, "width": 6], "resample": 2, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
  ]
  let tokenizer = String(decoding: try readFile(fixture("models/published/tokenizer.json")), as: UTF8.self)
  try NewCheckpoint(
    tensors: try FreshModel(config: config, seed: 3).tensors,
    files: [
      "config.json": config.text(), "preprocessor_config.json": preprocessor.text(), "tokenizer.json": tokenizer,
    ]
  ).write(to: path)
  return try Checkpoint(opening: path)
}
