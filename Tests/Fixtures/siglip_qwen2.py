# SPDX-License-Identifier: MIT
"""Tiny checkpoints of SigLIP and Qwen2 that speak ChatML."""
import json

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, decoders, processors, trainers, AddedToken, Regex
from transformers import LlavaConfig, LlavaForConditionalGeneration, Qwen2Config, SiglipVisionConfig

from tiny import PAIRS, Dialect, Variant, published_name, randomise, saved_name, write_json

QWEN2_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
               r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SYSTEM = "You are a helpful assistant."
IMAGE_TOKEN = 319       # 256 bytes, 60 merges, <|endoftext|> 316, <|im_start|> 317, <|im_end|> 318, <image> 319


def make_tokenizer(path):
    """A byte-level BPE of Qwen2's kind: NFC, Qwen2's split, 256 bytes, 60 merges, four special tokens."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)])
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    corpus = [SYSTEM] * 8 + ["system", "user", "assistant"] * 8
    corpus += [text for pair in PAIRS for text in pair[1:]]
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=256 + 60, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)
                                  for token in ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>")])
    assert tokenizer.token_to_id("<image>") == IMAGE_TOKEN and tokenizer.get_vocab_size() == IMAGE_TOKEN + 1
    tokenizer.save(str(path))
    return tokenizer


def encode_pair(tokenizer, pair):
    image, question, chosen, rejected = pair
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    picture = "<image>\n" if image else ""
    prompt = ids(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{picture}{question}<|im_end|>\n"
                 "<|im_start|>assistant\n")
    return {"prompt": prompt, "chosen": ids(chosen + "<|im_end|>"), "rejected": ids(rejected + "<|im_end|>")}


def preprocessor_json(side, mean, std):
    return {"do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": mean,
            "image_processor_type": "SiglipImageProcessor", "image_std": std, "resample": 3, "rescale_factor": 1 / 255,
            "size": {"height": side, "width": side}}


def published():
    """The layout and config of published checkpoints: one F32 file, tied, rope_theta, torch_dtype, image_token_index."""
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2,
                                         image_size=12, patch_size=4),
        text_config=Qwen2Config(vocab_size=328, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
                                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
                                tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
        image_token_index=IMAGE_TOKEN, vision_feature_select_strategy="full", vision_feature_layer=-2)
    model = LlavaForConditionalGeneration(config)
    randomise(model, 1)

    def write(folder):
        tensors = {published_name(n): p.detach().contiguous() for n, p in model.named_parameters()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        write_json(folder / "config.json", {
            "architectures": ["LlavaForConditionalGeneration"], "ignore_index": -100, "image_seq_length": 9,
            "image_token_index": IMAGE_TOKEN, "model_type": "llava", "projector_hidden_act": "gelu",
            "text_config": {"architectures": ["Qwen2ForCausalLM"], "bos_token_id": 316, "eos_token_id": 318,
                            "hidden_act": "silu", "hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 256,
                            "max_window_layers": 2, "model_type": "qwen2", "num_attention_heads": 4, "num_hidden_layers": 2,
                            "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 256,
                            "tie_word_embeddings": True, "torch_dtype": "float32", "use_sliding_window": False,
                            "vocab_size": 328},
            "tie_word_embeddings": True, "torch_dtype": "float32", "transformers_version": "4.46.0",
            "vision_config": {"hidden_size": 12, "image_size": 12, "intermediate_size": 20,
                              "model_type": "siglip_vision_model", "num_attention_heads": 2, "num_hidden_layers": 3,
                              "patch_size": 4},
            "vision_feature_layer": -2, "vision_feature_select_strategy": "full"})
    return model, write, published_name, preprocessor_json(12, [0.5] * 3, [0.5] * 3)


def transformers5():
    """transformers 5's module names and config keys: BF16 shards and an index, untied, odd head counts, 30 pixels in
    patches of 7, other epsilons, no pooling head, colours normalised one by one."""
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(hidden_size=15, intermediate_size=18, num_hidden_layers=2, num_attention_heads=3,
                                         image_size=30, patch_size=7, layer_norm_eps=1e-5, vision_use_head=False),
        text_config=Qwen2Config(vocab_size=320, hidden_size=18, intermediate_size=22, num_hidden_layers=2,
                                num_attention_heads=3, num_key_value_heads=1, max_position_embeddings=256,
                                rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 20000.0}),
        image_token_index=IMAGE_TOKEN, vision_feature_select_strategy="full", vision_feature_layer=-2)
    model = LlavaForConditionalGeneration(config)
    randomise(model, 2)
    model.to(torch.bfloat16)

    def write(folder):
        model.to(torch.bfloat16).save_pretrained(folder, save_original_format=False, max_shard_size="16KB")
        (folder / "generation_config.json").unlink()
        value = json.loads((folder / "config.json").read_text())
        value["image_token_id"] = value.pop("image_token_index")
        write_json(folder / "config.json", value)
    return model, write, lambda name: name, preprocessor_json(30, [0.48, 0.46, 0.41], [0.27, 0.26, 0.28])


def last_layer():
    """What save_pretrained writes by default, F16: features of the last layer (so that all layers run), select strategy
    "default" (which drops the first patch), a projector without bias, four key-value heads, a given head_dim."""
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=1,
                                         image_size=8, patch_size=4, vision_use_head=False),
        text_config=Qwen2Config(vocab_size=320, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
                                num_attention_heads=4, num_key_value_heads=4, head_dim=6, max_position_embeddings=256,
                                tie_word_embeddings=True),
        image_token_index=IMAGE_TOKEN, vision_feature_layer=-1, multimodal_projector_bias=False)
    model = LlavaForConditionalGeneration(config)
    randomise(model, 3)
    model.to(torch.float16)

    def write(folder):
        model.to(torch.float16).save_pretrained(folder)
        (folder / "generation_config.json").unlink()
    return model, write, saved_name, preprocessor_json(8, [0.5] * 3, [0.5] * 3)


CHATML = Dialect(make_tokenizer, encode_pair, image=IMAGE_TOKEN, ends=[318], padding=316)
VARIANTS = {
    "published": Variant(published, CHATML, ("dpo", "smoothed", "sft", "adamw", "adamw-decay")),
    "transformers5": Variant(transformers5, CHATML, ("smoothed", "adamw")),
    "last-layer": Variant(last_layer, CHATML, ("smoothed",)),
}
