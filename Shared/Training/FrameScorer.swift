// SPDX-License-Identifier: MIT
// `score`: log-probabilities of pairs under a reference, of candidate answers, or of sampled completions.
import Autograd
import Checkpoints
import Failures
import Models
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
  public private(set) var summary = ScoreSummary()
  /// Loss, margin and accuracy of the pairs that have passed.
  public private(set) var pairs: PairSummary
  private let runner: PassRunner
  private let target: ScoreTarget

  /// - Parameter beta: β of the DPO loss in `pairs`.
  public init(
    _ checkpoint: Checkpoint, _ target: ScoreTarget, beta: Double = 0.1, note: @escaping (String) -> Void
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
  }

  /// Frames go in one by one and come out with log-probabilities, in order.
  public func groups(rowsPerPass: Int = 2048) -> FrameGroups {
    let (contract, target) = (runner.contract, target)
    return FrameGroups(rowsPerPass: rowsPerPass) { frame in
      if target == .pairs, frame.tensors["chosen"] == nil {
        let others = [("choices", "candidate answers"), ("completions", "what sample wrote")]
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
        frame.tensors["logp_choices"] = RawTensor(f32: sums.map { Float($0) })
        summary.addChoices(frame, logps: sums)
      case .completions:
        frame.tensors["reference_logps"] = padded(pass.labels(of: member).map { Array(values[$0]) }, like: frame)
        frame.metadata["reference"] = fingerprint
      case .pairs:
        let policy = PairLogps(chosen: sums[0], rejected: sums[1])
        pairs.add(frame, policy: policy, chosenTokens: pass.labels(of: member).first?.count ?? 0)
        frame.tensors["logp_chosen"] = RawTensor(f32: [Float(sums[0])])
        frame.tensors["logp_rejected"] = RawTensor(f32: [Float(sums[1])])
        frame.metadata["reference"] = fingerprint
        summary.addPair(frame, chosen: sums[0], rejected: sums[1])
      }
      frame.metadata["precision"] = "f32"
      return .success(frame)
    }
  }

  /// [n, L] like the frame's completions, padded with 0.
  private func padded(_ rows: [[Float]], like frame: Frame) -> RawTensor {
    let length = frame.tensors["completions"]?.shape[1] ?? 0
    let all = rows.flatMap { $0 + [Float](repeating: 0, count: length - $0.count) }
    return RawTensor(f32: all, shape: [rows.count, length])
  }
}

/// How often the right answer is the likeliest, by the metadata `category`.
public struct ScoreSummary: Sendable, Equatable {
  struct Row: Sendable, Equatable {
    var count = 0
    var correct = 0
    /// Expected correct answers of blind guessing.
    var chance = 0.0
  }
  private(set) var rows: [String: Row] = [:]
  /// Frames whose metadata `gt` is missing or names no choice.
  private(set) var withoutTruth = 0

  public init() {}

  mutating func addPair(_ frame: Frame, chosen: Double, rejected: Double) {
    add(frame, isCorrect: chosen > rejected, chance: 0.5)
  }

  mutating func addChoices(_ frame: Frame, logps: [Double]) {
    guard let truth = Self.truth(frame, count: logps.count) else {
      withoutTruth += 1
      return
    }
    // Of equal candidates the first one wins.
    let best = logps.indices.reduce(0) { logps[$1] > logps[$0] ? $1 : $0 }
    add(frame, isCorrect: best == truth, chance: 1 / Double(logps.count))
  }

  private mutating func add(_ frame: Frame, isCorrect: Bool, chance: Double) {
    let category = frame.metadata["category"] ?? "-"
    rows[category, default: Row()].count += 1
    rows[category, default: Row()].correct += isCorrect ? 1 : 0
    rows[category, default: Row()].chance += chance
  }

  /// Which choice `gt` names: its text, or its number from 0.
  private static func truth(_ frame: Frame, count: Int) -> Int? {
    guard let gt = frame.metadata["gt"] else { return nil }
    let texts = (try? frame.metadata["choices"].map { try JSONValue.parse($0) })??.array?.map(\.string)
    if let texts, texts.count == count, let index = texts.firstIndex(of: gt) { return index }
    if let index = Int(gt), (0..<count).contains(index) { return index }
    return nil
  }

  /// A table: category, examples, accuracy, and what guessing would reach, both in per cent.
  public var table: String {
    var lines = [("category", "examples", "accuracy", "chance")]
    var all = Row()
    for (category, row) in rows.sorted(by: { $0.key < $1.key }) {
      lines.append(Self.line(category, row))
      all = Row(count: all.count + row.count, correct: all.correct + row.correct, chance: all.chance + row.chance)
    }
    if rows.count != 1 { lines.append(Self.line("all", all)) }
    let width = lines.map(\.0.count).max() ?? 0
    var text = lines.map { name, count, accuracy, chance in
      name + String(repeating: " ", count: width - name.count)
        + [count, accuracy, chance].map { cell in
          String(repeating: " ", count: max(1, 10 - cell.count)) + cell
        }.joined()
    }
    if withoutTruth > 0 { text.append("(\(withoutTruth) without a \"gt\" among their choices are not counted)") }
    return text.joined(separator: "\n")
  }

  private static func line(_ name: String, _ row: Row) -> (String, String, String, String) {
    func percent(_ value: Double) -> String {
      guard row.count > 0 else { return "-" }
      let tenths = Int((1000 * value / Double(row.count)).rounded())
      return "\(tenths / 10).\(tenths % 10)"
    }
    return (name, "\(row.count)", percent(Double(row.correct)), percent(row.chance))
  }
}
