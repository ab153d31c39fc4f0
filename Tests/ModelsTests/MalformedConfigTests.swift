// SPDX-License-Identifier: MIT
// Configs that cannot be right: each is refused with 65 and one line that names the key.
import Checkpoints
import Failures
import Models
import StrictJSON
import TestSupport
import Testing

@Suite struct MalformedConfigTests {
  struct Item: CustomTestStringConvertible, Sendable {
    /// Section ("" for the outermost), key, value (nil: the key is removed).
    let section: String
    let key: String
    let value: JSONValue?
    /// What the line says after the file's name.
    let text: String
    var testDescription: String { text }

    init(_ section: String, _ key: String, _ value: JSONValue?, _ text: String) {
      (self.section, self.key, self.value, self.text) = (section, key, value, text)
    }
  }

  static let table: [Item] = [
    Item(
      "", "model_type", "gpt2",
      #"model_type is "gpt2"; known are clip, clip_vision_model, llama, llava, qwen2, siglip, siglip_vision_model"#),
    Item("", "model_type", nil, "model_type is missing"),
    Item("", "vision_config", nil, "vision_config is missing"),
    Item("", "text_config", 3, "text_config is 3, expected an object"),
    Item("", "vision_feature_layer", -9, "vision_feature_layer is -9; the encoder has 3 layers"),
    Item("", "vision_feature_layer", [-2, -3], "features of several layers are not supported"),
    Item("", "vision_feature_select_strategy", "cls", #"expected "default" or "full""#),
    Item("", "image_token_index", 5000, "image_token_index is 5000, outside the vocabulary of 328"),
    Item("", "projector_hidden_act", "relu", #"projector_hidden_act is "relu""#),
    Item("vision_config", "model_type", "dinov2", #"vision_config.model_type is "dinov2""#),
    Item("vision_config", "hidden_size", "12", #"vision_config.hidden_size is "12", expected a whole number"#),
    Item("vision_config", "num_attention_heads", 5, "num_attention_heads is 5, which does not divide hidden_size 12"),
    Item("vision_config", "patch_size", 0, "vision_config.patch_size is 0, expected 1 or more"),
    Item("vision_config", "patch_size", 99, "vision_config.patch_size is 99, more than image_size 12"),
    Item("vision_config", "layer_norm_eps", -1, "vision_config.layer_norm_eps is -1, expected a positive number"),
    Item("vision_config", "num_hidden_layers", 2, "is left over"),
    Item("vision_config", "num_hidden_layers", 4, "is missing"),
    Item("vision_config", "intermediate_size", 7, "config.json makes it"),
    Item(
      "text_config", "model_type", "gpt2", #"text_config.model_type is "gpt2"; known for text_config: qwen2, llama"#),
    Item(
      "text_config", "num_key_value_heads", 3, "num_key_value_heads is 3, which does not divide num_attention_heads 4"),
    Item("text_config", "hidden_act", "gelu", #"text_config.hidden_act is "gelu", expected silu"#),
    Item("text_config", "use_sliding_window", true, "sliding windows are not supported"),
    Item("text_config", "rope_scaling", ["rope_type": "yarn"], #"rope_type is "yarn", only "default" is supported"#),
    Item("text_config", "vocab_size", 321, "config.json makes it [321, 16]"),
    Item("text_config", "head_dim", 5, "head_dim is 5, expected an even number"),
    Item("text_config", "hidden_size", 1_000_000_000_000, "text_config.hidden_size"),
  ]

  @Test(arguments: table) func isRefusedWithOneLine(_ item: Item) throws {
    let original = fixture("models/published")
    try withTemporaryDirectory { (folder) throws in
      for name in ["model.safetensors", "preprocessor_config.json", "tokenizer.json"] {
        try writeFile(folder + "/" + name, readFile(original + "/" + name))
      }
      var config = try #require(try JSONValue.parse(readFile(original + "/config.json")).object)
      if item.section.isEmpty {
        config[item.key] = item.value
      } else {
        var section = try #require(config[item.section]?.object)
        section[item.key] = item.value
        config[item.section] = .object(section)
      }
      try writeFile(folder + "/config.json", JSONValue.object(config).text())
      do {
        _ = try MultimodalModel(Checkpoint(opening: folder))
        Issue.record("accepted")
      } catch let failure as any Failure {
        #expect(failure.exitStatus == .badData && failure.description.hasPrefix(folder))
        #expect(
          failure.description.contains(item.text) && !failure.description.contains("\n"), "\(failure.description)")
      }
    }
  }
}
