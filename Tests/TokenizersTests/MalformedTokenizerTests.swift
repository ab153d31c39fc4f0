// SPDX-License-Identifier: MIT
// A tokenizer.json that is wrong, or asks for what is not implemented, is refused by name.
import StrictJSON
import TestSupport
import Testing
import Tokenizers

struct MalformedTokenizerTests {
  /// All 256 bytes, one merge, one special token; then the change of a case.
  func json(_ change: (inout JSONObject) throws -> Void) throws -> JSONValue {
    var object = try #require(JSONValue.parse(readFile(fixture("tokenizer/tokenizer.json"))).object)
    try change(&object)
    return .object(object)
  }

  func model(_ key: String, _ value: JSONValue) throws -> JSONValue {
    try json { file in
      var model = try #require(file["model"]?.object)
      model[key] = value
      file["model"] = .object(model)
    }
  }

  func expectRefused(_ json: JSONValue, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    do {
      _ = try Tokenizer(json: json)
      Issue.record("accepted, expected \"\(text)\"", sourceLocation: sourceLocation)
    } catch let error as TokenizerError {
      #expect(error.description.contains(text), "\(error.description)", sourceLocation: sourceLocation)
      #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }

  @Test func structureIsChecked() throws {
    expectRefused([1], "expected an object")
    expectRefused([:], "\"model\" is missing")
    expectRefused(try model("vocab", .null), "\"vocab\" is missing")
    expectRefused(try model("vocab", ["a": -1]), "token \"a\" has id -1")
    expectRefused(try model("vocab", ["a": 1.5]), "token \"a\" has id 1.5")
    expectRefused(try model("vocab", ["a": 99_999_999_999]), "token \"a\" has id 99999999999")
    expectRefused(try model("vocab", ["a": 0, "b": 0]), "tokens \"a\" and \"b\" have the same id 0")
    expectRefused(try model("merges", .null), "\"merges\" is missing")
    expectRefused(try model("merges", ["a"]), "merge 0 is \"a\"")
    expectRefused(try model("merges", ["a b c"]), "merge 0 is \"a b c\"")
    expectRefused(try model("merges", [["a", "b", "c"]]), "merge 0 is")
    expectRefused(try model("merges", [3]), "merge 0 is 3")
    expectRefused(try model("merges", ["zz qq"]), "lacks one of the two tokens or their union")
    expectRefused(try model("unk_token", "<nope>"), "\"unk_token\" is \"<nope>\"")
    expectRefused(try json { $0["added_tokens"] = ["x"] }, "added token 0 is \"x\"")
    expectRefused(
      try json { $0["added_tokens"] = [["id": 0, "content": "<x>"]] }, "added token \"<x>\" has id 0, which is token")
    expectRefused(try json { $0["added_tokens"] = [["id": 9000, "content": "a"]] }, "but \"vocab\" gives it")
    expectRefused(
      try json { $0["added_tokens"] = [["id": 9000, "content": "<x>"], ["id": 9001, "content": "<x>"]] }, "occurs twice"
    )
  }

  @Test func whatIsNotImplementedIsNamed() throws {
    expectRefused(
      try json { $0["post_processor"] = ["type": "BertProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0]] },
      "\"post_processor\" is \"BertProcessing\", which is not supported; supported: TemplateProcessing")
    expectRefused(try model("type", "WordPiece"), "\"type\" is \"WordPiece\"")
    expectRefused(try model("byte_fallback", true), "\"byte_fallback\" is true")
    expectRefused(try model("dropout", 0.1), "\"dropout\" is 0.1")
    expectRefused(try model("end_of_word_suffix", "</w>"), "\"end_of_word_suffix\" is \"</w>\"")
    expectRefused(try json { $0["normalizer"] = ["type": "Lowercase"] }, "\"normalizer\" is {\"type\":\"Lowercase\"}")
    expectRefused(
      try json { $0["pre_tokenizer"] = ["type": "Whitespace"] }, "\"pre_tokenizer\" is {\"type\":\"Whitespace\"}")
    expectRefused(try json { $0["pre_tokenizer"] = .null }, "\"pre_tokenizer\" is null")
    expectRefused(
      try json { $0["pre_tokenizer"] = ["type": "ByteLevel", "add_prefix_space": true, "use_regex": true] },
      "\"add_prefix_space\" is true")
  }

  @Test func aByteWithoutTokenIsAnErrorThatNamesIt() throws {
    let tokenizer = try Tokenizer(
      json: [
        "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"]],
        "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      ])
    #expect(try tokenizer.encode("abba") == [2, 1, 0])
    #expect(throws: TokenizerError.noToken(byte: 0x63, word: "abc")) { try tokenizer.encode("abc") }
  }

  // MARK: SentencePiece's kind

  func llama(_ changes: [(String, JSONValue)]) throws -> JSONValue {
    var file = try #require(JSONValue.parse(readFile(fixture("tokenizer-llama/tokenizer.json"))).object)
    var model = try #require(file["model"]?.object)
    for (key, value) in changes {
      if key.hasPrefix("model.") { model[String(key.dropFirst(6))] = value } else { file[key] = value }
    }
    file["model"] = .object(model)
    return .object(file)
  }

  @Test func marksOfSpacesAreChecked() throws {
    func metaspace(_ key: String, _ value: JSONValue) throws -> JSONValue {
      var step = JSONObject()
      step["type"] = "Metaspace"
      step[key] = value
      return try llama([("normalizer", .null), ("pre_tokenizer", .object(step))])
    }
    expectRefused(try metaspace("replacement", "--"), "\"replacement\" is \"--\", expected one character")
    expectRefused(try metaspace("replacement", ""), "\"replacement\" is \"\", expected one character")
    expectRefused(try metaspace("prepend_scheme", "some"), "\"prepend_scheme\" is \"some\"")
    expectRefused(try llama([("normalizer", ["type": "Prepend"])]), "Prepend has no \"prepend\"")
    let expression: JSONValue = ["type": "Replace", "pattern": ["Regex": " +"], "content": "_"]
    expectRefused(
      try llama([("normalizer", expression)]), "\"Replace\" is {\"type\":\"Replace\",\"pattern\":{\"Regex\"")
    let two: JSONValue = ["type": "Sequence", "pretokenizers": [["type": "Metaspace"], ["type": "Digits"]]]
    expectRefused(
      try llama([("pre_tokenizer", two), ("model.byte_fallback", false)]), "\"pre_tokenizer\" is {\"type\":\"Sequence\""
    )
  }

  @Test func decodersThatAreNotImplementedAreNamed() throws {
    expectRefused(try llama([("decoder", ["type": "WordPiece"])]), "\"decoder\" is {\"type\":\"WordPiece\"}")
    expectRefused(
      try llama([("decoder", ["type": "Strip", "content": " ", "start": 0, "stop": 1])]),
      "supported: Replace, ByteFallback")
  }

  @Test func aCharacterWithoutTokenIsAnErrorThatNamesIt() throws {
    let tokenizer = try Tokenizer(json: llama([("model.byte_fallback", false), ("model.unk_token", .null)]))
    #expect(throws: TokenizerError.noToken(byte: 0xF0, word: "▁A\u{1F600}")) { try tokenizer.encode("A\u{1F600}") }
  }
}
