// SPDX-License-Identifier: MIT
// The chats of new models: a tokenizer that knows the words of miniworld, and the template that writes conversations.
import MiniWorlds
import StrictJSON
import Tokenizers

/// A chat's special tokens and template. The tokenizer is a byte-level BPE: anything but its words is spelt out in pieces, down
/// to single bytes.
struct ChatRecipe: Sendable {
  static let image = "<image>"

  /// Stands before every text; nil: nothing does.
  let opening: String?
  /// Ends the assistant's turn.
  let end: String
  let padding: String
  let tokenizer: JSONValue
  /// The class that transformers reads the tokenizer with.
  let tokenizerClass: String
  let template: String

  /// - Parameters:
  ///   - frame: what the format writes around texts, to be whole tokens as the words of miniworld are.
  ///   - specialTokens: of the format; `image` is added.
  private init(
    frame: String, specialTokens: [String], opening: String? = nil, end: String, padding: String,
    tokenizerClass: String, template: String
  ) {
    (self.opening, self.end, self.padding) = (opening, end, padding)
    (self.tokenizerClass, self.template) = (tokenizerClass, template)
    tokenizer = BPETrainer.train(
      Language.corpus + [frame], vocabularySize: 640, minFrequency: 1, specialTokens: specialTokens + [Self.image],
      opening: opening)
  }

  /// The id of a special token.
  func id(_ token: String) -> JSONValue {
    let added = tokenizer["added_tokens"]?.array ?? []
    return added.first { $0["content"]?.string == token }?["id"] ?? .null
  }

  var generationConfig: JSONValue {
    var config = JSONObject()
    if let opening { config["bos_token_id"] = id(opening) }
    config["eos_token_id"] = id(end)
    config["pad_token_id"] = id(padding)
    return .object(config)
  }

  /// - Parameter positions: that the model was made for.
  func tokenizerConfig(positions: Int) -> JSONValue {
    [
      "add_prefix_space": false, "bos_token": opening.map { .string($0) } ?? .null,
      "clean_up_tokenization_spaces": false, "eos_token": .string(end),
      "extra_special_tokens": ["image_token": .string(Self.image)], "model_max_length": .int(positions),
      "pad_token": .string(padding), "processor_class": "LlavaProcessor", "tokenizer_class": .string(tokenizerClass),
      "unk_token": .null,
    ]
  }
}

extension ChatRecipe {
  /// ChatML with Qwen2's default system turn; images stand before the text of their turn.
  static let chatml = ChatRecipe(
    frame: "system\nuser\nassistant\n" + ChatFormat.chatml.defaultSystem,
    specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], end: "<|im_end|>", padding: "<|endoftext|>",
    tokenizerClass: "Qwen2Tokenizer",
    template: """
      {%- for message in messages %}
      {%- if loop.first and message['role'] != 'system' %}
      {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
      {%- endif %}
      {{- '<|im_start|>' + message['role'] + '\\n' }}
      {%- if message['content'] is string %}
      {{- message['content'] }}
      {%- else %}
      {%- for part in message['content'] %}
      {%- if part['type'] == 'image' %}
      {{- '<image>\\n' }}
      {%- elif part['type'] == 'text' %}
      {{- part['text'] }}
      {%- endif %}
      {%- endfor %}
      {%- endif %}
      {{- '<|im_end|>\\n' }}
      {%- endfor %}
      {%- if add_generation_prompt %}
      {{- '<|im_start|>assistant\\n' }}
      {%- endif %}

      """)

  /// LLaVA-1.5's, in a tokenizer of Llama 3's kind; the template, as the published one, ends earlier answers with a space.
  static let llava = ChatRecipe(
    frame: "USER: ASSISTANT: ", specialTokens: ["<s>", "</s>", "<pad>"], opening: "<s>", end: "</s>", padding: "<pad>",
    tokenizerClass: "PreTrainedTokenizerFast",
    template: """
      {%- for message in messages %}
      {%- if message['role'] != 'system' %}
      {{- message['role'].upper() + ': ' }}
      {%- endif %}
      {%- if message['content'] is string %}
      {{- message['content'] + ' ' }}
      {%- else %}
      {%- for part in message['content'] %}
      {%- if part['type'] == 'image' %}
      {{- '<image>\\n' }}
      {%- elif part['type'] == 'text' %}
      {{- part['text'] + ' ' }}
      {%- endif %}
      {%- endfor %}
      {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}
      {{- 'ASSISTANT:' }}
      {%- endif %}

      """)
}
