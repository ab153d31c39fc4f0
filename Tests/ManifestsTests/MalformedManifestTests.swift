// SPDX-License-Identifier: MIT
// A table of manifest lines that are wrong, and what is said about each.
import Failures
import Manifests
import TestSupport
import Testing

struct MalformedManifestTests {
  static let table: [(line: String, says: String)] = [
    (#"[]x"#, "expected the end of the text"),
    (#"3"#, "is a number, expected an object"),
    (#""text""#, "is a string, expected an object"),
    (#"{"image": "a.png", "image": "b.png"}"#, "\"image\""),
    (#"{"image": "a.png""#, "column"),
    (#"{}"#, "has neither an image nor a question; its keys are none"),
    (#"{"img": "a.png"}"#, "has no \"image\", and \"img\" (\"a.png\") looks like an image: name it \"image\""),
    (#"{"kind": "a"}"#, "has neither an image nor a question; its keys are \"kind\""),
    (#"{"id": true, "question": "Q"}"#, "\"id\" is a boolean (true), expected a string or a whole number"),
    (#"{"image": 3}"#, "\"image\" is a number (3), expected a path"),
    (#"{"image": ""}"#, "\"image\" is empty, expected a path"),
    (#"{"image": "a\u0000b"}"#, "\"image\" holds a zero byte"),
    (#"{"image": {"bytes": 1}}"#, "\"image\" is an object ({\"bytes\":1}), expected a path"),
    (
      #"{"id": "x9", "image": ["a.png", "b.png"], "question": "Q"}"#,
      "(id x9): \"image\" names 2 images; an example may have one so far"
    ),
    (#"{"video": "a.mp4", "question": "Q"}"#, "has \"video\": only still images are read"),
    (#"{"image": "a.png", "images": ["b.png"]}"#, "has both \"image\" and \"images\""),
    (#"{"image_rejected": "a.png", "question": "Q", "chosen": "C"}"#, "has \"image_rejected\" but no \"image\""),
    (#"{"mask": "a.png", "question": "Q"}"#, "has \"mask\" but no \"image\""),
    (#"{"image": "a.png", "question": 5}"#, "\"question\" is a number (5), expected a string"),
    (#"{"image": "a.png", "question": ["Q"]}"#, "\"question\" is an array ([\"Q\"]), expected a string"),
    (#"{"question": "Q", "prompt": "P"}"#, "has both \"question\" and \"prompt\""),
    (#"{"question": "<image>\nQ"}"#, "\"question\" has the marker \"<image>\" but there is no \"image\""),
    (#"{"question": "Q", "system": 5}"#, "\"system\" is a number (5), expected a string"),
    (
      #"{"system": "S", "messages": [{"role": "system", "content": "T"}, {"role": "user", "content": "Q"}]}"#,
      "has \"system\" and another text in the system turn of its conversation, expected one of them"
    ),
    (#"{"question": "Q", "chosen": "C"}"#, "has \"chosen\" without \"rejected\""),
    (#"{"question": "Q", "rejected": "R"}"#, "has \"rejected\" without \"chosen\""),
    (#"{"question": "Q", "chosen": "C", "rejected": 4}"#, "\"rejected\" is a number (4), expected a string"),
    (#"{"image": "a.png", "image_rejected": "b.png", "question": "Q"}"#, "has \"image_rejected\" without \"chosen\""),
    (
      #"{"image": "a.png", "chosen": "C", "rejected": "R"}"#,
      "has an answer but no \"question\"; captions without one need --captions or --template plain"
    ),
    (#"{"question": "Q", "answer": 4}"#, "\"answer\" is a number (4), expected a string"),
    (#"{"image": "a.png", "label": -1}"#, "\"label\" is a number (-1), expected a whole number from 0"),
    (#"{"image": "a.png", "label": 1.5}"#, "\"label\" is a number (1.5), expected a whole number from 0"),
    (#"{"image": "a.png", "label": 3000000000}"#, "\"label\" is a number (3000000000), expected a whole number from 0"),
    (#"{"image": "a.png", "label": "dog"}"#, "expected a whole number from 0; a name goes under \"class\""),
    (#"{"image": "a.png", "class": 3}"#, "\"class\" is a number (3), expected a string"),
    (#"{"question": "Q", "choices": "a"}"#, "\"choices\" is a string (\"a\"), expected an array of strings"),
    (#"{"question": "Q", "choices": []}"#, "\"choices\" is an array ([]), expected an array of strings"),
    (#"{"question": "Q", "choices": ["a", 2]}"#, "\"choices[1]\" is a number (2), expected a string"),
    (#"{"question": "Q", "choices": ["a", "a"]}"#, "\"choices\" has \"a\" twice"),
    (#"{"question": "Q", "choices": ["a", "b"], "gt": "c"}"#, "\"gt\" is \"c\", which is none of the 2 \"choices\""),
    (#"{"question": "Q", "choices": ["a", "b"], "gt": 2}"#, "\"gt\" is 2, expected an index below 2"),
    (#"{"question": "Q", "choices": ["a", "b"], "gt": [1]}"#, "expected one of the \"choices\" or its index from 0"),
    (#"{"question": "Q", "seq": "1"}"#, "the key \"seq\" is one that the stream uses itself"),
    (#"{"question": "Q", "grid": "1 1"}"#, "the key \"grid\" is one that the stream uses itself"),
    (
      #"{"question": "Q", "conversations": [{"from": "human", "value": "Q"}]}"#,
      "has both \"conversations\" and a question"
    ),
    (#"{"conversations": "Q"}"#, "\"conversations\" is a string (\"Q\"), expected an array of turns"),
    (#"{"conversations": []}"#, "expected an array of turns"),
    (#"{"conversations": ["Q"]}"#, "\"conversations\", turn 0: is a string, expected an object"),
    (#"{"conversations": [{"value": "Q"}]}"#, "turn 0: has neither \"from\" nor \"role\""),
    (#"{"conversations": [{"from": "bot", "value": "Q"}]}"#, "turn 0: speaker \"bot\" is unknown"),
    (#"{"conversations": [{"from": "human"}]}"#, "turn 0: has no text under \"value\" or \"content\""),
    (
      #"{"conversations": [{"from": "gpt", "value": "A"}]}"#,
      "turn 0: is the assistant's, expected the system's or the user's"
    ),
    (
      #"{"conversations": [{"from": "human", "value": "Q"}, {"from": "human", "value": "Q"}]}"#,
      "turn 1: is the user's, expected the assistant's"
    ),
    (#"{"conversations": [{"from": "system", "value": "S"}]}"#, "\"conversations\" has no user turn"),
    (
      #"{"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}], "chosen": "C", "rejected": "R"}"#,
      "ends with the assistant's turn"
    ),
  ]

  @Test func everyWrongLineIsRefusedInOneClearLine() {
    forEvery("line", Self.table) { entry in
      let results = try read(entry.line.utf8)
      guard results.count == 1, case .failure(let error) = results[0] else {
        Issue.record("\(Trace.here): accepted")
        return
      }
      #expect(error.exitStatus == .badData)
      #expect(error.description.contains(entry.says), "\(Trace.here): \(error.description)")
      #expect(!error.description.contains("\n"), "\(Trace.here): \(error.description)")
      #expect(error.description.contains("m.jsonl"), "\(Trace.here): \(error.description)")
    }
  }

  @Test func classesMustAgreeAcrossLines() throws {
    for (first, second, says) in [
      (#""class": "a", "label": 1"#, #""class": "a", "label": 2"#, "\"label\" is 2, but class \"a\" had 1 before"),
      (#""class": "a", "label": 1"#, #""class": "b", "label": 1"#, "\"label\" is 1, which class \"a\" had before"),
      (
        #""class": "a", "label": 1"#, #""class": "b""#,
        "has \"class\" without \"label\", but earlier examples have both"
      ),
      (
        #""class": "a""#, #""class": "b", "label": 3"#,
        "has \"class\" and \"label\", but earlier examples have \"class\" only"
      ),
    ] {
      let results = try read("{\"image\": \"x\", \(first)}\n{\"image\": \"x\", \(second)}".utf8)
      guard case .failure(let error) = results[1] else {
        Issue.record("accepted \(first) then \(second)")
        continue
      }
      #expect(error.description.contains(says))
    }
  }
}
