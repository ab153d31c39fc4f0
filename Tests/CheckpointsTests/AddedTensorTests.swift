// SPDX-License-Identifier: MIT
// Tensors that training adds beside a model.
import Checkpoints
import Layers
import Models
import Tensors
import TestSupport
import Testing

@Suite struct AddedTensorTests {
  /// A value head beside the model: stored and taken up again with it, and no part of it.
  @Test func whatTrainingAddsIsStoredBesideTheModel() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      let base = try Checkpoint(opening: folder + "/base")
      let own = names(base, [.projector])
      let head = "value_head.weight"
      for out in ["one.bin", "many"].map({ folder + "/" + $0 }) {
        for step in [1, 2] {
          let store = try CheckpointStore(openingForWriting: out)
          let from = store.existing ?? base
          #expect(step == 1 || from.tensor(head)?.shape == [1, 16])
          try store.begin(from: from, trained: own, adding: [head: [1, 16]])
          var (weights, state) = trained(base, own, step: step)
          weights[head] = Tensor([Float](repeating: Float(step), count: 16), shape: [1, 16])
          state.firstMoments[head] = weights[head]
          try store.commit(generation: step, weights: weights, state: state)
        }
        let made = try Checkpoint(opening: out)
        #expect(made.names == (base.names + [head]).sorted() && made.canonicalNames == base.canonicalNames)
        #expect(try made.tensor(head)?.floats().values == [Float](repeating: 2, count: 16))
        #expect(try CheckpointStore(openingForWriting: out).loadState().firstMoments[head]?.values.first == 2)
        _ = try MultimodalModel(made)
        let store = try CheckpointStore(openingForWriting: out)
        #expect(
          refusal { try store.begin(from: made, trained: own, adding: [head: [2, 16]]) }
            .hasSuffix("key \"value_head.weight\" has shape [1, 16], expected [2, 16]"))
      }
    }
  }
}
