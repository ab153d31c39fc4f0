// SPDX-License-Identifier: MIT
// What has changed since an earlier scoring, example by example.
import Failures
import Rewards
import StrictJSON
import TensorStream

/// The earlier rewards by id, and where the new ones differ.
struct Flips {
  private struct Old {
    let rewards: [Float]
    var isSeen = false
  }
  private struct Change {
    let id: String
    let number: Int?
    let before: Float
    let after: Float
  }
  private let path: String
  private var old: [String: Old] = [:]
  private var changes: [Change] = []
  private var unknown = 0
  private var compared = 0

  /// - Parameter path: frames with `rewards`, or lines of JSON with "id" and "rewards".
  init(readingOld path: String) throws {
    self.path = path
    let bytes = try FileBytes.first(path)
    if bytes == UInt8(ascii: "{") { try readLines() } else { try readFrames() }
  }

  private mutating func readFrames() throws {
    let reader = try FrameReader(paths: [path])
    while let frame = try reader.next() {
      let rewards = try frame.floats(.rewards, shape: [nil], hint: "--diff wants frames that reward has written")
      try insert(frame.id, rewards)
    }
  }

  private mutating func readLines() throws {
    let bytes = try FileBytes.all(path)
    for (number, line) in bytes.split(separator: 0x0A).enumerated() {
      let value: JSONValue
      do { value = try JSONValue.parse(Array(line)) } catch {
        throw PlainFailure.badData("\(path):\(number + 1): \(error); --diff wants frames, or what --lines wrote")
      }
      let rewards = value["rewards"]?.array?.compactMap(\.double)
      guard let id = value["id"]?.string, let rewards, rewards.count == value["rewards"]?.array?.count else {
        throw PlainFailure.badData(
          "\(path):\(number + 1): has no \"id\" and \"rewards\"; --diff wants what --lines wrote")
      }
      try insert(id, rewards.map { Float($0) })
    }
  }

  private mutating func insert(_ id: String, _ rewards: [Float]) throws {
    guard old.updateValue(Old(rewards: rewards), forKey: id) == nil else {
      throw PlainFailure.badData("\(path): the id \"\(id)\" occurs twice; rewards are compared by id")
    }
  }

  mutating func add(_ scored: ScoredFrame) throws {
    let id = scored.frame.id
    guard let before = old[id] else {
      unknown += 1
      return
    }
    guard !before.isSeen else { throw scored.frame.error("its id occurs twice; --diff compares rewards by id") }
    old[id]?.isSeen = true
    compared += 1
    let after = scored.scores.map { Float($0.value) }
    if after.count == before.rewards.count {
      for (number, pair) in zip(before.rewards, after).enumerated() where pair.0 != pair.1 {
        changes.append(Change(id: id, number: after.count > 1 ? number : nil, before: pair.0, after: pair.1))
      }
    } else {
      func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(max(1, values.count)) }
      if mean(before.rewards) != mean(after) {
        changes.append(Change(id: id, number: nil, before: mean(before.rewards), after: mean(after)))
      }
    }
  }

  private var gone: Int { old.values.count { !$0.isSeen } }
  private var better: Int { changes.count { $0.after > $0.before } }

  /// A line a flip, and their number.
  var table: String {
    var lines = changes.map { change in
      let name = change.id + (change.number.map { " completion \($0)" } ?? "")
      return "\(name): \(change.before) -> \(change.after)"
    }
    var sum = "\(changes.count) rewards differ from \(path): \(better) better, \(changes.count - better) worse; "
    sum += "\(compared) frames compared"
    if unknown > 0 { sum += ", \(unknown) not in it" }
    if gone > 0 { sum += ", \(gone) of its frames not seen" }
    lines.append(sum)
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    [
      "better": .int(better), "worse": .int(changes.count - better), "compared": .int(compared),
      "not_in_old": .int(unknown), "not_seen": .int(gone),
      "changes": .array(
        changes.map { change in
          var object: JSONObject = JSONObject()
          object["id"] = .string(change.id)
          if let number = change.number { object["completion"] = .int(number) }
          object["before"] = .double(Double(change.before))
          object["after"] = .double(Double(change.after))
          return .object(object)
        }),
    ]
  }
}
