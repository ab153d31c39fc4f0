// SPDX-License-Identifier: MIT
// A run that was stopped and taken up again ends with the bytes of one that never stopped.
import Failures
import Glibc
import StrictJSON
import TensorStream
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// A stream of `count` frames with images, drawn from the fixture's pairs: other ids, other responses.
func writePairs(_ path: String, count: Int, seed: UInt64 = 1) throws {
  let reader = try FrameReader(paths: [fixture("parity/published/pairs.frames")])
  var models: [Frame] = []
  while let frame = try reader.next() { models.append(frame) }
  var generator = SeededGenerator(seed: seed)
  let writer = try FrameWriter(path: path)
  for number in 0..<count {
    var frame = models[number % models.count]
    frame.metadata["id"] = "pair-\(number)"
    func ids() -> RawTensor {
      RawTensor(
        i32: (0..<Int.random(in: 2...5, using: &generator)).map { _ in Int32.random(in: 0..<300, using: &generator) }
          + [318])
    }
    frame.tensors["chosen"] = ids()
    frame.tensors["rejected"] = ids()
    try writer.write(frame)
  }
  try writer.finish()
}

@Suite struct ResumeTests {
  private func options(_ choices: inout StepOptions) {
    choices.batchSize = 3
    choices.epochs = 2
    choices.shuffle = true
    choices.warmup = .steps(1)
  }

  @Test(arguments: ["out.bin", "out"], [1, 2, 3, 5])
  func aStoppedRunEndsWithTheSameBytes(name: String, stopAfter: Int) throws {
    try withTemporaryDirectory { folder in
      let pairs = folder + "/pairs"
      try writePairs(pairs, count: 8)
      let whole = RecordingHost()
      let done = try runSteps(folder + "/whole-\(name)", files: [pairs], host: whole, options)
      #expect(done == .done(steps: 6, path: folder + "/whole-\(name)"))

      let first = RecordingHost()
      first.stopsAfter = stopAfter
      let stopped = try runSteps(folder + "/parts-\(name)", files: [pairs], host: first, options)
      #expect(stopped == .stopped(signal: 15, steps: stopAfter, path: folder + "/parts-\(name)", isSaved: true))
      let second = RecordingHost()
      try runSteps(folder + "/parts-\(name)", files: [pairs], host: second, options)

      func numbers(_ host: RecordingHost) throws -> [String] {
        try host.lines.map { line in
          var object = try JSONValue.parse(line).object
          // A run is named after its file too.
          for key in ["tokens_per_second", "pairs_per_second", "peak_memory_bytes", "run"] { object?[key] = nil }
          return object.map { JSONValue.object($0).text() } ?? ""
        }
      }
      #expect(try numbers(whole) == numbers(first) + numbers(second))
      for file in try filesOf(folder + "/whole-\(name)") {
        #expect(try readFile(folder + "/whole-\(file)") == readFile(folder + "/parts-\(file)"), "\(file)")
      }
    }
  }

  /// Weights and state of a checkpoint, as names behind "whole-" or "parts-".
  private func filesOf(_ path: String) throws -> [String] {
    let name = path.split(separator: "/").last.map { String($0.dropFirst("whole-".count)) } ?? ""
    return name.hasSuffix(".bin")
      ? [name, name + ".state-6.safetensors"]
      : ["model.safetensors.index.json", "training-state-6.safetensors", "config.json"].map { name + "/" + $0 }
  }

