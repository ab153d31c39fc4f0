// SPDX-License-Identifier: MIT
// What is wrong with a checkpoint is said in one line that names the file and the key.

import Glibc
import Models
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct MalformedCheckpointTests {
  private static let config = #""__metadata__":{"config.json":"{\"model_type\":\"llava\"}"}"#

  /// (file content, expected status and text behind the path)
  private static let files: [(what: String, bytes: [UInt8], expected: String)] = [
    ("empty", [], "65 P: has 0 bytes, a safetensors file has at least 10"),
    ("short", [1, 2, 3], "65 P: has 3 bytes, a safetensors file has at least 10"),
    (
      "pytorch", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 100),
      "65 P: this is a PyTorch pickle (zip archive), not a safetensors file"
    ),
    (
      "pickle", [0x80, 0x02] + [UInt8](repeating: 0x7d, count: 100),
      "65 P: this is a Python pickle, not a safetensors file"
    ),
    (
      "gguf", Array("GGUF".utf8) + [UInt8](repeating: 3, count: 100),
      "65 P: this is a GGUF file, not a safetensors file"
    ),
    (
      "lfs", Array("version https://git-lfs.github.com/spec/v1\noid sha256:00".utf8),
      "65 P: this is a Git LFS pointer (fetch the file with git lfs pull), not a safetensors file"
    ),
    (
      "long header",
      rawFile(header: "{}").enumerated().map {
        $0.offset < 8 ? [1, 0xE1, 0xF5, 5, 0, 0, 0, 0][$0.offset] : $0.element
      },
      "65 P: a header of 100000001 bytes, more than the 100000000 allowed: "
        + "this is not safetensors, or bytes are missing before it"
    ),
    (
      "header cut", Array(rawFile(header: "{\(config)}").dropLast(5)),
      "65 P: ends within its header (64 of 69 bytes); is the download complete?"
    ),
    (
      "data cut",
      rawFile(header: #"{\#(config),"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: [0, 0, 0]),
      "65 P: has 125 bytes, its header describes 130; is the download complete?"
    ),
    (
      "data too long", rawFile(header: "{\(config)}", data: [0]), "65 P: has 70 bytes, its header describes 69"
    ),
    (
      "dtype", rawFile(header: #"{"a.b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#, data: [0, 0]),
      #"65 P: tensor "a.b" has the unknown dtype "F8_E4M3", expected one of "#
        + "F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL"
    ),
    (
      "twice",
      rawFile(
        header:
          #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
        data: [0, 0]), #"65 P: tensor "a" occurs twice"#
    ),
    (
      "no config", rawFile(header: "{}"),
      #"65 P: its metadata has no "config.json"; a checkpoint in one file carries its JSON files there "#
        + "(ckpt convert makes one from a directory)"
    ),
    (
      "bad config", rawFile(header: #"{"__metadata__":{"config.json":"{\"a\":1,}"}}"#),
      #"65 P: config.json: column 8: "}", expected a key in double quotes"#
    ),
    (
      "config no object", rawFile(header: #"{"__metadata__":{"config.json":"[]"}}"#),
      "65 P: config.json: expected an object"
    ),
    (
      "generation", rawFile(header: #"{"__metadata__":{"config.json":"{}","generation":"-3"}}"#),
      #"65 P: metadata "generation" is "-3", expected a number"#
    ),
    (
      "two layouts",
      rawFile(
        header:
          #"{\#(config),"lm_head.weight":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"language_model.lm_head.weight":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
        data: [0, 0]),
      #"65 P: keys "language_model.lm_head.weight" and "lm_head.weight" are both language_model.lm_head.weight; "#
        + "expected one of them"
    ),
  ]

  @Test func filesAreRefusedWithOneLine() throws {
    try withTemporaryDirectory { folder in
      for (what, bytes, expected) in Self.files {
        let path = folder + "/enc.bin"
        try writeFile(path, bytes)
        let line = refusal { _ = try Checkpoint(opening: path) }
        #expect(line.replacing(path, with: "P") == expected, "\(what)")
      }
    }
  }

  @Test func directoriesAreRefusedWithOneLine() throws {
    try withTemporaryDirectory { folder in
      let u8 = { (name: String) in
        rawFile(header: #"{"\#(name)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [7])
      }
      let config = #"{"model_type": "llava"}"#
      let index = "model.safetensors.index.json"
      func map(_ text: String) -> [UInt8] { Array(#"{"weight_map": {\#(text)}}"#.utf8) }
      let cases: [(what: String, files: [String: [UInt8]], expected: String)] = [
        ("empty", [:], "66 D: has neither model.safetensors nor model.safetensors.index.json"),
        (
          "pickle", ["pytorch_model.bin": [], "config.json": Array(config.utf8)],
          #"66 D: has "pytorch_model.bin" but neither model.safetensors nor model.safetensors.index.json; "#
            + "save the model again with safe_serialization=True"
        ),
        ("no config", ["model.safetensors": u8("a")], "66 D: has no config.json"),
        (
          "config", ["model.safetensors": u8("a"), "config.json": Array("{".utf8)],
          "65 D: config.json: column 2: the text ends, expected a key in double quotes"
        ),
        (
          "config not UTF-8", ["model.safetensors": u8("a"), "config.json": [0xff]],
          "65 D/config.json: not UTF-8 text"
        ),
        (
          "missing shard", [index: map(#""a": "x.safetensors""#)],
          #"66 D/model.safetensors.index.json: names the shard "x.safetensors" for key "a", which does not exist; "#
            + "is the download complete?"
        ),
        (
          "elsewhere", [index: map(#""a": "../x.safetensors""#)],
          #"65 D/model.safetensors.index.json: weight_map["a"] is "../x.safetensors", "#
            + "expected the name of a file beside the index"
        ),
        (
          "not listed",
          [
            index: map(#""a": "x.safetensors", "b": "y.safetensors""#), "x.safetensors": u8("a"),
            "y.safetensors": u8("c"),
          ],
          #"65 D/model.safetensors.index.json: lists key "b" in "y.safetensors", which has no such tensor"#
        ),
        (
          "swapped",
          [
            index: map(#""a": "y.safetensors", "b": "x.safetensors""#), "x.safetensors": u8("a"),
            "y.safetensors": u8("b"),
          ],
          #"65 D/model.safetensors.index.json: lists key "a" in "y.safetensors", which has no such tensor"#
        ),
        (
          "unlisted",
          [
            index: map(#""a": "x.safetensors""#),
            "x.safetensors": rawFile(
              header:
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"z":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
              data: [0, 0]),
          ], #"65 D/model.safetensors.index.json: does not list key "z", which "x.safetensors" holds"#
        ),
        (
          "duplicate",
          [
            index: map(#""a": "x.safetensors", "b": "y.safetensors""#), "x.safetensors": u8("a"),
            "y.safetensors": u8("a"),
          ],
          #"65 D: key "a" is in two shards, x.safetensors and y.safetensors; expected it once"#
        ),
        ("index", [index: Array("{}".utf8)], #"65 D/model.safetensors.index.json: has no object "weight_map""#),
        (
          "index twice", [index: map(#""a": "x", "a": "y""#)],
          #"65 D/model.safetensors.index.json: column 31: the key "a" occurs twice"#
        ),
        (
          "bad shard", [index: map(#""a": "x.safetensors""#), "x.safetensors": [1]],
          "65 D/x.safetensors: has 1 bytes, a safetensors file has at least 10"
        ),
      ]
      for (number, (what, files, expected)) in cases.enumerated() {
        let path = "\(folder)/\(number)"
        mkdir(path, 0o777)
        for (name, bytes) in files { try writeFile(path + "/" + name, bytes) }
        let line = refusal { _ = try Checkpoint(opening: path) }
        #expect(line.replacing(path, with: "D") == expected, "\(what)")
      }
      #expect(
        refusal { _ = try Checkpoint(opening: "/nowhere/x.bin") }
          == "66 /nowhere/x.bin: no such file or directory; "
          + "a checkpoint is a Hugging Face directory or one safetensors file"
      )
    }
  }

  @Test func aFlippedHeaderByteIsNeverACrash() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a.bin")
      let bytes = try readFile(folder + "/a.bin")
      let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      var random = SeededGenerator(seed: 3)
      for _ in 0..<300 {
        var damaged = bytes
        damaged[Int.random(in: 0..<8 + length, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 1..<damaged.count, using: &random)) }
        try writeFile(folder + "/b.bin", damaged)
        do {
          let checkpoint = try Checkpoint(opening: folder + "/b.bin")
          for name in checkpoint.names { _ = try? checkpoint.tensor(name)?.floats().values }
        } catch let error as CheckpointError {
          #expect(!error.description.contains("\n"))
        }
      }
    }
  }
}
