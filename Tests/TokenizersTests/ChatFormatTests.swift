// SPDX-License-Identifier: MIT
// Published chat templates are known, and prompts in their formats have the ids that transformers gives them
// (Tests/Fixtures/tokenizer-llama/chats.json).
import Failures
import StrictJSON
import TestSupport
import Testing

@testable import Tokenizers

struct ChatFormatTests {
  static let record = try! JSONValue.parse(readFile(fixture("tokenizer-llama/chats.json")))

  func numbers(_ value: JSONValue?) -> [Int32]? { value?.array?.map { Int32($0.int ?? -1) } }

  func published(_ name: String, _ source: String? = nil) throws -> PublishedTemplate {
    let tokens = Self.record["tokens"]?[name] ?? Self.record["tokens"]?["others"]
    return PublishedTemplate(
      file: "chat_template.jinja", source: try source ?? #require(Self.record["templates"]?[name]?.string),
      tokens: try #require(tokens?.object))
  }

  func turns(_ chat: JSONValue) -> [ChatTurn] {
    (chat["system"]?.string.map { [ChatTurn(.system, $0)] } ?? [])
      + (chat["turns"]?.array ?? []).enumerated().map { ChatTurn($0 % 2 == 0 ? .user : .assistant, $1.string ?? "") }
  }

  // MARK: Ids

  @Test func promptsHaveTheIDsThatTransformersGives() throws {
    var count = 0
    for group in try #require(Self.record["chats"]?.array) {
      let name = try #require(group["format"]?.string)
      let kind = try #require(group["tokenizer"]?.string)
      let tokenizer = try Tokenizer(json: LlamaTokenizerTests.variant(kind))
      let image = tokenizer.id(of: "<image>")
      for chat in try #require(group["chats"]?.array) {
        let takesImages = chat["takesImages"]?.bool ?? false
        guard case .known(let format, let system) = try published(name).compared(image: takesImages ? "<image>" : nil)
        else {
          Issue.record("\(name): not known")
          continue
        }
        #expect(format.name == name)
        let template = try ChatTemplate(
          format, tokenizer: tokenizer, imageID: takesImages ? image : nil, system: system)
        let turns = turns(chat)
        let prompt = try template.prompt(turns.dropLast(), hasImage: chat["image"]?.bool ?? false)
        #expect(prompt.ids == numbers(chat["prompt"]), "\(name), \(kind): \(turns)")
        #expect(!prompt.mask.contains(1))
        count += 1
        guard let whole = numbers(chat["whole"]), let answer = turns.last?.text else { continue }
        #expect(try prompt.ids + template.response(answer) == whole, "\(name), \(kind): \(turns)")
      }
    }
    #expect(count == 77)
  }

  /// A whole conversation is its first prompt and the supervised rest, where the format ends every answer alike.
  @Test func aConversationIsItsPromptAndWhatFollows() throws {
    for (format, kind) in [(ChatFormat.vicuna, "llama2"), (.llama2, "llama2"), (.llama3, "llama3")] {
      let tokenizer = try Tokenizer(json: LlamaTokenizerTests.variant(kind))
      let template = try ChatTemplate(format, tokenizer: tokenizer, imageID: tokenizer.id(of: "<image>"))
      let turns = [
        ChatTurn(.user, "What is it?"), ChatTurn(.assistant, "A dog."), ChatTurn(.user, "Sure?"),
        ChatTurn(.assistant, "Yes."),
      ]
      let rest = try template.answer(Array(turns[1...]))
      let parts = try template.prompt(Array(turns[..<1]), hasImage: true).ids + rest.ids
      let later = try template.prompt(Array(turns[..<3]), hasImage: true).ids + template.response("Yes.")
      #expect(parts == later, "\(format.name)")
      let trained = zip(rest.ids, rest.mask).filter { $0.1 == 1 }.map(\.0)
      #expect(try trained == template.response("A dog.") + template.response("Yes."), "\(format.name)")
    }
  }

  @Test func answersOfLLaVAEndThoughItsTemplateDoesNotWriteIt() throws {
    let tokenizer = try Tokenizer(json: LlamaTokenizerTests.llama2)
    let template = try ChatTemplate(.llava, tokenizer: tokenizer, imageID: nil)
    let ids = try template.answer([
      ChatTurn(.assistant, "A dog."), ChatTurn(.user, "Sure?"), ChatTurn(.assistant, "Yes."),
    ]).ids
    #expect(tokenizer.decode(ids) == "A dog.</s> USER: Sure? ASSISTANT: Yes.</s>")
  }

  @Test func specialStringsInTextsAreText() throws {
    let tokenizer = try Tokenizer(json: LlamaTokenizerTests.llama2)
    let end = try #require(tokenizer.id(of: "</s>"))
    for format in [ChatFormat.vicuna, .llava, .llama2] {
      let template = try ChatTemplate(format, tokenizer: tokenizer, imageID: tokenizer.id(of: "<image>"))
      #expect(try template.response("a</s>b<image>").filter { $0 == end }.count == 1)
      #expect(try template.prompt([ChatTurn(.user, "<image> </s>")], hasImage: true).ids.count { $0 == end } == 0)
    }
  }

  @Test func captionsBeginAsTheTokenizerBeginsTexts() throws {
    let tokenizer = try Tokenizer(json: LlamaTokenizerTests.llama2)
    let image = try #require(tokenizer.id(of: "<image>"))
    let template = try ChatTemplate(.plain, tokenizer: tokenizer, imageID: image)
    let ids = try template.prompt([], hasImage: true).ids + template.response("A dog.")
    #expect(try ids == [1] + tokenizer.encode("<image>A dog.\n", parseSpecial: true))
  }

  @Test func labelsOfThePaperAreChatMLs() throws {
    let tokenizer = try Tokenizer(json: LlamaTokenizerTests.llama2)
    let error = #expect(throws: PlainFailure.self) {
      try ChatTemplate(.vicuna, tokenizer: tokenizer, imageID: nil, labels: .paper)
    }
    #expect(error?.exitStatus == .usage)
    #expect(error?.description == "--labels paper: these are labels of ChatML, and not of Vicuna's format")
  }

  @Test func whatEndsATurnIsASpecialTokenOfTheTokenizer() throws {
    let ends = try [LlamaTokenizerTests.qwen2, LlamaTokenizerTests.llama2, LlamaTokenizerTests.variant("llama3")].map {
      let tokenizer = try Tokenizer(json: $0)
      return Set(ChatFormat.turnEnds(tokenizer).compactMap { tokenizer.token($0) })
    }
    #expect(ends == [["<|im_end|>"], ["</s>"], ["<|eot_id|>"]])
  }

  // MARK: Published templates

  @Test func publishedTemplatesAreKnown() throws {
    for name in ["llava", "vicuna", "llama2", "llama3"] {
      let format = try #require(ChatFormat(named: name))
      for image in ["<image>", nil] {
        #expect(try published(name).compared(image: image) == .known(format, system: format.defaultSystem), "\(name)")
      }
    }
  }

  @Test func aSystemLineOfItsOwnIsFound() throws {
    let vicuna = try #require(Self.record["templates"]?["vicuna"]?.string)
    let start = try #require(vicuna.firstRange(of: "'A chat"))
    let end = try #require(vicuna.firstRange(of: "questions. '"))
    let other = vicuna.replacingCharacters(start.lowerBound..<end.upperBound, with: "'Be kind. '")
    #expect(try published("vicuna", other).compared(image: nil) == .known(.vicuna, system: "Be kind."))
    let llama2 =
      "{% if messages[0].role != 'system' %}{% set messages = [{'role': 'system', 'content': 'Be kind.'}] + messages %}{% endif %}"
    let source = try llama2 + #require(Self.record["templates"]?["llama2"]?.string)
    #expect(try published("llama2", source).compared(image: nil) == .known(.llama2, system: "Be kind."))
  }

  @Test func theTokenInFrontMayBeTheTemplatesOrTheTokenizers() throws {
    let tokenizer = try Tokenizer(json: LlamaTokenizerTests.llama2)
    let llava = try #require(Self.record["templates"]?["llava"]?.string)
    for (source, image, isOpened) in [
      (llava, "<image>", true), (llava, nil, false), ("{{ bos_token }}" + llava, nil, true),
      ("{{ bos_token }}" + llava, "<image>", true),
    ] as [(String, String?, Bool)] {
      guard case .known(let format, _) = try published("llava", source).compared(image: image) else {
        Issue.record("not known")
        continue
      }
      let template = try ChatTemplate(format, tokenizer: tokenizer, imageID: tokenizer.id(of: "<image>"), system: "")
      let ids = try template.prompt([ChatTurn(.user, "What?")], hasImage: false).ids
      #expect(ids.first == 1 || !isOpened)
      #expect(ids.count { $0 == 1 } == (isOpened ? 1 : 0))
    }
  }

  /// What is like no other but not the same is told by the format that it is like.
  @Test func theNearestFormatIsNamed() throws {
    for (name, old, new, says) in [
      (
        "llama3", " | trim", "",
        #"writes texts with white space at their ends as ..."eader_id|>\n\n Be brief.\n<|eot_id|><|start_header_"..., "#
          + #"where Llama 3's format has ..."eader_id|>\n\nBe brief.<|eot_id|><|start_header_id"..."#
      ),
      (
        "llava", "'<image>\n'", "'<image>'",
        #"writes a question about an image as "USER: <image>Is this  a cat,\nor a dog? ASSISTANT"..., "#
          + #"where LLaVA-1.5's format has "USER: <image>\nIs this  a cat,\nor a dog? ASSISTAN"..."#
      ),
    ] {
      let source = try #require(Self.record["templates"]?[name]?.string).replacing(old, with: new)
      let nearest = try #require(ChatFormat(named: name))
      let compared = try published(name, source).compared(image: "<image>")
      guard case .other(let reason, nearest) = compared else {
        Issue.record("\(compared)")
        continue
      }
      #expect(reason == says)
    }
  }
}

extension String {
  fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
