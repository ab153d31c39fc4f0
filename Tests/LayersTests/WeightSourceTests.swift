// SPDX-License-Identifier: MIT
// One declaration, filled in four ways.
import Autograd
import Checkpoints
import Failures
import Glibc
import LinearAlgebra
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Layers

/// Two layers, the second of which no pass runs, and a head that may be tied to the first's weight.
private struct Small {
  let first: Linear
  let head: any Weight

  init(_ weights: Weights, tied: Bool) throws {
    first = try Linear(weights, "language_model.first", 4, 4, .xavier(4, 4))
    try weights.unused { _ = try Linear(weights, "language_model.second", 4, 3, .normal(deviation: 1), bias: nil) }
    head = try weights.matrix(
      "language_model.head", [4, 4], .ones, tiedTo: ("language_model.first.weight", first.weight), where: tied)
  }
}

/// Every name is a parameter's.
private struct PlainNames: KeyNaming {
  func role(of stored: String) -> KeyRole { .parameter(stored) }
  func group(ofCanonical name: String) -> String? { nil }
  var ties: [(follower: String, leader: String)] { [] }
}

private let values = (0..<16).map { Float($0) - 7.5 }

@Suite struct WeightSourceTests {
  private func write(
    _ folder: String, dtype: DType = .f32, head: [Float]? = nil, second: [Int] = [3, 4]
  ) throws -> Checkpoint {
    var tensors = [
      OutgoingTensor(Tensor(values, shape: [4, 4]), as: "language_model.first.weight"),
      OutgoingTensor(Tensor([1, 2, 3, 4]), as: "language_model.first.bias"),
      OutgoingTensor(Tensor(zeros: second), as: "language_model.second.weight"),
    ]
    if let head { tensors.append(OutgoingTensor(Tensor(head, shape: [4, 4]), as: "language_model.head")) }
    try NewCheckpoint(tensors: tensors, files: ["config.json": "{}"]).write(to: folder + "/f32.bin")
    let checkpoint = try Checkpoint(opening: folder + "/f32.bin") { _ in PlainNames() }
    if dtype == .f32 { return checkpoint }
    let all = checkpoint.names.compactMap { checkpoint.tensor($0) }.map { OutgoingTensor(converting: $0, to: dtype) }
    try NewCheckpoint(tensors: all, files: ["config.json": "{}"]).write(to: folder + "/\(dtype.rawValue).bin")
    return try Checkpoint(opening: folder + "/\(dtype.rawValue).bin") { _ in PlainNames() }
  }

  @Test func loadedWeightsLearnWhereTheyAreAsked() throws {
    try withTemporaryDirectory { folder in
      let checkpoint = try write(folder)
      let weights = Weights(LoadedWeights(checkpoint) { $0.hasSuffix("bias") }, of: checkpoint)
      let small = try Small(weights, tied: true)
      try weights.finish(parts: [.llm])
      #expect(weights.parameters.map(\.name) == ["language_model.first.weight", "language_model.first.bias"])
      #expect(weights.parameters.map(\.isTrainable) == [false, true])
      // Frozen F32 stays in the file, what learns is in own memory.
      #expect(weights.parameters.map(\.variable.value.storage.isOwned) == [false, true])
      #expect(small.head.variable === small.first.weight.variable)
      let y = small.first(Variable(Tensor([1, 0, 0, 0], shape: [1, 4]))).value.values
      #expect(y == [values[0] + 1, values[4] + 2, values[8] + 3, values[12] + 4])
    }
  }

  @Test func mappedWeightsKeepTheirDType() throws {
    try withTemporaryDirectory { folder in
      for dtype in [DType.f32, .bf16, .f16] {
        let own = folder + "/" + dtype.rawValue
        mkdir(own, 0o777)
        let checkpoint = try write(own, dtype: dtype)
        let weights = Weights(MappedWeights(checkpoint), of: checkpoint)
        let small = try Small(weights, tied: true)
        try weights.finish(parts: [.llm])
        #expect((small.first.weight.operand as? StoredMatrix)?.dtype == dtype && small.first.weight.variable == nil)
        let y = small.first(Variable(Tensor([0, 1, 0, 0], shape: [1, 4]))).value.values
        #expect(y == [values[1] + 1, values[5] + 2, values[9] + 3, values[13] + 4])
      }
    }
  }

