// SPDX-License-Identifier: MIT
// Losses, gradients and AdamW steps against those that PyTorch and transformers got from the same batch.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct StepParityTests {
  static let runs: [(model: String, file: String, objective: any Objective)] = [
    ("published", "gradients-dpo", dpo()),
    ("published", "gradients-smoothed", dpo(labelSmoothing: 0.1, gamma: 0.5)),
    ("published", "gradients-sft", sft(.chosen)),
    ("transformers5", "gradients-smoothed", dpo(labelSmoothing: 0.1, gamma: 0.5)),
    ("last-layer", "gradients-smoothed", dpo(labelSmoothing: 0.1, gamma: 0.5)),
    ("llava", "gradients-dpo", dpo()),
    ("llava", "gradients-sft", sft(.chosen)),
    ("llava-llama3", "gradients-dpo", dpo()),
    ("llava-llama3", "gradients-sft", sft(.chosen)),
  ]

  @Test(arguments: runs.indices, [4096, 1])
  func gradientsAreThoseOfPyTorch(_ index: Int, rowsPerPass: Int) throws {
    let (model, file, objective) = Self.runs[index]
    try withTemporaryDirectory { folder in
      let path = folder + "/grads.safetensors"
      try runSteps(folder + "/out.bin", model: model, objective: objective) {
        $0.batchSize = 3
        $0.rowsPerPass = rowsPerPass
      } request: {
        $0.gradients = path
      }
      let expected = try tensors(fixture("parity/\(model)/\(file).safetensors"))
      var got = try tensors(path)
      #expect(got.removeValue(forKey: "loss") != nil)
      #expect(Set(got.keys) == Set(expected.keys))
      for (name, tensor) in expected where !name.hasSuffix("vision_tower.vision_model.k_proj.bias") {
        guard let mine = got[name] else { continue }
        #expect(mine.shape == tensor.shape, "\(name)")
        if name.contains("vision") && name.hasSuffix("k_proj.bias") { continue }
        expectClose(try mine.floats(), try tensor.floats(), tolerance: 1e-4, "\(model) \(file) \(name)")
      }
    }
  }

  struct Summary {
    let losses: [String: Double]
    let steps: [(loss: Double, norm: Double, factor: Double)]

    init(_ model: String, run: String) throws {
      let json = try JSONValue.parse(readFile(fixture("parity/\(model)/summary.json")))
      losses =
        json["losses"]?.object.map {
          Dictionary(uniqueKeysWithValues: $0.compactMap { e in e.value.double.map { (e.key, $0) } })
        } ?? [:]
      steps = (json["runs"]?[run]?["steps"]?.array ?? []).map {
        ($0["loss"]?.double ?? .nan, $0["grad_norm"]?.double ?? .nan, $0["factor"]?.double ?? .nan)
      }
    }
  }

  /// Three AdamW steps on one batch: losses, norms, rates and parameters.
  @Test(arguments: [
    ("published", "adamw"), ("published", "adamw-decay"), ("transformers5", "adamw"), ("llava-llama3", "adamw"),
    ("llava-llama3", "adamw-decay"),
  ])
  func threeStepsAreThoseOfPyTorch(model: String, run: String) throws {
    let isDecay = run == "adamw-decay"
    let summary = try Summary(model, run: run)
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      try runSteps(
        folder + "/out.bin", model: model,
        objective: isDecay ? dpo(labelSmoothing: 0.1, gamma: 0.5) : dpo(), host: host
      ) {
        $0.batchSize = 3
        $0.epochs = 3
        $0.schedule = .cosine
        if isDecay {
          $0.visionLearningRate = 5e-4
          $0.projectorLearningRate = 2e-3
          $0.weightDecay = 0.01
          $0.clipNorm = 0.25
          $0.warmup = .steps(1)
        }
      }
      #expect(summary.steps.count == 3)
      expectClose(try host.values("loss").map { $0 ?? .nan }, summary.steps.map(\.loss), tolerance: 1e-5, "loss")
      expectClose(try host.values("grad_norm").map { $0 ?? .nan }, summary.steps.map(\.norm), tolerance: 1e-4, "norm")
      expectClose(
        try host.values("learning_rate").map { $0 ?? .nan }, summary.steps.map { $0.factor * 1e-3 }, tolerance: 1e-12,
        "rate")
      let expected = try tensors(fixture("parity/\(model)/\(run).safetensors"))
      let got = try tensors(folder + "/out.bin")
      #expect(expected.count > 40)
      for (name, tensor) in expected where !(name.contains("vision") && name.hasSuffix("k_proj.bias")) {
        guard let mine = got[name] else {
          Issue.record("\(name) was not written")
          continue
        }
        expectClose(try mine.floats(), try tensor.floats(), tolerance: 5e-5, "\(model) \(run) \(name)")
      }
    }
  }

  /// Clipping makes large gradients smaller, and small ones never larger.
  @Test func aClipNormBeyondAllGradientsChangesNothing() throws {
    try withTemporaryDirectory { folder in
      try writePairs(folder + "/pairs", count: 8)
      let hosts = try [0.0, 1e6].map { clipNorm in
        let host = RecordingHost()
        try runSteps(folder + "/out-\(clipNorm).bin", files: [folder + "/pairs"], host: host) {
          $0.batchSize = 2
          $0.clipNorm = clipNorm
        }
        return host
      }
      for key in ["loss", "grad_norm"] { #expect(try hosts[0].values(key) == hosts[1].values(key), "\(key)") }
      let (free, clipped) = try (tensors(folder + "/out-0.0.bin"), tensors(folder + "/out-1000000.0.bin"))
      #expect(free == clipped)
    }
  }

  @Test(arguments: ["published", "llava", "llava-llama3"]) func lossesAreThoseOfPyTorch(_ model: String) throws {
    let losses = try Summary(model, run: "adamw").losses
    let runs: [(String, any Objective)] = [
      ("dpo", dpo()), ("smoothed", dpo(labelSmoothing: 0.1, gamma: 0.5)),
      ("dpo label_smoothing=0.1 gamma=0.0", dpo(labelSmoothing: 0.1)), ("sft", sft(.chosen)),
    ]
    for (name, objective) in runs {
      try withTemporaryDirectory { folder in
        let host = RecordingHost()
        try runSteps(folder + "/out.bin", model: model, objective: objective, host: host) { $0.batchSize = 3 }
        expectClose(try host.values("loss")[0] ?? .nan, losses[name] ?? .nan, tolerance: 1e-5, "\(model) \(name)")
      }
    }
  }
}
