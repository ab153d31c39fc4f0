// SPDX-License-Identifier: MIT
// An objective is a local change: one that only the tests know has a command line, a preset, a record, a way to go on.
import ArgumentParser
import OptionTables
import StrictJSON
import TensorStream
import TestSupport
import Testing

@testable import Checkpoints
@testable import Examples
@testable import Inference
@testable import Objectives
@testable import StepSupport
@testable import Training

private struct HingeStep: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "hinge-step")
  @OptionGroup var own: TableArguments<HingeTable>
  @OptionGroup var step: StepArguments<HingeObjective>
}

@Suite struct HingeTests {
  private typealias Own = OptionValues<HingeTable>

  /// A run of the preset, with what is given going before it.
  @discardableResult
  private func run(
    _ output: String, _ pairs: String, host: RecordingHost = RecordingHost(), _ choose: (inout Own) -> Void = { _ in }
  ) throws -> StepOutcome {
    let preset = try #require(HingeObjective.presets.first)
    var own = Own()
    choose(&own)
    return try runSteps(output, files: [pairs], objective: HingeObjective(own.or(preset.own)), host: host) {
      $0.epochs = 2
      $0 = $0.or(preset.step)
    }
  }

  private func refusal(_ output: String, _ pairs: String, _ choose: (inout Own) -> Void = { _ in }) -> String {
    do {
      try run(output, pairs, choose)
      return "(none)"
    } catch { return "\(error)" }
  }

  @Test func theCommandLineKnowsItsOptionsAndItsPreset() throws {
    let line = try HingeStep.parse(["--ckpt", "out", "--hinge", "squared", "--flip", "--preset", "made-up-hinge"])
    #expect(line.own.values.shape == .squared && line.own.values.flips && line.own.values.margin == 1)
    let preset = try #require(try line.step.preset?.settings())
    let options = StepOptions(line.step.options.values, preset: preset, learningRate: HingeObjective.learningRate)
    #expect(preset.own.decay == 0.01 && options.batchSize == 3 && options.learningRate == 2e-3)
    let help = HingeStep.helpMessage(columns: 400).split(separator: "\n").map(String.init)
    #expect(help.contains { $0.hasSuffix("(default: linear). (values: linear, squared)") }, "\(help)")
    #expect(help.contains { $0.contains("trl-grpo (grpo-step), made-up-hinge (hinge-step). Explicit") }, "\(help)")
    let other = try HingeStep.parse(["--ckpt", "out", "--preset", "pivot-dpo"])
    #expect { try other.step.preset?.settings() } throws: { "\($0)" == "--preset pivot-dpo: is one of dpo-step" }
    for wrong in [["--hinge", "round"], ["--preset", "pivot"]] {
      #expect(throws: (any Error).self) { try HingeStep.parse(["--ckpt", "out"] + wrong) }
    }
  }

  @Test func itLearns() throws {
    try withTemporaryDirectory { folder in
      let (pairs, host) = (folder + "/pairs", RecordingHost())
      try writePairs(pairs, count: 3)
      try runSteps(folder + "/out.bin", files: [pairs], objective: HingeObjective(), host: host) { $0.steps = 6 }
      let losses = try host.values("loss").compactMap { $0 }
      #expect(losses.count == 6 && losses[5] < losses[0], "\(losses)")
    }
  }

