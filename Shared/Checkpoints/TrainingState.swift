// SPDX-License-Identifier: MIT
// What a run needs to go on as if it had never stopped: AdamW's moments, and everything else as JSON.

import Failures
import Glibc
import StrictJSON
import TensorStream
import Tensors

/// The training state of one generation. It lies in a safetensors file of its own beside the weights:
/// `enc.bin.state-120.safetensors` for enc.bin, `training-state-120.safetensors` in a directory.
///
/// Tensors: `NAME.exp_avg` and `NAME.exp_avg_sq` (F32, the parameter's shape, NAME as stored in the weights).
/// Metadata: `generation`, `state` (the JSON below), `digest` (over everything else, so that a flipped bit is noticed).
public struct TrainingState: Sendable {
  /// Step, schedule, random numbers, options, place in the data…
  public var info: JSONObject
  /// AdamW's first moments by stored parameter name.
  public var firstMoments: [String: Tensor]
  /// AdamW's second moments by stored parameter name.
  public var secondMoments: [String: Tensor]

  public init(info: JSONObject, firstMoments: [String: Tensor] = [:], secondMoments: [String: Tensor] = [:]) {
    self.info = info
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
  }
}

/// The file of a training state.
enum StateFile {
  private static let first = ".exp_avg", second = ".exp_avg_sq"

  static func write(_ state: TrainingState, generation: Int, to path: String) throws {
    var writer = WeightsWriter()
    writer.tensors =
      state.firstMoments.map { OutgoingTensor($1, as: $0 + first) }
      + state.secondMoments.map { OutgoingTensor($1, as: $0 + second) }
    let info = JSONValue.object(state.info).text()
    let tensors = state.firstMoments.map { ($0 + first, $1) } + state.secondMoments.map { ($0 + second, $1) }
    writer.metadata = [
      WeightFiles.generationKey: String(generation), "state": info,
      "digest": digest(generation: generation, info: info, tensors.map { DigestInput(name: $0, tensor: $1) }),
    ]
    try writer.write(to: path)
  }

  /// Reads a state and checks that it is whole and of `generation`. Throws 65 where it is not, 65 where it is missing.
  static func read(_ path: String, generation: Int, weights: String) throws -> TrainingState {
    guard access(path, F_OK) == 0 else {
      throw CheckpointError.badState(
        path: path, problem: "missing, but \(weights) is of generation \(generation); --in-place goes on without it")
    }
    let shard = try Shard(path: path)
    guard let stated = shard.metadata[WeightFiles.generationKey], let info = shard.metadata["state"] else {
      throw CheckpointError.badState(path: path, problem: "not a training state: its metadata has no \"state\"")
    }
    guard stated == String(generation) else {
      throw CheckpointError.badState(path: path, problem: "is of generation \(stated), expected \(generation)")
    }
    if let other = shard.tensors.first(where: { !$0.dtype.isFloatingPoint }) {
      throw CheckpointError.notFloat(path: path, key: other.name, dtype: other.dtype.rawValue)
    }
    let inputs = shard.tensors.map { DigestInput(stored: $0) }
    guard shard.metadata["digest"] == digest(generation: generation, info: info, inputs) else {
      throw CheckpointError.badState(
        path: path, problem: "damaged: its digest does not match its content; --in-place goes on without it")
    }
    guard let object = try? JSONValue.parse(info).object else {
      throw CheckpointError.badState(path: path, problem: "metadata \"state\" is not a JSON object")
    }
    var state = TrainingState(info: object)
    for tensor in shard.tensors {
      if tensor.name.hasSuffix(second) {
        state.secondMoments[String(tensor.name.dropLast(second.count))] = try tensor.floats().copy()
      } else if tensor.name.hasSuffix(first) {
        state.firstMoments[String(tensor.name.dropLast(first.count))] = try tensor.floats().copy()
      } else {
        throw CheckpointError.badState(path: path, problem: "key \"\(tensor.name)\" is no AdamW moment")
      }
    }
    return state
  }

  private static func digest(generation: Int, info: String, _ tensors: [DigestInput]) -> String {
    Digest.of(tensors, settings: [("generation", String(generation)), ("state", info)])
  }
}

extension Checkpoint {
  /// Where the training state of these weights lies and what it says beside the moments; nil where there is none.
  /// Throws 65 where the file is damaged.
  public func trainingState() throws -> (path: String, info: JSONObject)? {
    guard let generation else { return nil }
    let path = StoreFiles.statePath(of: path, isDirectory: isDirectory, generation)
    guard access(path, F_OK) == 0 else { return nil }
    guard let text = try Shard(path: path).metadata["state"], let info = try? JSONValue.parse(text).object else {
      throw CheckpointError.badState(path: path, problem: "not a training state: its metadata has no \"state\"")
    }
    return (path, info)
  }
}