  /// Gradients reach x through a weight that is only read.
  @Test func gradientsPassThroughMappedWeights() throws {
    try withTemporaryDirectory { folder in
      let checkpoint = try write(folder, dtype: .bf16)
      func gradient(_ source: any WeightSource) throws -> [Float] {
        let small = try Small(Weights(source, of: checkpoint), tied: true)
        let x = Variable(Tensor([0.5, -1, 2, 1], shape: [1, 4]), requiresGradient: true)
        small.first(x).backward(seed: Tensor([1, 2, -1, 3], shape: [1, 4]))
        return try #require(x.gradient).values
      }
      expectClose(
        try gradient(MappedWeights(checkpoint)), try gradient(LoadedWeights(checkpoint)), tolerance: 1e-6)
    }
  }

  @Test func declaredWeightsAreNamesAndShapes() throws {
    let declared = try Weights.declarations { _ = try Small($0, tied: false) }
    #expect(
      declared.map(\.name) == [
        "language_model.first.weight", "language_model.first.bias", "language_model.second.weight",
        "language_model.head",
      ])
    #expect(declared.map(\.shape) == [[4, 4], [4], [3, 4], [4, 4]])
    #expect(declared.map(\.runs) == [true, true, false, true])
    #expect(declared[3].initial == .ones && declared[1].initial == .zeros)
  }

  @Test func aTiedHeadIsItsOwnWhereItsValuesAre() throws {
    try withTemporaryDirectory { folder in
      let same = try write(folder, head: values)
      let weights = Weights(LoadedWeights(same) { _ in true }, of: same)
      #expect(try Small(weights, tied: true).head.variable === weights.parameters[0].variable)
      #expect(weights.parameters[0].aliases == ["language_model.head"])
    }
    try withTemporaryDirectory { folder in
      let other = try write(folder, head: values.map { $0 + 1 })
      let weights = Weights(LoadedWeights(other) { _ in true }, of: other)
      #expect(try Small(weights, tied: true).head.variable !== weights.parameters[0].variable)
      #expect(weights.parameters.count == 3)
    }
  }

  @Test func freshWeightsAreTheSameEveryTime() throws {
    func made(_ seed: UInt64) throws -> [[Float]] {
      let weights = Weights(FreshWeights(seed: seed, learns: true))
      _ = try Small(weights, tied: false)
      #expect(!weights.parameters.contains { !$0.isTrainable })
      return weights.parameters.map { $0.variable.value.values }
    }
    #expect(try made(1) == made(1))
    #expect(try made(1)[0] != made(2)[0])
    #expect(try made(1)[1] == [0, 0, 0, 0] && made(1)[2] == [Float](repeating: 1, count: 16))
  }

  @Test func whatIsMissingOrOfAnotherShapeIsNamed() throws {
    try withTemporaryDirectory { folder in
      let checkpoint = try write(folder, second: [2, 4])
      func said(_ body: (Weights) throws -> Void) -> String {
        let weights = Weights(LoadedWeights(checkpoint), of: checkpoint)
        do {
          try body(weights)
          try weights.finish(parts: [.llm])
          return ""
        } catch { return "\(error)" }
      }
      let path = checkpoint.path
      #expect(
        said { _ = try Small($0, tied: true) }
          == "\(path): key language_model.second.weight has shape [2, 4], config.json makes it [3, 4]")
      #expect(
        said { _ = try $0.matrix("language_model.third", [1, 1], .ones) }
          == "\(path): key language_model.third is missing (0 of 1 found)")
      #expect(
        said { _ = try Linear($0, "language_model.first", 4, 4, .ones) }.hasPrefix(
          "\(path): key language_model.second.weight is left over"))
    }
  }
}
