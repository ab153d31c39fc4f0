// SPDX-License-Identifier: MIT
// encode, through the executable.
import TensorStream
import TestSupport
import Testing

@Suite struct EncodeTests {
  @Test(arguments: parityModels)
  func featuresAreThoseOfTransformers(model: String) throws {
    let files = ParityFiles(model)
    let expected = try files.outputs()
    let result = try runTool("encode", ["--ckpt", files.checkpoint], stdin: files.bytes())
    #expect(result.status == 0 && result.stderr == "", "\(result.ending)")
    let frames = try read(result.stdout)
    #expect(frames.count == 3)
    for frame in frames {
      guard let features = expected["\(frame.id).features"] else {
        #expect(frame.tensors["features"] == nil && frame.metadata["encoder"] == nil, "text alone passes unchanged")
        continue
      }
      let mine = try #require(frame.tensors["features"])
      #expect(mine.shape == features.shape)
      expectClose(try mine.floats(), try features.floats(), tolerance: 1e-5, frame.id)
      let prefix = max(0, features.shape[0] - (frame.tensors["patches"]?.shape[0] ?? 0))  // CLS, where it is kept
      #expect(frame.metadata["encoder"]?.count == 16 && frame.metadata["prefix_tokens"] == "\(prefix)")
      #expect(frame.tensors["patches"] != nil && frame.tensors["chosen"] != nil, "what it does not need is passed on")
    }
  }

  @Test func filesArgumentsEnvironmentAndThreadsGiveTheSameBytes() throws {
    let files = ParityFiles()
    let piped = try runTool("encode", ["--ckpt", files.checkpoint], stdin: files.bytes())
    let named = try runTool("encode", ["--threads", "1", files.pairs], environment: ["PIVOT_CKPT": files.checkpoint])
    #expect(named.status == 0 && named.stdout == piped.stdout, "\(named.ending)")
  }

  @Test func aDetachedEncoderHasTheSameFeaturesAndFingerprint() throws {
    let files = ParityFiles()
    try withTemporaryDirectory { folder in
      let detached = try runTool("ckpt", ["detach", "vision", files.checkpoint, folder + "/vision"])
      #expect(detached.status == 0, "\(detached.ending)")
      let whole = try runTool("encode", ["--ckpt", files.checkpoint], stdin: files.bytes())
      let alone = try runTool("encode", ["--ckpt", folder + "/vision"], stdin: files.bytes())
      #expect(alone.status == 0 && alone.stdout == whole.stdout, "\(alone.ending)")
    }
  }

  @Test func bfloat16FeaturesAreTheRoundedOnes() throws {
    let files = ParityFiles()
    let exact = try read(runTool("encode", ["--ckpt", files.checkpoint], stdin: files.bytes()).stdout)
    let result = try runTool(
      "encode", ["--ckpt", files.checkpoint, "--dtype", "bf16", "--drop", "patches"], stdin: files.bytes())
    let rounded = try read(result.stdout)
    let (a, b) = (try #require(exact[0].tensors["features"]), try #require(rounded[0].tensors["features"]))
    #expect(b.dtype == .bf16 && rounded[0].tensors["patches"] == nil)
    expectClose(try b.floats(), try a.floats(), tolerance: 1 / 256)
  }

  @Test func badFramesEndItOrAreLeftOut() throws {
    let files = ParityFiles()
    let stream = try FrameWriter.pairs(files) { number, frame in
      if number == 0 { frame.metadata["grid"] = "4 4" }
    }
    let refused = try runTool("encode", ["--ckpt", files.checkpoint], stdin: stream)
    #expect(refused.status == 65)
    #expect(refused.stderr.hasPrefix("encode: stdin: frame 0 (id pair-0): \"grid\" is \"4 4\""), "\(refused.stderr)")
    #expect(refused.stderr.split(separator: "\n").count == 1)
    let skipped = try runTool("encode", ["--ckpt", files.checkpoint, "--skip-bad"], stdin: stream)
    #expect(skipped.status == 0, "\(skipped.ending)")
    #expect(try read(skipped.stdout).map(\.id) == ["pair-1", "pair-2"])
    #expect(skipped.stderr.contains("left out: stdin: frame 0 (id pair-0)"))
  }

  @Test func aDamagedStreamIsRefused() throws {
    let files = ParityFiles()
    let whole = try FrameWriter.pairs(files) { _, _ in }
    for cut in [whole.count - 1, whole.count / 2, 9, 0] {
      let result = try runTool("encode", ["--ckpt", files.checkpoint], stdin: Array(whole[..<cut]))
      #expect(result.status == 65 && result.stderr.split(separator: "\n").count == 1, "\(cut): \(result.ending)")
      #expect(throws: FrameError.self) { try read(result.stdout + [0]) }
    }
    var flipped = whole
    flipped[whole.count / 3] ^= 1
    #expect(try runTool("encode", ["--ckpt", files.checkpoint], stdin: flipped).status == 65)
  }

  @Test func theCheckpointMustBeNamedAndBeThere() throws {
    let unnamed = try runTool("encode", stdin: ParityFiles().bytes())
    #expect(unnamed.status == 64 && unnamed.stderr.contains("PIVOT_CKPT"), "\(unnamed.ending)")
    let missing = try runTool("encode", ["--ckpt", "/no/such/checkpoint"], stdin: ParityFiles().bytes())
    #expect(missing.status == 66 && missing.stderr.contains("/no/such/checkpoint"), "\(missing.ending)")
  }
}
