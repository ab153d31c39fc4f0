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
    request["id"] = .string(frame.id)
    for key in ["question", "image", "category", "benchmark"] {
      if let value = frame.metadata[key] { request[key] = .string(value) }
    }
    request["references"] = .array(reference.alternatives.map { .string($0) })
    request["answers"] = .array(answers.map { .string($0) })
    var line: [UInt8] = []
    JSONValue.object(request).write(to: &line)
    let reply = try reply(process.ask(line, timeout: timeout), frame)
    let best = try numbers("references", reference.alternatives.count, reply, frame).max() ?? 0
    var rest = try numbers("answers", answers.count, reply, frame)[...]
    return spans.map { span in
      guard span != nil, let score = rest.popFirst() else { return .unparsable }
      return shapedReward(answer: score, reference: best, beta: beta)
    }
  }

  private func reply(_ line: [UInt8], _ frame: Frame) throws -> JSONValue {
    let reply: JSONValue
    do { reply = try JSONValue.parse(line) } catch {
      let text = JSONValue.string(String(decoding: line.prefix(60), as: UTF8.self)).text()
      throw failure(frame, "its line \(text) is no JSON: \(error)")
    }
    if let id = reply["id"], id != .string(frame.id) {
      throw failure(frame, "its line is about \(id.text()); expected one line for each frame, in order")
    }
    return reply
  }

  /// Never a bad example that --skip-bad may leave out: what a judge that has lost the thread says next is worth
  /// nothing.
  private func failure(_ frame: Frame, _ problem: String) -> PlainFailure {
    PlainFailure(.ioError, "judge: frame \(frame.id): \(problem); see docs/REWARDS.md")
  }

  private func numbers(_ key: String, _ count: Int, _ reply: JSONValue, _ frame: Frame) throws -> [Double] {
    let values = reply[key]?.array?.compactMap(\.double) ?? []
    guard values.count == count, reply[key]?.array?.count == count else {
      throw failure(
        frame, "expected \"\(key)\" with \(count) number\(count == 1 ? "" : "s") in its line, as many as it was sent")
    }
    return values
  }

  /// The judge must end well: what it scored before it failed may be wrong.
  func close() throws { try process.finish(timeout: timeout) }
}
