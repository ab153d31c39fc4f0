// SPDX-License-Identifier: MIT
// The completions of one prompt, as reinforcement learning reads them: rewards, and log-probabilities when they were
// sampled.
import Failures
import TensorStream

/// What is known of the n completions of one frame.
public struct CompletionGroup: Sendable {
  /// The rewards, one a completion.
  public let values: [Float]
  /// `rewards_NAME` by NAME: what each rule gave.
  public let sources: [(name: String, values: [Float])]
  /// One a token of each completion, in nats: what the policy that sampled them gave, at temperature 1.
  public let oldLogps: [[Float]]
  /// Fingerprint of that policy, where the frame says it.
  public let policy: String?
  /// Metadata `category`.
  public let category: String?
  /// Completions that were cut at the sampler's length; nil where the frame does not say.
  public let capped: Int?
}

extension FrameChecker {
  /// Reads what goes with `completions`.
  /// - Parameter lengths: tokens of each completion.
  func group(_ lengths: [Int]) throws -> CompletionGroup {
    guard frame.tensors[.rewards] != nil else {
      throw refusal("there is no tensor \"rewards\", which reward writes; its tensors are \(tensorNames)")
    }
    let values = try rewards(.rewards, count: lengths.count)
    let sources = try frame.tensors.keys.sorted().compactMap { name in
      try TensorName(name).rewardsRule.map {
        (name: $0, values: try rewards(TensorName(name), count: lengths.count))
      }
    }
    guard let old = try tokenLogps(.completionLogps, lengths) else {
      throw refusal("there is no tensor \"completion_logps\", which sample writes; its tensors are \(tensorNames)")
    }
    return CompletionGroup(
      values: values, sources: sources, oldLogps: old,
      policy: frame.metadata[.policy], category: frame.metadata[.category], capped: try capped(lengths.count))
  }

  /// `reference_logps` and the reference's fingerprint.
  func groupReference(_ lengths: [Int]) throws -> (ReferenceLogps?, String?) {
    guard let logps = try tokenLogps(.referenceLogps, lengths) else { return (nil, nil) }
    return (.tokens(logps), frame.metadata[.reference] ?? "")
  }

  private func rewards(_ name: TensorName, count: Int) throws -> [Float] {
    let tensor = try frame.tensor(name, [.f32], shape: [nil])
    guard tensor.count == count else {
      throw refusal("\"\(name)\" is \(tensor.summary), expected one for each of the \(count) completions")
    }
    let values = try tensor.floats()
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw refusal("\"\(name)\"[\(bad)] is \(values[bad]), expected a finite reward")
    }
    return values
  }

  /// The rows of an F32 tensor of the shape of `completions`, each as long as its completion.
  private func tokenLogps(_ name: TensorName, _ lengths: [Int]) throws -> [[Float]]? {
    guard let tensor = frame.tensors[name] else { return nil }
    guard tensor.dtype == .f32, tensor.shape == frame.tensors[.completions]?.shape else {
      let shape = frame.tensors[.completions].map { "\($0.shape)" } ?? "[n, L]"
      throw refusal("\"\(name)\" is \(tensor.summary), expected F32 \(shape), like \"completions\"")
    }
    return try lengths.indices.map { row in
      let values = tensor.values(row: row, count: lengths[row])
      // Rounding of a certain token may end a little above 0.
      if let bad = values.firstIndex(where: { !($0.isFinite && $0 <= 1e-4) }) {
        throw refusal(
          "\"\(name)\"[\(row), \(bad)] is \(values[bad]), expected a log-probability: finite and at most 0")
      }
      return values
    }
  }

  /// How many of the metadata `finish` ("eos,length,…") are "length".
  private func capped(_ count: Int) throws -> Int? {
    guard let text = frame.metadata[.finish] else { return nil }
    let all = text.split(separator: ",", omittingEmptySubsequences: false)
    guard all.count == count else {
      throw refusal("\"finish\" is \"\(text)\", expected one for each of the \(count) completions")
    }
    return all.count { $0 == "length" }
  }
}
