// SPDX-License-Identifier: MIT
// A GRPO run around its formula: the policy that sampled, batches that teach nothing, and taking up a stopped run.
import Checkpoints
import Models
import StrictJSON
import TensorStream
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct GRPORunTests {
  private let parity = GRPOParityTests()

  /// Groups whose log-probabilities are those of the checkpoint.
  private func writeOnPolicy(_ path: String, copies: Int = 1, _ change: (Int, inout Frame) -> Void = { _, _ in }) throws
  {
    let logps = try parity.onPolicyLogps()
    try rewriteGroups(path, copies: copies) {
      $1.tensors["completion_logps"] = padded(logps[$0 % 4], like: $1)
      change($0, &$1)
    }
  }

  private func failure(_ files: [String], _ objective: GRPOObjective, in folder: String) -> String {
    let error = #expect(throws: FrameError.self) {
      try runSteps(folder + "/bad.bin", files: files, objective: objective)
    }
    #expect(error?.exitStatus == .badData)
    return error.map { "\($0)" } ?? ""
  }

  @Test func theRatioOfTheFirstStepIsChecked() throws {
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      try writeOnPolicy(folder + "/groups")
      try runSteps(
        folder + "/out.bin", files: [folder + "/groups"],
        objective: GRPOObjective(GRPOOptions()), host: host
      ) { $0.batchSize = 2 }
      expectClose(try host.values("ratio/max")[0] ?? .nan, 1, tolerance: 1e-4)
      // The second batch was sampled by the weights before the first step: its ratios have moved, and that is no error.
      #expect(try host.values("policy_age") == [0, 1])
      #expect(try abs((host.values("ratio/max")[1] ?? .nan) - 1) > 1e-3)
      // One token of one completion that this policy has not given.
      try writeOnPolicy(folder + "/other") { number, frame in
        guard number == 1, let tensor = frame.tensors["completion_logps"], var values = try? tensor.floats() else {
          return
        }
        values[5] -= 0.002  // completions of 3, 4 and 4 tokens: the second one's second token
        frame.tensors["completion_logps"] = RawTensor(f32: values, shape: tensor.shape)
      }
      let text = failure([folder + "/other"], GRPOObjective(), in: folder)
      #expect(text.contains("(id group-1): completion 1, token 1: its log-probability is "), "\(text)")
      #expect(text.contains("come from another policy, temperature or checkpoint"), "\(text)")
      #expect(text.contains("--off-policy"), "\(text)")
      var tolerant = GRPOOptions()
      tolerant.ratioTolerance = 0.01
      try runSteps(folder + "/tolerant.bin", files: [folder + "/other"], objective: GRPOObjective(tolerant))
      try runSteps(folder + "/off.bin", files: [folder + "/other"], objective: grpo("grpo"))
    }
  }

  @Test func thePolicyIsKnownByItsFingerprint() throws {
    try withTemporaryDirectory { folder in
      let fingerprint = try Checkpoint(opening: fixture("models/published")).modelFingerprint() ?? ""
      try writeOnPolicy(folder + "/groups") { $1.metadata["policy"] = fingerprint }
      try runSteps(folder + "/out.bin", files: [folder + "/groups"], objective: GRPOObjective())
      try writeOnPolicy(folder + "/other") { if $0 == 2 { $1.metadata["policy"] = "0123456789abcdef" } }
      let text = failure([folder + "/other"], GRPOObjective(), in: folder)
      #expect(text.contains("(id group-2): its completions were sampled by the policy 0123456789abcdef"), "\(text)")
      #expect(text.contains("was \(fingerprint)"), "\(text)")
    }
  }

  @Test func skippingFlatGroupsIsLeavingThemOut() throws {
    try withTemporaryDirectory { folder in
      let reader = try FrameReader(paths: [groupFrames])
      let writer = try FrameWriter(path: folder + "/spread")
      while let frame = try reader.next() { if frame.id != "group-3" { try writer.write(frame) } }
      try writer.finish()
      for name in ["grpo-kl", "dr-grpo", "dapo"] {
        var numbers: [[Double?]] = []
        for (number, file) in [groupFrames, folder + "/spread"].enumerated() {
          let host = RecordingHost()
          let objective = grpo(name) { $0.skipFlat = number == 0 }
          try runSteps(folder + "/\(name)-\(number).bin", files: [file], objective: objective, host: host)
          numbers.append(try host.values("loss") + host.values("grad_norm") + host.values("ratio/mean"))
          #expect(try host.values("zero_variance_groups") == [number == 0 ? 1 : 0])
          #expect(try host.values("frac_reward_zero_std") == [number == 0 ? 0.25 : 0])
        }
        #expect(numbers[0] == numbers[1], "\(name)")
      }
    }
  }

  @Test func aBatchWithoutVarianceTakesNoStepUnlessThereIsAKLTerm() throws {
    try withTemporaryDirectory { folder in
      func flat(_ number: Int, _ frame: inout Frame) {
        let count = frame.tensors["rewards"]?.count ?? 0
        if number < 4 { frame.tensors["rewards"] = RawTensor(f32: [Float](repeating: 0.1, count: count)) }
      }
      try rewriteGroups(folder + "/groups", copies: 2, flat)
      let host = RecordingHost()
      try runSteps(folder + "/out.bin", files: [folder + "/groups"], objective: grpo("grpo"), host: host) {
        $0.batchSize = 4
      }
      #expect(host.lines.count == 2 && host.warnings.count == 1, "\(host.warnings)")
      #expect(try JSONValue.parse(host.lines[0])["skipped"] == true)
      #expect(try host.values("step") == [0, 1] && host.values("skipped_steps") == [1, 1])
      #expect(try host.values("loss")[0] == nil && host.values("reward")[0] != nil)
      // Nothing at all was learnt from a file of flat groups: the weights are as they were, and the run is over.
      try rewriteGroups(folder + "/flat", flat)
      let outcome = try runSteps(folder + "/flat.bin", files: [folder + "/flat"], objective: grpo("grpo"))
      #expect(outcome == .done(steps: 0, path: folder + "/flat.bin"))
      // Where only steps would end it, it says so instead of reading on for ever.
      var said = ""
      do {
        try runSteps(folder + "/endless.bin", files: [folder + "/flat"], objective: grpo("grpo")) { $0.steps = 3 }
      } catch { said = "\(error)" }
      #expect(said == "\(folder)/flat: a whole pass over it gave no step: nothing in it asks for a change")
      let (before, after) = (
        try tensors(fixture("models/published/model.safetensors")), try tensors(folder + "/flat.bin")
      )
      for (name, tensor) in before { #expect(after[name] == tensor, "\(name)") }
      let kl = RecordingHost()
      try runSteps(folder + "/kl.bin", files: [folder + "/flat"], objective: grpo("grpo-kl"), host: kl)
      #expect(try kl.values("step") == [1] && (kl.values("grad_norm")[0] ?? 0) > 0)
      let skipped = RecordingHost()
      let objective = grpo("grpo-kl") { $0.skipFlat = true }
      try runSteps(folder + "/skip.bin", files: [folder + "/flat"], objective: objective, host: skipped)
      #expect(try skipped.values("step") == [0])
    }
  }

  @Test func theLogDescribesTheCompletions() throws {
    try withTemporaryDirectory { folder in
      try rewriteGroups(folder + "/groups") { number, frame in
        frame.metadata["category"] = number < 2 ? "count" : "colour"
        if number == 1 { frame.tensors["rewards_digit"] = RawTensor(f32: [0, 0.5, 1]) }
      }
      let host = RecordingHost()
      try runSteps(folder + "/out.bin", files: [folder + "/groups"], objective: grpo("grpo"), host: host)
      // 13 completions: 4 + 3 + 4 + 2, rewards as in the fixture.
      let rewards: [Double] = [1, 0, 0.25, 0.5, 0, 0, 1, 0.3, 0.9, 0.9, 0.1, 0.7, 0.7]
      let mean = rewards.reduce(0, +) / 13
      let std = (rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 12).squareRoot()
      let expected: [(String, Double)] = [
        ("reward", mean), ("reward_std", std), ("reward/count", 2.75 / 7), ("reward/colour", 3.6 / 6),
        ("rewards/digit/mean", 0.5), ("rewards/digit/std", 0.5), ("zero_variance_groups", 1),
        ("frac_reward_zero_std", 0.25), ("completions/mean_length", 48.0 / 13), ("completions/max_length", 8),
        ("completions/clipped_ratio", 4.0 / 13), ("inner_epoch", 1),
      ]
      for (name, value) in expected { expectClose(try host.values(name)[0] ?? .nan, value, tolerance: 1e-6, name) }
      #expect(try host.values("groups_per_second")[0] != nil && host.values("policy_age")[0] == nil)
    }
  }

  @Test func framesThatDoNotFitAreNamed() throws {
    let cases: [(String, (inout Frame) throws -> Void)] = [
      ("there is no tensor \"rewards\", which reward writes", { $0.tensors["rewards"] = nil }),
      ("there is no tensor \"completion_logps\", which sample writes", { $0.tensors["completion_logps"] = nil }),
      ("there is no tensor \"completions\"", { $0.tensors["completions"] = nil }),
      ("\"rewards\"[1] is nan, expected a finite reward", { $0.tensors["rewards"] = RawTensor(f32: [0, .nan, 0, 1]) }),
      ("\"rewards_x\"[3] is inf", { $0.tensors["rewards_x"] = RawTensor(f32: [0, 0, 0, .infinity]) }),
      (
        "\"rewards\" is F32 [3], expected one for each of the 4", { $0.tensors["rewards"] = RawTensor(f32: [0, 1, 2]) }
      ),
      ("\"finish\" is \"eos\", expected one for each of the 4", { $0.metadata["finish"] = "eos" }),
      (
        "\"completion_logps\" is F32 [4], expected F32 [4, 8]",
        { $0.tensors["completion_logps"] = RawTensor(f32: [0, 0, 0, 0]) }
      ),
      (
        "\"completion_logps\"[2, 1] is 0.5, expected a log-probability",
        {
          var values = try #require($0.tensors["completion_logps"]).floats()
          values[17] = 0.5
          $0.tensors["completion_logps"] = RawTensor(f32: values, shape: [4, 8])
        }
      ),
      (
        "\"completions\" row 2 is empty",
        {
          var ids = try #require($0.tensors["completions"]).int32s()
          for index in 16..<24 { ids[index] = -1 }
          $0.tensors["completions"] = RawTensor(i32: ids, shape: [4, 8])
        }
      ),
    ]
    for (text, change) in cases {
      try withTemporaryDirectory { folder in
        try rewriteGroups(folder + "/groups") { if $0 == 0 { try change(&$1) } }
        let found = failure([folder + "/groups"], grpo("grpo"), in: folder)
        #expect(found.contains("(id group-0)") && found.contains(text), "\(found)")
      }
    }
  }

  /// Batches of 3 groups in minibatches of 2, each used twice; the coefficient is steered, and one batch is flat.
  @Test(arguments: [1, 2, 3, 4, 5, 8, 11])
  func aRunStoppedBetweenInnerEpochsEndsWithTheSameBytes(stopAfter: Int) throws {
    try withTemporaryDirectory { folder in
      let groups = folder + "/groups"
      try rewriteGroups(groups, copies: 2) { _, _ in }
      let objective = grpo("grpo-kl") {
        ($0.innerEpochs, $0.minibatchSize, $0.klTarget, $0.klHorizon) = (2, 2, 0.02, 50)
      }
      func run(_ name: String, _ host: RecordingHost, _ limit: Int? = nil) throws -> StepOutcome {
        host.stopsAfter = limit
        return try runSteps(folder + "/" + name, files: [groups], objective: objective, host: host) {
          $0.batchSize = 3
          $0.shuffle = true
        }
      }
      let (whole, first, second) = (RecordingHost(), RecordingHost(), RecordingHost())
      // Three batches of 3, 3 and 2 groups: 4 + 4 + 2 steps.
      #expect(try run("whole.bin", whole) == .done(steps: 10, path: folder + "/whole.bin"))
      expectClose(try whole.values("epoch").map { $0 ?? .nan }[3], 0.3333, tolerance: 1e-9)
      let stopped = try run("parts.bin", first, stopAfter)
      if stopAfter <= 10 { #expect(stopped.isStopped(after: stopAfter)) }
      _ = try run("parts.bin", second)
      for key in ["step", "loss", "kl", "kl_coef", "grad_norm", "epoch", "inner_epoch"] {
        #expect(try whole.values(key) == first.values(key) + second.values(key), "\(key)")
      }
      for file in [".bin", ".bin.state-10.safetensors"] {
        #expect(try readFile(folder + "/whole\(file)") == readFile(folder + "/parts\(file)"), "\(file)")
      }
    }
  }

  @Test func stepsEndARunInsideABatch() throws {
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      let objective = grpo("grpo") { $0.innerEpochs = 5 }
      let outcome = try runSteps(folder + "/out.bin", files: [groupFrames], objective: objective, host: host) {
        $0.steps = 3
      }
      #expect(outcome == .done(steps: 3, path: folder + "/out.bin") && host.lines.count == 3)
    }
  }

  @Test func optionsHaveTheirDefaultsAndPresets() {
    let plain = GRPOOptions()
    #expect(plain.loss == .grpo && plain.advantage == .std && plain.clipLow == 0.2 && plain.clipHigh == 0.2)
    #expect(plain.klCoefficient == 0 && plain.klTarget == nil && plain.innerEpochs == 1 && !plain.skipFlat)
    var choices = GRPOOptions()
    choices.loss = .drGRPO
    #expect(choices.advantage == .mean)
    let vlaa = StepOptions(StepOptions(), preset: .vlaaGRPO, learningRate: 1e-6)
    let (vlaaGRPO, trlGRPO) = (Preset.vlaaGRPO.own, Preset.trlGRPO.own)
    #expect(vlaa.batchSize == 512 && vlaaGRPO.minibatchSize == 256 && vlaaGRPO.innerEpochs == 1)
    #expect(vlaa.minLearningRate == 5e-7 && vlaa.warmup == .fraction(0.03) && vlaa.schedule == .cosine)
    #expect(vlaaGRPO.klCoefficient == 1e-3 && vlaaGRPO.klTarget == 5e-4 && vlaaGRPO.loss == .grpo)
    let trl = StepOptions(StepOptions(), preset: .trlGRPO, learningRate: 5)
    #expect(trlGRPO.loss == .dapo && trlGRPO.klCoefficient == 0 && trl.learningRates[.llm] == 1e-6)
    let tools = ["vlaa-grpo", "pivot-dpo", "pivot-sft"].map { StepMethods.tool(ofPreset: $0) }
    #expect(tools == ["grpo-step", "dpo-step", "sft-step"])
    #expect(vlaa.problem == nil && trl.problem == nil && vlaaGRPO.problem == nil && trlGRPO.problem == nil)
  }

  @Test func impossibleValuesAreNamed() {
    func problem(_ change: (inout GRPOOptions) -> Void) -> String? {
      var choices = GRPOOptions()
      change(&choices)
      return GRPOObjective(choices).problem(batchSize: StepOptions().batchSize)
    }
    #expect(problem { $0.clipLow = 1 } == "--clip-low 1.0: must be at least 0 and below 1")
    #expect(problem { $0.clipHigh = -0.1 } == "--clip-high -0.1: must be 0 or more")
    #expect(problem { $0.klCoefficient = .nan } != nil)
    #expect(problem { $0.klTarget = 0.1 }?.hasPrefix("--kl-target: steers --kl-coef by factors") == true)
    #expect(
      problem {
        $0.klTarget = 0
        $0.klCoefficient = 1
      } == "--kl-target 0.0: must be a number above 0")
    #expect(problem { $0.innerEpochs = 0 } == "--inner-epochs 0: must be 1 or more")
    #expect(problem { $0.minibatchSize = 9 }?.hasPrefix("--minibatch-size 9: is a part of --batch-size 8") == true)
    #expect(problem { $0.loss = .drGRPO }?.contains("give --normalizer") == true)
    #expect(problem { $0.normalizer = 5 }?.hasPrefix("--normalizer: belongs to --loss dr-grpo") == true)
    var slow = StepOptions()
    slow.minLearningRate = 1e-5
    #expect(
      StepOptions(slow, learningRate: 1e-6).problem?.hasPrefix("--min-lr 1e-05: must be at least 0 and at most") == true
    )
  }
}

extension StepOutcome {
  fileprivate func isStopped(after count: Int) -> Bool {
    if case .stopped(_, let steps, _, isSaved: true) = self { return steps == count }
    return false
  }
}
