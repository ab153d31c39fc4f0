# SPDX-License-Identifier: MIT
"""Tiny checkpoints of CLIP and Llama: as llava-hf/llava-1.5-7b-hf is stored, and with a language model of Llama 3's kind.
And their parts as checkpoints of their own, as openai/clip-vit-* and meta-llama/* are stored: the same numbers."""
import json

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, decoders, processors, trainers, AddedToken, Regex
from transformers import (CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig, LlamaConfig, LlavaConfig,
                          LlavaForConditionalGeneration)

from tiny import PAIRS, Dialect, Variant, published_name, randomise, write_json

TEXTS = [text for pair in PAIRS for text in pair[1:]]


# --- Llama 2: SentencePiece's kind, Vicuna's words -------------------------------------------------------------------

VICUNA_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
    "{# Render all images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}"
    "{{ '<image>\n' }}{% endfor %}{# Render all text next #}{% if message['role'] != 'assistant' %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' '}}{% endfor %}"
    "{% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
VICUNA_IMAGE = 335      # <unk> 0, <s> 1, </s> 2, 256 bytes, 76 letters and merges, <image> 335, <pad> 336


def make_llama2_tokenizer(path):
    """A BPE as Llama 2's tokenizer.json has it: "▁" for spaces and in front, no pre-tokenizer, bytes for unknown letters."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    corpus = ["USER: ASSISTANT:"] * 8 + TEXTS * 2
    trained.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=76, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)] + sorted(model["vocab"], key=model["vocab"].get)
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, [tuple(pair) for pair in model["merges"]],
                                     unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)
                                  for token in ("<unk>", "<s>", "</s>", "<image>", "<pad>")])
    assert tokenizer.token_to_id("<image>") == VICUNA_IMAGE and tokenizer.get_vocab_size() == VICUNA_IMAGE + 2
    tokenizer.save(str(path))
    return tokenizer


def encode_text(tokenizer, prompt, responses):
    """Ids of the prompt, and of what each response adds when both are tokenised as one text."""
    ids = {"prompt": tokenizer.encode(prompt).ids}
    for name, text in responses.items():
        whole = tokenizer.encode(prompt + text).ids
        assert whole[:len(ids["prompt"])] == ids["prompt"], "the response changes the prompt's tokens"
        ids[name] = whole[len(ids["prompt"]):]
    return ids


def encode_vicuna(tokenizer, pair):
    image, question, chosen, rejected = pair
    picture = "<image>\n" if image else ""
    return encode_text(tokenizer, f"USER: {picture}{question} ASSISTANT:",
                       {"chosen": f" {chosen}</s>", "rejected": f" {rejected}</s>"})


VICUNA = Dialect(
    make_llama2_tokenizer, encode_vicuna, image=VICUNA_IMAGE, ends=[2], padding=VICUNA_IMAGE + 1, side_files={
        "chat_template.json": {"chat_template": VICUNA_TEMPLATE},
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": VICUNA_IMAGE + 1},
        "tokenizer_config.json": {"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>",
                                  "legacy": True, "pad_token": "<pad>", "tokenizer_class": "LlamaTokenizer",
                                  "unk_token": "<unk>"}})


# --- Llama 3: tiktoken's kind ----------------------------------------------------------------------------------------

LLAMA3_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3_TEMPLATE = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + "
    "message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")
LLAMA3_TOKENS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>",
                 "<pad>"]
BEGIN, END_OF_TEXT, END_OF_TURN, LLAMA3_IMAGE, LLAMA3_PAD = 280, 281, 284, 285, 286     # behind 256 bytes and 24 merges


def make_llama3_tokenizer(path):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_SPLIT), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=True)])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=True, use_regex=True, trim_offsets=True)
    tokenizer.train_from_iterator(["user", "assistant"] * 8 + TEXTS, trainers.BpeTrainer(
        vocab_size=256 + 24, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in LLAMA3_TOKENS])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(add_prefix_space=True, use_regex=True, trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                                      special_tokens=[("<|begin_of_text|>", BEGIN)])])
    value = json.loads(tokenizer.to_str())
    value["model"]["ignore_merges"] = True
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2))
    tokenizer = Tokenizer.from_file(str(path))
    assert [tokenizer.token_to_id(token) for token in LLAMA3_TOKENS] == list(range(BEGIN, LLAMA3_PAD + 1))
    return tokenizer


def encode_llama3(tokenizer, pair):
    image, question, chosen, rejected = pair
    picture = "<image>\n" if image else ""
    header = lambda role: f"<|start_header_id|>{role}<|end_header_id|>\n\n"
    return encode_text(tokenizer, f"{header('user')}{picture}{question}<|eot_id|>{header('assistant')}",
                       {"chosen": f"{chosen}<|eot_id|>", "rejected": f"{rejected}<|eot_id|>"})


LLAMA3 = Dialect(
    make_llama3_tokenizer, encode_llama3, image=LLAMA3_IMAGE, ends=[END_OF_TEXT, END_OF_TURN], padding=LLAMA3_PAD, side_files={
        "generation_config.json": {"bos_token_id": BEGIN, "eos_token_id": [END_OF_TEXT, END_OF_TURN],
                                   "pad_token_id": LLAMA3_PAD},
        "tokenizer_config.json": {"bos_token": "<|begin_of_text|>", "chat_template": LLAMA3_TEMPLATE,
                                  "eos_token": "<|eot_id|>", "pad_token": "<pad>",
                                  "tokenizer_class": "PreTrainedTokenizerFast"}})


# --- checkpoints -----------------------------------------------------------------------------------------------------

def preprocessor_json(side):
    edge = {"height": side, "width": side}
    return {"crop_size": edge, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True,
            "do_resize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_processor_type": "CLIPImageProcessor",
            "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "rescale_factor": 1 / 255,
            "size": {"shortest_edge": side}}


def parameters(model, rename):
    return {rename(name): p.detach().contiguous() for name, p in model.named_parameters()}


def write_shards(folder, shards):
    """One file a shard, and the index."""
    names = [f"model-{n:05}-of-{len(shards):05}.safetensors" for n in range(1, len(shards) + 1)]
    for name, tensors in zip(names, shards):
        save_file(tensors, folder / name, metadata={"format": "pt"})
    size = sum(t.numel() * t.element_size() for tensors in shards for t in tensors.values())
    write_json(folder / "model.safetensors.index.json", {
        "metadata": {"total_size": size},
        "weight_map": {key: name for name, tensors in zip(names, shards) for key in sorted(tensors)}})


def llava():
    """The layout of llava-hf/llava-1.5-7b-hf: F16 in two shards, an untied head, one key-value head a head, keys equal to their
    default left out; the features of all layers but the last, without the CLS row."""
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=3,
                                       image_size=12, patch_size=4),
        text_config=LlamaConfig(vocab_size=352, hidden_size=16, intermediate_size=22, num_hidden_layers=2,
                                num_attention_heads=4, max_position_embeddings=256, rms_norm_eps=1e-5),
        image_token_index=VICUNA_IMAGE)
    model = LlavaForConditionalGeneration(config)
    randomise(model, 4)
    model.to(torch.float16)

    def write(folder):
        tensors = parameters(model, published_name)
        second = lambda name: name.startswith("language_model.model.layers.1") or "norm" in name and "vision" not in name
        write_shards(folder, [{n: t for n, t in tensors.items() if not second(n)}, {n: t for n, t in tensors.items() if second(n)}])
        write_json(folder / "config.json", {
            "architectures": ["LlavaForConditionalGeneration"], "ignore_index": -100, "image_token_index": VICUNA_IMAGE,
            "model_type": "llava", "pad_token_id": VICUNA_IMAGE + 1, "projector_hidden_act": "gelu",
            "text_config": {"_name_or_path": "lmsys/vicuna-7b-v1.5", "architectures": ["LlamaForCausalLM"], "hidden_size": 16,
                            "intermediate_size": 22, "max_position_embeddings": 256, "model_type": "llama",
                            "num_attention_heads": 4, "num_hidden_layers": 2, "rms_norm_eps": 1e-05,
                            "torch_dtype": "float16", "vocab_size": 352},
            "tie_word_embeddings": False, "torch_dtype": "float16", "transformers_version": "4.36.0.dev0",
            "vision_config": {"hidden_size": 12, "image_size": 12, "intermediate_size": 20, "model_type": "clip_vision_model",
                              "num_attention_heads": 3, "num_hidden_layers": 3, "patch_size": 4, "projection_dim": 768,
                              "vocab_size": 32000},
            "vision_feature_layer": -2, "vision_feature_select_strategy": "default", "vocab_size": 352})
    return model, write, published_name, preprocessor_json(12)


LLAMA3_CONFIG = {
    # Three wavelengths: 6 (kept), 31 (blended), 157 (eight times as long). head_dim 6, where the width has room for 2.
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "bos_token_id": BEGIN,
    "eos_token_id": [END_OF_TEXT, END_OF_TURN], "head_dim": 6, "hidden_act": "silu", "hidden_size": 10,
    "intermediate_size": 14, "max_position_embeddings": 512, "mlp_bias": False, "model_type": "llama",
    "num_attention_heads": 5, "num_hidden_layers": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64,
                     "rope_type": "llama3"},
    "rope_theta": 125.0, "tie_word_embeddings": True, "torch_dtype": "bfloat16", "vocab_size": 288}


def llava_llama3():
    """BF16 in one file, tied; 5 heads share one key-value head and are wider than the width has room for; rotary angles scaled
    as Llama 3.1's; features with the CLS row, CLIP with the erf GELU and 14 pixels / 4 = 9 patches (2 pixels cut)."""
    vision = dict(hidden_size=8, intermediate_size=14, num_hidden_layers=3, num_attention_heads=2, image_size=14, patch_size=4,
                  hidden_act="gelu", layer_norm_eps=1e-6)
    model = LlavaForConditionalGeneration(LlavaConfig(
        vision_config=CLIPVisionConfig(**vision), text_config=LlamaConfig(**LLAMA3_CONFIG), image_token_index=LLAMA3_IMAGE,
        vision_feature_select_strategy="full", tie_word_embeddings=True))
    randomise(model, 5)
    model.to(torch.bfloat16)

    def write(folder):
        save_file(parameters(model, published_name), folder / "model.safetensors", metadata={"format": "pt"})
        write_json(folder / "config.json", {
            "architectures": ["LlavaForConditionalGeneration"], "image_seq_length": 10, "image_token_index": LLAMA3_IMAGE,
            "model_type": "llava", "pad_token_id": LLAMA3_PAD, "projector_hidden_act": "gelu", "text_config": LLAMA3_CONFIG,
            "tie_word_embeddings": True, "torch_dtype": "bfloat16",
            "vision_config": vision | {"model_type": "clip_vision_model"}, "vision_feature_layer": -2,
            "vision_feature_select_strategy": "full"})
    return model, write, published_name, preprocessor_json(14)


