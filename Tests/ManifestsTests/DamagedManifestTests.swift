// SPDX-License-Identifier: MIT
// Random damage to manifest lines is refused line by line; the lines around it are still read.
import Failures
import Manifests
import TestSupport
import Testing

struct DamagedManifestTests {
  static let lines = [
    #"{"id": "a", "image": "a.png", "question": "<image>\nWhat?", "chosen": "C", "rejected": "R", "category": "x"}"#,
    #"{"image": ["a.png"], "conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}"#,
    #"{"question": "Q", "choices": ["red", "blue"], "gt": 1, "score": 0.5, "tags": [1, {"b": null}]}"#,
    #"{"image": "a.png", "label": 3, "mask": "m.png"}"#,
  ]

  @Test func damageStaysInItsLine() throws {
    let values = [
      "0", "-1", "null", "[]", "{}", "\"\"", "true", "1e99", "[\"a\", \"b\"]", "\"\\u0000\"", "\"<image>\"",
    ]
    var random = SeededGenerator(seed: 5)
    var refused = 0
    for _ in 0..<600 {
      var line = Array((Self.lines.randomElement(using: &random) ?? "").utf8)
      let at = Int.random(in: 0..<line.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: line[at] = UInt8.random(in: 0x20...0xFF, using: &random)
      case 1: line.remove(at: at)
      default:
        guard let colon = line[at...].firstIndex(of: UInt8(ascii: ":")) else { continue }
        let end = line[colon...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? line.count
        line.replaceSubrange(colon + 1..<end, with: Array((values.randomElement(using: &random) ?? "").utf8))
      }
      let good = Array(#"{"question": "good"}"#.utf8)
      let results = try read(good + [10] + line + [10] + good)
      #expect(results.count == 3)
      #expect((try? results.first?.get().id) == "line-1")
      #expect((try? results.last?.get().id) == "line-3")
      if case .failure(let error) = results[1] {
        refused += 1
        #expect(error.isRecoverable && error.exitStatus == .badData)
        #expect(error.description.contains("m.jsonl:2"), "\(error.description)")
        #expect(!error.description.contains("\n"), "\(error.description)")
      }
    }
    #expect(refused > 200 && refused < 600)
  }
}
