// SPDX-License-Identifier: MIT
// imgtok and the checkpoint's own chat template: used where it is ChatML, refused where it is not.
import Failures
import Glibc
import StrictJSON
import TensorStream
import TestSupport
import Testing

struct ImgtokChatTests {
  let published = fixture("models/published")

  /// As Qwen2's templates: a system line of its own where the conversation has none.
  static func chatML(system: String) -> String {
    """
    {% for message in messages %}
    {%- if loop.first and message.role != 'system' %}{{ '<|im_start|>system\\n\(system)<|im_end|>\\n' }}{% endif %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
    """
  }
  static let brackets = """
    {% for message in messages %}{{ '[' + message.role + '] ' + message.content | trim + '\\n' }}{% endfor %}
    """
  let questions = """
    {"question": "Is it red?", "answer": "Yes."}
    {"messages": [{"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "No."}]}
    """

  /// The small checkpoint with more files beside it.
  func withCheckpoint(_ files: [String: String], _ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { (folder: String) throws in
      for name in ["model.safetensors", "config.json", "preprocessor_config.json", "tokenizer.json"] {
        try writeFile(folder + "/" + name, readFile(published + "/" + name))
      }
      for (name, text) in files { try writeFile(folder + "/" + name, text) }
      try body(folder)
    }
  }

  /// Without a template of its own the standard format is assumed, and this tokenizer has none of its tokens: chats end with a
  /// line that says so, pictures alone need no chat.
  @Test func aTokenizerWithoutTheFormatsTokensStopsChatsAlone() throws {
    try withTemporaryDirectory { (folder: String) throws in
      let base = folder + "/base"
      #expect(try runTool("ckpt", ["new", "--quiet", "--preset", "mini-llava", base]).status == 0)
      #expect(unlink(base + "/chat_template.jinja") == 0)
      let image = fixture("images/420.jpg")
      let pictures = try imgtok("{\"image\": \"\(image)\"}\n", ckpt: base)
      #expect(pictures.status == 0, "\(pictures.stderr)")
      let chat = try imgtok("{\"image\": \"\(image)\", \"question\": \"Red?\", \"answer\": \"Yes.\"}\n", ckpt: base)
      #expect(chat.status == 65 && chat.stderr.contains("has no \"<|im_start|>\""), "\(chat.stderr)")
      let named = try imgtok(
        "{\"image\": \"\(image)\", \"question\": \"Red?\", \"answer\": \"Yes.\"}\n", ["--template", "llava"], ckpt: base
      )
      #expect(named.status == 0, "\(named.stderr)")
      let path = base + "/config.json"
      let config = String(decoding: try readFile(path), as: UTF8.self)
      let id = try #require(JSONValue.parse(config)["image_token_index"]?.int)
      try writeFile(path, config.replacing("\"image_token_index\": \(id)", with: "\"image_token_index\": 5"))
      let other = try imgtok("{\"image\": \"\(image)\"}\n", ["--template", "llava"], ckpt: base)
      #expect(other.status == 65 && other.stderr.contains("image_token_index is 5, the token"), "\(other.stderr)")
      #expect(other.stderr.hasSuffix("whose \"<image>\" is \(id)\n"), "\(other.stderr)")
      try writeFile(path, config)
      let asked = try imgtok("{\"image\": \"\(image)\"}\n", ["--template", "chatml"], ckpt: base)
      #expect(asked.status == 65, "a format that was asked for must be there")
    }
  }

  func imgtok(_ manifest: String, _ arguments: [String] = [], ckpt: String) throws -> ToolResult {
    try runTool("imgtok", ["--ckpt", ckpt] + arguments, stdin: Array(manifest.utf8))
  }

  /// The stream of a run that went well, and said `says` of chats; nothing where it is "".
  func stream(
    _ manifest: String, _ arguments: [String] = [], ckpt: String, says: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [UInt8] {
    let result = try imgtok(manifest, arguments, ckpt: ckpt)
    #expect(result.status == 0, "\(result.stderr)", sourceLocation: sourceLocation)
    #expect(
      says.isEmpty ? !result.stderr.contains("chat") : result.stderr.contains(says), "\(result.stderr)",
      sourceLocation: sourceLocation)
    return result.stdout
  }

