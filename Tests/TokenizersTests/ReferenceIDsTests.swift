// SPDX-License-Identifier: MIT
// Token ids equal those that Hugging Face's `tokenizers` gave for the recorded texts (Tests/Fixtures/tokenizer).
import StrictJSON
import TestSupport
import Testing

@testable import Tokenizers

struct ReferenceIDsTests {
  let base = try! JSONValue.parse(readFile(fixture("tokenizer/tokenizer.json")))
  let record = try! JSONValue.parse(readFile(fixture("tokenizer/ids.json")))

  /// tokenizer.json with the changes of one variant.
  func variant(_ name: String) throws -> JSONValue {
    guard var json = base.object, var model = json["model"]?.object else { throw TokenizerError.malformed("no object") }
    for step in try #require(record["variants"]?[name]?["patch"]?.array) {
      let (key, value) = try (#require(step.array?[0].string), #require(step.array?[1]))
      if key == "ignore_merges" {
        model["ignore_merges"] = value
        model["merges"] = .array(
          try #require(model["merges"]?.array).filter {
            $0 != "Ġ picture" && $0.string?.split(separator: " ").joined() != "Ġpicture"
              && $0.string?.split(separator: " ").joined() != "Ġdog"
          })
      } else {
        json[key] = value
      }
    }
    json["model"] = .object(model)
    return .object(json)
  }

  func numbers(_ value: JSONValue?) -> [Int32]? { value?.array?.map { Int32($0.int ?? -1) } }

  @Test(arguments: ["qwen2", "plain", "flags", "gpt2", "llama3", "whole"])
  func idsAreThoseOfTokenizers(name: String) throws {
    let tokenizer = try Tokenizer(json: variant(name))
    let texts = try #require(record["texts"]?.array)
    let reference = try #require(record["variants"]?["qwen2"]?["literal"]?.array)
    let own = record["variants"]?[name]
    for (index, text) in texts.enumerated() {
      let text = try #require(text.string)
      let literal = try #require(
        numbers(name == "qwen2" ? reference[index] : own?["literal"]?["\(index)"] ?? reference[index]))
      let special = numbers(own?["special"]?["\(index)"]) ?? literal
      #expect(try tokenizer.encode(text, parseSpecial: false) == literal, "text \(index): \(text.debugDescription)")
      #expect(
        try tokenizer.encode(text, parseSpecial: true) == special, "text \(index), special: \(text.debugDescription)")
    }
  }

  @Test func decodedTextIsThatOfTokenizers() throws {
    let tokenizer = try Tokenizer(json: base)
    for entry in try #require(record["decoded"]?.array) {
      let ids = try #require(numbers(entry.array?[0]))
      #expect(tokenizer.decode(ids).utf8.elementsEqual(try #require(entry.array?[1].string).utf8), "\(ids)")
      #expect(
        tokenizer.decode(ids, skipSpecial: true).utf8.elementsEqual(try #require(entry.array?[2].string).utf8), "\(ids)"
      )
    }
  }

  @Test func mergesAsPairsMeanTheSameAsMergesAsText() throws {
    guard var json = base.object, var model = json["model"]?.object else { return }
    model["merges"] = .array(
      try #require(model["merges"]?.array).map { merge in
        .array(try #require(merge.string).split(separator: " ").map { .string(String($0)) })
      })
    json["model"] = .object(model)
    let pairs = try Tokenizer(json: .object(json))
    let text = try Tokenizer(json: base)
    for sample in try #require(record["texts"]?.array) {
      let sample = try #require(sample.string)
      #expect(try pairs.encode(sample) == text.encode(sample))
    }
  }
}
