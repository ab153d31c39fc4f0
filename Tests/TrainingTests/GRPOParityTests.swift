// SPDX-License-Identifier: MIT
// GRPO's losses, gradients and optimizer steps against those that PyTorch got (Tests/Fixtures/grpo).
import StrictJSON
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// The objectives of Tests/Fixtures/grpo/generate.py. Its completions are of no policy.
func grpo(_ name: String, _ change: (inout GRPOOptions) -> Void = { _ in }) -> GRPOObjective {
  var options = GRPOOptions()
  options.offPolicy = true
  switch name {
  case "grpo-kl": options.klCoefficient = 0.5
  case "dr-grpo":
    (options.loss, options.advantage, options.normalizer) = (.drGRPO, .mean, 12)
    (options.clipLow, options.clipHigh, options.klCoefficient) = (0.1, 0.3, 0.5)
  case "dapo": (options.loss, options.clipHigh) = (.dapo, 0.28)
  case "dapo-kl":
    (options.loss, options.clipHigh, options.advantage, options.klCoefficient) = (.dapo, 0.28, .mean, 0.5)
  default: break
  }
  change(&options)
  return GRPOObjective(options)
}

let groupFrames = fixture("grpo/groups.frames")

@Suite struct GRPOParityTests {
  private func summary() throws -> JSONValue { try JSONValue.parse(readFile(fixture("grpo/summary.json"))) }

  /// One pass for all groups, and a pass for each.
  @Test(arguments: ["grpo", "grpo-kl", "dr-grpo", "dapo", "dapo-kl"], [4096, 1])
  func lossAndGradientsAreThoseOfPyTorch(_ name: String, rowsPerPass: Int) throws {
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      try runSteps(folder + "/out.bin", files: [groupFrames], objective: grpo(name), host: host) {
        $0.rowsPerPass = rowsPerPass
      } request: {
        $0.gradients = folder + "/grads"
      }
      let expected = try #require(try summary()["losses"]?[name]?.object)
      let names = [
        "loss": "loss", "low": "clip_ratio/low_mean", "high": "clip_ratio/high_mean", "ratio": "ratio/mean",
        "ratio_max": "ratio/max", "nll": "nll",
      ]
      for (key, metric) in names {
        let (got, want) = (try host.values(metric)[0] ?? .nan, expected[key]?.double ?? .nan)
        // A loss is a small sum of large terms: PyTorch's f32 is 1e-7 of those.
        #expect(abs(got - want) <= 1e-6 * max(1, abs(want)), "\(name) \(metric): \(got), expected \(want)")
      }
      let kl = try host.values("kl")[0]
      if name.hasSuffix("kl") || name == "dr-grpo" {
        expectClose(kl ?? .nan, expected["kl"]?.double ?? .nan, tolerance: 1e-5)
      } else {
        #expect(kl == nil)
      }
      let gradients = try tensors(fixture("grpo/gradients-\(name).safetensors"))
      var got = try tensors(folder + "/grads")
      #expect(got.removeValue(forKey: "loss") != nil)
      #expect(Set(got.keys) == Set(gradients.keys))
      for (key, tensor) in gradients where !(key.contains("vision") && key.hasSuffix("k_proj.bias")) {
        expectClose(try #require(got[key]).floats(), try tensor.floats(), tolerance: 1e-4, "\(name) \(key)")
      }
    }
  }