  @Test func itsOptionsAreOnRecord() throws {
    try withTemporaryDirectory { folder in
      let (pairs, output) = (folder + "/pairs", folder + "/out.bin")
      try writePairs(pairs, count: 6)
      try run(output, pairs) { $0.margin = 2 }
      let state = try RunState(
        .object(CheckpointStore(openingForWriting: output).loadState().info), checkpoint: output)
      #expect(state.tool == "hinge-step" && state.memory["raised"]?.double == 2)
      #expect(state.options["margin"]?.double == 2 && state.options["margin-growth"] == 0.5)
      #expect(
        state.options["hinge"] == "squared" && state.options["state-decay"] == 0.01 && state.options["flip"] == false)
      #expect(state.options["batch-size"] == 3 && state.options["train"] == "projector,llm")
    }
  }

  @Test(arguments: [1, 2, 3])
  func aStoppedRunEndsWithTheSameBytes(stopAfter: Int) throws {
    try withTemporaryDirectory { folder in
      let pairs = folder + "/pairs"
      try writePairs(pairs, count: 6)
      let whole = RecordingHost()
      try run(folder + "/whole.bin", pairs, host: whole)
      #expect(try whole.values("margin") == [1, 1.5, 2, 2.5])
      let first = RecordingHost()
      first.stopsAfter = stopAfter
      try run(folder + "/parts.bin", pairs, host: first)
      let second = RecordingHost()
      try run(folder + "/parts.bin", pairs, host: second)
      for key in ["loss", "missed", "margin", "grad_norm"] {
        #expect(try whole.values(key) == first.values(key) + second.values(key), "\(key)")
      }
      for end in ["", ".state-4.safetensors"] {
        #expect(try readFile(folder + "/whole.bin" + end) == readFile(folder + "/parts.bin" + end), "\(end)")
      }
    }
  }

  @Test func anotherValueIsRefusedByItsName() throws {
    try withTemporaryDirectory { folder in
      let (pairs, output) = (folder + "/pairs", folder + "/out.bin")
      try writePairs(pairs, count: 6)
      let host = RecordingHost()
      host.stopsAfter = 1
      try run(output, pairs, host: host)
      let remedy = "give the same value, or --new-run to begin a new run from these weights"
      #expect(
        refusal(output, pairs) { $0.shape = .linear } == "--hinge linear: the run in \(output) has squared; \(remedy)")
      #expect(refusal(output, pairs) { $0.flips = true } == "--flip true: the run in \(output) has false; \(remedy)")
      #expect(refusal(output, pairs) { $0.margin = 0 } == "--margin 0.0: must be a number above 0")
      #expect(refusal(output, pairs) { _ in } == "(none)")
    }
  }

  /// A run that began before an option was there has done what is the option's default, and goes on with that alone.
  @Test func aRunOlderThanAnOptionGoesOn() throws {
    try withTemporaryDirectory { folder in
      let (pairs, whole) = (folder + "/pairs", folder + "/whole.bin")
      try writePairs(pairs, count: 6)
      try run(whole, pairs)
      func older(_ output: String, than options: String...) throws -> String {
        let host = RecordingHost()
        host.stopsAfter = 2
        try run(output, pairs, host: host)
        var state = try CheckpointStore(openingForWriting: output).loadState()
        var record = try #require(state.info["options"]?.object)
        for option in options { record[option] = nil }
        state.info["options"] = .object(record)
        try StateFile.write(state, generation: 2, to: output + ".state-2.safetensors")
        return output
      }
      let output = try older(folder + "/out.bin", than: "flip", "margin")
      #expect(refusal(output, pairs) { $0.flips = true }.hasPrefix("--flip true: the run in \(output) has no value; "))
      #expect(refusal(output, pairs) { $0.margin = 3 }.hasPrefix("--margin 3.0: the run in \(output) has no value; "))
      try run(output, pairs)
      #expect(try readFile(whole) == readFile(output))
      // The preset's --shuffle is not the default.
      let other = try older(folder + "/other.bin", than: "shuffle")
      #expect(refusal(other, pairs).hasPrefix("--shuffle true: the run in \(other) has no value; "))
    }
  }

  @Test func aBatchThatTeachesNothingIsSkippedInItsWords() throws {
    try withTemporaryDirectory { folder in
      let (pairs, host) = (folder + "/pairs", RecordingHost())
      let models = try frames(fixture("parity/published/pairs.frames"))
      let writer = try FrameWriter(path: pairs)
      for (number, model) in models.prefix(2).enumerated() {
        var frame = model
        frame.metadata["id"] = "pair-\(number)"
        if number == 0 { frame.tensors["rejected"] = frame.tensors["chosen"] }
        try writer.write(frame)
      }
      try writer.finish()
      let outcome = try runSteps(folder + "/out.bin", files: [pairs], objective: HingeObjective(), host: host) {
        ($0.batchSize, $0.schedule) = (1, .constant)
      }
      #expect(outcome == .done(steps: 1, path: folder + "/out.bin"))
      #expect(
        host.warnings.first
          == "after step 0: the responses of every pair of this batch are the same, so that it teaches "
          + "nothing; no step was taken (ids pair-0)")
      let lines = try host.lines.map { try JSONValue.parse($0) }
      #expect(lines.count == 2 && lines[0]["skipped"] == true && lines[1]["skipped_steps"]?.double == 1)
    }
  }
}
