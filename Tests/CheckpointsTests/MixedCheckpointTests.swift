// SPDX-License-Identifier: MIT
// Checkpoints whose parts do not agree: a stored head beside tied embeddings, tensors of several dtypes.

import Models
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Surgery

@Suite struct MixedCheckpointTests {
  /// A head that only repeats the embeddings it is tied to is none; one with other values runs, and is part of what ran.
  @Test func aStoredHeadCountsWhereItDiffersFromTheEmbeddings() throws {
    try withTemporaryDirectory { folder in
      func print(_ name: String, head change: ((inout [UInt8]) -> Void)?) throws -> String? {
        var model = try tinyModel()
        let embeddings = try #require(model.tensors.first { $0.name == embeddingName })
        if let change {
          model.tensors.append(
            OutgoingTensor(name: headName, dtype: embeddings.dtype, shape: embeddings.shape) { sink in
              var bytes: [UInt8] = []
              try embeddings.produce { bytes += $0 }
              change(&bytes)
              try bytes.withUnsafeBytes { try sink($0) }
            })
        }
        try model.write(to: "\(folder)/\(name).bin")
        return try Checkpoint(opening: "\(folder)/\(name).bin").modelFingerprint()
      }
      let tied = try #require(try print("tied", head: nil))
      #expect(try print("copy", head: { _ in }) == tied)
      #expect(try print("other", head: { $0[$0.count - 4] ^= 1 }) != tied)
    }
  }

  /// Where tensors are of several dtypes the config names F32, which holds them all.
  @Test func theConfigNamesTheDTypeThatAllShare() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/f32")
      let wide = try Checkpoint(opening: folder + "/f32")
      for (number, (norms, others, name)) in [
        (DType.f32, DType.bf16, "float32"), (.bf16, .f32, "float32"), (.f16, .bf16, "float32"),
        (.bf16, .bf16, "bfloat16"), (.f16, .f16, "float16"), (.f32, .f32, "float32"),
      ].enumerated() {
        var model = try tinyModel()
        model.tensors = wide.names.compactMap { name in
          wide.tensor(name).map { OutgoingTensor(converting: $0, to: name.contains("norm") ? norms : others) }
        }
        try model.write(to: "\(folder)/\(number)")
        let mixed = try Checkpoint(opening: "\(folder)/\(number)")
        let text = try #require(try mixed.detachedVision().files["config.json"])
        #expect(try JSONValue.parse(text)["torch_dtype"]?.string == name, "\(norms) and \(others)")
      }
    }
  }
}
