// SPDX-License-Identifier: MIT
// Lines become examples: every kind of manifest, every way to write a file of lines.
import Failures
import Manifests
import TestSupport
import Testing
import Tokenizers

/// The examples and errors of a manifest with these bytes, in order.
func read(
  _ bytes: some Sequence<UInt8>, root: String? = nil, options: ManifestOptions = ManifestOptions()
) throws -> [Result<ManifestExample, ManifestError>] {
  try withTemporaryDirectory { folder in
    try writeFile(folder + "/m.jsonl", bytes)
    let reader = try ManifestReader(paths: [folder + "/m.jsonl"], root: root, options: options)
    var results: [Result<ManifestExample, ManifestError>] = []
    while true {
      do {
        guard let example = try reader.next() else { return results }
        results.append(.success(example))
      } catch let error as ManifestError {
        results.append(.failure(error))
        if !error.isRecoverable { return results }
      }
    }
  }
}

func example(_ line: String, options: ManifestOptions = ManifestOptions()) throws -> ManifestExample {
  let results = try read(line.utf8, root: "/r", options: options)
  #expect(results.count == 1)
  return try results[0].get()
}

struct ManifestReaderTests {
  let pair = #"{"image": "a.png", "question": "Q?", "chosen": "C", "rejected": "R"}"#

  @Test func aFileOfLinesMayLackItsLastNewlineAndHoldBlankLinesAndReturns() throws {
    let forms = [
      pair + "\n" + pair + "\n", pair + "\n" + pair, pair + "\r\n" + pair + "\r\n",
      "\n\n" + pair + "\n  \n" + pair + "\n\n",
      "\u{FEFF}" + pair + "\n" + pair, "[\(pair),\n \(pair)]", " [\(pair), \(pair)] \n", "\u{FEFF}[\(pair), \(pair)]",
    ]
    forEvery("form", forms) { form in
      let examples = try read(form.utf8, root: "/r").map { try $0.get() }
      #expect(examples.count == 2, "\(Trace.here)")
      #expect(examples.allSatisfy { $0.chosen == "C" && $0.image == "/r/a.png" }, "\(Trace.here)")
    }
  }

  @Test func anExampleWithoutIDIsCalledAfterItsLine() throws {
    let examples = try read("\n\(pair)\n\n{\"id\": 7, \"question\": \"x\"}\n{\"id\": \"y\", \"question\": \"x\"}".utf8)
      .map { try $0.get() }
    #expect(examples.map(\.id) == ["line-2", "7", "y"])
    #expect(examples.map { $0.metadata["id"] } == ["line-2", "7", "y"])
  }

  @Test func theKeySystemIsTheSystemTurn() throws {
    let turns = #""conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]"#
    let own = #"[{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}]"#
    forEvery(
      "line",
      [
        #"{"system": "S", \#(turns)}"#, #"{"question": "Q", "answer": "A", "system": "S"}"#,
        #"{"system": "S", "messages": \#(own)}"#, #"{"prompt": "Q", "system": "S", "chosen": "a", "rejected": "b"}"#,
      ]
    ) { line in
      let example = try example(line)
      #expect(example.prompt == [ChatTurn(.system, "S"), ChatTurn(.user, "Q")], "\(Trace.here)")
      #expect(example.metadata["question"] == "Q" && example.metadata["system"] == "S", "\(Trace.here)")
    }
    // Files of ShareGPT write "" where a conversation has no system line of its own.
    #expect(try example(#"{"system": "", \#(turns)}"#).prompt == [ChatTurn(.user, "Q")])
    #expect(try example(#"{"system": null, \#(turns)}"#).prompt == [ChatTurn(.user, "Q")])
    // Nothing is asked: a key like any other.
    #expect(try example(#"{"image": "a.png", "class": "c", "system": 3}"#).metadata["system"] == "3")
  }

  @Test func aBadLineLeavesTheReaderAtTheNext() throws {
    let results = try read("\(pair)\n{\"image\": 3}\n{oops\n\(pair)".utf8)
    #expect(results.count == 4)
    guard case .failure(let wrongType) = results[1], case .failure(let noJSON) = results[2] else {
      Issue.record("expected two errors")
      return
    }
    #expect(wrongType.description.hasSuffix(#"m.jsonl:2 (id line-2): "image" is a number (3), expected a path"#))
    #expect(noJSON.description.contains("m.jsonl:3: column 2: "))
    #expect(noJSON.description.hasSuffix("; a manifest has one JSON object a line"))
    #expect(try results[3].get().id == "line-4")
  }

