// SPDX-License-Identifier: MIT
// All frames of a run agree on their reference: scored by one checkpoint, or not at all.
import TensorStream
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct ReferencePolicyTests {
  /// The error of a run over the fixture's three scored pairs, changed.
  private func refusal(_ change: (Int, inout Frame) -> Void) throws -> String {
    try withTemporaryDirectory { folder in
      let reader = try FrameReader(paths: [fixture("parity/published/pairs.frames")])
      let writer = try FrameWriter(path: folder + "/pairs")
      var number = 0
      while var frame = try reader.next() {
        change(number, &frame)
        try writer.write(frame)
        number += 1
      }
      try writer.finish()
      do {
        try runSteps(folder + "/out.bin", files: [folder + "/pairs"]) { $0.batchSize = 3 }
        return "(none)"
      } catch {
        return "\(error)".replacing(folder + "/", with: "")
      }
    }
  }

  private func unscored(_ frame: inout Frame) {
    (frame.tensors["logp_chosen"], frame.tensors["logp_rejected"], frame.metadata["reference"]) = (nil, nil, nil)
  }

  @Test func scoredAndUnscoredFramesDoNotMix() throws {
    #expect(try refusal { _, _ in } == "(none)")
    #expect(try refusal { unscored(&$1) } == "(none)")
    #expect(
      try refusal { if $0 == 1 { unscored(&$1) } }
        == "pairs: frame 1 (id pair-1): has no reference log-probabilities, and frame 0 (id pair-0) has; "
        + "score all frames of a run")
    #expect(
      try refusal { if $0 == 0 { unscored(&$1) } }
        == "pairs: frame 1 (id pair-1): has reference log-probabilities, and frame 0 (id pair-0) has none; "
        + "score all frames of a run, or none")
  }

  @Test func oneCheckpointIsTheReferenceOfAll() throws {
    #expect(
      try refusal { $1.metadata["reference"] = $0 == 2 ? "ffff456789abcdef" : "0123456789abcdef" }
        == "pairs: frame 2 (id pair-2): its reference is ffff456789abcdef, that of the run is 0123456789abcdef; "
        + "score all frames with one checkpoint")
  }
}
