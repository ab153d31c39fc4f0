// SPDX-License-Identifier: MIT
// A multimodal LLM put together from parts of others: re-attachment, which is how PIVOT measures what an encoder has
// learnt (arXiv 2510.16333), and the way back from `ckpt detach`.

import Checkpoints
import Failures
import Layers
import Models
import StrictJSON
import Tensors

/// What a new multimodal LLM is made of. Stored tensors keep their bytes and get their published LLaVA names.
public struct Reattachment {
  /// Of a projector that is taken over: how many layers are kept, and how many new ones follow. The paper's code spells
  /// it `mlp{kept}x_gelu_…+{new}`.
  public struct Layers: Sendable, Equatable {
    public var kept: Int
    public var new: Int

    public init(kept: Int, new: Int) { (self.kept, self.new) = (kept, new) }
  }

  /// A vision encoder, or a model that has one; its preprocessor comes along.
  public let vision: Checkpoint
  /// A language model, or a model that has one; its tokenizer and chat template come along.
  public let llm: Checkpoint
  /// A projector, or a model that has one; nil: a new one.
  public let projector: Checkpoint?
  /// nil: all layers of `projector`, and none behind them.
  public var layers: Layers?
  /// Index into the encoder's hidden states, negative from the end; nil: what `vision` states, else -2.
  public var featureLayer: Int?
  /// "full" or "default"; nil: what `vision` states, else "full".
  public var selectStrategy: String?
  /// Of what is new in the projector.
  public var seed: UInt64 = 0

  /// How the parts are joined.
  private let whole = MultimodalCard.llava

  public init(vision: Checkpoint, projector: Checkpoint?, llm: Checkpoint) {
    (self.vision, self.projector, self.llm) = (vision, projector, llm)
  }

  /// The model, and what its maker should know about it. Throws 65 or 66 where parts do not fit or are not whole.
  public func assembled() throws -> (model: NewCheckpoint, notes: [String]) {
    var notes: [String] = []
    var config = llm.config["text_config"] == nil ? JSONObject() : llm.config.object ?? JSONObject()
    for key in ["_name_or_path", "transformers_version", "dtype", ProjectorLayers.widthsKey, ProjectorLayers.oldKey] {
      config[key] = nil
    }
    config["architectures"] = [.string(whole.transformersClass)]
    config["model_type"] = .string(whole.modelType)
    try describeVision(in: &config, &notes)

    var text = try textConfig()
    let token = try ImageToken(of: llm)
    var files = try llm.allFiles()
    let rows = try vocabularySize(text)
    let idIsInside = token.id < rows
    if !idIsInside { text["vocab_size"] = .int(token.id + 1) }
    config["text_config"] = .object(text)
    config["tie_word_embeddings"] = .bool(llm.anatomy.tiesWordEmbeddings)
    config["image_token_id"] = config["image_token_id"].map { _ in .int(token.id) }
    if config["image_token_id"] == nil || config["image_token_index"] != nil {
      config["image_token_index"] = .int(token.id)
    }
    if token.isNew {
      notes.append(
        "the tokenizer of \(llm.path) has no \"\(token.content)\": it is added as id \(token.id), "
          + (idIsInside
            ? "a spare row of the embedding table"
            : "and the embedding table grows from \(rows) to \(token.id + 1) rows (the mean of the others)"))
      for (name, content) in token.files { files[name] = content }
    }

    let joined = try projectorTensors(in: &config, outputs: text["hidden_size"]?.int ?? 0, &notes)
    let tower = try vision.tensors(of: .vision)
    let language = try llm.tensors(of: .llm)
    try check(tower + joined.kept, language, grownTo: idIsInside ? nil : token.id + 1, against: .object(config))
    let stored = (tower + joined.kept + language).map { name, tensor -> OutgoingTensor in
      let grows = !idIsInside && isVocabulary(name)
      return grows
        ? OutgoingTensor(growing: tensor, as: name, to: token.id + 1) : OutgoingTensor(copying: tensor, as: name)
    }
    let tensors = stored + joined.new

    let dtype = Checkpoint.commonDType(tensors).configName
    var final = JSONValue.object(config).settingDType(dtype)
    if var object = final.object {
      object["torch_dtype"] = .string(dtype)
      final = .object(object)
    }
    files["config.json"] = final.text(pretty: true) + "\n"
    files["preprocessor_config.json"] = try preprocessor(&notes)
    files["processor_config.json"] =
      try MultimodalCard.processorConfig(
        config, imageToken: token.content, prefixRows: vision.visionConfig()?.prefixRows ?? 0
      ).text(pretty: true) + "\n"
    return (NewCheckpoint(tensors: tensors, files: files), notes)
  }

