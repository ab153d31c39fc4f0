// SPDX-License-Identifier: MIT
// imgtok on manifests that say something else than their author meant: misspelt keys, examples that are too long; and the
// line that sums up what was understood.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct ImgtokTrustTests {
  private let checkpoint = ParityFiles().checkpoint

  /// imgtok on `lines`, in a folder with the picture a.png.
  private func imgtok(_ lines: [String], _ options: [String] = []) throws -> ToolResult {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/a.png", readFile(fixture("parity/published/red.png")))
      return try runTool(
        "imgtok", ["--ckpt", checkpoint, "--root", folder] + options, stdin: Array(lines.joined(separator: "\n").utf8))
    }
  }

  private let answers = #""question": "What is it?", "chosen": "A cat.", "rejected": "A dog.""#

  // MARK: Keys

  @Test func aMisspeltImageIsAnError() throws {
    let keys: [(text: String, key: String)] = [
      (#""image_path": "a.png""#, "image_path"), (#""img": "a.png""#, "img"), (#""Image": "a.png""#, "Image"),
      (#""iamge": "a""#, "iamge"), (#""picture": {"bytes": "iVBOR"}"#, "picture"),
      (#""file_name": "x/a.JPG""#, "file_name"),
      (#""image_url": "https://example.org/a.webp?size=2""#, "image_url"), (#""pics": ["a.png"]"#, "pics"),
      (#""url": "data:image/png;base64,iVBOR""#, "url"), (#""imagefile": "000123""#, "imagefile"),
      (#""imgae": "a""#, "imgae"), (#""img_b64": "AAAA""#, "img_b64"), (#""image_2": "b""#, "image_2"),
    ]
    forEvery("key", keys) { entry in
      let line = "{\(entry.text), \(answers)}"
      let result = try imgtok([#"{"image": "a.png", \#(answers)}"#, line])
      #expect(result.status == 65, "\(Trace.here): \(result.stderr)")
      #expect(
        result.stderr.hasPrefix("imgtok: stdin:2 (id line-2): has no \"image\", and \"\(entry.key)\" ("),
        "\(Trace.here): \(result.stderr)")
      #expect(result.stderr.contains("--metadata \(entry.key)"), "\(Trace.here): \(result.stderr)")
      #expect(result.stderr.split(separator: "\n").count == 1, "\(Trace.here): \(result.stderr)")
      let meant = try imgtok([line], ["--metadata", "other, \(entry.key)"])
      #expect(
        meant.status == 0 && meant.stderr == "imgtok: 1 pair, 0 with an image\n", "\(Trace.here): \(meant.stderr)")
    }
  }

  @Test func keysThatOnlyLookLikeSomethingAreWarnedOfOnceEach() throws {
    let lines = [
      (#"{"image_id": 7, \#(answers)}"#, "\"image_id\" (7) looks like an image's"),
      (#"{"image_id": "0007", \#(answers)}"#, "looks like an image's"),
      (#"{"coco_url": "https://example.org/7.jpg", \#(answers)}"#, "looks like an image's"),
      (#"{"image": "a.png", "question": "Q", "answer": "A", "history": [["q", "a"]]}"#, "looks like earlier turns"),
      (#"{"image": "a.png", "system_prompt": "Be brief.", \#(answers)}"#, "name it \"system\""),
      (#"{"image": "a.png", "question": "Q", "answer": "A", "chosen_response": "A"}"#, "looks like a pair's response"),
      (#"{"image": "a.png", "caption": "A cat."}"#, "or with --captions"),
      (#"{"image": "a.png", "lable": "cat"}"#, "looks like a class"),
      (#"{"question": "Q", "options": ["a", "b"], "gt": "a"}"#, "looks like candidate answers"),
      (#"{"question": "Q", "choces": ["a", "b"], "gt": "a"}"#, "looks like candidate answers"),
      (#"{"image": "a.png", "image2": "b.png", \#(answers)}"#, "\"image2\" (\"b.png\") looks like an image"),
      (#"{"image": "a.png", "query": "What?"}"#, "\"query\" (\"What?\") looks like the user's text"),
      (
        #"{"image": "a.png", "question": "What?", "response": "A cat."}"#,
        "\"response\" (\"A cat.\") looks like a response"
      ),
      (
        #"{"image": "a.png", "question": "What?", "anwser": "A cat."}"#, "\"anwser\" (\"A cat.\") looks like a response"
      ),
      (#"{"image": "a.png", "conversation": [{"from": "human"}]}"#, "looks like the user's text"),
    ]
    forEvery("line", lines) { line, says in
      let result = try imgtok([line, line])
      let found = result.stderr.split(separator: "\n").filter { $0.contains("warning: ") }
      #expect(result.status == 0 && found.count == 1, "\(Trace.here): \(result.stderr)")
      #expect(found.first?.contains("warning: stdin:1 (id line-1): ") == true, "\(Trace.here): \(result.stderr)")
      #expect(found.first?.contains(says) == true, "\(Trace.here): \(result.stderr)")
    }
  }

  @Test func whatIsNoStillImageBesideItsTextIsRefused() throws {
    let late =
      #"[{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "A"}, {"from": "human", "value": "<image>\nQ"}, {"from": "gpt", "value": "A"}]"#
    let turn = #"[{"from": "human", "value": "Q", "image": "a.png"}, {"from": "gpt", "value": "A"}]"#
    for (line, says) in [
      (#"{"videos": ["a.mp4"], \#(answers)}"#, "has \"videos\": only still images"),
      (#"{"audio": "a.wav", \#(answers)}"#, "has \"audio\": only still images"),
      (#"{"conversations": \#(turn)}"#, "turn 0: has \"image\"; an example's image stands beside \"conversations\""),
      (
        #"{"image": "a.png", "messages": [{"role": "user", "content": [{"type": "image"}]}]}"#,
        "turn 0: has a list of 1 parts"
      ),
      (
        #"{"image": "a.png", "conversations": \#(late)}"#,
        "turn 2: has the marker \"<image>\", expected it in the first"
      ),
      (#"{"image": "a.png", "question": "<image>\n<image>\nQ", "answer": "A"}"#, "has the marker \"<image>\" twice"),
      (#"{"image": "https://example.org/a.png", "question": "Q"}"#, "is an address or data, expected a picture's file"),
      (#"{"image": "a.png", "Question": "Q", "answer": "A"}"#, "and \"Question\" looks like it: name it \"question\""),
      (#"{"question": "Q", "choices": ["1", "2", "3"], "gt": 2}"#, "may be the index of \"3\" or the choice \"2\""),
    ] {
      let result = try imgtok([line])
      #expect(result.status == 65 && result.stderr.contains(says), "\(result.stderr)")
    }
    #expect(try imgtok([#"{"videos": [], \#(answers)}"#]).status == 0)
    #expect(try imgtok([#"{"question": "Q", "choices": ["0", "1"], "gt": 1}"#]).status == 0)
  }

  @Test func keysThatAreFineAreNotSpokenOf() throws {
    let lines = [
      #"{"question": "Q", "answer": "A", "has_image": false, "num_images": 0, "images": [], "image_id": null}"#,
      #"{"image": "a.png", "question": "Q", "gt": "cat", "answer_type": "other", "image_id": 12, "solution": "…"}"#,
      #"{"image": "a.png", "class": "cat", "text": "a cat", "width": 12}"#,
      #"{"question": "Q", "answer": "A", "usage": {"tokens": 5}, "stage": "sft", "page": "12", "image_size": [640, 480]}"#,
      #"{"question": "Q", "answer": "A", "photographer": "B", "task": "write index.html and logo.png", "image_type": "x"}"#,
      #"{"image": "a.png", "image_id": "7", "image_source": "coco", "coco_url": "https://example.org/7.jpg", \#(answers)}"#,
    ]
    forEvery("line", lines) { line in
      let result = try imgtok([line])
      #expect(result.status == 0 && !result.stderr.contains("warning"), "\(Trace.here): \(result.stderr)")
    }
  }

  @Test func responsesThatTeachNothingAreCounted() throws {
    let pair = #"{"question": "Q", "chosen": "A", "rejected": "A"}"#
    let result = try imgtok([pair, pair, #"{"question": "Q", "answer": ""}"#, "{\(answers)}"])
    #expect(
      result.stderr == "imgtok: warning: 2 of the pairs have the same text chosen and rejected\n"
        + "imgtok: warning: examples with an empty response: 1; it teaches to end at once\n"
        + "imgtok: 3 pairs, 0 with an image; 1 question with its answer, 0 with an image\n")
  }

  @Test func withCaptionsAMisspeltQuestionIsSaid() throws {
    let result = try imgtok([#"{"image": "a.png", "query": "Q", "answer": "A"}"#], ["--captions"])
    #expect(
      result.status == 0 && result.stderr.contains("\"query\" (\"Q\") looks like the user's text"), "\(result.stderr)")
  }

  @Test func verboseSaysWhatEachKeyIsTakenFor() throws {
    let result = try imgtok(
      [#"{"image": "a.png", \#(answers), "split": "train"}"#, #"{"question": "Q", "answer": "A", "category": "c"}"#],
      ["--verbose"])
    let keys = result.stderr.split(separator: "\n").filter { $0.hasPrefix("imgtok: key ") }
    #expect(
      keys == [
        "imgtok: key \"image\" is the image", "imgtok: key \"question\" is the user's text",
        "imgtok: key \"chosen\" is the preferred response", "imgtok: key \"rejected\" is the rejected response",
        "imgtok: key \"split\" is metadata, passed on as it is", "imgtok: key \"answer\" is the supervised response",
        "imgtok: key \"category\" is metadata that reward reads",
      ])
  }

  @Test func everyRunEndsWithWhatItUnderstood() throws {
    let lines = [
      #"{"image": "a.png", \#(answers)}"#, "{\(answers)}", #"{"image": "a.png", "question": "Q", "answer": "A"}"#,
      #"{"image": "a.png", "question": "Q", "choices": ["A", "B"], "gt": 0}"#, #"{"image": "a.png", "question": "Q"}"#,
      #"{"image": "a.png", "class": "cat"}"#, #"{"image": "a.png", "answer": "A cat."}"#,
    ]
    let all = try imgtok(lines, ["--captions"])
    #expect(
      all.stderr
        == "imgtok: 2 pairs, 1 with an image; 1 question with candidate answers, 1 with an image; 1 caption, 1 with "
        + "an image; 1 question with its answer, 1 with an image; 1 question, 1 with an image; 1 image\n")
    #expect(try imgtok(lines, ["--captions", "--quiet"]).stderr.isEmpty)
  }

  // MARK: Length

  /// Positions of each example of these lines: nine of the image, the tokens.
  private func lengths(_ result: ToolResult) throws -> [Int] {
    try read(result.stdout).map { frame in
      let images = frame.tensors["patches"] == nil ? 0 : 8
      return (frame.tensors["prompt"]?.count ?? 0) + images
        + (["chosen", "rejected", "answer"].compactMap { frame.tensors[$0]?.count }.max() ?? 0)
    }
  }

  @Test func longExamplesAreLeftOutAndCounted() throws {
    let lines = ["A cat.", "A cat on a mat, asleep in the sun.", "No."].enumerated().map { index, answer in
      #"{"id": "e\#(index)", "image": "a.png", "question": "What is it?", "answer": "\#(answer)"}"#
    }
    let whole = try lengths(imgtok(lines))
    let limit = whole[0]
    #expect(whole[1] > limit && whole[2] <= limit)
    let cut = try imgtok(lines, ["--max-length", "\(limit)"])
    #expect(try read(cut.stdout).map(\.id) == ["e0", "e2"])
    #expect(
      cut.stderr == "imgtok: 1 example longer than \(limit) positions left out (the longest: \(whole[1]), id e1)\n"
        + "imgtok: 2 questions with their answers, 2 with an image\n")
    let reader = try FrameReader(bytes: cut.stdout)
    while try reader.next() != nil {}
    #expect(reader.skippedUpstream == 1)
    let none = try imgtok(lines, ["--max-length", "5"])
    #expect(none.status == 65, "\(none.stderr)")
    #expect(
      none.stderr.contains("--max-length 5: no example is left, 3 examples longer than 5 positions"), "\(none.stderr)")
    #expect(try imgtok(lines, ["--max-length", "257"]).status == 64)  // the checkpoint was made for 256
    #expect(try imgtok(lines, ["--truncate", "response"]).status == 64)
  }

  @Test func responsesAreShortenedAndPromptsAreNot() throws {
    let lines = [
      #"{"id": "pair", "question": "Q?", "chosen": "A cat on a mat, asleep.", "rejected": "A dog."}"#,
      #"{"id": "same", "question": "Q?", "chosen": "A cat on a mat, asleep.", "rejected": "A cat on a mat, awake."}"#,
      #"{"id": "turns", "messages": [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "A."}, {"role": "user", "content": "And now, what is it?"}, {"role": "assistant", "content": "B."}]}"#,
      #"{"id": "prompt", "question": "What is there to be seen in this picture, would you say, if you had to?", "answer": "A."}"#,
    ]
    let whole = try read(imgtok(lines).stdout)
    let limit = (whole[0].tensors["prompt"]?.count ?? 0) + 8
    let result = try imgtok(lines, ["--max-length", "\(limit)", "--truncate", "response"])
    let short = try read(result.stdout)
    #expect(short.map(\.id) == ["pair", "turns"])
    for name in ["prompt", "rejected"] { #expect(short[0].tensors[name] == whole[0].tensors[name]) }
    #expect(
      try short[0].tensors["chosen"]?.int32s() == whole[0].tensors["chosen"].map { Array(try $0.int32s().prefix(8)) })
    #expect(
      try short[1].tensors["answer"]?.int32s() == whole[2].tensors["answer"].map { Array(try $0.int32s().prefix(8)) })
    #expect(short[1].tensors["answer_mask"]?.count == 8)
    #expect(try lengths(result).allSatisfy { $0 <= limit })
    #expect(
      result.stderr.contains("; responses of 2 shortened to \(limit) positions"), "\(result.stderr)")
  }

  @Test func anExampleBeyondTheModelsPositionsIsRefusedByName() throws {
    let long = String(repeating: "a cat ", count: 300)
    let result = try imgtok([#"{"id": "long", "question": "Q?", "answer": "\#(long)"}"#])
    #expect(result.status == 65)
    #expect(result.stderr.contains("stdin:1 (id long): takes "), "\(result.stderr)")
    #expect(result.stderr.contains("was made for 256 (max_position_embeddings); --max-length 256"), "\(result.stderr)")
  }
}
