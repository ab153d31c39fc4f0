// SPDX-License-Identifier: MIT
// All frames of a run agree on their reference: scored by one checkpoint, or not at all.
import TensorStream
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// Supervised fine-tuning that stays near the reference, token by token: Σ (-logp + (logp - reference)² / 2) / labels.
private struct AnchoredSFT: Objective {
  let options = SFTOptions()
  var unit: String { "examples" }
  var responses: Responses { .supervised(.chosen) }
  var needsReference: Bool { true }

  func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> OutputGradients {
    let labels = Double(scored.totals.labels)
    var reference: [Float] = []
    for case .tokens(let rows) in scored.reference { reference += rows.joined() }
    try #require(reference.count == scored.logps.count)
    let gradient = zip(scored.logps, reference).map { logp, reference -> Float in
      let distance = Double(logp) - Double(reference)
      result.loss += (distance * distance / 2 - Double(logp)) / labels
      result.add("distance", abs(distance) / labels)
      return Float((distance - 1) / labels)
    }
    result.hasGradient = true
    return [.logps: gradient]
  }
}

@Suite struct ReferencePolicyTests {
  /// One response may have a reference too, and has it a token. At the first step both are the same model.
  @Test func aSupervisedResponseIsComparedTokenByToken() throws {
    try withTemporaryDirectory { folder in
      let host = RecordingHost()
      try runSteps(folder + "/out.bin", objective: AnchoredSFT(), host: host) {
        ($0.steps, $0.schedule) = (2, .constant)
      }
      let distances = try host.values("distance").compactMap { $0 }
      #expect(distances.count == 2 && distances[0] <= 1e-6 && distances[1] > 1e-6, "\(distances)")
    }
  }

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
