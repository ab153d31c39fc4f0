// SPDX-License-Identifier: MIT
// Two processes with half of every batch each take the steps of one process that has it all.
import Dispatch
import Foundation
import Models
import StrictJSON
import Synchronization
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// Two threads in the place of two processes: what either gives to a sum, both get.
private final class Meeting: Sendable {
  private let totals = Mutex<[Int: BatchTotals]>([:])
  private nonisolated(unsafe) var gradients: [BatchGradients?] = [nil, nil]
  private let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
  struct NobodyCame: Error {}

  final class Process: GradientExchange {
    let meeting: Meeting
    let rank: Int
    var sums = 0

    init(_ meeting: Meeting, rank: Int) { (self.meeting, self.rank) = (meeting, rank) }

    func sum(_ totals: BatchTotals) throws -> BatchTotals {
      meeting.totals.withLock { $0[rank] = totals }
      try meeting.wait(rank)
      let sum = meeting.totals.withLock { $0.values.reduce(BatchTotals(), +) }
      try meeting.wait(rank)
      return sum
    }

    func sum(_ gradients: BatchGradients) throws -> BatchGradients {
      meeting.gradients[rank] = Self.copy(gradients)
      try meeting.wait(rank)
      var sum = Self.copy(meeting.gradients[0]!)
      sum.add(meeting.gradients[1]!)
      try meeting.wait(rank)
      sums += 1
      return sum
    }

    private static func copy(_ gradients: BatchGradients) -> BatchGradients {
      var copy = gradients
      copy.gradients = gradients.gradients.map { $0?.copy() }
      return copy
    }
  }

  /// Until both are there.
  private func wait(_ rank: Int) throws {
    arrivals[1 - rank].signal()
    guard arrivals[rank].wait(timeout: .now() + 60) == .success else { throw NobodyCame() }
  }
}

@Suite(.serialized) struct ExchangeTests {
  /// Runs over `files`, one a process, at the same time. -> the log's lines of each
  private func runTogether(
    _ outputs: [String], files: [String], objective: any Objective,
    _ choose: @escaping @Sendable (inout StepOptions) -> Void
  ) throws -> [[String]] {
    let meeting = Meeting()
    let results = Mutex<[Int: Result<[String], any Error>]>([:])
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<2 {
      Thread.detachNewThread {
        let result = Result<[String], any Error> {
          let host = RecordingHost()
          try runSteps(
            outputs[rank], files: [files[rank]], objective: objective, host: host,
            exchange: Meeting.Process(meeting, rank: rank), choose)
          return host.lines
        }
        results.withLock { $0[rank] = result }
        done.signal()
      }
    }
    for _ in 0..<2 { done.wait() }
    return try results.withLock { results in try (0..<2).map { try #require(results[$0]).get() } }
  }

  /// Frames 0, 1 of every four go to the first process, 2 and 3 to the second.
  private func split(_ path: String, into parts: [String]) throws {
    let reader = try FrameReader(paths: [path])
    let writers = try parts.map { try FrameWriter(path: $0) }
    var number = 0
    while let frame = try reader.next() {
      try writers[number % 4 / 2].write(frame)
      number += 1
    }
    for writer in writers { try writer.finish() }
  }

  private func check(_ objective: any Objective, _ frames: String, in folder: String) throws {
    let parts = [folder + "/part-0", folder + "/part-1"]
    try split(frames, into: parts)
    let whole = RecordingHost()
    try runSteps(folder + "/whole.bin", files: [frames], objective: objective, host: whole) {
      $0.batchSize = 4
      $0.learningRate = 0.02
    }
    let outputs = [folder + "/out-0.bin", folder + "/out-1.bin"]
    let lines = try runTogether(outputs, files: parts, objective: objective) {
      $0.batchSize = 2
      $0.learningRate = 0.02
    }
    // Every number of the log but speed, memory and the run's name.
    for (number, line) in whole.lines.enumerated() {
      let expected = try #require(JSONValue.parse(line).object)
      for rank in 0..<2 {
        let got = try JSONValue.parse(lines[rank][number])
        for (key, value) in expected.entries
        where !key.hasSuffix("_per_second") && key != "peak_memory_bytes" && key != "run" {
          if ["reward", "zero_", "frac_", "completions/"].contains(where: key.hasPrefix) { continue }  // of its own share
          guard let value = value.double else {
            #expect(got[key] == value, "\(key) of step \(number)")
            continue
          }
          expectClose(
            try #require(got[key]?.double), value, tolerance: 1e-5 * max(1, abs(value)), "\(key) of step \(number)")
        }
      }
    }
    #expect(lines.allSatisfy { $0.count == whole.lines.count } && whole.lines.count > 1)
    let (expected, first, second) = (
      try tensors(folder + "/whole.bin"), try tensors(outputs[0]), try tensors(outputs[1])
    )
    // The gradient of a key's bias is rounding and nothing else, which AdamW makes a full step of.
    for (name, value) in expected where !(name.contains("vision") && name.hasSuffix("k_proj.bias")) {
      let got = try #require(first[name]).floats()
      #expect(try #require(second[name]).floats() == got, "\(name): the processes have different weights")
      expectClose(got, try value.floats(), tolerance: 2e-3, name)
    }
  }

  @Test func supervisedHalvesAreAWhole() throws {
    try withTemporaryDirectory { folder in
      try writePairs(folder + "/pairs", count: 12)
      try check(sft(.chosen), folder + "/pairs", in: folder)
    }
  }

  @Test func pairsInHalvesAreAWhole() throws {
    try withTemporaryDirectory { folder in
      try writePairs(folder + "/pairs", count: 12)
      try check(dpo(gamma: 0.5), folder + "/pairs", in: folder)
    }
  }

  /// The second process's groups of the first step are all flat, all groups of the last one are.
  @Test(arguments: [false, true]) func groupsInHalvesAreAWhole(skipsFlat: Bool) throws {
    try withTemporaryDirectory { folder in
      try rewriteGroups(folder + "/groups", copies: 6) { number, frame in
        guard [2, 3].contains(number) || number >= 8, let rewards = frame.tensors["rewards"] else { return }
        frame.tensors["rewards"] = RawTensor(f32: [Float](repeating: 1, count: rewards.count))
      }
      try check(grpo("dapo") { $0.skipFlat = skipsFlat }, folder + "/groups", in: folder)
    }
  }
}
