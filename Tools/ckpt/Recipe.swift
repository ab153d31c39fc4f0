// SPDX-License-Identifier: MIT
// The files of a new multimodal LLM beside its weights.
import Layers
import Models
import StrictJSON

/// What a new model is made of.
struct Recipe {
  private let vision: any VisionEncoder.Type
  private let visionSizes: VisionSizes
  private let language: any LanguageModel.Type
  private let languageSizes: LanguageSizes
  private let chat: ChatRecipe
  private let whole = MultimodalCard.llava

  init(
    _ vision: any VisionEncoder.Type, _ visionSizes: VisionSizes, _ language: any LanguageModel.Type,
    _ languageSizes: LanguageSizes, _ chat: ChatRecipe
  ) {
    (self.vision, self.visionSizes) = (vision, visionSizes)
    (self.language, self.languageSizes, self.chat) = (language, languageSizes, chat)
  }

  /// config.json, in the style of published LLaVA checkpoints. A class token is no feature.
  func config() throws -> JSONValue {
    let tower = vision.newConfig(visionSizes)
    let prefixRows = try numbers.prefixRows
    let dropsFirst = prefixRows > 0
    var text = language.newConfig(languageSizes)
    if let opening = chat.opening { text["bos_token_id"] = chat.id(opening) }
    text["eos_token_id"] = chat.id(chat.end)
    var config: JSONObject = [
      "architectures": [.string(whole.transformersClass)],
      "image_seq_length": .int(try prefixRows + numbers.grid.count - (dropsFirst ? 1 : 0)),
      "image_token_index": chat.id(ChatRecipe.image),
      "model_type": .string(whole.modelType),
      "text_config": Self.sorted(text),
      "tie_word_embeddings": true,
      "torch_dtype": "float32",
      "vision_config": Self.sorted(tower),
      "vision_feature_select_strategy": dropsFirst ? "default" : "full",
    ]
    config["vision_feature_layer"] = whole.defaults["vision_feature_layer"]
    let sides = Junction(
      inputs: visionSizes.width, of: vision.card.name, outputs: languageSizes.width, of: language.card.name)
    try whole.connector.planned(from: nil, nil, sides).describe(in: &config)
    return Self.sorted(config)
  }

  /// Everything beside the weights, as transformers' LlavaProcessor and the tokenizer's class read it.
  func files() throws -> [String: String] {
    let config = try config()
    let processor = try MultimodalCard.processorConfig(
      config.object ?? JSONObject(), imageToken: ChatRecipe.image, prefixRows: numbers.prefixRows)
    var files = ["chat_template.jinja": chat.template]
    files["preprocessor_config.json"] = vision.card.preprocessor.map {
      JSONValue.object($0(visionSizes.image)).text(pretty: true) + "\n"
    }
    for (name, json) in [
      ("config", config), ("generation_config", chat.generationConfig),
      ("processor_config", processor), ("tokenizer", chat.tokenizer),
      ("tokenizer_config", chat.tokenizerConfig(positions: languageSizes.positions)),
    ] { files[name + ".json"] = json.text(pretty: true) + "\n" }
    return files
  }

  private var numbers: any VisionConfig {
    get throws { try vision.readConfig(ConfigReader(.object(vision.newConfig(visionSizes)), file: "config.json")) }
  }

  /// Keys in the order of their names, as transformers writes them.
  private static func sorted(_ object: JSONObject) -> JSONValue {
    var result = JSONObject()
    for (key, value) in object.sorted(by: { $0.key < $1.key }) { result[key] = value }
    return .object(result)
  }
}