  /// The last bits depend on what computes: a run that goes on elsewhere says so, and only then.
  @Test func otherKernelsAreNoted() throws {
    try withTemporaryDirectory { folder in
      let (pairs, output) = (folder + "/pairs", folder + "/out.bin")
      try writePairs(pairs, count: 8)
      func stopped(on kernels: String) throws -> [String] {
        let host = RecordingHost()
        host.stopsAfter = 1
        try runSteps(output, files: [pairs], host: host, options) { $0.kernels = kernels }
        return host.notes.filter { $0.contains("bits may differ") }
      }
      #expect(try stopped(on: "kernels AVX2").isEmpty)
      #expect(try stopped(on: "kernels AVX2").isEmpty)
      #expect(
        try stopped(on: "kernels plain") == [
          "\(output): was computed on kernels AVX2 up to step 2, and goes on on kernels plain: its last bits may differ "
            + "from those of a run that stays on one of them"
        ])
      #expect(try stopped(on: "kernels plain").isEmpty)
    }
  }

  @Test func aFinishedRunSaysSo() throws {
    try withTemporaryDirectory { folder in
      let output = folder + "/out.bin"
      try runSteps(output) { $0.batchSize = 3 }
      let before = try readFile(output)
      #expect(try runSteps(output) { $0.batchSize = 3 } == .alreadyFinished(steps: 1, path: output))
      #expect(try readFile(output) == before)
    }
  }

  @Test func anotherValueOfAnOptionIsRefusedByName() throws {
    try withTemporaryDirectory { folder in
      let (output, pairs) = (folder + "/out.bin", folder + "/pairs")
      try writePairs(pairs, count: 6)
      let host = RecordingHost()
      host.stopsAfter = 1
      try runSteps(output, files: [pairs], host: host, options)
      func refusal(_ objective: any Objective = dpo(), _ change: (inout StepOptions) -> Void) -> PlainFailure? {
        #expect(throws: PlainFailure.self) {
          try runSteps(output, files: [pairs], objective: objective) {
            options(&$0)
            change(&$0)
          }
        }
      }
      let cases: [(String, (inout StepOptions) -> Void)] = [
        ("--batch-size 2: the run in \(output) has 3; ", { $0.batchSize = 2 }),
        ("--seed 43: the run in \(output) has 42; ", { $0.seed = 43 }),
        ("--train vision,llm: the run in \(output) has vision,projector,llm; ", { $0.train = [.vision, .llm] }),
        ("--lr 0.002: the run in \(output) has 0.001; ", { $0.learningRate = 2e-3 }),
        ("--shuffle false: the run in \(output) has true; ", { $0.shuffle = false }),
        ("--steps 6: the run in \(output) has 4; ", { $0.epochs = 3 }),
        ("--rows-per-pass 7: the run in \(output) has 4096; ", { $0.rowsPerPass = 7 }),
      ]
      for (text, change) in cases {
        let failure = refusal(dpo(), change)
        #expect(failure?.exitStatus == .usage)
        #expect(failure?.description.hasPrefix(text) == true, "\(failure?.description ?? "")")
      }
      #expect(refusal(dpo(beta: 0.2)) { _ in }?.description.hasPrefix("--beta 0.2: the run") == true)
      #expect(refusal(sft(nil)) { _ in }?.description.contains("holds a run of dpo-step") == true)
      try writePairs(pairs, count: 6, seed: 2)
      #expect(refusal { _ in }?.description.contains("the run in \(output) reads a file of 6 frames") == true)
      // A new run starts at step 1 from the weights that are there.
      let fresh = RecordingHost()
      try runSteps(output, files: [pairs], host: fresh, options) { $0.newRun = true }
      #expect(try fresh.values("step") == [1, 2, 3, 4])
    }
  }

  @Test func anotherBaseIsRefused() throws {
    try withTemporaryDirectory { folder in
      let output = folder + "/out.bin"
      try runSteps(output) {
        $0.batchSize = 3
        $0.epochs = 2
      } request: {
        $0.saveEvery = 1
      }
      let failure = #expect(throws: PlainFailure.self) {
        try runSteps(output) {
          $0.batchSize = 3
          $0.epochs = 2
        } request: {
          $0.initial = fixture("models/transformers5")
        }
      }
      #expect(
        failure?.exitStatus == .usage && failure?.description.hasPrefix("--init ") == true,
        "\(failure?.description ?? "")")
    }
  }

  @Test func weightsWithoutStateNeedInPlace() throws {
    try withTemporaryDirectory { folder in
      let output = folder + "/out.bin"
      try runSteps(output) { $0.batchSize = 3 }
      #expect(unlink(output + ".state-1.safetensors") == 0)
      #expect(throws: (any Error).self) { try runSteps(output) { $0.batchSize = 3 } }
      let host = RecordingHost()
      try runSteps(output, host: host) {
        $0.batchSize = 3
      } request: {
        $0.inPlace = true
      }
      #expect(try host.values("step") == [1])
    }
  }

  @Test func nothingToBeginFromIsMissingInput() throws {
    try withTemporaryDirectory { folder in
      let failure = #expect(throws: PlainFailure.self) {
        try runSteps(folder + "/out.bin") { _ in
        } request: {
          $0.initial = nil
        }
      }
      #expect(failure?.exitStatus == .missingInput)
      #expect(failure?.description.contains("--init") == true)
    }
  }

  @Test func stepsReadAFileAgainAsOftenAsTheyNeed() throws {
    try withTemporaryDirectory { folder in
      let (pairs, host) = (folder + "/pairs", RecordingHost())
      try writePairs(pairs, count: 5)
      try runSteps(folder + "/out.bin", files: [pairs], host: host) {
        $0.batchSize = 2
        $0.steps = 7
      }
      #expect(try host.values("epoch") == [0.3333, 0.6667, 1, 1.3333, 1.6667, 2, 2.3333])
      #expect(try host.values("learning_rate")[6] ?? 0 > 0)
      let both = RecordingHost()
      try runSteps(folder + "/both.bin", files: [pairs], host: both) {
        $0.batchSize = .max
        $0.steps = 7
        $0.epochs = 2
      }
      #expect(try both.values("step") == [1, 2])
      let far = RecordingHost()
      far.stopsAfter = 1
      try runSteps(folder + "/far.bin", files: [pairs], host: far) { $0.epochs = .max }
    }
  }

  /// Every frame once an epoch, whichever file it lies in; stopped in between, and from one file with all of them.
  @Test func severalFilesAreOneAfterTheOther() throws {
    try withTemporaryDirectory { folder in
      let parts = [(3, UInt64(1)), (1, 2), (4, 3)].map { count, seed in (folder + "/part-\(seed)", count, seed) }
      let all = try FrameWriter(path: folder + "/all")
      for (path, count, seed) in parts {
        try writePairs(path, count: count, seed: seed)
        let reader = try FrameReader(paths: [path])
        while let frame = try reader.next() { try all.write(frame) }
      }
      try all.finish()
      let (one, several) = (RecordingHost(), RecordingHost())
      try runSteps(folder + "/one.bin", files: [folder + "/all"], host: one, options)
      several.stopsAfter = 2
      for _ in 0..<2 {
        try runSteps(folder + "/several.bin", files: parts.map(\.0), host: several, options)
        several.stopsAfter = nil
      }
      #expect(try one.values("step") == [1, 2, 3, 4, 5, 6])
      #expect(try several.values("loss") == one.values("loss"))
      #expect(try tensors(folder + "/several.bin") == tensors(folder + "/one.bin"))
    }
  }

  /// Without a horizon in the schedule a longer run begins like a shorter one.
  @Test func aFinishedRunAtAConstantRateMayBeMadeLonger() throws {
    try withTemporaryDirectory { folder in
      let pairs = folder + "/pairs"
      try writePairs(pairs, count: 5)
      func run(_ name: String, epochs: Int) throws -> StepOutcome {
        try runSteps(folder + "/\(name).bin", files: [pairs]) {
          $0.batchSize = 2
          $0.schedule = .constant
          $0.shuffle = true
          $0.epochs = epochs
        }
      }
      _ = try run("whole", epochs: 3)
      _ = try run("parts", epochs: 1)
      #expect(try run("parts", epochs: 1) == .alreadyFinished(steps: 3, path: folder + "/parts.bin"))
      #expect(try run("parts", epochs: 3) == .done(steps: 9, path: folder + "/parts.bin"))
      #expect(try readFile(folder + "/whole.bin") == readFile(folder + "/parts.bin"))
    }
  }
}
