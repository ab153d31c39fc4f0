// SPDX-License-Identifier: MIT
// `score`: log-probabilities of pairs under a reference, of candidate answers, or of sampled completions.
import Autograd
import Checkpoints
import Examples
import Failures
import Models
import Objectives
import OptionTables
import StrictJSON
import TensorStream
import Tensors

/// What of a frame is scored.
public enum ScoreTarget: Sendable {
  /// `chosen` and `rejected`: sums.
  case pairs
  /// Every row of `choices`: sums.
  case choices
  /// Every row of `completions`: token by token.
  case completions

  var responses: Responses {
    switch self {
    case .pairs: .pair
    case .choices: .choices
    case .completions: .completions
    }
  }
}

/// Adds log-probabilities to frames.
public final class FrameScorer {
  /// Fingerprint of the whole model: the metadata `reference` of what it writes.
  public let fingerprint: String
  /// Accuracy by category, of what has passed.
  public private(set) var summary: ScoreSummary
  /// Loss, margin and accuracy of the pairs that have passed.
  public private(set) var pairs: PairSummary
  private let runner: PassRunner
  private let target: ScoreTarget

  /// - Parameter beta: β of the DPO loss in `pairs`.
  /// - Parameter key: the metadata that `summary` tells apart.
  public init(
    _ checkpoint: Checkpoint, _ target: ScoreTarget, beta: Double = DPOOptions().beta, by key: String = "category",
    note: @escaping (String) -> Void
  ) throws {
    let model = try MultimodalModel(checkpoint)
    guard model.parts.contains(.llm) else {
      throw PlainFailure.badData(
        "\(checkpoint.path): a \(checkpoint.modelType) checkpoint has no language model to score with")
    }
    fingerprint = try checkpoint.requiredModelFingerprint()
    let encoder = try checkpoint.encoderFingerprint()
    runner = PassRunner(model, contract: try FrameContract(checkpoint, model.config), encoder: encoder, note: note)
    self.target = target
    pairs = PairSummary(beta: beta)
    summary = ScoreSummary(by: key)
  }

  /// Frames go in one by one and come out with log-probabilities, in order.
  public func groups(rowsPerPass: Int = 2048) -> FrameGroups {
    let (contract, target) = (runner.contract, target)
    return FrameGroups(rowsPerPass: rowsPerPass) { frame in
      if target == .pairs, frame.tensors[.chosen] == nil {
        let others: [(TensorName, String)] = [(.choices, "candidate answers"), (.completions, "what sample wrote")]
        for (name, what) in others where frame.tensors[name] != nil {
          throw frame.error("has \"\(name)\" but no \"chosen\" and \"rejected\"; --\(name) scores \(what)")
        }
      }
      let example = try Example(frame, responses: target.responses, contract: contract)
      try self.runner.admit(example)
      return example
    } work: { frames in
      try self.score(frames.map(\.frame), frames.compactMap(\.example))
    }
  }

  private func score(_ frames: [Frame], _ examples: [Example]) throws -> [FrameResult] {
    let pass = MicroBatch(examples, members: examples.indices)
    let logps = try runner.logps(pass).value
    let values = UnsafeBufferPointer(start: UnsafePointer(logps.pointer), count: logps.count)
    defer { withExtendedLifetime(logps) {} }
    return zip(frames, examples.indices).map { frame, member in
      var frame = frame
      let sums = pass.labels(of: member).map { values.sum($0) }
      guard sums.allSatisfy(\.isFinite) else {
        return .failure(
          frame.error("its log-probabilities are not finite; are the weights of \(runner.contract.checkpoint) sound?"))
      }
      switch target {
      case .choices:
        frame.tensors[.choiceLogps] = RawTensor(f32: sums.map { Float($0) })
        summary.addChoices(frame, logps: sums)
      case .completions:
        frame.tensors[.referenceLogps] = RawTensor(
          ragged: pass.labels(of: member).map { Array(values[$0]) }, length: frame.tensors[.completions]?.shape[1])
        frame.metadata[.reference] = fingerprint
      case .pairs:
        let policy = PairLogps(chosen: sums[0], rejected: sums[1])
        pairs.add(frame, policy: policy, chosenTokens: pass.labels(of: member).first?.count ?? 0)
        frame.tensors[.chosenLogp] = RawTensor(f32: [Float(sums[0])])
        frame.tensors[.rejectedLogp] = RawTensor(f32: [Float(sums[1])])
        frame.metadata[.reference] = fingerprint
        summary.addPair(frame, chosen: sums[0], rejected: sums[1])
      }
      frame.metadata[.precision] = "f32"
      return .success(frame)
    }
  }
}
