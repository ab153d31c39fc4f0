// SPDX-License-Identifier: MIT
// Tokenizers of Llama 2's structure (characters, bytes for what has no token, a mark for each space) and of Llama 3's give
// the ids and texts that Hugging Face's `tokenizers` gave (Tests/Fixtures/tokenizer-llama).
import StrictJSON
import TestSupport
import Testing

@testable import Tokenizers

struct LlamaTokenizerTests {
  static let llama2 = try! JSONValue.parse(readFile(fixture("tokenizer-llama/tokenizer.json")))
  static let qwen2 = try! JSONValue.parse(readFile(fixture("tokenizer/tokenizer.json")))
  static let record = try! JSONValue.parse(readFile(fixture("tokenizer-llama/ids.json")))
  static let texts: [String] = {
    let qwen2 = try! JSONValue.parse(readFile(fixture("tokenizer/ids.json")))
    return ((qwen2["texts"]?.array ?? []) + (record["more"]?.array ?? [])).map { $0.string ?? "" }
  }()

  /// The tokenizer.json of a variant: what its patch replaces, "model.x" inside the model.
  static func variant(_ name: String) throws -> JSONValue {
    var file = try #require((name == "llama3" ? qwen2 : llama2).object)
    var model = try #require(file["model"]?.object)
    for step in try #require(record["variants"]?[name]?["patch"]?.array) {
      let (key, value) = try (#require(step.array?[0].string), #require(step.array?[1]))
      if key == "rename" {
        var vocabulary = JSONObject()
        for (token, id) in try #require(model["vocab"]?.object) {
          vocabulary[value.array?.contains(.string(token)) == true ? token + "-" : token] = id
        }
        model["vocab"] = .object(vocabulary)
      } else if key.hasPrefix("model.") {
        model[String(key.dropFirst(6))] = value
      } else {
        file[key] = value
      }
    }
    file["model"] = .object(model)
    return .object(file)
  }

  func numbers(_ value: JSONValue?) -> [Int32]? { value?.array?.map { Int32($0.int ?? -1) } }

  /// A byte is written with two hexadecimal digits; what else a parser of numbers takes is text.
  @Test func onlyTwoHexadecimalDigitsAreAByte() throws {
    let decoder = try TokenDecoder(json: ["type": "ByteFallback"])
    #expect(["<0x0A>", "<0xff>", "<0xE2>"].map { decoder.byte(of: $0) } == [0x0A, 0xFF, 0xE2])
    for token in ["<0x+A>", "<0x-0>", "<0x A>", "<0xG0>", "<0xA>", "<0x0A0>", "<0x\u{E9}>", "<0X0A>", "<0x0A"] {
      #expect(decoder.byte(of: token) == nil, "\(token)")
      #expect(decoder.bytes(of: token, isFirst: true) == Array(token.utf8))
    }
  }

  @Test(arguments: [
    "llama2", "normalized", "first", "always", "never", "flags", "flags-first", "unknown", "unfused", "whole",
    "fewer-bytes", "llama3",
  ])
  func idsAreThoseOfTokenizers(name: String) throws {
    let tokenizer = try Tokenizer(json: Self.variant(name))
    let reference = try #require(Self.record["variants"]?["llama2"])
    let own = try #require(Self.record["variants"]?[name])
    let more = Self.texts.count - (Self.record["more"]?.array?.count ?? 0)
    for (index, text) in Self.texts.enumerated() {
      if own["everyThird"] == true, index % 3 != 0, index < more { continue }
      let common = try #require(numbers(reference["literal"]?.array?[index]))
      let literal = name == "llama2" ? common : numbers(own["literal"]?["\(index)"]) ?? common
      let special =
        numbers(own["special"]?["\(index)"]) ?? numbers(reference["special"]?["\(index)"]) ?? literal
      #expect(try tokenizer.encode(text) == literal, "text \(index): \(text.debugDescription)")
      #expect(
        try tokenizer.encode(text, parseSpecial: true) == special, "text \(index), special: \(text.debugDescription)")
    }
  }

  @Test(arguments: ["llama2", "always", "never", "llama3"])
  func decodedTextIsThatOfTokenizers(name: String) throws {
    let tokenizer = try Tokenizer(json: Self.variant(name))
    for entry in try #require(Self.record["variants"]?[name]?["decoded"]?.array) {
      let ids = try #require(numbers(entry.array?[0]))
      #expect(tokenizer.decode(ids).utf8.elementsEqual(try #require(entry.array?[1].string).utf8), "\(ids)")
      #expect(
        tokenizer.decode(ids, skipSpecial: true).utf8.elementsEqual(try #require(entry.array?[2].string).utf8), "\(ids)"
      )
    }
  }

  @Test func oneTokenAtATimeSpellsTheSameText() throws {
    for name in ["llama2", "always", "never", "llama3"] {
      let tokenizer = try Tokenizer(json: Self.variant(name))
      for text in ["A dog.", " two  spaces\n", "漢字 😀 é\u{301}", "\t½ cup, ok?"] {
        let ids = try tokenizer.encode(text)
        let bytes = ids.enumerated().flatMap { tokenizer.bytes(of: $1, skipSpecial: true, isFirst: $0 == 0) }
        #expect(String(decoding: bytes, as: UTF8.self) == tokenizer.decode(ids), "\(name): \(text)")
      }
    }
  }

  @Test func aTextThatGoesOnHasNothingInFront() throws {
    for name in ["llama2", "first", "always", "never", "llama3"] {
      let tokenizer = try Tokenizer(json: Self.variant(name))
      let parts = try tokenizer.encode("What is it?") + tokenizer.encode(" A dog.", place: .inside)
      #expect(try parts == tokenizer.encode("What is it? A dog."))
    }
    let first = try Tokenizer(json: Self.variant("first"))
    let behind = try first.encode("<image>What is it?", parseSpecial: true).dropFirst()
    #expect(try Array(behind) == first.encode("What is it?", place: .afterToken))
  }

  @Test func whatOpensASequenceIsReadFromThePostProcessorOrTheConfig() throws {
    let (llama2, llama3) = (try Tokenizer(json: Self.llama2), try Tokenizer(json: Self.variant("llama3")))
    #expect(llama2.opening == [1])
    #expect(llama3.opening == [llama3.id(of: "<|begin_of_text|>")])
    #expect(try Tokenizer(json: Self.qwen2).opening == [])
    #expect(try Tokenizer(json: Self.llama2, config: ["add_bos_token": false]).opening == [])
    let config: JSONValue = ["add_bos_token": true, "bos_token": ["content": "</s>"]]
    #expect(try Tokenizer(json: Self.llama2, config: config).opening == [2])
  }

  /// A text without words is merged in time that grows a little faster than its length; a quadratic search would take hours.
  @Test func longTextsAreMergedQuickly() throws {
    let tokenizer = try Tokenizer(json: Self.llama2)
    let start = ContinuousClock.now
    for (text, count) in [("abcdefgh", 60_000), ("What is it? ", 40_000), (" ", 400_000)] {
      #expect(try tokenizer.encode(String(repeating: text, count: count)).count > 10_000)
    }
    #expect(ContinuousClock.now - start <= .seconds(20))
  }
}
