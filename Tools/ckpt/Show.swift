// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import ComputeSupport
import Failures
import Layers
import Models
import StrictJSON
import Tensors
import Tokenizers
import ToolSupport

struct Show: Tool {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print what a checkpoint holds: architecture, parameters, dtypes, fingerprints, training state.",
    discussion: """
      The encoder's fingerprint is the one that frames carry with their features; the model's is the one they carry with \
      reference log-probabilities. Both are over values: file layout, names and dtype do not change them.

      Example:
        ckpt show enc.bin
      """)

  @Argument(help: ArgumentHelp("The checkpoint (default: $PIVOT_CKPT).", valueName: "checkpoint"))
  var path: String?

  @Flag(help: "Also list every tensor: name as stored, dtype, shape, part; separated by tabs.")
  var tensors = false

  @Flag(help: "Print one line of JSON.")
  var json = false

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var messages: MessageOptions

  func run() throws {
    messages.apply()
    compute.apply()
    guard let path = path ?? CheckpointOptions.environment else {
      throw PlainFailure.usage("name the checkpoint: ckpt show PATH, or set PIVOT_CKPT")
    }
    let checkpoint = try Checkpoint(opening: path)
    let output = TextOutput()
    if json {
      try output.line(try report(checkpoint))
    } else {
      for line in try lines(checkpoint) { try output.line(line) }
    }
    try output.close()
  }

  // MARK: Text

  private func lines(_ checkpoint: Checkpoint) throws -> [String] {
    let report = try report(checkpoint)
    var lines = [
      "checkpoint   \(checkpoint.path) (\(checkpoint.isDirectory ? "directory" : "one file"), \(Self.bytes(report["bytes"]?.int ?? 0)))",
      "model        \(checkpoint.modelType.isEmpty ? "without model_type" : checkpoint.modelType)",
    ]
    let config = checkpoint.config
    if let vision = config["vision_config"] ?? (checkpoint.anatomy.vision == nil ? nil : config) {
      lines.append("  vision     \(Self.summary(vision, Self.visionKeys))")
    }
    if checkpoint.anatomy.whole != nil { lines.append("  features   \(Self.summary(config, Self.featureKeys))") }
    if let text = config["text_config"] ?? (checkpoint.anatomy.language == nil ? nil : config) {
      lines.append("  llm        \(Self.summary(text, Self.textKeys))")
    }
    lines.append("part         tensors      parameters  dtypes")
    for entry in report["parts"]?.array ?? [] {
      let count = Self.right(entry["tensors"]?.int ?? 0, 8)
      let parameters = Self.right(entry["parameters"]?.int ?? 0, 16)
      let dtypes = (entry["dtypes"]?.object?.keys ?? []).joined(separator: " ")
      lines.append("  \(Self.left(entry["part"]?.string ?? "", 10))\(count)\(parameters)  \(dtypes)")
    }
    if let encoder = report["encoder"]?.string { lines.append("encoder      \(encoder)") }
    if let reference = report["reference"]?.string { lines.append("reference    \(reference)") }
    if let state = report["training"] {
      let step = state["step"]?.int.map { ", step \($0)" } ?? ""
      let file = state["state"]?.string ?? "its state is missing"
      lines.append("training     generation \(state["generation"]?.int ?? 0)\(step) (\(file))")
    } else {
      lines.append("training     no state")
    }
    if let chat = report["chat"] {
      let file = chat["file"]?.string ?? ""
      let format = chat["format"]?.string.flatMap { ChatFormat(named: $0) } ?? .standard
      let system = chat["system"]?.string.map {
        $0.isEmpty ? "\(format.title), no system line" : "\(format.title), system line \"\($0)\""
      }
      lines.append("chat         \(file): \(system ?? chat["differs"]?.string ?? "")")
    }
    lines.append("files        \(checkpoint.fileNames.joined(separator: " "))")
    for tensor in report["tensors"]?.array ?? [] {
      let fields = ["name", "dtype", "shape", "part"].map { key in tensor[key].map { $0.string ?? $0.text() } ?? "" }
      lines.append(fields.joined(separator: "\t"))
    }
    return lines
  }

  private typealias Keys = [(label: String, key: String)]
  private static let visionKeys: Keys = [
    ("", "model_type"), ("image", "image_size"), ("patch", "patch_size"), ("width", "hidden_size"),
    ("MLP", "intermediate_size"), ("layers", "num_hidden_layers"), ("heads", "num_attention_heads"),
  ]
  private static let featureKeys: Keys = [
    ("layer", "vision_feature_layer"), ("select", "vision_feature_select_strategy"),
    ("projector", "projector_hidden_act"), ("widths", "projector_hidden_sizes"), ("old layers", "projector_old_layers"),
    ("image token", "image_token_index"), ("image token", "image_token_id"),
  ]
  private static let textKeys: Keys = [
    ("", "model_type"), ("width", "hidden_size"), ("MLP", "intermediate_size"), ("layers", "num_hidden_layers"),
    ("heads", "num_attention_heads"), ("KV heads", "num_key_value_heads"), ("vocabulary", "vocab_size"),
    ("tied", "tie_word_embeddings"),
  ]

  /// "siglip_vision_model, image 48, patch 6": keys that are there, in this order.
  private static func summary(_ config: JSONValue, _ keys: Keys) -> String {
    keys.compactMap { label, key in
      guard let value = config[key], !value.isNull else { return nil }
      let text = value.string ?? value.text()
      return label.isEmpty ? text : "\(label) \(text)"
    }.joined(separator: ", ")
  }

  private static func bytes(_ count: Int) -> String {
    count < 10_000_000 ? "\(grouped((count + 999) / 1000)) kB" : "\(grouped((count + 999_999) / 1_000_000)) MB"
  }

  private static func right(_ number: Int, _ width: Int) -> String {
    let text = grouped(number)
    return String(repeating: " ", count: max(1, width - text.count)) + text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  // MARK: JSON

  private func report(_ checkpoint: Checkpoint) throws -> JSONValue {
    var report = JSONObject()
    report["path"] = .string(checkpoint.path)
    report["layout"] = checkpoint.isDirectory ? "directory" : "file"
    report["model_type"] = .string(checkpoint.modelType)
    let stored = checkpoint.names.compactMap { checkpoint.tensor($0) }
    report["bytes"] = .int(stored.reduce(0) { $0 + $1.byteCount })
    report["parameters"] = .int(stored.reduce(0) { $0 + $1.count })
    var parts: [JSONValue] = []
    for part in Part.allCases.map({ $0 as Part? }) + [nil] {
      let own = stored.filter { checkpoint.part(ofStored: $0.name) == part }
      if own.isEmpty { continue }
      var dtypes = JSONObject()
      for tensor in own {
        dtypes[tensor.dtype.rawValue] = .int((dtypes[tensor.dtype.rawValue]?.int ?? 0) + tensor.count)
      }
      parts.append([
        "part": .string(part?.rawValue ?? "other"), "tensors": .int(own.count),
        "parameters": .int(own.reduce(0) { $0 + $1.count }), "dtypes": .object(dtypes),
      ])
    }
    report["parts"] = .array(parts)
    if let encoder = try checkpoint.encoderFingerprint() { report["encoder"] = .string(encoder) }
    if let reference = try checkpoint.modelFingerprint() { report["reference"] = .string(reference) }
    if let generation = checkpoint.generation {
      var training = JSONObject()
      training["generation"] = .int(generation)
      if let state = try checkpoint.trainingState() {
        training["state"] = .string(state.path)
        training["step"] = state.info["step"]
      }
      report["training"] = .object(training)
    }
    if let chat = try Self.chat(checkpoint) { report["chat"] = chat }
    report["config"] = checkpoint.config
    report["files"] = .array(checkpoint.fileNames.map { .string($0) })
    if tensors {
      report["tensors"] = .array(
        stored.map { tensor in
          [
            "name": .string(tensor.name), "dtype": .string(tensor.dtype.rawValue),
            "shape": .array(tensor.shape.map { .int($0) }),
            "part": .string(checkpoint.part(ofStored: tensor.name)?.rawValue ?? "other"),
          ]
        })
    }
    return .object(report)
  }

  /// What imgtok would make of the checkpoint's own chat template; nil where there is none.
  private static func chat(_ checkpoint: Checkpoint) throws -> JSONValue? {
    let config = checkpoint.config
    guard config["text_config"] != nil || checkpoint.anatomy.language != nil else { return nil }
    let id = checkpoint.anatomy.whole == nil ? nil : try? checkpoint.imageToken()
    let takesImages = config["vision_config"] != nil && id != nil
    guard
      let published = try PublishedTemplate(
        takesImages: takesImages, file: checkpoint.file, json: checkpoint.json)
    else { return nil }
    let added = takesImages ? try checkpoint.json("tokenizer.json")?["added_tokens"]?.array ?? [] : []
    let image = takesImages ? added.first { $0["id"]?.int == id }?["content"]?.string ?? "<image>" : nil
    switch published.compared(image: image) {
    case .known(.standard, let system): return ["file": .string(published.file), "system": .string(system)]
    case .known(let format, let system):
      return ["file": .string(published.file), "format": .string(format.name), "system": .string(system)]
    case .other(let reason, _): return ["file": .string(published.file), "differs": .string(reason)]
    }
  }
}

/// 1234567 as "1,234,567".
func grouped(_ number: Int) -> String {
  var digits = Array(String(number.magnitude))
  for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
  return (number < 0 ? "-" : "") + String(digits)
}
