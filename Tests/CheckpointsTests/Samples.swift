// SPDX-License-Identifier: MIT
// Small checkpoints for the tests of this folder, and raw safetensors bytes to damage.

import Glibc
import StrictJSON
import TensorStream
import Tensors
import TestSupport

@testable import Checkpoints
@testable import Surgery

/// A model of a few thousand parameters with every kind of tensor: pooling head, untied or tied LLM head.
func tinyConfig(tied: Bool = true) -> JSONValue {
  [
    "architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "image_token_index": 5,
    "vision_feature_layer": -2, "vision_feature_select_strategy": "full", "torch_dtype": "float32",
    "vision_config": [
      "model_type": "siglip_vision_model", "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2,
      "num_attention_heads": 3, "image_size": 12, "patch_size": 4,
    ],
    "text_config": [
      "model_type": "qwen2", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
      "num_attention_heads": 4,
      "num_key_value_heads": 2, "vocab_size": 50, "tie_word_embeddings": .bool(tied),
    ],
  ]
}

let tinyFiles = [
  "config.json": tinyConfig().text(pretty: true), "tokenizer.json": "{\"model\": \"é \\\" \\n\"}",
  "chat_template.jinja": "{% for m in messages %}\n", "preprocessor_config.json": "{\"size\": 12}",
]

/// Names as they are stored: a rule from published names.
enum Layout: CaseIterable {
  case published, bareTower, transformers5

  func stored(_ name: String) -> String {
    switch self {
    case .published: return name
    case .bareTower: return name.replacingPrefix("vision_tower.vision_model.", "vision_tower.")
    case .transformers5:
      if name.hasPrefix("language_model.lm_head.") { return name.replacingPrefix("language_model.", "") }
      return "model."
        + name.replacingPrefix("vision_tower.vision_model.", "vision_tower.")
        .replacingPrefix("language_model.model.", "language_model.")
    }
  }
}

extension String {
  func replacingPrefix(_ old: String, _ new: String) -> String { hasPrefix(old) ? new + dropFirst(old.count) : self }
}

/// A new tiny checkpoint's content. With `position_ids`, a buffer that older files carry.
func tinyModel(seed: UInt64 = 1, tied: Bool = true, layout: Layout = .published, extra: [OutgoingTensor] = []) throws
  -> NewCheckpoint
{
  let tensors = try FreshModel(config: tinyConfig(tied: tied), seed: seed).tensors
  var files = tinyFiles
  files["config.json"] = tinyConfig(tied: tied).text(pretty: true)
  return NewCheckpoint(tensors: tensors.map { $0.renamed(layout.stored($0.name)) } + extra, files: files)
}

extension OutgoingTensor {
  func renamed(_ name: String) -> OutgoingTensor {
    OutgoingTensor(name: name, dtype: dtype, shape: shape, produce: produce)
  }
}

/// The bytes of a safetensors file whose header is written by hand.
func rawFile(header: String, data: [UInt8] = []) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// Every stored tensor's dtype, shape and bytes.
func contents(_ checkpoint: Checkpoint) -> [String: [UInt8]] {
  var all: [String: [UInt8]] = [:]
  for name in checkpoint.names {
    guard let tensor = checkpoint.tensor(name) else { continue }
    all[name] = Array("\(tensor.dtype.rawValue)\(tensor.shape)".utf8) + tensor.withUnsafeBytes { Array($0) }
  }
  return all
}

/// The files of a directory, sorted; hidden ones too.
func listing(_ directory: String) throws -> [String] { try SideFiles.entries(of: directory) }

/// Asserts that `body` fails with this line and status.
func refusal(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "(no error)"
  } catch let error as CheckpointError {
    return "\(error.exitStatus.rawValue) \(error)"
  } catch {
    return "(another error) \(error)"
  }
}

/// Canonical names of the pair that may be tied.
let embeddingName = "language_model.model.embed_tokens.weight"
let headName = "language_model.lm_head.weight"
