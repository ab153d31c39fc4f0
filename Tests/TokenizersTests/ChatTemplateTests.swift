// SPDX-License-Identifier: MIT
// Chats become the ids and labels that were recorded from Hugging Face's tokenizer
// (Tests/Fixtures/tokenizer/chats.json).
import Failures
import StrictJSON
import TestSupport
import Testing
import Tokenizers

struct ChatTemplateTests {
  let tokenizer = try! Tokenizer(json: JSONValue.parse(readFile(fixture("tokenizer/tokenizer.json"))))
  let record = try! JSONValue.parse(readFile(fixture("tokenizer/chats.json")))
  var image: Int32? { tokenizer.id(of: "<image>") }

  func numbers<N: BinaryInteger>(_ value: JSONValue?, as: N.Type = N.self) -> [N] {
    (value?.array ?? []).map { N($0.int ?? -1) }
  }

  func turns(_ chat: JSONValue) -> [ChatTurn] {
    (chat["turns"]?.array ?? []).enumerated().map { ChatTurn($0 % 2 == 0 ? .user : .assistant, $1.string ?? "") }
  }

  @Test func chatsHaveTheRecordedIDsAndLabels() throws {
    let chats = try #require(record["chats"]?.array)
    #expect(chats.count >= 10)
    forEvery("chat", chats.indices) { index in
      let chat = chats[index]
      let turns = turns(chat)
      let hasImage = chat["image"]?.bool ?? false
      let system = try #require(chat["system"]?.string)
      let answer = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: image, system: system)
      let paper = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: image, system: system, labels: .paper)

      let prompt = try answer.prompt([turns[0]], hasImage: hasImage)
      #expect(prompt.ids == numbers(chat["prompt"]), "\(Trace.here)")
      #expect(!prompt.mask.contains(1))
      #expect(try paper.prompt([turns[0]], hasImage: hasImage).ids == prompt.ids)
      #expect(try paper.prompt([turns[0]], hasImage: hasImage).mask == numbers(chat["prompt_mask"]), "\(Trace.here)")

      let rest = Array(turns.dropFirst())
      #expect(try answer.answer(rest).ids == numbers(chat["answer"]), "\(Trace.here)")
      #expect(try answer.answer(rest).mask == numbers(chat["answer_mask"]), "\(Trace.here)")
      #expect(try paper.answer(rest).ids == numbers(chat["paper"]), "\(Trace.here)")
      #expect(try paper.answer(rest).mask == numbers(chat["paper_mask"]), "\(Trace.here)")
      if rest.count == 1 {
        #expect(try answer.response(rest[0].text) == numbers(chat["answer"]), "\(Trace.here)")
        #expect(try paper.response(rest[0].text) == numbers(chat["paper"]), "\(Trace.here)")
      }
    }
  }

  @Test func plainIsThePlaceholderThenTheCaptionAndANewline() throws {
    let template = try ChatTemplate(.plain, tokenizer: tokenizer, imageID: image)
    for entry in try #require(record["plain"]?.array) {
      #expect(try template.response(#require(entry["text"]?.string)) == numbers(entry["ids"]))
    }
    #expect(try template.prompt([ChatTurn(.user, "ignored")], hasImage: true).ids == [#require(image)])
    #expect(throws: PlainFailure.self) { try template.prompt([], hasImage: false) }
  }

  @Test func aConversationsOwnSystemTurnReplacesTheSystemLine() throws {
    let template = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: image)
    let own = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: image, system: "Be short.")
    let question = ChatTurn(.user, "What?")
    let replaced = try template.prompt([ChatTurn(.system, "Be short."), question], hasImage: true)
    #expect(try replaced == own.prompt([question], hasImage: true))
  }

  @Test func thePlaceholderIsCountedEvenWhereSpecialStringsAreParsed() throws {
    let template = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: image, parseSpecial: true)
    #expect(throws: PlainFailure.self) { try template.prompt([ChatTurn(.user, "see <image>")], hasImage: true) }
    #expect(throws: PlainFailure.self) { try template.prompt([ChatTurn(.user, "see <image>")], hasImage: false) }
    #expect(throws: PlainFailure.self) { try template.response("an <image>") }
    let end = try #require(tokenizer.id(of: "<|im_end|>"))
    #expect(try template.response("a<|im_end|>b").filter { $0 == end }.count == 2)
  }

  @Test func aTokenizerOrCheckpointWithoutTheTokensIsRefused() throws {
    let bare = try Tokenizer(json: BPETrainer.train(["a b"], vocabularySize: 256, specialTokens: []))
    let error = #expect(throws: PlainFailure.self) { try ChatTemplate(.chatml, tokenizer: bare, imageID: nil) }
    #expect(error?.description.contains("<|im_start|>") == true)
    let blind = try ChatTemplate(.chatml, tokenizer: tokenizer, imageID: nil)
    let noImage = #expect(throws: PlainFailure.self) { try blind.prompt([ChatTurn(.user, "What?")], hasImage: true) }
    #expect(noImage?.description.contains("image_token_index") == true)
  }
}