  func frames(
    _ manifest: String, _ arguments: [String] = [], ckpt: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [Frame] {
    let reader = try FrameReader(bytes: stream(manifest, arguments, ckpt: ckpt, sourceLocation: sourceLocation))
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  @Test func anotherFormatIsRefusedUnlessTheTemplateIsNamed() throws {
    try withCheckpoint(["chat_template.jinja": Self.brackets]) { (folder: String) throws in
      let refused = try imgtok(questions, ckpt: folder)
      #expect(refused.status == 65)
      #expect(
        refused.stderr
          == "imgtok: \(folder): chat_template.jinja: the chat template writes a question as "
          + #""[user] Is this  a cat,\nor a dog?\n", where ChatML has "<|im_start|>user\nIs this  a cat,\nor a dog?<|im_e"..."#
          + "; --template chatml uses ChatML all the same\n")
      #expect(try imgtok(questions, ["--skip-bad"], ckpt: folder).status == 65)
      let named = try stream(questions, ["--template", "chatml"], ckpt: folder)
      #expect(try named == stream(questions, ckpt: published))
    }
  }

  @Test func theSystemLineIsTheTemplatesOwn() throws {
    let qwen = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    try withCheckpoint([
      "tokenizer_config.json": (["chat_template": .string(Self.chatML(system: qwen))] as JSONValue).text()
    ]) { (folder: String) throws in
      let note =
        "imgtok: \(folder): tokenizer_config.json: texts without a system turn have the system line \"\(qwen)\", as the "
        + "chat template says; --system sets another\n"
      let own = try stream(questions, ckpt: folder, says: note)
      #expect(try own == stream(questions, ["--system", qwen], ckpt: published))
      #expect(try imgtok(questions, ckpt: folder).stderr.split(separator: "\n").count { $0.contains("Qwen") } == 1)
      for named in [["--template", "chatml"], ["--system", "You are a helpful assistant."]] {
        #expect(try stream(questions, named, ckpt: folder) == stream(questions, ckpt: published))
      }
    }
  }

  /// A checkpoint with Llama 2's kind of tokenizer, whose image has another id.
  static func withLlamaTokenizer() throws -> [String: String] {
    let tokenizer = try String(decoding: readFile(fixture("tokenizer-llama/tokenizer.json")), as: UTF8.self)
    let config = try String(decoding: readFile(fixture("models/published/config.json")), as: UTF8.self)
    return [
      "tokenizer.json": tokenizer,
      "config.json": config.replacing("\"image_token_index\": 319", with: "\"image_token_index\": 1303")
        .replacing("\"vocab_size\": 328", with: "\"vocab_size\": 1305"),
    ]
  }

  @Test func anotherKnownFormatIsTakenFromTheTemplate() throws {
    let chats = try JSONValue.parse(readFile(fixture("tokenizer-llama/chats.json")))
    let group = try #require(chats["chats"]?.array?.first)
    let chat = try #require(group["chats"]?.array?.first)
    let turns = try #require(chat["turns"]?.array)
    var files = try Self.withLlamaTokenizer()
    files["chat_template.jinja"] = try #require(chats["templates"]?["llava"]?.string)
    try withCheckpoint(files) { (folder: String) throws in
      let line: JSONValue = [
        "image": .string(fixture("images/rgb-8.png")), "question": turns[0], "chosen": turns[1], "rejected": "No.",
      ]
      let says =
        "imgtok: \(folder): chat_template.jinja: texts are put together in LLaVA-1.5's format, as the chat template does\n"
      let own = try stream(line.text(), ckpt: folder, says: says)
      #expect(try own == stream(line.text(), ["--template", "llava"], ckpt: folder))
      let frame = try #require(try FrameReader(bytes: own).next())
      let prompt = try #require(frame.tensors["prompt"]).int32s()
      #expect(prompt == chat["prompt"]?.array?.map { Int32($0.int ?? -1) })
      #expect(try #require(frame.tensors["chosen"]).int32s().last == 2)
      let refused = try imgtok(line.text(), ["--labels", "paper"], ckpt: folder)
      #expect(refused.status == 64)
      #expect(refused.stderr == "imgtok: --labels paper: these are labels of ChatML, and not of LLaVA-1.5's format\n")
      let shown = try runTool("ckpt", ["show", folder])
      #expect(shown.text.contains("chat         chat_template.jinja: LLaVA-1.5's format, no system line\n"))
    }
  }

  @Test func noSystemLineIsToldToo() throws {
    let bare = Self.chatML(system: "X").replacing("message.role != 'system'", with: "false")
    try withCheckpoint(["chat_template.jinja": bare]) { (folder: String) throws in
      let own = try stream(
        questions, ckpt: folder,
        says: "imgtok: \(folder): chat_template.jinja: texts without a system turn have no system line, as the chat "
          + "template says; --system sets another\n")
      #expect(try own == stream(questions, ["--system", ""], ckpt: published))
    }
  }

  @Test func aTemplateThatSaysTheSameChangesNothing() throws {
    try withCheckpoint(["chat_template.jinja": Self.chatML(system: "You are a helpful assistant.")]) {
      (folder: String) throws in
      #expect(try stream(questions, ckpt: folder) == stream(questions, ckpt: published))
    }
  }

  @Test func whatIsNoChatNeedsNoTemplate() throws {
    try withCheckpoint(["chat_template.jinja": Self.brackets]) { (folder: String) throws in
      let caption = #"{"image": "\#(fixture("images/rgb-8.png"))", "caption": "A field."}"#
      let picture = #"{"image": "\#(fixture("images/rgb-8.png"))", "class": "field"}"#
      #expect(try frames(caption, ["--captions"], ckpt: folder).count == 1)
      #expect(try frames(caption, ["--template", "plain"], ckpt: folder).count == 1)
      #expect(try frames(picture, ckpt: folder).count == 1)
      #expect(try imgtok(caption + "\n" + questions, ["--captions"], ckpt: folder).status == 65)
    }
  }

  @Test func aCheckpointOfOneFileCarriesItsTemplate() throws {
    for name in ["chat_template.jinja", "chat_template.json", "tokenizer_config.json"] {
      let json = (["chat_template": .string(Self.brackets)] as JSONValue).text()
      try withCheckpoint([name: name.hasSuffix("json") ? json : Self.brackets]) { (folder: String) throws in
        let file = folder + "/one.safetensors"
        let converted = try runTool("ckpt", ["convert", folder, file])
        #expect(converted.status == 0, "\(converted.stderr)")
        let refused = try imgtok(questions, ckpt: file)
        #expect(refused.status == 65)
        #expect(refused.stderr.hasPrefix("imgtok: \(file): \(name): the chat template writes a question as "))
      }
    }
  }

  @Test func aTemplateThatCannotBeReadIsRefused() throws {
    try withCheckpoint(["chat_template.jinja": "{% for m in messages %}\n{% include m %}{% endfor %}"]) {
      (folder: String) throws in
      let refused = try imgtok(questions, ckpt: folder)
      #expect(refused.status == 65)
      #expect(
        refused.stderr
          == "imgtok: \(folder): chat_template.jinja: the chat template cannot be read: line 2: the tag \"include\" is not "
          + "supported; --template chatml uses ChatML all the same\n")
    }
  }

