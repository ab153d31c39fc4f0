// SPDX-License-Identifier: MIT
// What a run remembers comes back whole, and whatever would change its numbers is refused.
import Checkpoints
import Failures
import StrictJSON
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

@Suite struct RunStateTests {
  /// Every field with a value that none of the others has, and that is not its default.
  private func state(_ input: RunInput = .file(size: 1234, digest: "0a1b", frames: 17)) -> RunState {
    var options = JSONObject()
    options["lr"] = 0.25
    options["shuffle"] = true
    var state = RunState(
      tool: "grpo-step", options: options, initPath: "base", initFingerprint: "0123456789abcdef", input: input)
    state.reference = "fedcba9876543210"
    (state.step, state.epoch, state.batch, state.update, state.flatSteps) = (11, 2, 3, 4, 5)
    (state.policy, state.policyStep) = ("00112233", 6)
    state.memory = ["kl_coef": 0.0625]
    (state.consumed, state.isCallOver, state.isFinished) = (29, false, true)
    state.unlogged = "{\"step\":11}"
    state.imageSteps = 7
    state.zeroSteps = [.vision: 7, .projector: 1]
    return state
  }

  @Test func nothingIsForgotten() throws {
    for input in [RunInput.stream, .file(size: 1234, digest: "0a1b", frames: 17)] {
      let before = state(input)
      let text = before.json.text()
      #expect(try RunState(JSONValue.parse(text), checkpoint: "out") == before, "\(text)")
    }
  }

  /// What computed is of use while steps are left, and states of older versions do not say it.
  @Test func kernelsAreRememberedUntilTheEnd() throws {
    var unfinished = state()
    unfinished.isFinished = false
    #expect(unfinished.json["kernels"] == nil)
    unfinished.kernels = "OpenBLAS Haswell, kernels avx2"
    #expect(try RunState(unfinished.json, checkpoint: "out") == unfinished)
    unfinished.isFinished = true
    #expect(unfinished.json["kernels"] == nil)
  }

  /// Numbers that younger versions added are 0 in older states; a state without any other is refused by name.
  @Test func aStateThatLacksSomethingIsRefused() throws {
    let whole = try #require(state().json.object)
    let young: Set = ["update", "flat_steps", "policy", "policy_step", "objective", "reference", "unlogged"]
    for key in whole.keys {
      var object = whole
      object[key] = nil
      if young.contains(key) {
        #expect(throws: Never.self) { try RunState(.object(object), checkpoint: "out") }
      } else if key == "zero_steps" {
        #expect(try RunState(.object(object), checkpoint: "out").zeroSteps.isEmpty)
      } else {
        #expect { try RunState(.object(object), checkpoint: "out") } throws: { error in
          "\(error)".hasPrefix("out: the training state ")
            && "\(error)".hasSuffix("use --new-run to start from its weights")
        }
      }
    }
  }

  @Test func whatWouldChangeTheNumbersIsRefused() {
    let saved = state()
    #expect(saved.mismatch(with: saved, checkpoint: "out") == nil)
    func refusal(_ change: (inout RunState) -> Void) -> String {
      var now = saved
      change(&now)
      return saved.mismatch(with: now, checkpoint: "out")?.description ?? "(none)"
    }
    #expect(refusal { $0.tool = "dpo-step" }.hasPrefix("out: holds a run of grpo-step; "))
    #expect(refusal { $0.options["lr"] = 0.5 }.hasPrefix("--lr 0.5: the run in out has 0.25; "))
    #expect(refusal { $0.options["beta"] = 1 }.hasPrefix("--beta 1: the run in out has no value; "))
    #expect(refusal { $0.options["lr"] = nil }.hasPrefix("--lr: the run in out has 0.25, now there is none; "))
    #expect(refusal { $0.initFingerprint = "0" }.hasPrefix("--init base: the run in out began from base, which has "))
    #expect(refusal { $0.input = .stream }.hasPrefix("the run in out reads a file, now a stream is given; "))
    #expect(
      refusal { $0.input = .file(size: 1234, digest: "ffff", frames: 17) }.hasPrefix(
        "the run in out reads a file of 17 frames (1234 bytes), this one has 17 frames (1234 bytes) and other contents; "
      ))
    #expect(
      refusal { $0.input = .file(size: 1235, digest: "0a1b", frames: 18) }.contains(
        "this one has 18 frames (1235 bytes);"))
    // The path by which the same weights were named is no difference, nor is where the run stands.
    #expect(
      refusal {
        $0.initPath = "copy-of-base"
        $0.step = 0
        $0.batch = 0
      } == "(none)")
  }
}
