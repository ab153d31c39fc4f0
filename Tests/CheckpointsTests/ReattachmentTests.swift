// SPDX-License-Identifier: MIT
// Parts put together: what comes out is what went in, and what does not fit is named.

import Failures
import Glibc
import Models
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Surgery

/// A Qwen2 of a few thousand parameters with a tokenizer of `tokens` words, one of them added, none of them "<image>".
private func writeLanguageModel(
  _ path: String, rows: Int, tokens: Int, tied: Bool = true, dtype: DType = .f32, width: Int = 16,
  files: [String: String] = [:], change: (inout JSONObject) -> Void = { _ in }
) throws {
  var whole = try #require(tinyConfig(tied: tied).object)
  var text = try #require(whole["text_config"]?.object)
  text["vocab_size"] = .int(rows)
  text["hidden_size"] = .int(width)
  if width == 20 { text["num_attention_heads"] = 2 }  // a head's width is even
  whole["text_config"] = .object(text)
  text["architectures"] = ["Qwen2ForCausalLM"]
  text["torch_dtype"] = .string(dtype.configName)
  change(&text)
  var vocabulary = JSONObject()
  for index in 0..<tokens - 1 { vocabulary["w\(index)"] = .int(index) }
  let tokenizer: JSONValue = [
    "added_tokens": [["id": .int(tokens - 1), "content": "<|im_end|>", "special": true]],
    "model": ["type": "BPE", "vocab": .object(vocabulary), "merges": []],
  ]
  let tensors = try FreshModel(config: .object(whole), seed: 5).tensors.filter { $0.name.hasPrefix("language_model.") }
  var all = ["config.json": JSONValue.object(text).text(), "tokenizer.json": tokenizer.text()]
  all.merge(files) { $1 }
  let model = NewCheckpoint(
    tensors: tensors.map { $0.renamed($0.name.replacingPrefix("language_model.", "")) }, files: all)
  try model.write(to: path + ".f32.bin")
  try Checkpoint(opening: path + ".f32.bin").converted(to: dtype).write(to: path)
}

private func attach(
  _ vision: String, _ projector: String?, _ llm: String, to path: String,
  _ change: (inout Reattachment) -> Void = { _ in }
) throws -> (checkpoint: Checkpoint, notes: [String]) {
  var attachment = Reattachment(
    vision: try Checkpoint(opening: vision), projector: try projector.map { try Checkpoint(opening: $0) },
    llm: try Checkpoint(opening: llm))
  change(&attachment)
  let (model, notes) = try attachment.assembled()
  try model.write(to: path)
  return (try Checkpoint(opening: path), notes)
}

/// Canonical names with dtype, shape and bytes.
private func canonicalContents(_ checkpoint: Checkpoint) -> [String: [UInt8]] {
  var all: [String: [UInt8]] = [:]
  for (name, bytes) in contents(checkpoint) { all[checkpoint.canonicalName(ofStored: name) ?? name] = bytes }
  return all
}

private func refused(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "(no error)"
  } catch let failure as any Failure {
    return "\(failure.exitStatus.rawValue) \(failure)"
  } catch {
    return "(another error) \(error)"
  }
}

