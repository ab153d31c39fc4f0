// SPDX-License-Identifier: MIT

import Glibc
import Layers
import Models
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Surgery

@Suite struct FingerprintTests {
  @Test func layoutShardsFilesAndDtypeDoNotChangeIt() throws {
    try withTemporaryDirectory { folder in
      var encoder: Set<String> = []
      var model: Set<String> = []
      for (index, layout) in Layout.allCases.enumerated() {
        for (place, shardSize) in [("a.bin", nil), ("b", nil), ("c", 2000)] {
          let path = "\(folder)/\(index)\(place)"
          try writeBase(path, layout: layout, shardSize: shardSize)  // bf16
          for path in [path, path + ".f32.bin"] {
            if path.hasSuffix(".f32.bin") {
              try Checkpoint(opening: String(path.dropLast(8))).converted(to: .f32).write(to: path)
            }
            let checkpoint = try Checkpoint(opening: path)
            encoder.insert(try #require(try checkpoint.encoderFingerprint()))
            model.insert(try #require(try checkpoint.modelFingerprint()))
          }
        }
      }
      #expect(encoder.count == 1 && model.count == 1 && encoder != model)
      #expect(encoder.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
      // The detached encoder is the same encoder.
      let whole = try Checkpoint(opening: folder + "/0b")
      try whole.detachedVision().write(to: folder + "/vision")
      let detached = try Checkpoint(opening: folder + "/vision")
      #expect(try detached.encoderFingerprint() == encoder.first)
      #expect(try detached.modelFingerprint() == nil)
      #expect(try detached.encoderFingerprint(featureLayer: -1) != encoder.first)
      #expect(try detached.encoderFingerprint(featureLayer: 1) == encoder.first)  // layer 1 of 2 is -2
      #expect(try detached.encoderFingerprint(selectStrategy: "default") != encoder.first)
    }
  }

  @Test func aDetachedEncoderRemembersWhichFeaturesItGave() throws {
    try withTemporaryDirectory { folder in
      let defaults: [(key: String, value: JSONValue)] = [
        ("vision_feature_layer", -1), ("vision_feature_layer", 1), ("vision_feature_select_strategy", "default"),
        ("vision_feature_layer", [-1]), ("vision_feature_select_strategy", "full"),
      ]
      for (number, (key, value)) in defaults.enumerated() {
        var model = try tinyModel()
        var config = try #require(tinyConfig().object)
        config[key] = value
        model.files["config.json"] = JSONValue.object(config).text()
        try model.write(to: "\(folder)/\(number)")
        let whole = try Checkpoint(opening: "\(folder)/\(number)")
        try whole.detachedVision().write(to: "\(folder)/v\(number)")
        let part = try Checkpoint(opening: "\(folder)/v\(number)")
        #expect(try part.encoderFingerprint() == whole.encoderFingerprint(), "\(key) \(value.text())")
        #expect((part.config[key] == nil) == (number == 4))
      }
    }
  }

  @Test func anyValueThatRanChangesItAndNoOther() throws {
    try withTemporaryDirectory { folder in
      func prints(changing name: String?) throws -> [String?] {
        let path = folder + "/\(name ?? "none").bin"
        var model = try tinyModel(tied: false)
        model.tensors = model.tensors.map { tensor in
          guard tensor.name == name else { return tensor }
          return OutgoingTensor(name: tensor.name, dtype: .f32, shape: tensor.shape) { sink in
            try tensor.produce { bytes in
              var copy = Array(bytes)
              copy[copy.count - 4] ^= 1  // the last bit of the last value
              try copy.withUnsafeBytes { try sink($0) }
            }
          }
        }
        try model.write(to: path)
        let checkpoint = try Checkpoint(opening: path)
        return [try checkpoint.encoderFingerprint(), try checkpoint.modelFingerprint()]
      }
      let original = try prints(changing: nil)
      let vision = "vision_tower.vision_model."
      for tensor in try tinyModel(tied: false).tensors {
        let runs =
          !tensor.name.hasPrefix(vision + "head.") && !tensor.name.hasPrefix(vision + "post_layernorm.")
          && !tensor.name.hasPrefix(vision + "encoder.layers.1.")
        let changed = try prints(changing: tensor.name)
        #expect((changed[0] != original[0]) == (runs && tensor.name.hasPrefix(vision)), "\(tensor.name)")
        #expect((changed[1] != original[1]) == runs, "\(tensor.name)")
      }
    }
  }

  @Test func threadsDoNotChangeIt() {
    let values = (0..<300_001).map { Float($0) * 0.37 }
    let tensors = [DigestInput(name: "a", tensor: Tensor(values)), DigestInput(name: "b", tensor: Tensor([1, 2, 3]))]
    let digests = [1, 2, 5].map { count in Compute.withThreads(count) { Digest.of(tensors, settings: []) } }
    #expect(Set(digests).count == 1)
    #expect(Digest.of(tensors.reversed(), settings: []) == digests[0])
    #expect(Digest.of(tensors, settings: [("a", "b")]) != digests[0])
    #expect(
      Digest.of([DigestInput(name: "a", tensor: Tensor(values, shape: [300_001, 1])), tensors[1]], settings: [])
        != digests[0])
  }
}

@Suite struct SurgeryTests {
  @Test func detachedVisionHasTheTowerUnchanged() throws {
    try withTemporaryDirectory { folder in
      forEvery("layout", Layout.allCases) { layout in
        try writeBase(folder + "/\(layout)", layout: layout)
        let whole = try Checkpoint(opening: folder + "/\(layout)")
        let path = folder + "/vision-\(layout)"
        try whole.detachedVision().write(to: path)
        #expect(try listing(path) == ["config.json", "model.safetensors", "preprocessor_config.json"])
        let vision = try Checkpoint(opening: path)
        let prefix = "vision_tower.vision_model."
        let expected = whole.canonicalNames.filter { $0.hasPrefix(prefix) }
        #expect(vision.names == expected.map { "vision_model." + $0.dropFirst(prefix.count) }.sorted())
        #expect(
          vision.names.contains("vision_model.head.probe")
            && vision.names.contains("vision_model.encoder.layers.1.mlp.fc1.bias"))
        for name in expected {
          let a = try #require(whole.tensor(canonical: name))
          let b = try #require(vision.tensor(canonical: name))
          let isSame = a.withUnsafeBytes { a in b.withUnsafeBytes { a.elementsEqual($0) } }
          #expect(isSame && a.dtype == b.dtype && a.shape == b.shape, "\(name)")
        }
        for (key, value): (String, JSONValue) in [
          ("architectures", ["SiglipVisionModel"]), ("model_type", "siglip_vision_model"), ("hidden_size", 12),
          ("num_hidden_layers", 2), ("num_attention_heads", 3), ("image_size", 12), ("patch_size", 4),
          ("vision_use_head", true),
          ("hidden_act", "gelu_pytorch_tanh"), ("torch_dtype", "bfloat16"), ("layer_norm_eps", 1e-6),
          ("num_channels", 3),
        ] { #expect(vision.config[key] == value, "\(key)") }
        // Detaching what is detached changes nothing.
        try vision.detachedVision().write(to: path + "-again")
        #expect(try readFile(path + "-again/model.safetensors") == readFile(path + "/model.safetensors"))
        #expect(try readFile(path + "-again/config.json") == readFile(path + "/config.json"))
      }
    }
  }

