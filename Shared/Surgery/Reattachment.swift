// SPDX-License-Identifier: MIT
// A multimodal LLM put together from parts of others: re-attachment, which is how PIVOT measures what an encoder has
// learnt (arXiv 2510.16333), and the way back from `ckpt detach`.

import Checkpoints
import Failures
import Layers
import Models
import StrictJSON
import Tensors

/// What a new multimodal LLM is made of. Stored tensors keep their bytes and get the names under which such models
/// are published.
public struct Reattachment {
  /// Of a projector that is taken over: how many layers are kept, and how many new ones follow. The paper's code spells
  /// it `mlp{kept}x_gelu_…+{new}`.
  public typealias Layers = LayerChoice

  /// A vision encoder, or a model that has one; its preprocessor comes along.
  public let vision: Checkpoint
  /// A language model, or a model that has one; its tokenizer and chat template come along.
  public let llm: Checkpoint
  /// A projector, or a model that has one; nil: a new one.
  public let projector: Checkpoint?
  /// nil: all layers of `projector`, and none behind them.
  public var layers: Layers?
  /// Index into the encoder's hidden states, negative from the end; nil: what `vision` states, else its kind's.
  public var featureLayer: Int?
  /// "full" or "default"; nil: what `vision` states, else its kind's ("full" for an encoder alone).
  public var selectStrategy: String?
  /// Of what is new in the projector.
  public var seed: UInt64 = 0

  public init(vision: Checkpoint, projector: Checkpoint?, llm: Checkpoint) {
    (self.vision, self.projector, self.llm) = (vision, projector, llm)
  }