# --- their parts as checkpoints of their own -------------------------------------------------------------------------

def tower(model):
    return {f"vision_model.{name}": p.detach() for name, p in model.model.vision_tower.named_parameters()}


def vision_config(model):
    config = model.config.vision_config
    return {key: getattr(config, key) for key in ("hidden_size", "image_size", "intermediate_size", "num_attention_heads",
                                                  "num_hidden_layers", "patch_size")}


def write_clip_vision(folder, model):
    """A CLIPVisionModel, F32."""
    save_file({name: p.float() for name, p in tower(model).items()}, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", {"architectures": ["CLIPVisionModel"], "model_type": "clip_vision_model",
                                        "projection_dim": 6} | vision_config(model))
    write_json(folder / "preprocessor_config.json", preprocessor_json(model.config.vision_config.image_size))


def write_clip(folder, model):
    """A CLIPModel as openai/clip-vit-* is stored: a text half and projections that nothing here runs, I64 position_ids, sizes in
    the preprocessor as plain numbers."""
    text = dict(hidden_size=4, intermediate_size=6, num_attention_heads=1, num_hidden_layers=1, vocab_size=10,
                max_position_embeddings=5)
    torch.manual_seed(6)
    whole = CLIPModel(CLIPConfig(text_config=text, vision_config=vision_config(model), projection_dim=6))
    tensors = {name: p.detach() for name, p in whole.named_parameters() if not name.startswith("vision_model.")} | tower(model)
    tensors = {name: p.half().contiguous() for name, p in tensors.items()}
    for half, count in (("text", 5), ("vision", 10)):
        tensors[f"{half}_model.embeddings.position_ids"] = torch.arange(count)[None]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", {
        "architectures": ["CLIPModel"], "logit_scale_init_value": 2.6592, "model_type": "clip", "projection_dim": 6,
        "text_config": text | {"model_type": "clip_text_model"},
        "vision_config": vision_config(model) | {"model_type": "clip_vision_model"}})
    side = model.config.vision_config.image_size
    write_json(folder / "preprocessor_config.json", preprocessor_json(side) | {"crop_size": side, "size": side})


def write_llama(folder, model):
    """A LlamaForCausalLM, BF16, with the keys of transformers 5."""
    tensors = {f"model.{name}": p.detach().bfloat16() for name, p in model.model.language_model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {key: value for key, value in LLAMA3_CONFIG.items() if not key.startswith("rope") and key != "torch_dtype"}
    rope = LLAMA3_CONFIG["rope_scaling"] | {"rope_theta": LLAMA3_CONFIG["rope_theta"]}
    write_json(folder / "config.json", config | {"dtype": "bfloat16", "rope_parameters": rope})
    make_llama3_tokenizer(folder / "tokenizer.json")
    for file, value in LLAMA3.side_files.items():
        write_json(folder / file, value)


VARIANTS = {
    "llava": Variant(llava, VICUNA, ("dpo", "sft"), {"clip-vision": write_clip_vision, "clip": write_clip}),
    "llava-llama3": Variant(llava_llama3, LLAMA3, ("dpo", "sft", "adamw", "adamw-decay"), {"llama": write_llama}),
}
