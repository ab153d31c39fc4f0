// SPDX-License-Identifier: MIT
// imgtok through its executable: every kind of manifest, ids and patches against what was recorded from PyTorch's side,
// order, compression, and bad examples left out.
import Failures
import Imaging
import StrictJSON
import TensorStream
import TestSupport
import Testing

struct ImgtokTests {
  static let published = fixture("models/published")
  /// Arguments with the small checkpoint of 12-pixel images (9 patches of 4 pixels).
  func imgtok(
    _ arguments: [String] = [], manifest: String? = nil, ckpt: String = Self.published, in folder: String? = nil
  ) throws -> ToolResult {
    try runTool("imgtok", ["--ckpt", ckpt] + arguments, stdin: manifest.map { Array($0.utf8) }, in: folder)
  }

  func frames(_ result: ToolResult, sourceLocation: SourceLocation = #_sourceLocation) throws -> [Frame] {
    #expect(result.status == 0, "\(result.stderr)", sourceLocation: sourceLocation)
    let reader = try FrameReader(bytes: result.stdout)
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  /// A folder with a.png (red), b.png (blue), mask.png and the 12-pixel checkpoint's idea of them.
  func withImages(_ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      var red = Image(width: 12, height: 12, filling: 0)
      for i in stride(from: 0, to: red.pixels.count, by: 3) { red.pixels[i] = 200 }
      var blue = Image(width: 12, height: 12, filling: 0)
      for i in stride(from: 2, to: blue.pixels.count, by: 3) { blue.pixels[i] = 100 }
      try writeFile(folder + "/a.png", red.png())
      try writeFile(folder + "/b.png", blue.png())
      var classes = [UInt8](repeating: 7, count: 144)
      for i in 0..<48 { classes[i] = 255 }  // the upper third has no class
      try writeFile(folder + "/mask.png", grayPNG(classes, width: 12, height: 12))
      try body(folder)
    }
  }

  // MARK: Parity

  @Test(arguments: parityModels)
  func framesAreThoseThatWereRecorded(model: String) throws {
    let folder = fixture("parity/\(model)")
    let made = try frames(imgtok([folder + "/pairs.jsonl"], ckpt: fixture("models/\(model)")))
    let reader = try FrameReader(paths: [folder + "/pairs.frames"])
    var count = 0
    while let expected = try reader.next() {
      let frame = made[count]
      #expect(frame.id == expected.id)
      #expect(frame.metadata["grid"] == expected.metadata["grid"])
      for name in ["prompt", "chosen", "rejected", "patches"] {
        #expect(frame.tensors[name] == expected.tensors[name], "\(expected.id): \(name)")
      }
      count += 1
    }
    #expect(count == 3 && made.count == 3)
  }

  /// The small checkpoint with the tokenizer whose chats were recorded.
  func withChatCheckpoint(_ body: (_ checkpoint: String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      for name in ["model.safetensors", "preprocessor_config.json"] {
        try writeFile(folder + "/" + name, readFile(Self.published + "/" + name))
      }
      let tokenizer = try readFile(fixture("tokenizer/tokenizer.json"))
      try writeFile(folder + "/tokenizer.json", tokenizer)
      let added = try #require(JSONValue.parse(tokenizer)["added_tokens"]?.array)
      var config = try #require(JSONValue.parse(readFile(Self.published + "/config.json")).object)
      config["image_token_index"] = try #require(added.first { $0["content"] == "<image>" }?["id"])
      var text = try #require(config["text_config"]?.object)
      text["vocab_size"] = 4000
      config["text_config"] = .object(text)
      try writeFile(folder + "/config.json", JSONValue.object(config).text())
      try body(folder)
    }
  }

