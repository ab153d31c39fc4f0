// SPDX-License-Identifier: MIT
// What is read from a frame: each tool asks for other tensors of it.
import TensorStream

/// Which responses of a frame are asked for.
public enum Responses: Sendable, Equatable {
  /// `chosen` and `rejected`.
  case pair
  /// `chosen` or `answer`; nil: `chosen` where the frame has it.
  case supervised(SFTTarget?)
  /// Every row of `choices`.
  case choices
  /// Every row of `completions`.
  case completions
  /// Every row of `completions`, with what reinforcement learning needs: rewards and log-probabilities.
  case group
  /// The prompt alone.
  case prompt
  /// Images only.
  case none
}

/// What `sft-step` learns to say.
public enum SFTTarget: String, CaseIterable, Sendable {
  /// The preferred response of a pair.
  case chosen
  /// The supervised answer.
  case answer

  /// Where a frame has it.
  var tensor: TensorName { self == .chosen ? .chosen : .answer }
}