  @Test func ckptShowSaysWhatImgtokWouldMakeOfIt() throws {
    for (template, says) in [
      (Self.chatML(system: "Be kind."), "chat         chat_template.jinja: ChatML, system line \"Be kind.\"\n"),
      (Self.brackets, "chat         chat_template.jinja: writes a question as \"[user] Is this"),
    ] {
      try withCheckpoint(["chat_template.jinja": template]) { (folder: String) throws in
        let shown = try runTool("ckpt", ["show", folder])
        #expect(shown.status == 0)
        #expect(shown.text.contains(says), "\(shown.text)")
      }
    }
    #expect(try !runTool("ckpt", ["show", published]).text.contains("chat  "))
  }

  @Test func newCheckpointsBringATemplateThatIsChatML() throws {
    try withTemporaryDirectory { (folder: String) throws in
      #expect(try runTool("ckpt", ["new", "--preset", "mini", folder + "/base"]).status == 0)
      #expect(try frames(questions, ckpt: folder + "/base").count == 2)
    }
  }

  @Test func theKeySystemIsTheSystemTurn() throws {
    let key =
      #"{"system": "Be brief.", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hi."}]}"#
    let turn =
      #"{"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hi."}]}"#
    let (a, b) = (try frames(key, ckpt: published), try frames(turn, ckpt: published))
    #expect(a.count == 1 && a[0].tensors["prompt"] == b[0].tensors["prompt"])
  }
}
