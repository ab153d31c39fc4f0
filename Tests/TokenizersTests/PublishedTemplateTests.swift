// SPDX-License-Identifier: MIT
// A checkpoint's own chat template is found where transformers finds it, and known as ChatML by what it writes.
import Failures
import StrictJSON
import TestSupport
import Testing

@testable import Tokenizers

struct PublishedTemplateTests {
  static func chatML(
    system: String? = nil, content: String = "message['content']", end: String = "<|im_end|>\\n",
    header: String = "'<|im_start|>' + message['role'] + '\\n'"
  ) -> String {
    let first = system.map {
      "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\n\($0)<|im_end|>\\n' }}{% endif %}"
    }
    return """
      {% for message in messages %}\(first ?? "")
        {{- \(header) + \(content) + '\(end)' }}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
      """
  }

  /// As a model with images has it: content may be a list of parts.
  static func withImages(_ image: String, headerEnd: String = "\\n") -> String {
    """
    {%- for message in messages %}
        {{- '<|im_start|>' + message.role + '\(headerEnd)' }}
        {%- if message.content is string %}{{ message.content }}{% else %}
            {%- for part in message.content %}
                {%- if part.type == 'image' %}{{ '\(image)' }}{% elif part.type == 'text' %}{{ part.text }}{% endif %}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
    """
  }

  /// LLaVA's processors take parts only.
  static let partsOnly = """
    {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}\
    {% for part in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}{% endfor %}\
    {% for part in message['content'] | selectattr('type', 'equalto', 'text') %}{{ part['text'] }}{% endfor %}\
    {{ '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
    """

  func compared(_ source: String, image: String? = "<image>", tokens: JSONObject = JSONObject())
    -> PublishedTemplate.Comparison
  {
    PublishedTemplate(file: "chat_template.jinja", source: source, tokens: tokens).compared(image: image)
  }

  // MARK: ChatML

  static let known: [(String, String)] = [
    (chatML(), ""), (chatML(system: "You are a helpful assistant."), "You are a helpful assistant."),
    (chatML(system: "Line one,\\nline  two. "), "Line one,\nline  two. "), (withImages("<image>\\n"), ""),
    (partsOnly, ""),
  ]

  @Test(arguments: known)
  func chatMLIsKnownWithItsSystemLine(source: String, system: String) {
    #expect(compared(source) == .chatML(system: system))
    #expect(compared(source, image: nil) == .chatML(system: system))
  }

  @Test func theLastNewlineBelongsToNoExample() {
    let source = """
      {% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' }}\
      {{ '\\n' if add_generation_prompt or not loop.last }}{% endfor %}\
      {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
      """
    #expect(compared(source) == .chatML(system: ""))
  }

