// SPDX-License-Identifier: MIT
// score, through the executable.
import TensorStream
import TestSupport
import Testing

@Suite struct ScoreTests {
  @Test(arguments: parityModels)
  func logProbabilitiesAreThoseOfTransformers(model: String) throws {
    let files = ParityFiles(model)
    let expected = try files.outputs()
    let result = try runTool("score", ["--ckpt", files.checkpoint], stdin: files.bytes())
    #expect(result.status == 0 && result.stderr == "", "\(result.ending)")
    for frame in try read(result.stdout) {
      for response in ["chosen", "rejected"] {
        let tokens = try #require(expected["\(frame.id).logps_\(response)"]).floats()
        let sum = tokens.reduce(0.0) { $0 + Double($1) }
        let mine = try #require(frame.tensors["logp_\(response)"]).floats()
        #expect(mine.count == 1 && abs(Double(mine[0]) - sum) <= 5e-5 * Double(tokens.count), "\(frame.id) \(response)")
      }
      #expect(frame.metadata["reference"]?.count == 16)
    }
  }

  /// The fixture's pairs carry a reference of their own: the mean loss is the one that PyTorch recorded (0.71695).
  @Test func theSummaryComparesPairsWithTheReferenceThatTheyCarry() throws {
    let files = ParityFiles()
    let result = try runTool("score", ["--ckpt", files.checkpoint, "--summary"], stdin: files.bytes())
    #expect(result.stderr.contains("dpo-loss 0.717"), "\(result.stderr)")
    // Against itself nothing has changed: ln 2, and no margin.
    let again = try runTool("score", ["--ckpt", files.checkpoint, "--summary"], stdin: result.stdout)
    #expect(again.stderr.contains("dpo-loss 0.693   margin 0.000"), "\(again.stderr)")
  }

  @Test func theFingerprintIsThatOfTheWeightsNotOfTheFile() throws {
    let files = ParityFiles("transformers5")
    try withTemporaryDirectory { folder in
      let converted = try runTool("ckpt", ["convert", files.checkpoint, folder + "/one.bin"])
      #expect(converted.status == 0, "\(converted.ending)")
      let a = try read(runTool("score", ["--ckpt", files.checkpoint], stdin: files.bytes()).stdout)
      let b = try read(runTool("score", ["--ckpt", folder + "/one.bin"], stdin: files.bytes()).stdout)
      #expect(a[0].metadata["reference"] == b[0].metadata["reference"])
      let other = try read(runTool("score", ["--ckpt", ParityFiles().checkpoint], stdin: ParityFiles().bytes()).stdout)
      #expect(a[0].metadata["reference"] != other[0].metadata["reference"])
    }
  }

  @Test func featuresServeExactlyWhereTheEncoderFits() throws {
    let files = ParityFiles()
    let direct = try read(runTool("score", ["--ckpt", files.checkpoint], stdin: files.bytes()).stdout)
    let encoded = try runPipeline(
      "encode --ckpt \(files.checkpoint) --drop patches \(files.pairs) | score --ckpt \(files.checkpoint)")
    #expect(encoded.status == 0 && encoded.stderr == "", "\(encoded.ending)")
    for (a, b) in zip(direct, try read(encoded.stdout)) {
      #expect(a.tensors["logp_chosen"] == b.tensors["logp_chosen"], "\(a.id)")
    }
    // Features of another encoder: encoded again with one note where there are patches, refused where there are none.
    func stream(_ drop: [String]) throws -> [UInt8] {
      let bytes = try runTool("encode", ["--ckpt", files.checkpoint] + drop, stdin: files.bytes()).stdout
      return try FrameWriter.bytes(
        read(bytes).map { frame in
          var frame = frame
          if frame.metadata["encoder"] != nil { frame.metadata["encoder"] = "0123456789abcdef" }
          return frame
        })
    }
    let again = try runTool("score", ["--ckpt", files.checkpoint], stdin: stream([]))
    #expect(again.status == 0 && again.stderr.contains("another encoder (0123456789abcdef)"), "\(again.ending)")
    #expect(again.stderr.split(separator: "\n").count == 1)
    #expect(try read(again.stdout)[0].tensors["logp_chosen"] == direct[0].tensors["logp_chosen"])
    let refused = try runTool("score", ["--ckpt", files.checkpoint], stdin: stream(["--drop", "patches"]))
    #expect(refused.status == 65 && refused.stderr.contains("frame 0 (id pair-0)"), "\(refused.ending)")
  }

