// SPDX-License-Identifier: MIT
// The architectures that `ckpt new` knows.
import ArgumentParser
import MiniWorlds
import StrictJSON
import Tokenizers

enum Preset: String, CaseIterable, ExpressibleByArgument {
  /// 48×48 pictures of miniworld; 1.8 M parameters.
  case mini
  /// The shape of the speed benchmarks; 9.3 M parameters.
  case benchMini = "bench-mini"
  /// SigLIP-B/16-224 with Qwen2.5-0.5B; 588 M parameters.
  case base = "siglip-b16-224+qwen2.5-0.5b"

  private struct Sizes {
    var image: Int, patch: Int
    var vision: (width: Int, mlp: Int, layers: Int, heads: Int)
    var text: (width: Int, mlp: Int, layers: Int, heads: Int, groups: Int)
    var vocabulary: Int, positions: Int, theta: Double
    /// Standard deviation of the new matrices of projector and LLM.
    var deviation = 0.02
  }

  private var sizes: Sizes {
    switch self {
    case .mini:
      Sizes(
        image: 48, patch: 6, vision: (128, 512, 5, 4), text: (128, 320, 3, 4, 2), vocabulary: 640, positions: 2048,
        theta: 10_000, deviation: 0.08)
    case .benchMini:
      Sizes(
        image: 128, patch: 16, vision: (192, 768, 7, 3), text: (256, 704, 6, 4, 2), vocabulary: 4096, positions: 2048,
        theta: 10_000)
    case .base:
      Sizes(
        image: 224, patch: 16, vision: (768, 3072, 12, 12), text: (896, 4864, 24, 14, 2), vocabulary: 151_936,
        positions: 32_768, theta: 1_000_000)
    }
  }

  /// The words of miniworld and of the chat's frame as whole tokens; anything else in pieces, down to single bytes.
  private static let tokenizer = BPETrainer.train(
    Language.corpus + ["system\nuser\nassistant\n" + ChatFormat.chatml.defaultSystem], vocabularySize: 640,
    minFrequency: 1)

  /// The id of a special token in the tokenizer.
  private static func id(_ token: String) -> JSONValue {
    let added = tokenizer["added_tokens"]?.array ?? []
    return added.first { $0["content"]?.string == token }?["id"] ?? .null
  }

  /// config.json, in the style of published LLaVA checkpoints.
  var config: JSONValue {
    let sizes = sizes
    let side = sizes.image / sizes.patch
    return [
      "architectures": ["LlavaForConditionalGeneration"],
      "image_seq_length": .int(side * side),
      "image_token_index": Self.id("<image>"),
      "model_type": "llava",
      "multimodal_projector_bias": true,
      "projector_hidden_act": "gelu",
      "text_config": [
        "architectures": ["Qwen2ForCausalLM"],
        "eos_token_id": Self.id("<|im_end|>"),
        "hidden_act": "silu",
        "hidden_size": .int(sizes.text.width),
        "initializer_range": .double(sizes.deviation),
        "intermediate_size": .int(sizes.text.mlp),
        "max_position_embeddings": .int(sizes.positions),
        "model_type": "qwen2",
        "num_attention_heads": .int(sizes.text.heads),
        "num_hidden_layers": .int(sizes.text.layers),
        "num_key_value_heads": .int(sizes.text.groups),
        "rms_norm_eps": 1e-6,
        "rope_theta": .double(sizes.theta),
        "tie_word_embeddings": true,
        "torch_dtype": "float32",
        "use_sliding_window": false,
        "vocab_size": .int(sizes.vocabulary),
      ],
      "tie_word_embeddings": true,
      "torch_dtype": "float32",
      "vision_config": [
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": .int(sizes.vision.width),
        "image_size": .int(sizes.image),
        "intermediate_size": .int(sizes.vision.mlp),
        "layer_norm_eps": 1e-6,
        "model_type": "siglip_vision_model",
        "num_attention_heads": .int(sizes.vision.heads),
        "num_channels": 3,
        "num_hidden_layers": .int(sizes.vision.layers),
        "patch_size": .int(sizes.patch),
        "torch_dtype": "float32",
        "vision_use_head": true,
      ],
      "vision_feature_layer": -2,
      "vision_feature_select_strategy": "full",
    ]
  }

  /// Everything beside the weights, as transformers' LlavaProcessor and Qwen2Tokenizer read it.
  var files: [String: String] {
    let preprocessor: JSONValue = [
      "do_convert_rgb": true, "do_normalize": true, "do_rescale": true, "do_resize": true,
      "image_mean": [0.5, 0.5, 0.5], "image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5],
      "processor_class": "LlavaProcessor", "resample": 3, "rescale_factor": 0.00392156862745098,
      "size": ["height": .int(sizes.image), "width": .int(sizes.image)],
    ]
    let processor: JSONValue = [
      "image_token": "<image>", "num_additional_image_tokens": 0, "patch_size": .int(sizes.patch),
      "processor_class": "LlavaProcessor", "vision_feature_select_strategy": "full",
    ]
    let tokenizer: JSONValue = [
      "add_prefix_space": false, "bos_token": .null, "clean_up_tokenization_spaces": false, "eos_token": "<|im_end|>",
      "extra_special_tokens": ["image_token": "<image>"], "model_max_length": .int(sizes.positions),
      "pad_token": "<|endoftext|>", "processor_class": "LlavaProcessor", "tokenizer_class": "Qwen2Tokenizer",
      "unk_token": .null,
    ]
    let generation: JSONValue = ["eos_token_id": Self.id("<|im_end|>"), "pad_token_id": Self.id("<|endoftext|>")]
    var files = ["chat_template.jinja": Self.chatTemplate, "tokenizer.json": Self.tokenizer.text(pretty: true) + "\n"]
    for (name, json) in [
      ("config", config), ("generation_config", generation), ("preprocessor_config", preprocessor),
      ("processor_config", processor), ("tokenizer_config", tokenizer),
    ] { files[name + ".json"] = json.text(pretty: true) + "\n" }
    return files
  }

  /// ChatML with Qwen2's default system turn; images stand before the text of their turn.
  private static let chatTemplate = """
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

    """
}
