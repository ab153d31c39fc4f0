// SPDX-License-Identifier: MIT
// A process for tests to kill: commits one generation of PART after another to OUT, started from BASE, as fast as it can.
// Every trained value of generation g is g, and so are the moments in its training state.

import Checkpoints
import Glibc
import Layers
import Models
import StrictJSON
import Tensors

@main struct CommitLoop {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let part = Part(rawValue: arguments[3]) else {
      fatalError("usage: commit-loop OUT BASE PART")
    }
    let store = try CheckpointStore(openingForWriting: arguments[1])
    let base = try store.existing ?? Checkpoint(opening: arguments[2])
    let names = base.names.filter { base.part(ofStored: $0) == part }
    var step = 0
    if store.hasState {
      // What a killed process left must be a state that a run can go on from.
      guard let saved = try store.loadState().info["step"]?.int, saved == store.generation else { exit(3) }
      step = saved
    }
    try store.begin(from: base, trained: names)
    while true {
      step += 1
      var weights: [String: Tensor] = [:]
      for name in names {
        guard let stored = base.tensor(name) else { exit(4) }
        let tensor = Tensor(uninitialized: stored.shape)
        tensor.fill(Float(step))
        weights[name] = tensor
      }
      var info = JSONObject()
      info["step"] = .int(step)
      try store.commit(
        generation: step, weights: weights,
        state: TrainingState(info: info, firstMoments: weights, secondMoments: weights))
    }
  }
}
