// SPDX-License-Identifier: MIT
// The smallest difference there is, in every dtype, and none.

import Layers
import Models
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Surgery

@Suite struct DifferenceTests {
  /// A tiny checkpoint of this dtype; `change` sees the bytes of each tensor's first chunk.
  private func write(
    _ path: String, _ dtype: DType, change: (String, inout [UInt8]) -> Void = { _, _ in }
  ) throws -> Checkpoint {
    try tinyModel().write(to: path + ".f32")
    let model = try Checkpoint(opening: path + ".f32").converted(to: dtype)
    var tensors: [OutgoingTensor] = []
    for tensor in model.tensors {
      var bytes: [UInt8] = []
      try tensor.produce { bytes += $0 }
      change(tensor.name, &bytes)
      tensors.append(
        OutgoingTensor(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape) { [bytes] sink in
          try bytes.withUnsafeBytes { try sink($0) }
        })
    }
    try NewCheckpoint(tensors: tensors, files: model.files).write(to: path)
    return try Checkpoint(opening: path)
  }

  /// The last bit of the last value of one tensor, whatever that value is.
  @Test(arguments: [DType.f32, .f16, .bf16]) func oneUnitInTheLastPlaceIsSeen(dtype: DType) throws {
    try withTemporaryDirectory { folder in
      let original = try write(folder + "/a", dtype)
      for (number, name) in try tinyModel().tensors.map(\.name).enumerated() {
        let changed = try write("\(folder)/\(number)", dtype) {
          if $0 == name { $1[$1.count - dtype.size] ^= 1 }
        }
        let difference = CheckpointDifference(from: original, to: changed)
        let entries = difference.entries.filter { $0.changedCount > 0 }
        #expect(entries.map(\.name) == [name] && entries[0].changedCount == 1, "\(name)")
        let (x, y) = try (
          #require(try original.tensor(name)?.floats().values.last),
          #require(try changed.tensor(name)?.floats().values.last)
        )
        #expect(x != y && entries.first?.largestChange == abs(y - x), "\(name)")
        expectClose(entries[0].change, Double(abs(y - x)), tolerance: 1e-6, name)
        let total = difference.total(of: Part(ofCanonical: name))
        #expect(total.changedTensors == 1 && total.changedCount == 1 && total.change > 0 && total.largestChange > 0)
      }
    }
  }

  @Test(arguments: [DType.f32, .f16, .bf16]) func theSameValuesAreNoDifference(dtype: DType) throws {
    try withTemporaryDirectory { folder in
      let difference = try CheckpointDifference(from: write(folder + "/a", dtype), to: write(folder + "/b", dtype))
      #expect(difference.entries.allSatisfy { $0.changedCount == 0 && $0.change == 0 && $0.largestChange == 0 })
      #expect(Part.allCases.map { difference.total(of: $0) }.allSatisfy { $0.tensors > 0 && $0.relativeChange == 0 })
    }
  }

  /// NaN on one side alone is a change beyond all bounds; the same NaN on both sides is none.
  @Test func valuesThatAreNotFiniteAreCompared() throws {
    try withTemporaryDirectory { folder in
      let name = "multi_modal_projector.linear_1.weight"
      func nan(_ tensor: String, _ bytes: inout [UInt8]) {
        if tensor == name { bytes.replaceSubrange(8..<12, with: [0, 0, 0xC0, 0x7F]) }
      }
      let (a, b) = (try write(folder + "/a", .f32), try write(folder + "/b", .f32, change: nan))
      let one = CheckpointDifference(from: a, to: b).total(of: .projector)
      #expect(one.changedTensors == 1 && one.changedCount == 1 && one.largestChange == .infinity)
      let same = try CheckpointDifference(from: b, to: write(folder + "/c", .f32, change: nan)).total(of: .projector)
      #expect(same.changedCount == 0)
    }
  }
}