@Suite struct ReattachmentTests {
  @Test func whatWasTakenApartComesTogetherAgain() throws {
    try withTemporaryDirectory { folder in
      for (number, layout) in Layout.allCases.enumerated() {
        let a = "\(folder)/\(number)"
        try tinyModel(tied: number != 2, layout: layout).write(to: a)
        let whole = try Checkpoint(opening: a)
        try whole.detachedVision().write(to: a + "-v")
        try whole.detachedProjector().write(to: a + "-p.bin")
        for (name, parts) in [("-b.bin", (a + "-v", a + "-p.bin")), ("-c", (a, a))] {
          let (made, notes) = try attach(parts.0, parts.1, a, to: a + name)
          #expect(notes == [])
          let isSame = canonicalContents(made) == canonicalContents(whole)
          #expect(isSame, "\(layout)")
          #expect(made.names == made.canonicalNames, "published names")
          #expect(try made.encoderFingerprint() == whole.encoderFingerprint())
          #expect(try made.modelFingerprint() == whole.modelFingerprint())
          for file in ["tokenizer.json", "chat_template.jinja", "preprocessor_config.json"] {
            #expect(try made.file(file) == whole.file(file))
          }
          for key in ["image_token_index", "vision_feature_layer", "vision_feature_select_strategy", "torch_dtype"] {
            #expect(made.config[key] == whole.config[key], "\(key)")
          }
          #expect(made.config[ProjectorLayers.widthsKey] == nil && made.config[ProjectorLayers.oldKey] == nil)
        }
      }
    }
  }

  @Test func aNewProjectorIsThatOfANewModel() throws {
    try withTemporaryDirectory { folder in
      try tinyModel(seed: 7).write(to: folder + "/a.bin")
      try tinyModel(seed: 8).write(to: folder + "/b.bin")
      let expected = try Checkpoint(opening: folder + "/b.bin")
      for seed in [UInt64(8), 9] {
        let made = try attach(folder + "/a.bin", nil, folder + "/a.bin", to: "\(folder)/\(seed).bin") { $0.seed = seed }
        for (name, bytes) in contents(made.checkpoint) where name.hasSuffix("_1.weight") || name.hasSuffix("_2.weight")
        {
          #expect((bytes == contents(expected)[name]) == (seed == 8), "\(name)")
        }
      }
    }
  }