  @Test(arguments: ["answer", "paper"])
  func wholeChatsHaveTheIDsAndLabelsOfTheReference(labels: String) throws {
    let chats = try #require(JSONValue.parse(readFile(fixture("tokenizer/chats.json")))["chats"]?.array)
    try withImages { images in
      try withChatCheckpoint { checkpoint in
        for system in Set(chats.compactMap { $0["system"]?.string }) {
          let chats = chats.filter { $0["system"]?.string == system }
          let manifest = chats.map { chat -> String in
            let turns = (chat["turns"]?.array ?? []).enumerated().map { index, text -> JSONValue in
              ["from": index % 2 == 0 ? "human" : "gpt", "value": text]
            }
            // A question that itself speaks of <image> needs the format's marker before it.
            var first = turns[0]["value"]?.string ?? ""
            if chat["image"]?.bool == true { first = "<image>\n" + first }
            var line: JSONObject = JSONObject()
            if chat["image"]?.bool == true { line["image"] = "a.png" }
            line["conversations"] = .array([["from": "human", "value": .string(first)]] + turns.dropFirst())
            return JSONValue.object(line).text()
          }
          let made = try frames(
            imgtok(
              ["--root", images, "--system", system, "--labels", labels], manifest: manifest.joined(separator: "\n"),
              ckpt: checkpoint))
          #expect(made.count == chats.count)
          for (frame, chat) in zip(made, chats) {
            func ids(_ key: String) -> [Int32] { (chat[key]?.array ?? []).map { Int32($0.int ?? -1) } }
            func mask(_ key: String) -> [UInt8] { (chat[key]?.array ?? []).map { UInt8($0.int ?? 9) } }
            #expect(try frame.int32s("prompt") == ids("prompt"))
            let key = labels == "paper" ? "paper" : "answer"
            #expect(try frame.int32s("answer") == ids(key))
            if mask("\(key)_mask").contains(0) {
              #expect(try frame.uint8s("answer_mask") == mask("\(key)_mask"))
            } else {
              #expect(frame.tensors["answer_mask"] == nil)
            }
            if labels == "paper" {
              #expect(try frame.uint8s("prompt_mask") == mask("prompt_mask"))
            } else {
              #expect(frame.tensors["prompt_mask"] == nil)
            }
          }
        }
      }
    }
  }

  // MARK: Kinds of manifests