  // MARK: The vision encoder

  /// `vision_config`, the feature layer and what follows from them.
  private func describeVision(in config: inout JSONObject, _ notes: inout [String]) throws {
    var tower = try vision.wholeVisionConfig()
    let stated = tower["num_hidden_layers"]?.int ?? 0
    let stored = try vision.storedLayers()
    var layer = featureLayer ?? vision.featureLayer
    if featureLayer == nil, let list = vision.config["vision_feature_layer"]?.array, list.count != 1 {
      throw PlainFailure.badData(
        "\(vision.path): vision_feature_layer is \(JSONValue.array(list).text()), expected one layer; "
          + "choose one with --feature-layer")
    }
    // A tower that was cut off above its feature layer: what is left of it must not lose another layer.
    if stored < stated {
      let index = try featureLayer.map { $0 < 0 ? stored + 1 + $0 : $0 } ?? vision.layersRun(featureLayer: nil) ?? 0
      if index <= stored {
        layer = index - (stored + 1)
        tower["num_hidden_layers"] = .int(stored)
        notes.append(
          "\(vision.path): has \(stored) of \(stated) layers: it was cut off above its feature layer, which is "
            + "vision_feature_layer \(layer) now")
      }
    }
    let layers = tower["num_hidden_layers"]?.int ?? 0
    guard (-layers - 1...layers).contains(layer) else {
      throw PlainFailure(
        featureLayer == nil ? .badData : .usage,
        "\(vision.path): vision_feature_layer is \(layer), and the encoder has \(layers) layers")
    }
    let strategy = selectStrategy ?? vision.selectStrategy
    if let numbers = try vision.visionConfig() {
      let rows = numbers.prefixRows + numbers.grid.count
      config["image_seq_length"] = .int(rows - (strategy == "default" ? 1 : 0))
    }
    config["vision_config"] = .object(tower)
    config["vision_feature_layer"] = .int(layer)
    config["vision_feature_select_strategy"] = .string(strategy)
    if let projector, let other = projector.config["vision_feature_layer"]?.int, other != layer {
      notes.append("\(projector.path): was trained on features of layer \(other), these are of layer \(layer)")
    }
  }

  private func preprocessor(_ notes: inout [String]) throws -> String {
    if let text = try vision.preprocessorText() { return text }
    let side = try vision.wholeVisionConfig()["image_size"]?.int ?? 0
    let card = try vision.visionCard()
    guard let usual = card.preprocessor?(side) else {
      throw PlainFailure.badData(
        "\(vision.path): has no preprocessor_config.json, and nothing says how images are prepared")
    }
    let words = card.preparation.map { ", \($0)" } ?? ""
    notes.append(
      "\(vision.path): has no preprocessor_config.json: images are prepared as \(card.name)'s are (\(side) x \(side)\(words))"
    )
    return JSONValue.object(usual).text(pretty: true) + "\n"
  }

  // MARK: The language model

  /// `text_config` with transformers' defaults written out.
  func textConfig() throws -> JSONObject {
    guard let card = llm.anatomy.language?.card, let object = (llm.config["text_config"] ?? llm.config).object else {
      throw llm.nothing(.llm)
    }
    var result = JSONObject()
    for (key, value) in object where !["_name_or_path", "transformers_version"].contains(key) { result[key] = value }
    if result["num_key_value_heads"] == .null { result["num_key_value_heads"] = result["num_attention_heads"] }
    for (key, value) in card.defaults where result[key] == nil { result[key] = value }
    result["model_type"] = .string(card.modelTypes[0])
    result["tie_word_embeddings"] = .bool(llm.anatomy.tiesWordEmbeddings)
    return result
  }

  /// Embeddings and head: a row for each token.
  func isVocabulary(_ name: String) -> Bool {
    llm.anatomy.head.map { name == $0.embedding || name == $0.head } ?? false
  }

  func vocabularySize(_ text: JSONObject) throws -> Int {
    guard let rows = text["vocab_size"]?.int, rows > 0 else {
      throw PlainFailure.badData("\(llm.path): config.json: vocab_size is \(text["vocab_size"]?.text() ?? "missing")")
    }
    return rows
  }

