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

@Suite struct ReadingTests {
  @Test func fileDirectoryAndShardsReadTheSame() throws {
    try withTemporaryDirectory { folder in
      let model = try tinyModel()
      try model.write(to: folder + "/one.safetensors")
      try model.write(to: folder + "/dir")
      try model.write(to: folder + "/shards", shardSize: 3000)
      let one = try Checkpoint(opening: folder + "/one.safetensors")
      let directory = try Checkpoint(opening: folder + "/dir")
      let shards = try Checkpoint(opening: folder + "/shards/")
      #expect(shards.shards.count > 5)
      #expect(directory.shards.count == 1)
      #expect(contents(one).count == model.tensors.count)
      #expect(contents(one) == contents(directory))
      #expect(contents(one) == contents(shards))
      #expect(!one.isDirectory && directory.isDirectory && shards.isDirectory)
      for checkpoint in [one, directory, shards] {
        #expect(checkpoint.fileNames == tinyFiles.keys.sorted())
        for (name, text) in tinyFiles { #expect(try checkpoint.file(name) == text) }
        #expect(checkpoint.config == tinyConfig())
        #expect(try checkpoint.json("preprocessor_config.json")?["size"]?.int == 12)
        #expect(try checkpoint.file("generation_config.json") == nil)
        #expect(checkpoint.generation == nil)
      }
    }
  }

  @Test func f32IsNotCopiedAndOtherTypesAreUpcastExactly() throws {
    try withTemporaryDirectory { folder in
      let values: [Float] = [0, -0.0, 1, -2.5, 65504, 6e-8, .infinity, 0.333251953125]
      func data(_ bits: [some FixedWidthInteger]) -> [UInt8] {
        bits.flatMap { withUnsafeBytes(of: $0.littleEndian) { Array($0) } }
      }
      let f16 = data(values.map { Float16($0).bitPattern })
      let bf16 = data(values.map { UInt16($0.bitPattern >> 16) })
      let f64 = data(values.map { Double($0).bitPattern })
      let f32 = data(values.map(\.bitPattern))
      let config = JSONValue.string("{}").text()
      let header = """
        {"__metadata__":{"config.json":\(config)},"d":{"dtype":"F64","shape":[8],"data_offsets":[0,64]},\
        "s":{"dtype":"F32","shape":[2,4],"data_offsets":[64,96]},"h":{"dtype":"F16","shape":[8],"data_offsets":[96,112]},\
        "b":{"dtype":"BF16","shape":[8],"data_offsets":[112,128]},"i":{"dtype":"I64","shape":[1],"data_offsets":[128,136]},\
        "e":{"dtype":"F32","shape":[0,3],"data_offsets":[136,136]}}
        """
      // A header of any length is legal: then no tensor is aligned.
      forEvery("padding", 0..<9) { padding in
        let path = folder + "/\(padding).bin"
        let padded = header + String(repeating: " ", count: padding)
        try writeFile(path, rawFile(header: padded, data: f64 + f32 + f16 + bf16 + [UInt8](repeating: 0, count: 8)))
        let checkpoint = try Checkpoint(opening: path)
        for name in ["s", "h", "d"] {
          let got = try #require(try checkpoint.tensor(name)?.floats())
          let want = name == "h" ? values.map { Float(Float16($0)) } : values
          #expect(got.values.map(\.bitPattern) == want.map(\.bitPattern), "\(name) \(Trace.here)")
        }
        let truncated = values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000).bitPattern }
        #expect(try checkpoint.tensor("b")?.floats().values.map(\.bitPattern) == truncated)
        #expect(try checkpoint.tensor("e")?.floats().shape == [0, 3])
        let stored = try #require(checkpoint.tensor("s"))
        let isAligned = stored.withUnsafeBytes { Int(bitPattern: $0.baseAddress) % 4 == 0 }
        #expect(try stored.floats().storage.isOwned == !isAligned)
        #expect(
          refusal { _ = try checkpoint.tensor("i")?.floats() }
            == "65 \(path): key \"i\" is I64, expected F32, F16, BF16 or F64")
      }
    }
  }

  @Test func everyLayoutHasTheSameCanonicalNames() throws {
    try withTemporaryDirectory { folder in
      let published = try FreshModel(config: tinyConfig(tied: false), seed: 1).tensors.map(\.name).sorted()
      forEvery("layout", Layout.allCases) { layout in
        let path = "\(folder)/\(layout)"
        try tinyModel(tied: false, layout: layout).write(to: path)
        let checkpoint = try Checkpoint(opening: path)
        #expect(checkpoint.canonicalNames == published)
        #expect(checkpoint.unknownNames == [])
        for name in published {
          #expect(checkpoint.storedName(ofCanonical: name) == layout.stored(name))
          #expect(checkpoint.tensor(canonical: name)?.name == layout.stored(name))
          #expect(checkpoint.part(ofStored: layout.stored(name)) == Part(ofCanonical: name))
        }
        #expect(Set(published.compactMap { Part(ofCanonical: $0) }) == Set(Part.allCases))
      }
    }
  }

  @Test func keysOfSingleModels() {
    func role(_ type: String, _ name: String) -> KeyRole {
      let parts: JSONValue = [
        "model_type": .string(type), "vision_config": ["model_type": "siglip_vision_model"],
        "text_config": ["model_type": "qwen2"],
      ]
      return Anatomy(parts).role(of: name)
    }
    func canonical(_ type: String, _ name: String) -> String? {
      if case .parameter(let canonical) = role(type, name) { canonical } else { nil }
    }
    let norm = "vision_tower.vision_model.post_layernorm.weight"
    #expect(canonical("siglip_vision_model", "vision_model.post_layernorm.weight") == norm)
    #expect(canonical("siglip_vision_model", "post_layernorm.weight") == norm)
    #expect(canonical("siglip_vision_model", "head.probe") == "vision_tower.vision_model.head.probe")
    #expect(canonical("siglip", "vision_model.post_layernorm.weight") == norm)
    #expect(canonical("qwen2", "model.norm.weight") == "language_model.model.norm.weight")
    #expect(canonical("qwen2", "lm_head.weight") == "language_model.lm_head.weight")
    #expect(canonical("llava", "language_model.norm.weight") == "language_model.model.norm.weight")
    #expect(canonical("llava", "lm_head.weight") == "language_model.lm_head.weight")
    #expect(canonical("llava", "image_newline") == nil)
    #expect(canonical("gpt2", "model.norm.weight") == nil)
    #expect(role("siglip", "text_model.head.weight") == .ignored)
    #expect(role("siglip", "logit_scale") == .ignored)
    #expect(role("siglip", "logit_scales") == .unknown)
    #expect(role("siglip_vision_model", "text_model.head.weight") == .unknown)
    #expect(role("llava", "vision_tower.vision_model.embeddings.position_ids") == .ignored)
    #expect(role("llava", "model.vision_tower.embeddings.position_ids") == .ignored)
    #expect(role("qwen2", "model.layers.3.self_attn.rotary_emb.inv_freq") == .ignored)
    #expect(role("llava", "image_newline") == .unknown)
  }

  @Test func aReplacedCheckpointStaysReadable() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/a.bin"
      try tinyModel(seed: 1).write(to: path)
      let old = try Checkpoint(opening: path)
      let before = contents(old)
      unlink(path)
      try tinyModel(seed: 2).write(to: path)
      #expect(contents(old) == before)
      #expect(contents(try Checkpoint(opening: path)) != before)
    }
  }
}