  @Test func anImageTravelsWithItsGridNormalisationAndDigest() throws {
    try withImages { folder in
      let made = try frames(
        imgtok(
          ["--root", folder],
          manifest: #"{"image": "a.png", "question": "Q", "category": "ocr"}"# + "\n"
            + #"{"image": "b.png", "question": "Q"}"# + "\n"
            + #"{"image": "a.png", "question": "another"}"#))
      #expect(made[0].metadata["grid"] == "3 3")
      #expect(made[0].metadata["patch"] == "4")
      #expect(made[0].metadata["normalize"] == "0.5 0.5 0.5 0.5 0.5 0.5")
      #expect(made[0].metadata["category"] == "ocr")
      #expect(made[0].metadata["question"] == "Q")
      #expect(made[0].tensors["patches"]?.shape == [9, 48])
      let row = [UInt8](repeating: 200, count: 16) + [UInt8](repeating: 0, count: 32)
      #expect(try made[0].uint8s("patches") == (0..<9).flatMap { _ in row })
      #expect(made[0].metadata["image_digest"] == made[2].metadata["image_digest"])
      #expect(made[0].metadata["image_digest"] != made[1].metadata["image_digest"])
      #expect(made[0].metadata["image_digest"]?.utf8.count == 32)
    }
  }

  @Test func everyKindOfLineGivesItsTensors() throws {
    try withImages { folder in
      let kinds: [(line: String, tensors: [String])] = [
        (
          #"{"image": "a.png", "prompt": "Q", "chosen": "C", "rejected": "R"}"#,
          ["patches", "prompt", "chosen", "rejected"]
        ),
        (
          #"{"image": "a.png", "image_rejected": "b.png", "question": "Q", "chosen": "C"}"#,
          ["patches", "patches_rejected", "prompt", "chosen", "rejected"]
        ),
        (#"{"image": "a.png", "question": "Q", "answer": "A"}"#, ["patches", "prompt", "answer"]),
        (#"{"question": "Q", "chosen": "C", "rejected": "R"}"#, ["prompt", "chosen", "rejected"]),
        (#"{"image": "a.png", "label": 3}"#, ["patches", "label"]),
        (#"{"image": "a.png", "mask": "mask.png"}"#, ["patches", "mask"]),
        (
          #"{"image": "a.png", "question": "Q", "choices": ["yes", "nobody"], "gt": "yes"}"#,
          ["patches", "prompt", "choices"]
        ),
        (#"{"image": "a.png", "question": "Q"}"#, ["patches", "prompt"]),
        (
          #"{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}, {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}"#,
          ["prompt", "answer", "answer_mask"]
        ),
      ]
      let made = try frames(imgtok(["--root", folder], manifest: kinds.map(\.line).joined(separator: "\n")))
      for (frame, kind) in zip(made, kinds) {
        #expect(frame.tensors.keys.sorted() == kind.tensors.sorted(), "\(kind.line)")
      }
      #expect(made.map(\.id) == (1...9).map { "line-\($0)" })
      #expect(made[1].tensors["patches"] != made[1].tensors["patches_rejected"])
      #expect(made[1].metadata["grid_rejected"] == "3 3")
      #expect(made[1].tensors["chosen"] == made[1].tensors["rejected"])
      #expect(try made[4].int32s("label") == [3])
      #expect(try made[5].int32s("mask", shape: [3, 3]) == [-1, -1, -1, 7, 7, 7, 7, 7, 7])
      let choices = try made[6].int32s("choices", shape: [2, nil])
      let length = choices.count / 2
      #expect(choices[..<length].last == -1 && choices[length...].last == 318)  // "yes" is shorter and padded
      #expect(made[6].metadata["gt"] == "yes")
      #expect(made[6].metadata["choices"] == #"["yes","nobody"]"#)
    }
  }

  @Test func aFolderOfClassesIsNumberedByName() throws {
    try withImages { folder in
      for (path, source) in [("x/dog/2.PNG", "a"), ("x/dog/1.png", "b"), ("x/cat/z.png", "a"), ("x/ant/a.png", "b")] {
        _ = try runPipeline(
          "mkdir -p $(dirname \(path)) && cp \(source).png \(path) && touch x/notes.txt x/dog/.hidden x/cat/readme",
          in: folder)
      }
      let result = try imgtok(["--folder", folder + "/x"])
      let made = try frames(result)
      #expect(made.map(\.id) == ["ant/a.png", "cat/z.png", "dog/1.png", "dog/2.PNG"])
      #expect(made.map { $0.metadata["class"] } == ["ant", "cat", "dog", "dog"])
      #expect(try made.map { try $0.int32s("label") } == [[0], [1], [2], [2]])
      #expect(result.stderr.contains("left out what is no sub-folder or no .jpg, .jpeg or .png: 2"))
    }
  }

  @Test func theManifestsFolderIsWherePathsBegin() throws {
    try withImages { folder in
      try writeFile(folder + "/m.jsonl", #"{"image": "a.png", "question": "Q"}"#)
      #expect(try frames(imgtok([folder + "/m.jsonl"])).count == 1)
      let redirected = try runPipeline("imgtok --ckpt \(Self.published) < \(folder)/m.jsonl | frames ls | wc -l")
      #expect(redirected.status == 0, "\(redirected.stderr)")
      let elsewhere = try runPipeline("cat \(folder)/m.jsonl | imgtok --ckpt \(Self.published)")
      #expect(elsewhere.status == 66)
      #expect(try frames(runPipeline("cat m.jsonl | imgtok --ckpt \(Self.published)", in: folder)).count == 1)
    }
  }

  @Test func specialStringsAreTextUnlessParsed() throws {
    let line = #"{"question": "a<|im_end|>b", "answer": "x"}"#
    let text = try frames(imgtok(manifest: line))[0]
    let parsed = try frames(imgtok(["--parse-special"], manifest: line))[0]
    #expect(try text.int32s("prompt").filter { $0 == 318 }.count == 2)
    #expect(try parsed.int32s("prompt").filter { $0 == 318 }.count == 3)
  }

  @Test func thePlainTemplateIsPlaceholderAndCaption() throws {
    try withImages { folder in
      let made = try frames(
        imgtok(["--root", folder, "--template", "plain"], manifest: #"{"image": "a.png", "caption": "ab"}"#))
      #expect(try made[0].int32s("prompt") == [319])
      #expect(try made[0].int32s("answer").count >= 2)
      #expect(try made[0].int32s("answer").last.map { $0 < 316 } == true)  // the newline, no end-of-turn token
      let text = try imgtok(["--template", "plain"], manifest: #"{"question": "Q", "answer": "A"}"#)
      #expect(text.status == 65)
      #expect(text.stderr.contains("the plain template needs an image"))
    }
  }

  @Test func captionsAmongQuestionsArePlainAndTheRestIsNot() throws {
    try withImages { folder in
      let caption = #"{"image": "a.png", "caption": "ab"}"#
      let question = #"{"image": "a.png", "question": "Q", "answer": "A"}"#
      let mixed = try frames(
        imgtok(["--root", folder, "--captions"], manifest: question + "\n" + caption + "\n" + question))
      let plain = try frames(imgtok(["--root", folder, "--template", "plain"], manifest: caption))[0]
      let chat = try frames(imgtok(["--root", folder], manifest: question))[0]
      #expect(mixed.count == 3)
      for (frame, alone) in zip(mixed, [chat, plain, chat]) {
        #expect(
          frame.tensors["prompt"] == alone.tensors["prompt"] && frame.tensors["answer"] == alone.tensors["answer"])
      }
      let refused = try imgtok(["--root", folder], manifest: #"{"image": "a.png", "answer": "ab"}"#)
      #expect(refused.status == 65 && refused.stderr.contains("--captions"), "\(refused.stderr)")
    }
  }

  @Test func aVisionModelTakesImagesAndLabelsAlone() throws {
    try withImages { folder in
      try withTemporaryDirectory { checkpoint in
        for name in ["model.safetensors", "preprocessor_config.json"] {
          try writeFile(checkpoint + "/" + name, readFile(Self.published + "/" + name))
        }
        let config = try JSONValue.parse(readFile(Self.published + "/config.json"))["vision_config"]
        try writeFile(checkpoint + "/config.json", try #require(config).text())
        let result = try imgtok(
          ["--root", folder], manifest: #"{"image": "a.png", "class": "red", "question": "Q", "answer": "A"}"#,
          ckpt: checkpoint)
        let frame = try frames(result)[0]
        #expect(frame.tensors.keys.sorted() == ["label", "patches"])
        #expect(frame.metadata["question"] == "Q")
        #expect(result.stderr.contains("no language model"))
      }
    }
  }

  @Test func orientationIsAppliedUnlessTurnedOff() throws {
    let line = #"{"image": "\#(fixture("images/exif-6.jpg"))"}"#
    let turned = try frames(imgtok(manifest: line))[0]
    let asStored = try frames(imgtok(["--no-exif"], manifest: line))[0]
    #expect(turned.tensors["patches"] != asStored.tensors["patches"])
  }

  // MARK: The stream

  @Test func outputIsInInputOrderAndTheSameForAnyNumberOfThreads() throws {
    try withImages { folder in
      let lines = (0..<200).map {
        #"{"id": "e\#($0)", "image": "\#($0 % 3 == 0 ? "a" : "b").png", "question": "Q\#($0)"}"#
      }
      let manifest = lines.joined(separator: "\n")
      let one = try imgtok(["--root", folder, "--threads", "1"], manifest: manifest)
      let many = try imgtok(["--root", folder, "--threads", "7"], manifest: manifest)
      #expect(try frames(one).map(\.id) == (0..<200).map { "e\($0)" })
      #expect(one.stdout == many.stdout)
    }
  }

  @Test func compressedOutputHoldsTheSameFrames() throws {
    let manifest = #"{"question": "Q", "answer": "A"}"#
    let plain = try frames(imgtok(manifest: manifest))
    let packed = try imgtok(["--gzip"], manifest: manifest)
    #expect(packed.stdout.starts(with: [0x1F, 0x8B]))
    #expect(try frames(packed).map { $0.tensors["prompt"] } == plain.map { $0.tensors["prompt"] })
  }

  @Test func badExamplesAreLeftOutAndCountedWhenAsked() throws {
    try withImages { folder in
      try writeFile(folder + "/broken.png", "no image")
      let manifest = """
        {"id": "good-1", "image": "a.png", "question": "Q"}
        {"id": "broken", "image": "broken.png", "question": "Q"}
        {"id": "gone", "image": "gone.png", "question": "Q"}
        {oops
        {"id": "typed", "question": 5}
        {"id": "good-2", "image": "b.png", "question": "Q"}
        """
      let strict = try imgtok(["--root", folder], manifest: manifest)
      #expect(strict.status == 65)
      #expect(strict.stderr.contains("stdin:2 (id broken): image \"\(folder)/broken.png\": "))
      let result = try imgtok(["--root", folder, "--skip-bad"], manifest: manifest)
      #expect(try frames(result).map(\.id) == ["good-1", "good-2"])
      for text in ["id broken", "id gone", "stdin:4", "id typed", "4 bad examples"] {
        #expect(result.stderr.contains(text), "\(result.stderr)")
      }
      let none = try imgtok(["--skip-bad"], manifest: "{oops")
      #expect(none.status == 65)
    }
  }

  @Test func memoryDoesNotGrowWithTheNumberOfExamples() throws {
    try withImages { folder in
      func peak(_ count: Int) throws -> Double {
        let lines = (0..<count).map {
          #"{"image": "a.png", "question": "What is in picture \#($0)?", "answer": "Red."}"#
        }
        let result = try imgtok(["--root", folder, "--verbose"], manifest: lines.joined(separator: "\n"))
        let words = result.stderr.split(separator: " ")
        let value = words.firstIndex(of: "memory").flatMap { Double(words[$0 + 1]) }
        return try #require(value, "\(result.stderr)")
      }
      let (short, long) = (try peak(300), try peak(6000))
      #expect(long <= short + 8, "\(short) MB, then \(long) MB")
    }
  }

  @Test func aReaderThatLeavesEndsItQuietly() throws {
    // The lines come from a file: a program that wrote them would take the signal too where it is slower than imgtok.
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/many.jsonl", (0..<3000).map { "{\"question\": \"Q\($0)\"}\n" }.joined())
      let whole = try runPipeline("imgtok --ckpt \(Self.published) < many.jsonl | wc -c", in: folder)
      #expect(Int(whole.text.split(separator: "\n")[0].filter(\.isNumber)) ?? 0 > 1 << 17)  // more than a pipe holds
      let result = try runPipeline(
        "imgtok --ckpt \(Self.published) < many.jsonl | head -c 2000 | wc -c", in: folder)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.stderr.isEmpty && result.text.filter(\.isNumber) == "2000")
    }
  }

  // MARK: Refusals

  @Test func wrongInputIsRefusedInOneLineWithItsStatus() throws {
    try withImages { folder in
      try writeFile(folder + "/cut.png", try readFile(folder + "/a.png").dropLast(30))
      try writeFile(folder + "/small.png", Image(width: 1, height: 1, filling: 9).png())
      try writeFile(folder + "/empty.jpg", "")
      let table: [(line: String, status: Int32, says: String)] = [
        (
          #"{"image": "gone.png", "question": "Q"}"#, 66,
          "stdin:1 (id line-1): image \"\(folder)/gone.png\": No such file"
        ),
        (#"{"image": ".", "question": "Q"}"#, 66, "is no regular file"),
        (
          #"{"id": "c", "image": "cut.png", "question": "Q"}"#, 65,
          "stdin:1 (id c): image \"\(folder)/cut.png\": truncated PNG"
        ),
        (#"{"image": "empty.jpg", "question": "Q"}"#, 65, "the image is empty"),
        (#"{"image": "a.png", "mask": "b.png"}"#, 65, "mask \"\(folder)/b.png\": a mask must be"),
        (#"{"image": "small.png", "mask": "mask.png"}"#, 65, "is 12 x 12 pixels, expected its image's 1 x 1"),
        (#"{"id": "two", "image": ["a.png", "b.png"], "question": "Q"}"#, 65, "(id two): \"image\" names 2 images"),
        (#"{"image": "a.png", "question": 3}"#, 65, "\"question\" is a number (3), expected a string"),
        (#"{"image": "a.png", "question": "Q", "question": "Q"}"#, 65, "stdin:1: column"),
        ("", 65, "stdin: has no example at all"),
        ("\n \n", 65, "stdin: has no example at all"),
        ("[]", 65, "stdin: has no example at all"),
      ]
      forEvery("line", table) { entry in
        let result = try imgtok(["--root", folder], manifest: entry.line)
        #expect(result.status == entry.status, "\(Trace.here): \(result.stderr)")
        #expect(result.stderr.hasPrefix("imgtok: "), "\(Trace.here): \(result.stderr)")
        #expect(result.stderr.contains(entry.says), "\(Trace.here): \(result.stderr)")
        #expect(result.stderr.split(separator: "\n").count == 1, "\(Trace.here): \(result.stderr)")
      }
      let placeholder = try imgtok(
        ["--root", folder, "--parse-special"], manifest: #"{"image": "a.png", "question": "see <image> there"}"#)
      #expect(placeholder.status == 65)
      #expect(placeholder.stderr.contains("the text holds the image placeholder \"<image>\""))
    }
  }

  @Test func wrongCommandLinesAndCheckpointsAreRefused() throws {
    let noCheckpoint = try runTool("imgtok", [], stdin: [])
    #expect(noCheckpoint.status == 64)
    #expect(noCheckpoint.stderr.contains("--ckpt"))
    #expect(try imgtok(["--template", "nope"], manifest: "{}").status == 64)
    #expect(try imgtok(["--folder", "x", "m.jsonl"], manifest: "{}").status == 64)
    #expect(try imgtok(manifest: "{}", ckpt: "/no/such").status == 66)
    #expect(try imgtok(["/no/such.jsonl"]).status == 66)
    #expect(try imgtok(["--folder", "/no/such"]).status == 66)
    try withTemporaryDirectory { folder in
      let empty = try imgtok(["--folder", folder])
      #expect(empty.status == 65)
      #expect(empty.stderr.contains("has no sub-folders"))
      for name in ["model.safetensors", "config.json", "preprocessor_config.json", "tokenizer.json"] {
        try writeFile(folder + "/" + name, readFile(Self.published + "/" + name))
      }
      try writeFile(folder + "/tokenizer.json", #"{"model": {"type": "WordPiece"}}"#)
      let tokenizer = try imgtok(manifest: "{}", ckpt: folder)
      #expect(tokenizer.status == 65)
      #expect(tokenizer.stderr.contains("tokenizer.json: \"model\": \"type\" is \"WordPiece\""))
      try writeFile(
        folder + "/preprocessor_config.json",
        #"{"image_processor_type": "SiglipImageProcessor", "size": {"height": 24, "width": 24}}"#)
      let size = try imgtok(manifest: "{}", ckpt: folder)
      #expect(size.status == 65)
      #expect(size.stderr.contains("makes images of 24 x 24 pixels, but config.json's image_size is 12"))
      try writeFile(
        folder + "/processor_config.json",
        #"{"image_processor": {"image_processor_type": "SiglipImageProcessor", "size": {"height": 12, "width": 12}}}"#)
      #expect(try imgtok(["--folder", "/no/such"], ckpt: folder).stderr.contains("24 x 24"))  // the older file counts
      _ = try runPipeline("rm preprocessor_config.json", in: folder)
      try writeFile(folder + "/tokenizer.json", readFile(Self.published + "/tokenizer.json"))
      #expect(try frames(imgtok(manifest: #"{"question": "Q"}"#, ckpt: folder)).count == 1)
      _ = try runPipeline("rm processor_config.json", in: folder)
      #expect(try imgtok(manifest: "{}", ckpt: folder).stderr.contains("has no preprocessor_config.json"))
    }
  }
}