  // MARK: The projector

  /// The projector's tensors, those that are kept and the new ones, and what config.json says of them.
  private func projectorTensors(
    in config: inout JSONObject, outputs: Int, _ notes: inout [String]
  ) throws -> (kept: [(name: String, tensor: StoredTensor)], new: [OutgoingTensor]) {
    let inputs = config["vision_config"]?["hidden_size"]?.int ?? 0
    var layers = ProjectorLayers(inputs: inputs, widths: [outputs, outputs])
    var kept: [(name: String, tensor: StoredTensor)] = []
    if let projector {
      (layers, kept) = try keptLayers(of: projector, inputs: inputs, outputs: outputs)
      config["projector_hidden_act"] = projector.config["projector_hidden_act"] ?? "gelu"
    } else {
      config["projector_hidden_act"] = "gelu"
    }
    config["multimodal_projector_bias"] = .bool(layers.hasBias)
    layers.describe(in: &config)
    if !layers.isPublished {
      let pieces = layers.old.map { " (\($0) kept, \(layers.widths.count - $0) new)" } ?? ""
      notes.append(
        "the projector has \(layers.widths.count) linear layers\(pieces) of widths "
          + layers.widths.map(String.init).joined(separator: ", ")
          + ": transformers' LlavaForConditionalGeneration builds two of width \(outputs) and leaves the rest out: only these tools "
          + "run this model")
    }
    let names = Set(kept.map(\.name))
    let deviation = config["text_config"]?["initializer_range"]?.double ?? 0.02
    let declared = try Weights.declarations {
      _ = try MLPConnector($0, MLPConnectorConfig(layers: layers, deviation: deviation))
    }
    return (kept, declared.filter { !names.contains($0.name) }.map { OutgoingTensor(fresh: $0, seed: seed) })
  }

  private func keptLayers(
    of projector: Checkpoint, inputs: Int, outputs: Int
  ) throws -> (ProjectorLayers, [(name: String, tensor: StoredTensor)]) {
    var layers = try ProjectorLayers(projector)
    guard layers.inputs == inputs else {
      throw PlainFailure.badData(
        "\(projector.path): its projector takes features of width \(layers.inputs), the encoder of \(vision.path) gives "
          + "\(inputs)")
    }
    let count = layers.widths.count
    if let wanted = self.layers {
      guard (1...count).contains(wanted.kept) else {
        throw PlainFailure.usage(
          "--projector-layers \(wanted.kept)+\(wanted.new): the projector of \(projector.path) has \(count) linear layers"
        )
      }
      layers.widths = Array(layers.widths.prefix(wanted.kept))
      layers.old = wanted.new > 0 ? wanted.kept : nil
      // The last of the new ones goes to the LLM; those before it stay at the old width.
      for _ in 1..<max(1, wanted.new) { layers.widths.append(layers.outputs) }
      if wanted.new > 0 { layers.widths.append(outputs) }
    }
    guard layers.outputs == outputs else {
      throw PlainFailure.badData(
        "\(projector.path): its projector gives visual tokens of width \(layers.outputs), \(llm.path) takes \(outputs); "
          + "leave --projector out for a new one, or add a layer behind it with --projector-layers \(count)+1")
    }
    let keptCount = self.layers?.kept ?? count
    let names = Set(
      (0..<keptCount).flatMap { [ProjectorLayers.name($0) + ".weight", ProjectorLayers.name($0) + ".bias"] })
    return (layers, try projector.tensors(of: .projector).filter { names.contains($0.name) })
  }
}

extension Checkpoint {
  /// Layers of the vision encoder of which something is stored, counted from the first: a tower may have been cut off.
  fileprivate func storedLayers() throws -> Int {
    guard let encoder = anatomy.vision, let config = try visionConfig() else { return 0 }
    let stored = Set(canonicalNames)
    func names(_ depth: Int) throws -> [String] {
      try Weights.declarations { _ = try encoder.make($0, config, depth: depth) }.filter(\.runs).map(\.name)
    }
    var (known, layers) = (Set(try names(0)), 0)
    for depth in stride(from: 1, through: config.layerCount, by: 1) {
      let all = try names(depth)
      guard all.contains(where: { !known.contains($0) && stored.contains($0) }) else { break }
      (known, layers) = (Set(all), depth)
    }
    return layers
  }
}
