// SPDX-License-Identifier: MIT
// The reward of open-ended answers from a model or service behind a command. docs/REWARDS.md has the protocol.
import Failures
import Rewards
import StrictJSON
import TensorStream

/// A judge: sends a frame's answers and references, gets their scores.
final class Judge {
  private let process: CoProcess
  private let beta: Double
  private let timeout: Double

  init(command: String, beta: Double, timeout: Double) throws {
    process = try CoProcess(name: "judge", command: command)
    self.beta = beta
    self.timeout = timeout
  }

  /// The shaped reward of each answer against the best of the references; no answer, no request.
  func scores(of spans: [String?], _ reference: Reference, _ frame: Frame) throws -> [Score] {
    let answers = spans.compactMap { $0 }
    guard !answers.isEmpty else { return spans.map { _ in .unparsable } }
    var request = JSONObject()
    request["references"] = .array(reference.alternatives.map { .string($0) })
    request["answers"] = .array(answers.map { .string($0) })
    let reply = try process.ask(request, about: frame, timeout: timeout)
    let best = try numbers("references", reference.alternatives.count, reply, frame).max() ?? 0
    var rest = try numbers("answers", answers.count, reply, frame)[...]
    return spans.map { span in
      guard span != nil, let score = rest.popFirst() else { return .unparsable }
      return shapedReward(answer: score, reference: best, beta: beta)
    }
  }

  private func numbers(_ key: String, _ count: Int, _ reply: JSONValue, _ frame: Frame) throws -> [Double] {
    let values = reply[key]?.array?.compactMap(\.double) ?? []
    guard values.count == count, reply[key]?.array?.count == count else {
      throw process.failure(
        frame, "expected \"\(key)\" with \(count) number\(count == 1 ? "" : "s") in its line, as many as it was sent")
    }
    return values
  }

  /// The judge must end well: what it scored before it failed may be wrong.
  func close() throws { try process.finish(timeout: timeout) }
}