  @Test func layersAreKeptAndAdded() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      try writeLanguageModel(folder + "/wide", rows: 60, tokens: 40, width: 20)
      let old = contents(try Checkpoint(opening: folder + "/a"))
      // kept, new -> widths of the layers; the LLM's is 20, the old projector's 16.
      let cases: [(Int, Int, [Int])] = [
        (2, 1, [16, 16, 20]), (1, 1, [16, 20]), (1, 2, [16, 16, 20]), (2, 3, [16, 16, 16, 16, 20]),
      ]
      for (kept, new, widths) in cases {
        let path = "\(folder)/\(kept)+\(new)"
        let made = try attach(folder + "/a", folder + "/a", folder + "/wide", to: path) {
          $0.layers = Reattachment.Layers(kept: kept, new: new)
          $0.seed = 3
        }
        let layers = try ProjectorLayers(made.checkpoint)
        #expect(layers == ProjectorLayers(inputs: 12, widths: widths, old: kept))
        #expect(made.checkpoint.config["projector_hidden_sizes"]?.array?.compactMap(\.int) == widths)
        #expect(made.checkpoint.config["projector_old_layers"]?.int == kept)
        #expect(
          made.notes.contains {
            $0.contains("\(kept) kept, \(new) new") && $0.contains("LlavaForConditionalGeneration")
          })
        let all = contents(made.checkpoint)
        for layer in widths.indices {
          let name = ProjectorLayers.name(layer) + ".weight"
          #expect((all[name] == old[name]) == (layer < kept), "\(name)")
          #expect(all[ProjectorLayers.name(layer) + ".bias"] != nil)
        }
        // Apart and together again.
        try made.checkpoint.detachedProjector().write(to: path + "-p")
        let again = try attach(folder + "/a", path + "-p", folder + "/wide", to: path + "-again")
        #expect(contents(again.checkpoint) == all)
        #expect(again.checkpoint.config["projector_old_layers"]?.int == kept)
        #expect(try Checkpoint(opening: path + "-p").config["text_hidden_size"] == 20)
        #expect(try again.checkpoint.modelFingerprint() == made.checkpoint.modelFingerprint())
      }
      // One old and one new layer of the LLM's width are a projector as published: transformers takes it.
      let same = try attach(folder + "/a", folder + "/a", folder + "/a", to: folder + "/same") {
        $0.layers = Reattachment.Layers(kept: 1, new: 1)
      }
      #expect(same.notes == [] && same.checkpoint.config["projector_hidden_sizes"] == nil)
      #expect(same.checkpoint.config["projector_old_layers"] == 1)
    }
  }

  @Test func theEncoderSaysWhichLayerItsFeaturesAre() throws {
    try withTemporaryDirectory { folder in
      var model = try tinyModel()
      var config = try #require(tinyConfig().object)
      config["vision_feature_layer"] = -1
      config["vision_feature_select_strategy"] = "default"
      model.files["config.json"] = JSONValue.object(config).text()
      try model.write(to: folder + "/last")
      try tinyModel().write(to: folder + "/a")
      try Checkpoint(opening: folder + "/last").detachedVision().write(to: folder + "/v")
      for source in ["last", "v"] {
        let made = try attach("\(folder)/\(source)", nil, folder + "/a", to: "\(folder)/of-\(source)").checkpoint
        #expect(made.config["vision_feature_layer"] == -1)
        #expect(made.config["vision_feature_select_strategy"] == "default")
        #expect(made.config["image_seq_length"] == 8)
        let whole = try Checkpoint(opening: folder + "/last")
        #expect(try made.encoderFingerprint() == whole.encoderFingerprint())
      }
      let chosen = try attach(folder + "/last", folder + "/a", folder + "/a", to: folder + "/chosen") {
        $0.featureLayer = 1
        $0.selectStrategy = "full"
      }
      #expect(chosen.checkpoint.config["vision_feature_layer"] == 1)
      #expect(chosen.checkpoint.config["image_seq_length"] == 9)
      #expect(chosen.checkpoint.config["vision_feature_select_strategy"] == "full")
      #expect(chosen.notes == ["\(folder)/a: was trained on features of layer -2, these are of layer 1"])
    }
  }

  /// PIVOT's own code removes the last layer of its towers: what is left must not lose another.
  @Test func aTowerThatWasCutOffKeepsTheLayersItHas() throws {
    try withTemporaryDirectory { folder in
      var model = try tinyModel()
      model.tensors.removeAll { $0.name.contains("encoder.layers.1.") }
      try model.write(to: folder + "/cut")
      try tinyModel().write(to: folder + "/a")
      let (made, notes) = try attach(folder + "/cut", folder + "/a", folder + "/a", to: folder + "/b")
      #expect(made.config["vision_config"]?["num_hidden_layers"] == 1 && made.config["vision_feature_layer"] == -1)
      #expect(
        notes.first
          == "\(folder)/cut: has 1 of 2 layers: it was cut off above its feature layer, which is vision_feature_layer -1 now"
      )
      #expect(try made.encoderFingerprint() == Checkpoint(opening: folder + "/a").encoderFingerprint())
      // Asked for by name, -1 is the last layer that is there.
      let named = try attach(folder + "/cut", nil, folder + "/a", to: folder + "/c") { $0.featureLayer = -1 }
      #expect(try named.checkpoint.encoderFingerprint() == made.encoderFingerprint())
      // Cut off below its feature layer it is not whole.
      #expect(
        refused { _ = try attach(folder + "/cut", nil, folder + "/a", to: folder + "/d") { $0.featureLayer = 2 } }
          .hasPrefix("65 \(folder)/cut: key \"vision_tower.vision_model.encoder.layers.1."))
    }
  }

  @Test func aLanguageModelGetsAnImageToken() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      let decoder = "{\"added_tokens_decoder\": {\"39\": {\"content\": \"<|im_end|>\"}}, \"tokenizer_class\": \"Own\"}"
      try writeLanguageModel(
        folder + "/spare", rows: 48, tokens: 40,
        files: ["tokenizer_config.json": decoder, "added_tokens.json": "{\"<|im_end|>\": 39}"])
      let spare = try attach(folder + "/a", nil, folder + "/spare", to: folder + "/b")
      #expect(
        spare.notes == [
          "the tokenizer of \(folder)/spare has no \"<image>\": it is added as id 40, a spare row of the embedding table"
        ])
      #expect(spare.checkpoint.config["image_token_index"] == 40)
      #expect(spare.checkpoint.config["text_config"]?["vocab_size"] == 48)
      let added = try #require(try spare.checkpoint.json("tokenizer.json")?["added_tokens"]?.array)
      #expect(added.count == 2)
      #expect(
        added[1] == [
          "id": 40, "content": "<image>", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false,
          "special": true,
        ])
      let config = try #require(try spare.checkpoint.json("tokenizer_config.json"))
      #expect(config["added_tokens_decoder"]?["40"]?["content"] == "<image>" && config["tokenizer_class"] == "Own")
      #expect(config["extra_special_tokens"] == ["image_token": "<image>"])
      #expect(try spare.checkpoint.json("added_tokens.json") == ["<|im_end|>": 39, "<image>": 40])
      #expect(try spare.checkpoint.json("processor_config.json")?["patch_size"] == 4)
      // Its tensors are as they were.
      let before = contents(try Checkpoint(opening: folder + "/spare"))
      for (name, bytes) in contents(spare.checkpoint) where name.hasPrefix("language_model.") {
        #expect(before[name.replacingPrefix("language_model.", "")] == bytes, "\(name)")
      }
      // What has the token keeps its id, and transformers finds the tokenizer's class where no file names it.
      let again = try attach(folder + "/a", nil, folder + "/b", to: folder + "/c")
      #expect(again.notes == [] && again.checkpoint.config["image_token_index"] == 40)
      try writeLanguageModel(folder + "/plain", rows: 48, tokens: 40)
      let plain = try attach(folder + "/a", nil, folder + "/plain", to: folder + "/d").checkpoint
      #expect(try plain.json("tokenizer_config.json")?["tokenizer_class"] == "Qwen2Tokenizer")
    }
  }

  @Test(arguments: [DType.f32, .bf16, .f16])
  func aFullTableGrowsByTheMeanOfItsRows(dtype: DType) throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      for tied in [true, false] {
        let source = "\(folder)/\(tied)"
        try writeLanguageModel(source, rows: 40, tokens: 40, tied: tied, dtype: dtype)
        let (made, notes) = try attach(folder + "/a", nil, source, to: source + "-b")
        #expect(notes.contains { $0.contains("id 40, and the embedding table grows from 40 to 41 rows") })
        #expect(made.config["text_config"]?["vocab_size"] == 41 && made.config["image_token_index"] == 40)
        for name in [embeddingName] + (tied ? [] : [headName]) {
          let old = try #require(Checkpoint(opening: source).tensor(canonical: name))
          let new = try #require(made.tensor(name))
          #expect(new.shape == [41, 16] && new.dtype == dtype)
          let (before, after) = (try old.floats().values, try new.floats().values)
          #expect(Array(after.prefix(640)) == before)
          for column in 0..<16 {
            let mean = (0..<40).reduce(0.0) { $0 + Double(before[$1 * 16 + column]) } / 40
            expectClose(Double(after[640 + column]), mean, tolerance: dtype == .f32 ? 1e-6 : 5e-3)
          }
        }
        #expect((made.tensor(headName) == nil) == tied)
      }
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    try withTemporaryDirectory { folder in
      let (a, v, p, wide) = ("\(folder)/a", "\(folder)/v", "\(folder)/p.bin", "\(folder)/wide")
      try tinyModel().write(to: a)
      try Checkpoint(opening: a).detachedVision().write(to: v)
      try Checkpoint(opening: a).detachedProjector().write(to: p)
      try writeLanguageModel(wide, rows: 48, tokens: 40, width: 20)
      try writeLanguageModel(
        "\(folder)/gaps", rows: 48, tokens: 40,
        files: [
          "tokenizer.json": """
          {"added_tokens": [], "model": {"vocab": {"a": 0, "b": 2}}}
          """
        ])
      try writeLanguageModel("\(folder)/bare", rows: 48, tokens: 40, files: ["tokenizer.json": "{}"])
      try writeLanguageModel("\(folder)/layers", rows: 48, tokens: 40) { $0["num_hidden_layers"] = 3 }
      try writeLanguageModel("\(folder)/fewer", rows: 48, tokens: 40) { $0["num_hidden_layers"] = 1 }
      try writeLanguageModel("\(folder)/endless", rows: 48, tokens: 40) { $0["num_hidden_layers"] = .int(.max) }
      try writeLanguageModel("\(folder)/mlp", rows: 48, tokens: 40) { $0["intermediate_size"] = 25 }
      var several = try tinyModel()
      var config = try #require(tinyConfig().object)
      config["vision_feature_layer"] = [-2, -3]
      several.files["config.json"] = JSONValue.object(config).text()
      try several.write(to: "\(folder)/several")
      typealias Change = (inout Reattachment) -> Void
      func check(
        _ vision: String, _ projector: String?, _ llm: String, _ expected: String, to out: String = "out",
        _ change: Change = { _ in }
      ) {
        let line = refused { _ = try attach(vision, projector, llm, to: "\(folder)/\(out)", change) }
        #expect(line == expected)
      }
      check(p, nil, a, "65 \(p): has no SigLIP or CLIP vision encoder (model_type \"multi_modal_projector\")")
      check(wide, nil, a, "65 \(wide): has no SigLIP or CLIP vision encoder (model_type \"qwen2\")")
      check(v, v, a, "65 \(v): has no projector (model_type \"siglip_vision_model\")")
      check(v, p, v, "65 \(v): has no Qwen2 or Llama language model (model_type \"siglip_vision_model\")")
      check(
        v, p, wide,
        "65 \(p): its projector gives visual tokens of width 16, \(wide) takes 20; leave --projector out for a new one, "
          + "or add a layer behind it with --projector-layers 2+1")
      check(v, p, a, "64 --projector-layers 3+1: the projector of \(p) has 2 linear layers") {
        $0.layers = Reattachment.Layers(kept: 3, new: 1)
      }
      check(v, nil, a, "64 \(v): vision_feature_layer is -4, and the encoder has 2 layers") { $0.featureLayer = -4 }
      check(
        "\(folder)/several", nil, a,
        "65 \(folder)/several: vision_feature_layer is [-2,-3], expected one layer; choose one with --feature-layer")
      check(
        v, nil, "\(folder)/gaps",
        "65 \(folder)/gaps: tokenizer.json: id 2, the next after its 2 tokens, is taken: its ids have gaps")
      check(
        v, nil, "\(folder)/bare",
        "65 \(folder)/bare: tokenizer.json: \"model\": \"vocab\" is missing or not an object of token: id")
      check(
        v, nil, "\(folder)/layers",
        "65 \(folder)/layers: key \"language_model.model.layers.2.input_layernorm.weight\" is missing")
      check(
        v, nil, "\(folder)/fewer",
        "65 \(folder)/fewer/model.safetensors: key \"model.layers.1.input_layernorm.weight\" is left over: config.json "
          + "describes a model without it")
      check(
        v, nil, "\(folder)/endless",
        "65 \(folder)/endless: config.json: text_config.num_hidden_layers is 9223372036854775807, expected 4096 or less"
      )
      check(
        v, nil, "\(folder)/mlp",
        "65 \(folder)/mlp/model.safetensors: key \"model.layers.0.mlp.down_proj.weight\" has shape [16, 24], config.json "
          + "makes it [16, 25]")
      check(v, p, a, "73 \(a): exists already and holds \"config.json\"", to: "a")
      #expect(try !listing(folder).contains("out"))
    }
  }

  /// `config.json` with one of its numbers changed.
  private func changed(_ config: JSONObject, _ path: [String], _ value: Int) -> JSONObject {
    var result = config
    if path.count == 1 {
      result[path[0]] = .int(value)
    } else if let inner = config[path[0]]?.object {
      result[path[0]] = .object(changed(inner, Array(path.dropFirst()), value))
    }
    return result
  }

  @Test func numbersBeyondAnyModelAreNamed() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      let config = try #require(tinyConfig().object)
      let (token, limit) = (["image_token_index"], 1 << 30)
      let cases = [
        (token, Int.max, "65 \(folder)/0/config.json: image_token_index is \(Int.max), expected \(limit) or less"),
        (token, 1 << 23, "65 \(folder)/1: config.json: image_token_index is 8388608, expected less than 4194304"),
        (
          ["text_config", "hidden_size"], 1 << 62,
          "65 \(folder)/2: config.json: text_config.hidden_size is \(1 << 62), expected \(limit) or less"
        ),
        (
          ["text_config", "head_dim"], 1 << 30,
          "65 \(folder)/3: config.json: text_config.head_dim is \(1 << 30), expected 65536 or less"
        ),
      ]
      for (number, (path, value, expected)) in cases.enumerated() {
        var model = try tinyModel()
        model.files["config.json"] = JSONValue.object(changed(config, path, value)).text()
        try model.write(to: "\(folder)/\(number)")
        #expect(refused { _ = try attach(folder + "/a", nil, "\(folder)/\(number)", to: folder + "/o") } == expected)
      }
    }
  }

  /// Every whole number of a config, impossible: a clear line or none, and never a crash.
  @Test func noNumberOfAConfigStopsTheProgram() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      let sound = try Checkpoint(opening: folder + "/a")
      let config = try #require(tinyConfig().object)
      var paths: [[String]] = [["vision_feature_layer"], ["image_token_id"], ["projector_old_layers"]]
      for (key, value) in config {
        if value.int != nil { paths.append([key]) }
        for (inner, value) in value.object ?? [:] where value.int != nil { paths.append([key, inner]) }
      }
      for path in paths {
        for value in [-1, 0, 1, 1 << 22, 1 << 30, 1 << 31, 1 << 62, .max, .min] {
          var model = try tinyModel()
          model.files["config.json"] = JSONValue.object(changed(config, path, value)).text()
          try model.write(to: folder + "/b.bin")
          let strange = try Checkpoint(opening: folder + "/b.bin")
          let uses: [() throws -> Void] = [
            { _ = try MultimodalModel(strange) }, { _ = try strange.modelFingerprint() },
            { _ = try strange.detachedVision() }, { _ = try strange.detachedProjector() },
            { _ = try Reattachment(vision: strange, projector: nil, llm: sound).assembled() },
            { _ = try Reattachment(vision: sound, projector: strange, llm: sound).assembled() },
            { _ = try Reattachment(vision: sound, projector: nil, llm: strange).assembled() },
          ]
          for use in uses {
            let line = refused(use)
            #expect(line == "(no error)" || line.hasPrefix("65 "), "\(path) \(value)")
          }
          unlink(folder + "/b.bin")
        }
      }
    }
  }

  @Test func anEncoderWithoutPreprocessorGetsSigLIPs() throws {
    try withTemporaryDirectory { folder in
      try tinyModel().write(to: folder + "/a")
      var bare = try Checkpoint(opening: folder + "/a").detachedVision()
      bare.files["preprocessor_config.json"] = nil
      try bare.write(to: folder + "/v")
      let (made, notes) = try attach(folder + "/v", nil, folder + "/a", to: folder + "/b")
      #expect(try made.json("preprocessor_config.json")?["size"] == ["height": 12, "width": 12])
      #expect(
        notes.count == 1 && notes[0].hasPrefix("\(folder)/v: has no preprocessor_config.json: images are prepared"))
    }
  }
}
