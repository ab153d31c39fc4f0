// SPDX-License-Identifier: MIT
// Packing and threads change nothing: shared prefixes equal separate sequences, two threads give one thread's bits.
import Models
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct PackingTests {
  /// Several questions about one picture, answers that begin alike, a text example, a picture that occurs again later.
  private func sharedPairs(_ path: String) throws {
    let reader = try FrameReader(paths: [fixture("parity/published/pairs.frames")])
    let first = try #require(try reader.next())
    let second = try #require(try reader.next())
    let text = try #require(try reader.next())
    let writer = try FrameWriter(path: path)
    let changes: [(Frame, [Int32], [Int32])] = [
      (first, [5, 6, 7, 318], [5, 6, 9, 318]), (first, [5, 6, 7, 8, 318], [40, 318]), (second, [5, 318], [5, 318, 7]),
      (text, [9, 9, 318], [10, 318]), (first, [5, 6, 7, 318], [41, 42, 318]),
    ]
    for (number, change) in changes.enumerated() {
      var frame = change.0
      frame.metadata["id"] = "pair-\(number)"
      if number == 1 {  // another question about the same picture
        let ids = try #require(frame.tensors["prompt"]).int32s()
        frame.tensors["prompt"] = RawTensor(i32: ids.dropLast() + [33, ids[ids.count - 1]])
      }
      frame.tensors["chosen"] = RawTensor(i32: change.1)
      frame.tensors["rejected"] = RawTensor(i32: change.2)
      try writer.write(frame)
    }
    try writer.finish()
  }

  @Test func sharedPrefixesEqualSeparateSequences() throws {
    try withTemporaryDirectory { folder in
      let pairs = folder + "/pairs"
      try sharedPairs(pairs)
      var losses: [Double] = []
      var gradients: [[String: RawTensor]] = []
      for rows in [1, 60, 4096] {
        let host = RecordingHost()
        try runSteps(folder + "/out-\(rows).bin", files: [pairs], objective: dpo(gamma: 0.3), host: host) {
          $0.rowsPerPass = rows
        } request: {
          $0.gradients = folder + "/grads-\(rows)"
        }
        losses.append(try host.values("loss")[0] ?? .nan)
        gradients.append(try tensors(folder + "/grads-\(rows)"))
      }
      expectClose(losses[1...].map { $0 }, [losses[0], losses[0]], tolerance: 1e-6)
      for (name, alone) in gradients[0]
      where name != "loss" && !(name.contains("vision") && name.hasSuffix("k_proj.bias")) {
        for packed in gradients[1...] {
          expectClose(try #require(packed[name]).floats(), try alone.floats(), tolerance: 1e-5, name)
        }
      }
    }
  }

  @Test func packingSharesWhatPairsHaveInCommon() throws {
    try withTemporaryDirectory { folder in
      try sharedPairs(folder + "/pairs")
      let reader = try FrameReader(paths: [folder + "/pairs"])
      var examples: [Example] = []
      while let frame = try reader.next() {
        examples.append(try Example(frame, responses: .pair, contract: .published))
      }
      let pass = MicroBatch(examples, members: examples.indices)
      #expect(pass.images.count == 2)
      #expect(pass.forest.visualCount == 18)
      let separate = examples.reduce(0) { $0 + $1.sequences.reduce(0) { $0 + $1.elements.reduce(0) { $0 + $1.rows } } }
      #expect(pass.forest.rowCount < separate * 2 / 3)
      #expect(pass.gathers.count == examples.reduce(0) { $0 + $1.labelCount })
      #expect(MicroBatch.passes(of: examples, rows: 1).map(\.members) == (0..<5).map { $0..<$0 + 1 })
      #expect(MicroBatch.passes(of: examples, rows: 4096).map(\.members) == [0..<5])
    }
  }

  /// Text once a member, a distinct image once a pass; an image that an earlier pass had is not free in a later one.
  @Test func noPassOfSeveralIsLargerThanAllowed() throws {
    try withTemporaryDirectory { folder in
      try sharedPairs(folder + "/pairs")
      let reader = try FrameReader(paths: [folder + "/pairs"])
      var examples: [Example] = []
      while let frame = try reader.next() {
        examples.append(try Example(frame, responses: .pair, contract: .published))
      }
      examples += examples + examples
      for limit in stride(from: 10, to: 400, by: 10) {
        let passes = MicroBatch.passes(of: examples, rows: limit)
        #expect(passes.flatMap { Array($0.members) } == Array(examples.indices))
        for pass in passes {
          let text = examples[pass.members].reduce(0) { $0 + $1.textRows }
          let rows = pass.images.reduce(text) { $0 + $1.patchRows.count + $1.tokenRows }
          #expect(pass.members.count == 1 || rows <= limit, "\(pass.members): \(rows) rows of \(limit)")
        }
      }
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    try withTemporaryDirectory { folder in
      try writePairs(folder + "/pairs", count: 12)
      for threads in [1, 2, 3] {
        try Compute.withThreads(threads) {
          _ = try runSteps(folder + "/out-\(threads).bin", files: [folder + "/pairs"]) { $0.batchSize = 6 }
        }
      }
      let one = try readFile(folder + "/out-1.bin")
      #expect(try readFile(folder + "/out-2.bin") == one)
      #expect(try readFile(folder + "/out-3.bin") == one)
    }
  }
}

extension FrameContract {
  /// What the fixture `published` asks for.
  static let published = FrameContract(
    checkpoint: "published", vocabularySize: 320, imageToken: 319,
    vision: Vision(
      patchSize: 4, grid: PatchGrid(height: 3, width: 3), width: 12, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]
    ) { $0 == PatchGrid(height: 3, width: 3) ? ImageRows(features: 9, tokens: 9) : nil })
}
