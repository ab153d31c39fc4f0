// SPDX-License-Identifier: MIT
// The trainer writes a tokenizer.json that reads back, compresses what it was trained on, and is the same on every run.
import StrictJSON
import TestSupport
import Testing

@testable import Tokenizers

struct BPETrainerTests {
  let texts = ["what shape is the red object ?", "the shape is a circle", "it is a circle .", "Größe 漢字 漢字 😀"]

  @Test func theMostFrequentPairsAreMergedFirst() throws {
    let json = BPETrainer.train(["low low low lower lower"], vocabularySize: 263)
    #expect(json["model"]?["merges"] == ["l o", "lo w", "Ġ low"])
    let tokenizer = try Tokenizer(json: json)
    #expect(tokenizer.idCount == 263)
    #expect(try tokenizer.encode(" low").map { tokenizer.token($0) } == ["Ġlow"])
    #expect(tokenizer.id(of: "<|endoftext|>") == 259)
    #expect(tokenizer.id(of: "<image>") == 262)
  }

  @Test func trainingTextComesBackFromFewerTokens() throws {
    let json = BPETrainer.train(texts, vocabularySize: 400)
    #expect(json == BPETrainer.train(texts, vocabularySize: 400))
    let tokenizer = try Tokenizer(json: json)
    for text in texts + ["unseen: \u{0}\n\t é ✓"] {
      #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    }
    #expect(try tokenizer.encode("the shape is a circle").count < "the shape is a circle".utf8.count / 2)
  }

  @Test func theVocabularyStopsWhereNothingRepeats() throws {
    let json = BPETrainer.train(["ab"], vocabularySize: 1000)
    #expect(json["model"]?["merges"] == [])
    #expect(try Tokenizer(json: json).idCount == 256 + BPETrainer.defaultSpecialTokens.count)
  }

  @Test func aTokenStandsBeforeEachTextWhereOneIsNamed() throws {
    let json = BPETrainer.train(texts, vocabularySize: 300, specialTokens: ["<s>", "</s>"], opening: "<s>")
    let tokenizer = try Tokenizer(json: json)
    #expect(tokenizer.opening == [tokenizer.id(of: "<s>")])
    #expect(try Tokenizer(json: BPETrainer.train(texts, vocabularySize: 300)).opening == [])
  }

  @Test func twoWaysToTheSameTokenShareOneID() throws {
    // "abc" grows from "ab c" in one word and from "a bc" in another.
    let json = BPETrainer.train(["abab ab ab bcbc bc bc abc xbc abc"], vocabularySize: 300, minFrequency: 1)
    #expect(try Tokenizer(json: json).decode(Tokenizer(json: json).encode("abcbcab abc")) == "abcbcab abc")
  }
}
