// SPDX-License-Identifier: MIT
// What a batch must be before it is learnt from.
import Checkpoints
import Examples
import Failures
import Inference
import Layers
import Models
import Objectives
import TensorStream

extension StepLoop {
  /// The examples of a batch in the places of their frames; nil for what does not pass all checks and is left out.
  func admit(_ frames: [ReadFrame]) throws -> [Example?] {
    var examples: [Example?] = []
    for frame in frames {
      do {
        let example = try Example(frame.get(), responses: objective.responses, contract: runner.contract)
        try runner.admit(example)
        try checkPolicy(example)
        examples.append(example)
      } catch let error as FrameError where request.skipBad {
        host.skipped(error)
        examples.append(nil)
      }
    }
    if objective.needsReference {
      try reference.admit(examples.compactMap { $0 })
      state.reference = reference.fingerprint
    }
    return examples
  }

  /// A misspelt key of a manifest loses the images without a trace, and text alone trains no encoder.
  func lookForImages(_ batch: [Example]) {
    guard !hasLookedForImages, !batch.isEmpty else { return }
    hasLookedForImages = true
    let sighted = [Part.vision, .projector].filter(options.train.contains)
    guard !sighted.isEmpty, batch.allSatisfy(\.images.isEmpty) else { return }
    host.warn(
      "no example of the first batch has an image, and --train has \(sighted.map(\.rawValue).joined(separator: ",")): text "
        + "alone does not train it; imgtok --verbose says what each key of a manifest was taken for, and --train llm trains on text"
    )
  }

  /// Completions of another policy would be taken for this one's.
  private func checkPolicy(_ example: Example) throws {
    guard objective.checksPolicy, let policy = state.policy, let named = example.group?.policy, named != policy else {
      return
    }
    throw example.place.error(
      "its completions were sampled by the policy \(named), and \(base.path) was \(policy) when this call began; sample "
        + "with the checkpoint that is trained, or --off-policy to take them")
  }
}