  /// The model, and what its maker should know about it. Throws 65 or 66 where parts do not fit or are not whole.
  public func assembled() throws -> (model: NewCheckpoint, notes: [String]) {
    var notes: [String] = []
    let whole = whole
    var config = llm.anatomy.whole == nil ? JSONObject() : llm.config.object ?? JSONObject()
    for key in ["_name_or_path", "transformers_version", "dtype"] { config[key] = nil }
    config["architectures"] = [.string(whole.transformersClass)]
    config["model_type"] = .string(whole.modelType)
    let tower = try describeVision(in: &config, &notes)

    var text = try textConfig()
    let language = try languageConfig(text)
    let token = try ImageToken(of: llm)
    var files = try llm.allFiles()
    let rows = language.vocabularySize
    let grownRows = token.id < rows ? nil : token.id + 1
    if let grownRows { text = llm.anatomy.language?.config(text, vocabularySize: grownRows) ?? text }
    config["text_config"] = .object(text)
    config["tie_word_embeddings"] = .bool(llm.anatomy.tiesWordEmbeddings)
    config["image_token_id"] = config["image_token_id"].map { _ in .int(token.id) }
    if config["image_token_id"] == nil || config["image_token_index"] != nil {
      config["image_token_index"] = .int(token.id)
    }
    if token.isNew {
      notes.append(
        "the tokenizer of \(llm.path) has no \"\(token.content)\": it is added as id \(token.id), "
          + (grownRows.map { "and the embedding table grows from \(rows) to \($0) rows (the mean of the others)" }
            ?? "a spare row of the embedding table"))
      for (name, content) in token.files { files[name] = content }
    }

    if let projector, projector.anatomy.connector == nil { throw projector.nothing(.projector) }
    let plan = try whole.connector.planned(
      from: projector, layers,
      Junction(inputs: tower.hiddenSize, of: vision.path, outputs: language.hiddenSize, of: llm.path))
    plan.describe(in: &config)
    notes += plan.notes
    let numbers = try read(config)
    config["image_seq_length"] = .int(numbers.visualTokens(of: tower.grid))

    let kept = try projector?.tensors(of: .projector).filter { plan.kept.contains($0.name) } ?? []
    let stored = StoredParts(vision: try vision.tensors(of: .vision) + kept, llm: try llm.tensors(of: .llm))
    let declared = try Weights.declarations { try numbers.declare($0) }
    try check(stored, declared, grown: grownRows.map { (from: rows, to: $0) })
    var tensors = (stored.vision + stored.llm).map { name, tensor -> OutgoingTensor in
      let own = whole.storedName(ofCanonical: name)
      guard let grownRows, isVocabulary(name) else { return OutgoingTensor(copying: tensor, as: own) }
      return OutgoingTensor(growing: tensor, as: own, to: grownRows)
    }
    tensors += declared.filter { Part(ofCanonical: $0.name) == .projector && !plan.kept.contains($0.name) }
      .map { OutgoingTensor(fresh: $0, as: whole.storedName(ofCanonical: $0.name), seed: seed) }

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

  /// How the parts are joined: as the models are that bring the projector, the LLM or the encoder, the first of them whose
  /// connector the projector is; a projector that was detached may have none of them.
  private var whole: MultimodalCard {
    let own = [projector?.anatomy.whole, llm.anatomy.whole, vision.anatomy.whole].compactMap { $0 }
    guard let connector = projector?.anatomy.connector else { return own.first ?? .llava }
    return (own + Architectures.multimodal).first { $0.connector == connector } ?? .llava
  }

  /// The numbers of the new model, read as any model's are.
  private func read(_ config: JSONObject) throws -> MultimodalConfig {
    do {
      return try MultimodalConfig(.object(config), anatomy: Anatomy(.object(config)), file: "config.json")
    } catch let failure as PlainFailure {
      throw PlainFailure(
        failure.exitStatus, "\((failure.description.contains("vision_") ? vision : llm).path): \(failure)")
    }
  }

  // MARK: The vision encoder

  /// Adds `vision_config`, the feature layer and what follows from them; gives back the encoder's numbers.
  private func describeVision(in config: inout JSONObject, _ notes: inout [String]) throws -> any VisionConfig {
    var tower = try vision.wholeVisionConfig()
    guard let encoder = vision.anatomy.vision, let numbers = try vision.visionConfig() else {
      throw vision.nothing(.vision)
    }
    var layers = numbers.layerCount
    let stored = try vision.storedLayers()
    var layer = featureLayer ?? vision.featureLayer
    if featureLayer == nil, let list = vision.config["vision_feature_layer"]?.array, list.count != 1 {
      throw PlainFailure.badData(
        "\(vision.path): vision_feature_layer is \(JSONValue.array(list).text()), expected one layer; "
          + "choose one with --feature-layer")
    }
    // A tower that was cut off above its feature layer: what is left of it must not lose another layer.
    if stored < layers {
      let index = try featureLayer.map { $0 < 0 ? stored + 1 + $0 : $0 } ?? vision.layersRun(featureLayer: nil) ?? 0
      if index <= stored {
        layer = index - (stored + 1)
        tower = encoder.config(tower, layers: stored)
        notes.append(
          "\(vision.path): has \(stored) of \(layers) layers: it was cut off above its feature layer, which is "
            + "vision_feature_layer \(layer) now")
        layers = stored
      }
    }
    guard (-layers - 1...layers).contains(layer) else {
      throw PlainFailure(
        featureLayer == nil ? .badData : .usage,
        "\(vision.path): vision_feature_layer is \(layer), and the encoder has \(layers) layers")
    }
    config["image_seq_length"] = config["image_seq_length"] ?? .null  // here; counted when all is known
    config["vision_config"] = .object(tower)
    config["vision_feature_layer"] = .int(layer)
    config["vision_feature_select_strategy"] = .string(selectStrategy ?? vision.selectStrategy)
    if let projector, let other = projector.config["vision_feature_layer"]?.int, other != layer {
      notes.append("\(projector.path): was trained on features of layer \(other), these are of layer \(layer)")
    }
    return numbers
  }

  private func preprocessor(_ notes: inout [String]) throws -> String {
    if let text = try vision.preprocessorText() { return text }
    let side = try vision.visionConfig()?.imageSize ?? 0
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
  private func textConfig() throws -> JSONObject {
    guard let model = llm.anatomy.language, let object = (llm.config["text_config"] ?? llm.config).object else {
      throw llm.nothing(.llm)
    }
    var result = JSONObject()
    for (key, value) in object where !["_name_or_path", "transformers_version"].contains(key) { result[key] = value }
    result = model.written(result)
    let types = model.card.modelTypes
    if let type = result["model_type"]?.string, types.contains(type) {
    } else {
      result["model_type"] = .string(types[0])
    }
    result["tie_word_embeddings"] = .bool(llm.anatomy.tiesWordEmbeddings)
    return result
  }

  /// The numbers of the language model, read before anything is computed from them.
  private func languageConfig(_ text: JSONObject) throws -> any LanguageConfig {
    let reader = ConfigReader(["text_config": .object(text)], file: "\(llm.path): config.json")
    guard let model = llm.anatomy.language, let section = try reader.section("text_config") else {
      throw llm.nothing(.llm)
    }
    return try model.readConfig(section, tiedAbove: llm.anatomy.tiesWordEmbeddings)
  }

  /// Embeddings and head: a row for each token.
  func isVocabulary(_ name: String) -> Bool {
    llm.anatomy.head.map { name == $0.embedding || name == $0.head } ?? false
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
