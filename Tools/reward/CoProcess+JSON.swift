// SPDX-License-Identifier: MIT
// Lines of JSON about frames, to a command and back.
import Failures
import StrictJSON
import TensorStream

extension CoProcess {
  /// Sends what is known of a frame beside `request`, and waits for the line about it.
  ///
  /// - Throws: 74 where the command does not answer, or with something else than a line of JSON about this frame.
  func ask(_ request: JSONObject, about frame: Frame, timeout: Double) throws -> JSONValue {
    var object = JSONObject()
    object["id"] = .string(frame.id)
    for key in [MetadataKey.question, .image, .category, .benchmark] {
      if let value = frame.metadata[key] { object[key.description] = .string(value) }
    }
    for (key, value) in request { object[key] = value }
    var line: [UInt8] = []
    JSONValue.object(object).write(to: &line)
    let answer = try ask(line, timeout: timeout)
    let reply: JSONValue
    do { reply = try JSONValue.parse(answer) } catch {
      let text = JSONValue.string(String(decoding: answer.prefix(60), as: UTF8.self)).text()
      throw failure(frame, "its line \(text) is no JSON: \(error)")
    }
    if let id = reply["id"], id != .string(frame.id) {
      throw failure(frame, "its line is about \(id.text()); expected one line for each frame, in order")
    }
    return reply
  }

  /// Never a bad example that --skip-bad may leave out: what a command that has lost the thread says next is worth
  /// nothing.
  func failure(_ frame: Frame, _ problem: String) -> PlainFailure {
    PlainFailure(.ioError, "\(name): frame \(frame.id): \(problem); see docs/REWARDS.md")
  }
}