  @Test func pathsBeginAtTheManifestsFolderUnlessAbsolute() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/m.jsonl", pair + "\n" + #"{"image": "/x/b.png"}"#)
      let reader = try ManifestReader(paths: [folder + "/m.jsonl"], root: nil, options: ManifestOptions())
      #expect(try reader.next()?.image == folder + "/a.png")
      #expect(try reader.next()?.image == "/x/b.png")
      #expect(try reader.next() == nil)
    }
  }

  @Test func severalManifestsAreReadInTurn() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/1.jsonl", pair + "\n" + pair)
      try writeFile(folder + "/2.json", "[\(pair)]")
      let reader = try ManifestReader(
        paths: [folder + "/1.jsonl", folder + "/2.json", folder + "/1.jsonl"], root: nil, options: ManifestOptions())
      var ids: [String] = []
      while let example = try reader.next() { ids.append(example.id) }
      #expect(ids == ["line-1", "line-2", "line-3", "line-4", "line-5"])
    }
  }

  @Test func whatIsNoManifestIsRefused() throws {
    #expect(throws: PlainFailure.self) {
      try ManifestReader(paths: ["/no/such/file"], root: nil, options: ManifestOptions())
    }
    let compressed = try read([0x1F, 0x8B, 8, 0, 0, 0])
    guard case .failure(let error)? = compressed.first else { return #expect(Bool(false), "expected an error") }
    #expect(error.description.contains("is compressed"))
    #expect(!error.isRecoverable)
  }

  // MARK: Kinds

  @Test func preferencePairsMayUseEitherNameOfTheQuestion() throws {
    for key in ["question", "prompt"] {
      let example = try example(
        #"{"image": "a.png", "\#(key)": "Q?", "chosen": "C", "rejected": "R", "category": "ocr"}"#)
      #expect(example.prompt == [ChatTurn(.user, "Q?")])
      #expect(example.chosen == "C")
      #expect(example.rejected == "R")
      #expect(example.metadata["question"] == "Q?")
      #expect(example.metadata["category"] == "ocr")
      #expect(example.metadata["chosen"] == "C")
    }
  }

  @Test func theImageMarkerOfTheFormatIsTakenOut() throws {
    for (question, expected) in [
      ("<image>\nWhat?", "What?"), ("What?\n<image>", "What?"), ("<image>", ""), ("<image>\r\nWhat?", "What?"),
      ("What does <image> mean?", "What does <image> mean?"), ("<image> is a tag", "<image> is a tag"),
      ("<image>\nwhat is <image>?", "what is <image>?"),
    ] {
      let line = JSONLine(["image": "a.png", "question": question, "answer": "A"])
      #expect(try example(line).prompt == [ChatTurn(.user, expected)])
    }
    for (turn, expected) in [
      ("<image>\nWhat?", "What?"), ("What?\n<image>", "What?"), ("<image> What?", "What?"),
      ("What is <image> here?", "What is  here?"),
      ("No marker", "No marker"),
    ] {
      let text = JSONLine(["from": "human", "value": turn])
      let line = #"{"image": "a.png", "conversations": [\#(text), {"from": "gpt", "value": "A"}]}"#
      #expect(try example(line).prompt == [ChatTurn(.user, expected)])
    }
  }

  @Test func conversationsHaveAPromptAndTheRestIsTheAnswer() throws {
    let llava = try example(
      #"{"id": "c", "image": "a.png", "conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "<image>\nQ1"}, {"from": "gpt", "value": "A1"}, {"from": "human", "value": "Q2"}, {"from": "gpt", "value": "A2"}]}"#
    )
    #expect(llava.prompt == [ChatTurn(.system, "S"), ChatTurn(.user, "Q1")])
    #expect(llava.answer == [ChatTurn(.assistant, "A1"), ChatTurn(.user, "Q2"), ChatTurn(.assistant, "A2")])
    let openAI = try example(
      #"{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}"#)
    #expect(openAI.prompt == [ChatTurn(.user, "Q")])
    #expect(openAI.answer == [ChatTurn(.assistant, "A")])
    #expect(openAI.metadata["question"] == "Q")
    #expect(openAI.metadata["answer"] == "A")
    let pair = try example(
      #"{"conversations": [{"from": "human", "value": "Q1"}, {"from": "gpt", "value": "A1"}, {"from": "human", "value": "Q2"}], "chosen": "C", "rejected": "R"}"#
    )
    #expect(pair.prompt == [ChatTurn(.user, "Q1"), ChatTurn(.assistant, "A1"), ChatTurn(.user, "Q2")])
    #expect(pair.answer.isEmpty)
  }

  @Test func visualPreferenceNeedsNoSecondText() throws {
    let example = try example(#"{"image": "a.png", "image_rejected": "b.png", "question": "Q", "chosen": "C"}"#)
    #expect(example.rejected == "C")
    #expect(example.rejectedImage == "/r/b.png")
  }

  @Test func aListOfOneImageIsThatImage() throws {
    #expect(try example(#"{"image": ["a.png"], "question": "Q"}"#).image == "/r/a.png")
    #expect(try example(#"{"images": ["a.png"], "question": "Q"}"#).image == "/r/a.png")
    #expect(try example(#"{"image": [], "question": "Q"}"#).image == nil)
    #expect(try example(#"{"image": null, "question": "Q"}"#).image == nil)
  }

  @Test func choicesAndGroundTruth() throws {
    let text = try example(#"{"question": "Q", "choices": ["red", "blue"], "gt": "blue"}"#)
    #expect(text.choices == ["red", "blue"])
    #expect(text.metadata["gt"] == "blue")
    #expect(text.metadata["choices"] == #"["red","blue"]"#)
    #expect(try example(#"{"question": "Q", "choices": ["red", "blue"], "gt": 1}"#).metadata["gt"] == "blue")
    #expect(try example(#"{"question": "Q", "answer": "A", "gt": 3.5}"#).metadata["gt"] == "3.5")
  }

  @Test func aReferenceAnswerNeedsNoChoices() throws {
    for (gt, text) in [
      (#""a cat""#, "a cat"), ("3", "3"), ("0.5", "0.5"), ("true", "true"), (#"["red", "blue"]"#, #"["red","blue"]"#),
      ("[0.1, 0.2, 0.7, 0.5]", "[0.1,0.2,0.7,0.5]"), (#""\\frac{1}{2}""#, #"\frac{1}{2}"#),
    ] {
      let line =
        #"{"image": "a.png", "question": "Q?", "gt": \#(gt), "reward": "exact", "category": "c", "pair_id": 7}"#
      let metadata = try example(line).metadata
      #expect(metadata["gt"] == text)
      #expect(metadata["reward"] == "exact" && metadata["category"] == "c" && metadata["pair_id"] == "7")
    }
  }

  @Test func unknownKeysTravelAsText() throws {
    let example = try example(
      #"{"question": "Q", "source": "x", "score": 0.5, "n": 3, "ok": true, "none": null, "tags": ["a", {"b": 1}]}"#)
    #expect(example.metadata["source"] == "x")
    #expect(example.metadata["score"] == "0.5")
    #expect(example.metadata["n"] == "3")
    #expect(example.metadata["ok"] == "true")
    #expect(example.metadata["none"] == nil)
    #expect(example.metadata["tags"] == #"["a",{"b":1}]"#)
    #expect(example.metadata["label"] == nil)
  }

  @Test func classesGetNumbersInTheOrderOfAppearance() throws {
    let lines = [("a", nil), ("b", nil), ("a", nil), ("c", nil)].map { (name: String, _: Int?) in
      #"{"image": "x.png", "class": "\#(name)"}"#
    }
    let examples = try read(lines.joined(separator: "\n").utf8).map { try $0.get() }
    #expect(examples.map(\.label) == [0, 1, 0, 2])
    #expect(examples.map { $0.metadata["class"] } == ["a", "b", "a", "c"])
    let given = try read(#"{"image": "x.png", "class": "b", "label": 5}"#.utf8).map { try $0.get() }
    #expect(given.map(\.label) == [5])
  }

  @Test func captionsNeedNoQuestionInThePlainTemplate() throws {
    let options = ManifestOptions(takesCaptions: true)
    for key in ["answer", "caption"] {
      let example = try example(#"{"image": "a.png", "\#(key)": "A dog."}"#, options: options)
      #expect(example.prompt == [])
      #expect(example.answer == [ChatTurn(.assistant, "A dog.")])
    }
  }
}

/// A JSON object of strings.
func JSONLine(_ entries: KeyValuePairs<String, String>) -> String {
  "{" + entries.map { "\(quoted($0)): \(quoted($1))" }.joined(separator: ", ") + "}"
}

private func quoted(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    case "\r": out += "\\r"
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}