  @Test func aTowerWithoutHeadSaysSo() throws {
    try withTemporaryDirectory { folder in
      var model = try tinyModel()
      model.tensors.removeAll { $0.name.contains(".head.") }
      try model.write(to: folder + "/a")
      try Checkpoint(opening: folder + "/a").detachedVision().write(to: folder + "/v.bin")
      #expect(try Checkpoint(opening: folder + "/v.bin").config["vision_use_head"] == false)
    }
  }

  @Test func detachedProjectorKnowsItsSizes() throws {
    try withTemporaryDirectory { folder in
      try tinyModel(layout: .transformers5).write(to: folder + "/a")
      try Checkpoint(opening: folder + "/a").detachedProjector().write(to: folder + "/p.bin")
      let projector = try Checkpoint(opening: folder + "/p.bin")
      #expect(
        projector.names == ["1.bias", "1.weight", "2.bias", "2.weight"].map { "multi_modal_projector.linear_" + $0 })
      #expect(projector.canonicalNames == projector.names)
      #expect(projector.config["vision_hidden_size"] == 12 && projector.config["text_hidden_size"] == 16)
      #expect(projector.config["vision_feature_layer"] == -2)
      #expect(
        refusal { _ = try projector.detachedVision() }
          == "65 \(folder)/p.bin: has no SigLIP or CLIP vision encoder (model_type \"multi_modal_projector\")")
    }
  }

  @Test func conversionKeepsNamesAndRoundsToNearestEven() throws {
    try withTemporaryDirectory { folder in
      for layout in Layout.allCases {
        let source = "\(folder)/\(layout)"
        try tinyModel(layout: layout).write(to: source)
        let a = try Checkpoint(opening: source)
        for dtype in [DType.bf16, .f16, .f32] {
          let path = "\(source)-\(dtype).bin"
          try a.converted(to: dtype).write(to: path)
          let b = try Checkpoint(opening: path)
          #expect(b.names == a.names)
          #expect(b.config["torch_dtype"]?.string == dtype.configName)
          for name in a.names {
            let old = try #require(try a.tensor(name)?.floats().values)
            let new = try #require(b.tensor(name))
            #expect(new.dtype == dtype)
            let expected = old.map { value -> Float in
              switch dtype {
              case .f16: Float(Float16(value))
              case .bf16:
                Float(bitPattern: (value.bitPattern &+ 0x7FFF &+ (value.bitPattern >> 16 & 1)) & 0xFFFF_0000)
              default: value
              }
            }
            #expect(try new.floats().values == expected, "\(name) as \(dtype)")
          }
        }
      }
    }
  }

  @Test func fileAndDirectoryConvertIntoEachOtherWithoutLoss() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/a", shardSize: 1000)
      try Checkpoint(opening: folder + "/a").converted(to: nil).write(to: folder + "/b.bin")
      try Checkpoint(opening: folder + "/b.bin").converted(to: nil).write(to: folder + "/c", shardSize: 1000)
      try Checkpoint(opening: folder + "/c").converted(to: nil).write(to: folder + "/d.safetensors")
      #expect(try readFile(folder + "/b.bin") == readFile(folder + "/d.safetensors"))
      for name in try listing(folder + "/a") where !name.hasSuffix(".safetensors") && !name.hasSuffix(".index.json") {
        #expect(try readFile(folder + "/a/" + name) == readFile(folder + "/c/" + name), "\(name)")
      }
      #expect(contents(try Checkpoint(opening: folder + "/a")) == contents(try Checkpoint(opening: folder + "/c")))
    }
  }

  @Test func aValueBeyondF16IsRefusedByName() throws {
    try withTemporaryDirectory { folder in
      var model = try tinyModel()
      model.tensors.append(OutgoingTensor(Tensor([1, 1e5]), as: "big"))
      try model.write(to: folder + "/a.bin")
      let checkpoint = try Checkpoint(opening: folder + "/a.bin")
      #expect(
        refusal { try checkpoint.converted(to: .f16).write(to: folder + "/b.bin") }
          == "65 \(folder)/a.bin: key \"big\" has the value 100000.0, which F16 cannot hold; use bf16")
      #expect(try listing(folder) == ["a.bin"])
      #expect(
        refusal { try checkpoint.converted(to: .bf16).write(to: folder + "/a.bin") }
          == "73 \(folder)/a.bin: exists already")
    }
  }

  @Test func theDifferenceNamesWhatChanged() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/a", layout: .transformers5)
      try run(folder + "/b.bin", from: folder + "/a", parts: [.vision], steps: [1])
      let a = try Checkpoint(opening: folder + "/a")
      let b = try Checkpoint(opening: folder + "/b.bin")
      let none = CheckpointDifference(from: a, to: a)
      for part in Part.allCases {
        #expect(none.total(of: part).change == 0 && none.total(of: part).relativeChange == 0)
        #expect(none.total(of: part).tensors == names(a, [part]).count)
      }
      let some = CheckpointDifference(from: a, to: b)
      #expect(some.total(of: .vision).changedTensors == names(a, [.vision]).count)
      #expect(some.total(of: .llm).changedCount == 0 && some.total(of: .projector).changedCount == 0)
      #expect(some.total(of: nil).tensors == 1 && some.total(of: nil).changedCount == 0)
      var change = 0.0
      var norm = 0.0
      var largest: Float = 0
      for name in names(a, [.vision]) {
        let x = try #require(try a.tensor(name)?.floats().values)
        let y = try #require(try b.tensor(name)?.floats().values)
        for (x, y) in zip(x, y) {
          change += Double(y - x) * Double(y - x)
          norm += Double(x) * Double(x)
          largest = max(largest, abs(y - x))
        }
      }
      expectClose(some.total(of: .vision).change, change.squareRoot(), tolerance: 1e-12)
      expectClose(some.total(of: .vision).norm, norm.squareRoot(), tolerance: 1e-12)
      #expect(some.total(of: .vision).largestChange == largest)
      #expect(some.onlyInFirst == [] && some.onlyInSecond == [] && some.reshaped.isEmpty)
      // A detached tower is compared with the part of the whole that it is.
      try a.detachedVision().write(to: folder + "/v")
      let part = CheckpointDifference(from: a, to: try Checkpoint(opening: folder + "/v"))
      #expect(part.total(of: .vision).changedCount == 0 && part.total(of: .vision).tensors == names(a, [.vision]).count)
      #expect(part.onlyInSecond == [] && part.onlyInFirst.count == a.names.count - names(a, [.vision]).count)
    }
  }

  @Test func aSeedGivesTheSameBytesAndAnotherSeedOthers() throws {
    try withTemporaryDirectory { folder in
      for (name, seed, count) in [("a", UInt64(1), 1), ("b", 1, 3), ("c", 2, 3)] {
        try Compute.withThreads(count) { try tinyModel(seed: seed).write(to: "\(folder)/\(name).bin") }
      }
      #expect(try readFile(folder + "/a.bin") == readFile(folder + "/b.bin"))
      #expect(try readFile(folder + "/a.bin") != readFile(folder + "/c.bin"))
    }
  }

  @Test func freshValuesAreSpreadAsDocumented() throws {
    try withTemporaryDirectory { folder in
      var config = try #require(tinyConfig().object)
      var text = try #require(config["text_config"]?.object)
      text["vocab_size"] = 4000
      config["text_config"] = .object(text)
      let model = try FreshModel(config: .object(config), seed: 7)
      try NewCheckpoint(tensors: model.tensors, files: ["config.json": JSONValue.object(config).text()]).write(
        to: folder + "/a")
      let checkpoint = try Checkpoint(opening: folder + "/a")
      func values(_ name: String) throws -> [Float] { try #require(try checkpoint.tensor(name)?.floats().values) }
      func deviation(_ values: [Float]) -> Double {
        (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
      }
      let embeddings = try values("language_model.model.embed_tokens.weight")
      expectClose(deviation(embeddings), 0.02, tolerance: 0.01)
      #expect(abs(embeddings.reduce(0) { $0 + Double($1) }) / Double(embeddings.count) < 3e-4)
      #expect(Set(embeddings).count > embeddings.count * 9 / 10, "blocks must not repeat each other")
      let kurtosis = embeddings.reduce(0) { $0 + pow(Double($1) / 0.02, 4) } / Double(embeddings.count)
      expectClose(kurtosis, 3, tolerance: 0.05)
      let tower = "vision_tower.vision_model."
      expectClose(
        deviation(try values(tower + "embeddings.position_embedding.weight")), 1 / 12.0.squareRoot(), tolerance: 0.2)
      let query = try values(tower + "encoder.layers.0.self_attn.q_proj.weight")
      let limit = Float((6.0 / 24).squareRoot())
      #expect(query.allSatisfy { abs($0) <= limit } && query.contains { abs($0) > 0.9 * limit })
      let kernel = try values(tower + "embeddings.patch_embedding.weight")
      expectClose(deviation(kernel), (1.0 / 48).squareRoot(), tolerance: 0.1)
      #expect(kernel.allSatisfy { Double(abs($0)) <= 2 * (1.0 / 48).squareRoot() / 0.879 })
      #expect(try values("language_model.model.norm.weight").allSatisfy { $0 == 1 })
      #expect(try values("language_model.model.layers.0.self_attn.q_proj.bias").allSatisfy { $0 == 0 })
    }
  }
}
