// SPDX-License-Identifier: MIT
// ckpt as a user runs it.
import Checkpoints
import Glibc
import Models
import StrictJSON
import TestSupport
import Testing

@Suite struct CkptTests {
  @Test func theVersionNamesBLASAndKernels() throws {
    for arguments in [["--version"], ["show", "--version"]] {
      let result = try runTool("ckpt", arguments)
      #expect(result.status == 0)
      #expect(result.text.hasPrefix("pivot "))
      #expect(result.text.contains("OpenBLAS"))
      #expect(result.text.contains("kernels"))
    }
  }

  private func ckpt(_ arguments: String..., in folder: String, environment: [String: String?] = [:]) throws
    -> ToolResult
  {
    try runTool("ckpt", arguments, environment: environment, in: folder)
  }

  @Test(arguments: ["mini", "mini-llava"])
  func aSeedMakesTheSameModelInADirectoryAndInAFile(preset: String) throws {
    try withTemporaryDirectory { folder in
      for (seed, out) in [("1", "a"), ("1", "b"), ("2", "c"), ("1", "d.bin")] {
        let run = try ckpt("new", "--preset", preset, "--seed", seed, out, in: folder)
        #expect(run.status == 0 && run.stdout.isEmpty && run.stderr.isEmpty, "\(run.stderr)")
      }
      let same = try runPipeline("diff -r a b && ls a && ! cmp -s a/model.safetensors c/model.safetensors", in: folder)
      #expect(same.status == 0)
      #expect(
        same.lines == [
          "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors",
          "preprocessor_config.json",
          "processor_config.json", "tokenizer.json", "tokenizer_config.json",
        ])
      let none = try ckpt("diff", "a", "d.bin", in: folder)
      #expect(none.lines.dropFirst().allSatisfy { $0.hasSuffix("tensors       0         0        0") }, "\(none.text)")
      let directory = try Checkpoint(opening: folder + "/a")
      let file = try Checkpoint(opening: folder + "/d.bin")
      for name in directory.fileNames { #expect(try directory.file(name) == file.file(name), "\(name)") }
    }
  }

  @Test func theBenchmarkModelHasTheShapeItIsNamedAfter() throws {
    try withTemporaryDirectory { folder in
      #expect(try ckpt("new", "--preset", "bench-mini", "--seed", "0", "m.bin", in: folder).status == 0)
      let model = try Checkpoint(opening: folder + "/m.bin")
      func shape(_ name: String) -> [Int]? { model.tensor(name)?.shape }
      #expect(shape("vision_tower.vision_model.embeddings.position_embedding.weight") == [64, 192])
      #expect(shape("vision_tower.vision_model.encoder.layers.6.mlp.fc1.weight") == [768, 192])
      #expect(shape("vision_tower.vision_model.encoder.layers.7.mlp.fc1.weight") == nil)
      #expect(shape("multi_modal_projector.linear_1.weight") == [256, 192])
      #expect(shape("language_model.model.embed_tokens.weight") == [4096, 256])
      #expect(shape("language_model.model.layers.5.self_attn.k_proj.weight") == [128, 256])
      #expect(shape("language_model.model.layers.5.mlp.gate_proj.weight") == [704, 256])
      #expect(shape("language_model.lm_head.weight") == nil)
      #expect(model.unknownNames == [])
    }
  }

  /// config.json states LLaVA-1.5's numbers, and the chat template is one that is known.
  @Test func theSmallLLaVAIsBuiltAsLLaVA() throws {
    try withTemporaryDirectory { folder in
      #expect(try ckpt("new", "--preset", "mini-llava", "--seed", "0", "m", in: folder).status == 0)
      let report = try JSONValue.parse(ckpt("show", "--json", "m", in: folder).text)
      #expect(report["chat"]?["format"] == "llava" && report["chat"]?["system"] == "")
      let config = try #require(report["config"])
      #expect(config["vision_config"]?["model_type"] == "clip_vision_model")
      #expect(config["vision_config"]?["hidden_act"] == "quick_gelu")
      #expect(config["text_config"]?["model_type"] == "llama" && config["text_config"]?["num_key_value_heads"] == 2)
      #expect(config["vision_feature_select_strategy"] == "default" && config["image_seq_length"] == 64)
      let model = try Checkpoint(opening: folder + "/m")
      let tower = "vision_tower.vision_model."
      #expect(model.tensor(tower + "embeddings.position_embedding.weight")?.shape == [65, 128])
      #expect(model.tensor(tower + "pre_layrnorm.weight")?.shape == [128])
      #expect(model.tensor("language_model.model.layers.2.self_attn.k_proj.weight")?.shape == [64, 128])
      #expect(!model.names.contains { $0.hasPrefix("language_model") && $0.hasSuffix(".bias") })
      #expect(model.unknownNames == [])
    }
  }