  @Test func choicesAreScoredLikeResponses() throws {
    let files = ParityFiles()
    let stream = try FrameWriter.pairs(files) { number, frame in
      let chosen = try #require(frame.tensors["chosen"]).int32s()
      let rejected = try #require(frame.tensors["rejected"]).int32s()
      let length = max(chosen.count, rejected.count)
      func padded(_ ids: [Int32]) -> [Int32] { ids + [Int32](repeating: -1, count: length - ids.count) }
      frame.tensors["choices"] = RawTensor(i32: padded(chosen) + padded(rejected), shape: [2, length])
      frame.metadata["choices"] = #"["yes", "no"]"#
      frame.metadata["gt"] = number == 1 ? "no" : "yes"
      frame.metadata["category"] = number < 2 ? "colour" : "text"
    }
    let result = try runTool("score", ["--ckpt", files.checkpoint, "--choices", "--summary"], stdin: stream)
    #expect(result.status == 0, "\(result.ending)")
    let pairs = try read(runTool("score", ["--ckpt", files.checkpoint], stdin: stream).stdout)
    var correct = 0
    for (index, (a, b)) in zip(try read(result.stdout), pairs).enumerated() {
      let mine = try #require(a.tensors["logp_choices"])
      let expected = [
        try #require(b.tensors["logp_chosen"]).floats()[0], try #require(b.tensors["logp_rejected"]).floats()[0],
      ]
      #expect(mine.shape == [2])
      expectClose(try mine.floats(), expected, tolerance: 1e-6)
      #expect(a.metadata["reference"] == nil)
      if (expected[0] > expected[1]) == (index != 1) { correct += 1 }
    }
    let table = result.stderr.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(table.map(\.first) == ["category", "colour", "text", "all"])
    #expect(table[1][1] == "2" && table[3][1] == "3")
    #expect(table[0] == ["category", "examples", "accuracy", "error", "chance", "majority", "interval"])
    #expect(table[3][2] == ["0.0", "33.3", "66.7", "100.0"][correct])
    // Half of Wilson's interval at one standard error, and that of 95 %: neither is empty at 0 or 3 of 3. Of "yes", "no"
    // | "yes" always saying the more frequent is right in 1 of 2 and 1 of 1.
    let error = ["12.5", "23.9", "23.9", "12.5"][correct]
    let interval = ["0.0-56.1", "6.1-79.2", "20.8-93.9", "43.9-100.0"][correct]
    #expect(Array(table[3].dropFirst(3)) == [error, "50.0", "66.7", interval])

    let byText = try runTool(
      "score", ["--ckpt", files.checkpoint, "--choices", "--summary", "--by", "gt"], stdin: stream)
    let rows = byText.stderr.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows.map(\.first) == ["gt", "no", "yes", "all"] && rows[1][1] == "1" && rows[2][1] == "2")
  }

  @Test func choicesWithoutTheOptionAreExplained() throws {
    let files = ParityFiles()
    let stream = try FrameWriter.pairs(files) { _, frame in
      frame.tensors["choices"] = RawTensor(i32: [1, 2], shape: [2, 1])
      frame.tensors["chosen"] = nil
    }
    let result = try runTool("score", ["--ckpt", files.checkpoint], stdin: stream)
    #expect(result.status == 65 && result.stderr.contains("--choices"), "\(result.ending)")
  }

  /// Visual preference: the rejected response is read with another image.
  @Test func theRejectedResponseMayHaveAnImageOfItsOwn() throws {
    let files = ParityFiles()
    let other = try #require(try read(files.bytes())[1].tensors["patches"])
    func stream(_ change: (inout Frame) -> Void) throws -> [UInt8] {
      var frame = try read(files.bytes())[0]
      change(&frame)
      return try FrameWriter.bytes([frame])
    }
    let visual = try stream {
      $0.tensors["patches_rejected"] = other
      $0.metadata["grid_rejected"] = $0.metadata["grid"]
    }
    let swapped = try stream { $0.tensors["patches"] = other }
    func logps(_ bytes: [UInt8]) throws -> [Float] {
      let result = try runTool("score", ["--ckpt", files.checkpoint], stdin: bytes)
      #expect(result.status == 0, "\(result.ending)")
      let frame = try read(result.stdout)[0]
      return try ["logp_chosen", "logp_rejected"].map { try #require(frame.tensors[$0]).floats()[0] }
    }
    let (mine, plain, moved) = (try logps(visual), try logps(stream { _ in }), try logps(swapped))
    #expect(plain[1] != moved[1])
    expectClose(mine, [plain[0], moved[1]], tolerance: 1e-6)
    // Through features it is the same.
    let encoded = try runTool(
      "encode", ["--ckpt", files.checkpoint, "--drop", "patches,patches_rejected"], stdin: visual)
    #expect(try read(encoded.stdout)[0].tensors["features_rejected"] != nil)
    expectClose(try logps(encoded.stdout), mine, tolerance: 1e-6)
  }
}