  /// Two inner epochs of two minibatches, with a steered coefficient and a rate that ends above 0.
  @Test func innerEpochsAreThoseOfPyTorch() throws {
    let log = try #require(try summary()["run"]?.array)
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      let objective = grpo("grpo-kl") {
        ($0.innerEpochs, $0.minibatchSize, $0.klTarget, $0.klHorizon) = (2, 2, 0.02, 50)
      }
      try runSteps(folder + "/out.bin", files: [groupFrames], objective: objective, host: host) {
        $0.minLearningRate = 2e-4
        $0.warmup = .steps(1)
        $0.schedule = .cosine
      }
      for (key, tolerance) in [
        ("loss", 2e-5), ("grad_norm", 1e-3), ("learning_rate", 1e-12), ("kl", 1e-5), ("kl_coef", 1e-6),
      ] {
        let expected = log.map { $0[key]?.double ?? .nan }
        expectClose(try host.values(key).map { $0 ?? .nan }, expected, tolerance: tolerance, key)
      }
      #expect(try host.values("inner_epoch") == [1, 1, 2, 2])
      let expected = try tensors(fixture("grpo/adamw.safetensors"))
      let got = try tensors(folder + "/out.bin")
      #expect(expected.count > 40)
      for (key, tensor) in expected where !(key.contains("vision") && key.hasSuffix("k_proj.bias")) {
        expectClose(try #require(got[key]).floats(), try tensor.floats(), tolerance: 5e-5, key)
      }
    }
  }

  /// Without `reference_logps` the model that the run began from is the reference: at the first step the KL is 0.
  @Test func theReferenceMayBeAModel() throws {
    try withTemporaryDirectory { folder in
      try rewriteGroups(folder + "/groups") { $1.tensors["reference_logps"] = nil }
      let host = RecordingHost()
      let objective = grpo("grpo-kl") { ($0.innerEpochs, $0.minibatchSize) = (2, 2) }
      try runSteps(folder + "/model.bin", files: [folder + "/groups"], objective: objective, host: host)
      #expect(host.notes.contains { $0.contains("second, frozen model") })
      #expect(try (host.values("kl")[0] ?? .nan) <= 1e-12)
      // The same with the reference in the frames.
      let logps = try onPolicyLogps()
      try rewriteGroups(folder + "/scored") {
        $1.tensors["reference_logps"] = padded(logps[$0], like: $1)
      }
      let scored = RecordingHost()
      try runSteps(folder + "/frames.bin", files: [folder + "/scored"], objective: objective, host: scored)
      for key in ["loss", "kl"] {
        expectClose(
          try host.values(key).map { $0 ?? .nan }, try scored.values(key).map { $0 ?? .nan }, tolerance: 1e-5, key)
      }
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    try withTemporaryDirectory { folder in
      for threads in [1, 2, 3] {
        try Compute.withThreads(threads) {
          _ = try runSteps(
            folder + "/\(threads).bin", files: [groupFrames], objective: grpo("grpo-kl") { $0.innerEpochs = 3 })
        }
      }
      #expect(try readFile(folder + "/2.bin") == readFile(folder + "/1.bin"))
      #expect(try readFile(folder + "/3.bin") == readFile(folder + "/1.bin"))
    }
  }

  // MARK: - Frames

  /// What PyTorch gets for the completions of each group.
  func onPolicyLogps() throws -> [[[Float]]] {
    let logps = try #require(try summary()["logps"]?.object)
    return try (0..<4).map { number in
      try #require(logps["group-\(number)"]?.array).map { ($0.array ?? []).map { Float($0.double ?? .nan) } }
    }
  }
}

/// Rows as an F32 tensor of the shape of `completions`, padded with 0.
func padded(_ rows: [[Float]], like frame: Frame) -> RawTensor {
  let shape = frame.tensors["completions"]?.shape ?? []
  return RawTensor(
    f32: rows.flatMap { $0 + [Float](repeating: 0, count: (shape.last ?? 0) - $0.count) }, shape: shape)
}

/// The groups of the fixture with changes, `copies` times over.
func rewriteGroups(_ path: String, copies: Int = 1, _ change: (Int, inout Frame) throws -> Void) throws {
  let reader = try FrameReader(paths: [groupFrames])
  var groups: [Frame] = []
  while let frame = try reader.next() { groups.append(frame) }
  let writer = try FrameWriter(path: path)
  for number in 0..<copies * groups.count {
    var frame = groups[number % groups.count]
    frame.metadata["id"] = "group-\(number)"
    try change(number, &frame)
    try writer.write(frame)
  }
  try writer.finish()
}