  @Test func showSaysWhatThereIs() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a", in: folder)
      _ = try ckpt("convert", "--dtype", "bf16", "a", "b.bin", in: folder)
      _ = try ckpt("convert", "b.bin", "c", "--shard-size", "500KB", in: folder)
      let text = try ckpt("show", "a", in: folder)
      #expect(text.status == 0 && text.stderr.isEmpty)
      for line in [
        "model        llava", "  vision          96       1,211,904  F32", "  projector        4          33,024  F32",
        "training     no state",
        "  vision     siglip_vision_model, image 48, patch 6, width 128, MLP 512, layers 5, heads 4",
      ] { #expect(text.lines.contains(line), "\(line)") }
      // The variable names the checkpoint too, --tensors lists, --json is one line.
      let json = try ckpt("show", "--json", "--tensors", in: folder, environment: ["PIVOT_CKPT": "b.bin"])
      let report = try JSONValue.parse(json.text)
      #expect(json.lines.count == 1)
      #expect(report["layout"] == "file" && report["path"] == "b.bin")
      #expect(report["parts"]?.array?.map { $0["part"]?.string } == ["vision", "projector", "llm"])
      #expect(report["parts"]?.array?.allSatisfy { $0["dtypes"]?.object?.keys == ["BF16"] } == true)
      #expect(report["tensors"]?.array?.count == 138)
      let sharded = try JSONValue.parse(ckpt("show", "--json", "c", in: folder).text)
      #expect(sharded["encoder"] == report["encoder"] && sharded["reference"] == report["reference"])
      let original = try JSONValue.parse(ckpt("show", "--json", "a", in: folder).text)
      #expect(original["encoder"] != report["encoder"])  // bf16 rounded it
    }
  }

  @Test func aDetachedEncoderIsTheEncoder() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a.bin", in: folder)
      let run = try ckpt("detach", "vision", "a.bin", "vision/", "--verbose", in: folder)
      #expect(run.status == 0)
      #expect(run.stderr == "ckpt: vision/: vision of a.bin, 96 tensors, 1,211,904 parameters\n")
      #expect(try ckpt("detach", "projector", "a.bin", "projector.safetensors", in: folder).status == 0)
      let whole = try JSONValue.parse(ckpt("show", "--json", "a.bin", in: folder).text)
      let part = try JSONValue.parse(ckpt("show", "--json", "vision", in: folder).text)
      #expect(whole["encoder"] == part["encoder"] && part["reference"] == nil)
      let difference = try ckpt("diff", "a.bin", "vision", in: folder)
      #expect(
        difference.lines == [
          "part    changed          of  change  relative  largest",
          "vision        0  96 tensors       0         0        0",
          "only in a.bin\tllm, 38 tensors", "only in a.bin\tprojector, 4 tensors",
        ])
    }
  }

  @Test func diffMeasuresTheChange() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a", in: folder)
      _ = try ckpt("convert", "--dtype", "f16", "a", "b", in: folder)
      let json = try JSONValue.parse(ckpt("diff", "--json", "a", "b", in: folder).text)
      for part in ["vision", "projector", "llm"] {
        let relative = json["parts"]?[part]?["relative"]?.double ?? 0
        #expect(relative > 1e-5 && relative < 5e-4, "\(part) \(relative)")  // f16 has 11 bits
      }
      let lines = try ckpt("diff", "--tensors", "a", "b", in: folder).lines
      #expect(lines.contains { $0.hasPrefix("multi_modal_projector.linear_1.weight ") && $0.contains("16384 values") })
      #expect(!lines.contains { $0.hasPrefix("multi_modal_projector.linear_1.bias ") })  // zeros stay zeros
    }
  }

  /// The last bit of the last value of the file.
  @Test func diffSeesOneUnitInTheLastPlace() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a.bin", in: folder)
      var bytes = try readFile(folder + "/a.bin")
      try writeFile(folder + "/same.bin", bytes)
      bytes[bytes.count - 4] ^= 1
      try writeFile(folder + "/other.bin", bytes)
      let same = try ckpt("diff", "a.bin", "same.bin", in: folder)
      #expect(same.lines.dropFirst().allSatisfy { $0.hasSuffix("tensors       0         0        0") }, "\(same.text)")
      let parts = try #require(
        try JSONValue.parse(ckpt("diff", "--json", "a.bin", "other.bin", in: folder).text)["parts"]?.object)
      #expect(parts.keys.compactMap { parts[$0]?["changed_values"]?.int }.sorted() == [0, 0, 1])
      #expect(parts.keys.compactMap { parts[$0]?["changed_tensors"]?.int }.sorted() == [0, 0, 1])
      let text = try ckpt("diff", "--tensors", "a.bin", "other.bin", in: folder)
      // Its part and itself, each with a largest change that is not 0.
      let changed = text.lines.map { $0.split(separator: " ") }.filter { $0[1] == "1" }
      #expect(changed.count == 2 && changed.allSatisfy { $0.last != "0" }, "\(text.text)")
    }
  }

  @Test func mistakesHaveOneLineAndAStatus() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a.bin", in: folder)
      try writeFile(folder + "/pickle.bin", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 50))
      try writeFile(folder + "/cut.bin", try readFile(folder + "/a.bin").dropLast(10))
      mkdir(folder + "/empty", 0o777)
      let size = try readFile(folder + "/a.bin").count
      let cases: [(arguments: [String], status: Int32, line: String)] = [
        (
          ["show", "nowhere"], 66,
          "nowhere: no such file or directory; a checkpoint is a Hugging Face directory or one safetensors file"
        ),
        (["show", "pickle.bin"], 65, "pickle.bin: this is a PyTorch pickle (zip archive), not a safetensors file"),
        (
          ["show", "cut.bin"], 65,
          "cut.bin: has \(size - 10) bytes, its header describes \(size); is the download complete?"
        ),
        (["show", "empty"], 66, "empty: has neither model.safetensors nor model.safetensors.index.json"),
        (["show"], 64, "name the checkpoint: ckpt show PATH, or set PIVOT_CKPT"),
        (["new", "--preset", "mini", "a.bin"], 73, "a.bin: exists already"),
        (["new", "--preset", "mini", "no/b.bin"], 73, "no/b.bin: cannot create: No such file or directory"),
        (
          ["detach", "vision", "nowhere", "x"], 66,
          "nowhere: no such file or directory; a checkpoint is a Hugging Face directory or one safetensors file"
        ),
        (
          ["convert", "a.bin", "b.bin", "--shard-size", "1MB"], 64,
          "--shard-size cuts the weights of a directory, but b.bin is one file (see ckpt --help)"
        ),
        ([], 64, "name what to do: new, show, detach, attach, diff, convert (see ckpt --help)"),
      ]
      for (arguments, status, line) in cases {
        let run = try runTool("ckpt", arguments, in: folder)
        #expect(
          run.status == status && run.stderr == "ckpt: \(line)\n" && run.stdout.isEmpty,
          "\(arguments): \(run.status) \(run.stderr)")
      }
      #expect(try runTool("ckpt", ["new", "--preset", "huge", "x"], in: folder).status == 64)
      #expect(try runPipeline("ls", in: folder).lines == ["a.bin", "cut.bin", "empty", "pickle.bin"])
    }
  }

  @Test func aFullDiskLeavesNothingBehind() throws {
    try withTemporaryDirectory { folder in
      _ = try ckpt("new", "--preset", "mini", "--seed", "1", "a.bin", in: folder)
      for out in ["b.bin", "b"] {
        let run = try runPipeline("trap '' XFSZ; ulimit -f 1000; ckpt convert a.bin \(out)", in: folder)
        let file = out == "b" ? "b/model.safetensors" : out
        #expect(run.status == 74 && run.stderr == "ckpt: \(file): cannot write: File too large\n", "\(run.stderr)")
        #expect(try runPipeline("ls -A", in: folder).lines == ["a.bin"])
      }
    }
  }

  @Test func helpShowsAnExampleOfEveryCommand() throws {
    for command in ["new", "show", "detach", "attach", "diff", "convert"] {
      let help = try runTool("ckpt", [command, "--help"])
      #expect(
        help.status == 0 && help.text.contains("ckpt \(command) ") && help.text.contains("Example:")
          || help.text.contains("Example"))
    }
  }
}