  @Test func specialTokensHaveTheirNames() {
    let source = "{{ bos_token }}" + Self.chatML()
    #expect(compared(source) == .chatML(system: ""))
    #expect(
      compared(source, tokens: JSONObject(("bos_token", "<s>")))
        == .other(
          #"writes a question as "<s><|im_start|>user\nIs this  a cat,\nor a dog?<|i"..., "#
            + #"where ChatML has "<|im_start|>user\nIs this  a cat,\nor a dog?<|im_e"..."#))
  }

  // MARK: Other formats

  /// Templates, and what is said of them.
  static let others: [(String, String)] = [
    // The header ends in a space.
    (
      withImages("<image>\\n", headerEnd: " "),
      #"writes a question as "<|im_start|>user Is this  a cat,\nor a dog?<|im_e"..., "#
        + #"where ChatML has "<|im_start|>user\nIs this  a cat,\nor a dog?<|im_e"..."#
    ),
    // Texts are trimmed.
    (
      chatML(content: "message['content'] | trim"),
      #"writes texts with white space at their ends as "<|im_start|>system\nBe brief.<|im_end|>\n<|im_star"..., "#
        + #"where ChatML has "<|im_start|>system\n Be brief.\n<|im_end|>\n<|im_st"..."#
    ),
    // The image has another name, or another place.
    (
      withImages("<|image_pad|>"),
      #"writes a question about an image as "<|im_start|>user\n<|image_pad|>Is this  a cat,\nor"..., "#
        + #"where ChatML has "<|im_start|>user\n<image>\nIs this  a cat,\nor a do"..."#
    ),
    (
      withImages("<image>"),
      #"writes a question about an image as ..."user\n<image>Is this  a cat,\nor a dog?<|im_end|>\n"..., "#
        + #"where ChatML has ..."user\n<image>\nIs this  a cat,\nor a dog?<|im_end|>"..."#
    ),
    // No system turns.
    (
      noSystem + chatML(), #"refuses a system turn and a question: line 1: raises "System role not supported""#
    ),
    // Thoughts go.
    (
      chatML(content: "message['content'].split('</think>\\n\\n')[-1]"),
      #"writes an answer with <think> as ..."|>assistant\nA cat.<|im_end|>\n<|im_start|>user\nSu"..., "#
        + #"where ChatML has ..."|>assistant\n<think>\nHm.\n</think>\n\nA cat.<|im_end"..."#
    ),
    (
      "{{ strftime_now('%d') }}",
      "cannot be followed for a question: line 1: strftime_now is not supported: what it gives depends on the day"
    ),
    ("{% for", "cannot be read: line 1: the tag has no end"),
    ("", #"writes a question as "", where ChatML has "<|im_start|>user\nIs this  a cat,\nor a dog?<|im_e"..."#),
  ]
  static let noSystem =
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"

  @Test(arguments: others)
  func otherFormatsAreToldWithTheDifference(source: String, reason: String) {
    #expect(compared(source) == .other(reason))
  }

  @Test func aTemplateThatDropsImagesIsOtherOnlyWhereNothingElseWritesThem() {
    let dropped = Self.partsOnly.replacing("'<image>\\n'", with: "''")
    #expect(compared(dropped, image: nil) == .chatML(system: ""))
    #expect(compared(dropped) == .other("writes nothing for the image of a question about an image"))
  }

  // MARK: Where it is found

  func found(_ files: [String: String], takesImages: Bool = true) throws -> PublishedTemplate? {
    try PublishedTemplate(
      takesImages: takesImages, file: { files[$0] }, json: { try files[$0].map { try JSONValue.parse($0) } })
  }

  @Test func theProcessorsTemplateGoesBeforeTheTokenizers() throws {
    var files = [
      "tokenizer_config.json": #"{"chat_template": "t", "bos_token": {"content": "<s>"}, "unk_token": null}"#
    ]
    func name(_ takesImages: Bool = true) throws -> String? { try found(files, takesImages: takesImages)?.file }
    #expect(try name() == "tokenizer_config.json")
    files["processor_config.json"] = #"{"chat_template": "p"}"#
    #expect(try name() == "processor_config.json" && name(false) == "tokenizer_config.json")
    files["chat_template.jinja"] = "j"
    #expect(try name() == "chat_template.jinja" && name(false) == "chat_template.jinja")
    files["chat_template.json"] = #"{"chat_template": "c"}"#
    #expect(try name() == "chat_template.json" && name(false) == "chat_template.jinja")
    files["special_tokens_map.json"] = #"{"bos_token": "<old>", "eos_token": "<e>"}"#
    #expect(try found(files)?.tokens == JSONObject(("bos_token", "<s>"), ("eos_token", "<e>")))
  }

  @Test func noTemplateIsNone() throws {
    #expect(try found([:]) == nil)
    #expect(
      try found(["tokenizer_config.json": #"{"chat_template": null}"#, "chat_template.json": "{}"]) == nil)
  }

  @Test(arguments: [
    (#"[{"name": "default", "template": "d"}, {"name": "rag", "template": "r"}]"#, nil),
    (
      #"[{"name": "tool_use", "template": "d"}, {"name": "rag", "template": "r"}]"#,
      "has no \"default\" among its templates (tool_use, rag)"
    ), ("7", "is a number, expected a string"),
  ])
  func oneOfSeveralIsTheDefault(value: String, problem: String?) throws {
    let template = try #require(try found(["tokenizer_config.json": "{\"chat_template\": \(value)}"]))
    if let problem {
      #expect(template.compared(image: nil) == .other(problem))
    } else {
      #expect(try template.source.get() == "d")
    }
  }

  // MARK: ChatML as text

  func text(_ turns: [ChatTurn], system: String, image: String?, asks: Bool) -> String {
    ChatFormat.chatml.prompt(turns, system: system, hasImage: image != nil, asks: asks).text(image: image)
  }

  /// What templates are compared with is what `ChatTemplate` writes.
  @Test func chatMLAsTextIsWhatTheIDsSay() throws {
    let tokenizer = try Tokenizer(json: JSONValue.parse(readFile(fixture("tokenizer/tokenizer.json"))))
    let image = try #require(tokenizer.id(of: "<image>"))
    let turns = [
      ChatTurn(.user, " Is this  a cat,\nor Ünï 😀?"), ChatTurn(.assistant, "\nA cat. "), ChatTurn(.user, ""),
      ChatTurn(.assistant, "Yes\n"),
    ]
    for system in ["", "Be\nbrief. "] {
      for hasImage in [false, true] {
        for own in [[], [ChatTurn(.system, "Own.")]] {
          let template = try ChatTemplate(
            .chatml, tokenizer: tokenizer, imageID: image, system: system, labels: .paper)
          let prompt = try template.prompt(own + turns[..<1], hasImage: hasImage).ids
          let answer = try template.answer(Array(turns[1...])).ids
          let placeholder = hasImage ? "<image>" : nil
          #expect(
            tokenizer.decode(prompt)
              == text(own + turns[..<1], system: system, image: placeholder, asks: true))
          #expect(
            tokenizer.decode(prompt + answer)
              == text(own + turns, system: system, image: placeholder, asks: false))
        }
      }
    }
  }
}

extension PublishedTemplate.Comparison {
  static func chatML(system: String) -> Self { .known(.chatml, system: system) }
}

extension JSONObject {
  fileprivate init(_ entries: (String, JSONValue)...) {
    self.init()
    for (key, value) in entries { self[key] = value }
  }
}
