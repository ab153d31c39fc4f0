#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the parity fixtures: tiny random checkpoints and the numbers PyTorch gets from them.

    python3 generate.py            writes models/ and parity/ beside this file
    python3 generate.py --generation    writes only what transformers generates from the checkpoints that are there:
                                   parity/<model>/generation.safetensors and parity/warpers.json
    python3 generate.py --noise    writes nothing; prints how far a wrong epsilon, GELU, layer or rotary base moves the
                                   numbers, and how far float32 itself is from float64 (the table in README.md)

The models are transformers' own classes; the losses, the clipping and the schedule are written out below in a few
lines of torch, so that the definition that is tested stands on one page. Deterministic: one seed, one thread.
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, decoders, processors, trainers, AddedToken, Regex
from transformers import LlavaConfig, LlavaForConditionalGeneration, Qwen2Config, SiglipVisionConfig
from transformers import logging as transformers_logging

HERE = pathlib.Path(__file__).parent
QWEN2_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
               r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SYSTEM = "You are a helpful assistant."
# image (or None), question, chosen, rejected
PAIRS = [
    ("red.png", "What colour is the square?", "The square is red.", "It is blue"),
    ("noise.png", "How many?", "2", "There are three circles here."),
    (None, "Is the sky blue? Say yes or no.", "Yes.", "No"),
]
LOSSES = {"dpo": {"label_smoothing": 0.0, "gamma": 0.0}, "smoothed": {"label_smoothing": 0.1, "gamma": 0.5}}
BETA = 0.1
IMAGE_TOKEN = 319       # 256 bytes, 60 merges, <|endoftext|> 316, <|im_start|> 317, <|im_end|> 318, <image> 319


# --- tokenizer and images --------------------------------------------------------------------------------------------

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


def make_images(folder, side):
    rng = np.random.default_rng(side)
    red = np.zeros((side, side, 3), np.uint8)
    red[side // 4:3 * side // 4, side // 3:] = (220, 30, 40)
    noise = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    images = {"red.png": red, "noise.png": noise}
    for name, pixels in images.items():
        Image.fromarray(pixels).save(folder / name)
    return images


def patchify(pixels, patch):
    """[H, W, 3] U8 -> [P, 3·p·p] U8, channel-major inside a patch, row by row; the rest that p does not divide is cut."""
    h, w = pixels.shape[0] // patch, pixels.shape[1] // patch
    cut = pixels[:h * patch, :w * patch].reshape(h, patch, w, patch, 3)
    return np.ascontiguousarray(cut.transpose(0, 2, 4, 1, 3)).reshape(h * w, 3 * patch * patch), (h, w)


def pixel_values(pixels, preprocessor):
    x = torch.from_numpy(pixels.astype(np.float32)) * np.float32(preprocessor["rescale_factor"])
    x = (x - torch.tensor(preprocessor["image_mean"])) / torch.tensor(preprocessor["image_std"])
    return x.permute(2, 0, 1)[None].contiguous()


# --- checkpoints -----------------------------------------------------------------------------------------------------

def randomise(model, seed):
    """Weights at which every detail shows: small inputs of the first norms (so that their epsilon counts), attention far
    from uniform, norms and biases neither one nor zero, pre-activations in the range where the GELUs differ."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        shape = parameter.shape
        noise = torch.randn(shape, generator=generator)
        if "norm" in name:
            value = 1 + 0.3 * noise if name.endswith("weight") else 0.3 * noise
        elif name.endswith("bias"):
            value = 0.2 * noise
        elif "patch_embedding" in name:
            value = 0.15 * noise / math.sqrt(shape[1:].numel())
        elif "embedding" in name or "embed_tokens" in name:
            value = 0.15 * noise
        elif "lm_head" in name:
            value = 0.5 * noise
        else:
            gain = 1.5 if "q_proj" in name or "k_proj" in name else 1.0
            value = gain * noise / math.sqrt(shape[-1])
        if name.endswith("patch_embedding.bias"):
            value = 0.05 * noise
        parameter.data.copy_(value)


def published_name(name):
    """transformers' parameter name -> the name in checkpoints published for LLaVA."""
    for new, old in (("model.vision_tower.", "vision_tower.vision_model."), ("model.language_model.", "language_model.model."),
                     ("model.multi_modal_projector.", "multi_modal_projector."), ("lm_head.", "language_model.lm_head.")):
        if name.startswith(new):
            return old + name[len(new):]
    raise ValueError(name)


def saved_name(name):
    """transformers' parameter name -> what save_pretrained of transformers 5 writes for a fresh model."""
    return published_name(name).replace("vision_tower.vision_model.", "vision_tower.")


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


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


VARIANTS = {"published": published, "transformers5": transformers5, "last-layer": last_layer}


# --- the batch -------------------------------------------------------------------------------------------------------

def encode_pair(tokenizer, pair):
    image, question, chosen, rejected = pair
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    picture = "<image>\n" if image else ""
    prompt = ids(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{picture}{question}<|im_end|>\n"
                 "<|im_start|>assistant\n")
    return {"prompt": prompt, "chosen": ids(chosen + "<|im_end|>"), "rejected": ids(rejected + "<|im_end|>")}


class Example:
    def __init__(self, number, pair, tokenizer, images, preprocessor, config):
        self.id, self.image = f"pair-{number}", pair[0]
        self.ids = encode_pair(tokenizer, pair)
        self.placeholder = config.image_token_id
        self.patches = self.pixels = None
        if self.image:
            self.patches, self.grid = patchify(images[self.image], config.vision_config.patch_size)
            self.pixels = pixel_values(images[self.image], preprocessor)
            self.rows = len(self.patches) - (config.vision_feature_select_strategy == "default")
        # Any reference is legal; these put the margins on both sides of zero.
        self.reference = {"chosen": -3.0 * len(self.ids["chosen"]) - number, "rejected": -3.5 * len(self.ids["rejected"])}

    def logits(self, model, response):
        """-> logits [response, vocab]: row t is the prediction of response token t."""
        prompt = [i for t in self.ids["prompt"] for i in ([t] * self.rows if t == self.placeholder else [t])]
        ids = torch.tensor([prompt + self.ids[response]])
        out = model(input_ids=ids, pixel_values=self.pixels, use_cache=False)
        return out.logits[0, len(prompt) - 1:-1]

    def token_logps(self, model, response):
        targets = torch.tensor(self.ids[response])
        return torch.log_softmax(self.logits(model, response), dim=-1).gather(-1, targets[:, None])[:, 0]

    def frame(self):
        tensors = {name: torch.tensor(ids, dtype=torch.int32) for name, ids in self.ids.items()}
        tensors |= {f"logp_{name}": torch.tensor([value]) for name, value in self.reference.items()}
        metadata = {"id": self.id}
        if self.image:
            tensors["patches"] = torch.from_numpy(self.patches)
            side = math.isqrt(self.patches.shape[1] // 3)
            metadata |= {"grid": f"{self.grid[0]} {self.grid[1]}", "patch": str(side)}
        return save(tensors, metadata=metadata)


# --- losses and steps ------------------------------------------------------------------------------------------------

def dpo(model, examples, label_smoothing, gamma):
    """-> loss, per-pair losses. Σ over pairs / pairs + gamma · Σ NLL(chosen) / chosen tokens."""
    losses, nll, tokens = [], 0.0, 0
    for example in examples:
        chosen, rejected = example.token_logps(model, "chosen"), example.token_logps(model, "rejected")
        margin = BETA * ((chosen.sum() - example.reference["chosen"]) - (rejected.sum() - example.reference["rejected"]))
        log_sigmoid = torch.nn.functional.logsigmoid
        losses.append(-(1 - label_smoothing) * log_sigmoid(margin) - label_smoothing * log_sigmoid(-margin))
        nll, tokens = nll - chosen.sum(), tokens + len(chosen)
    return sum(losses) / len(losses) + gamma * nll / tokens, torch.stack(losses)


def sft(model, examples):
    logps = torch.cat([example.token_logps(model, "chosen") for example in examples])
    return -logps.sum() / len(logps)


def gradients(model, loss):
    model.zero_grad(set_to_none=True)
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def part(name):
    return "vision" if "vision_tower" in name else "projector" if "projector" in name else "llm"


def cosine(step, steps, warmup):
    """transformers' get_cosine_schedule_with_warmup: the factor of update number `step`, from 0."""
    if step < warmup:
        return step / max(1, warmup)
    return max(0.0, 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))))


def adamw_run(model, loss, rates, decay, clip, warmup, steps=3):
    """-> parameters after the steps, and a log. Decay on matrices and embeddings, never on biases and norms."""
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    groups = [{"params": [p], "peak": rates[part(name)], "lr": rates[part(name)],
               "weight_decay": 0.0 if name.endswith("bias") or "norm" in name else decay}
              for name, p in model.named_parameters()]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    log = []
    for step in range(steps):
        factor = cosine(step, steps, warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        model.zero_grad(set_to_none=True)
        value = loss(model)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        log.append({"loss": value.item(), "grad_norm": norm.item(), "factor": factor})
        optimizer.step()
    after = {name: p.detach().clone() for name, p in model.named_parameters()}
    for name, p in model.named_parameters():
        p.data.copy_(before[name])
    return {name: value for name, value in after.items() if not torch.equal(value, before[name])}, log


RUNS = {
    "adamw": {"loss": "dpo", "rates": {"vision": 1e-3, "projector": 1e-3, "llm": 1e-3}, "decay": 0.0, "clip": 1.0, "warmup": 0},
    "adamw-decay": {"loss": "smoothed", "rates": {"vision": 5e-4, "projector": 2e-3, "llm": 1e-3}, "decay": 0.01, "clip": 0.25,
                    "warmup": 1},
}


# --- recording -------------------------------------------------------------------------------------------------------

def record(name, make):
    checkpoint, parity = HERE / "models" / name, HERE / "parity" / name
    for folder in (checkpoint, parity):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    tokenizer = make_tokenizer(checkpoint / "tokenizer.json")
    model, write, rename, preprocessor = make()
    write(checkpoint)
    write_json(checkpoint / "preprocessor_config.json", preprocessor)

    # The reference is what transformers loads from the files, not the object that wrote them.
    model, report = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32, output_loading_info=True)
    assert not any(report.values()), report
    model.train(False)
    side = preprocessor["size"]["height"]
    images = make_images(parity, side)
    examples = [Example(n, pair, tokenizer, images, preprocessor, model.config) for n, pair in enumerate(PAIRS)]
    (parity / "pairs.frames").write_bytes(b"".join(example.frame() for example in examples))
    with open(parity / "pairs.jsonl", "w") as lines:
        for example, (image, question, chosen, rejected) in zip(examples, PAIRS):
            row = {"id": example.id} | ({"image": image} if image else {})
            lines.write(json.dumps(row | {"question": question, "chosen": chosen, "rejected": rejected}) + "\n")

    outputs = {}
    with torch.no_grad():
        for example in examples:
            if example.image:
                config = model.config
                tower = model.model.vision_tower(example.pixels, output_hidden_states=True)
                features = tower.hidden_states[config.vision_feature_layer][0]
                if config.vision_feature_select_strategy == "default":
                    features = features[1:]
                outputs[f"{example.id}.features"] = features.contiguous()
                outputs[f"{example.id}.visual_tokens"] = model.get_image_features(example.pixels).pooler_output[0]
            for response in ("chosen", "rejected"):
                outputs[f"{example.id}.logps_{response}"] = example.token_logps(model, response)
        outputs["pair-0.logits_chosen"] = examples[0].logits(model, "chosen")
        outputs["pair-2.logits_rejected"] = examples[2].logits(model, "rejected")
    save_file({key: value.contiguous() for key, value in outputs.items()}, parity / "outputs.safetensors")

    summary = {"beta": BETA, "losses": {}, "runs": {}}
    checkpoint_name = lambda tensors: {rename(key): value.contiguous() for key, value in tensors.items()}
    kinds = {"sft": lambda m: sft(m, examples)}
    for kind, options in LOSSES.items():
        kinds[kind] = lambda m, options=options: dpo(m, examples, **options)[0]
        _, each = dpo(model, examples, **options)
        summary["losses"][kind + "_each"] = each.tolist()
    for label_smoothing in (0.0, 0.1):
        for gamma in (0.0, 0.5):
            value = dpo(model, examples, label_smoothing, gamma)[0].item()
            summary["losses"][f"dpo label_smoothing={label_smoothing} gamma={gamma}"] = value
    for kind, loss in kinds.items():
        value = loss(model)
        summary["losses"][kind] = value.item()
        grads = gradients(model, value)
        summary["losses"][kind + "_grad_norm"] = math.sqrt(sum((g.double() ** 2).sum().item() for g in grads.values()))
        if name == "published" or kind == "smoothed":
            save_file(checkpoint_name(grads), parity / f"gradients-{kind}.safetensors")
    for run, options in RUNS.items():
        if name != "published" and run == "adamw-decay" or name == "last-layer":
            continue
        after, log = adamw_run(model, kinds[options["loss"]], options["rates"], options["decay"], options["clip"],
                               options["warmup"])
        save_file(checkpoint_name(after), parity / f"{run}.safetensors")
        summary["runs"][run] = options | {"steps": log}
    write_json(parity / "summary.json", summary)


# --- generation ------------------------------------------------------------------------------------------------------

MAX_NEW_TOKENS = 24


def record_generation(name):
    """Greedy continuations of the prompts, and log p of each token. The image's placeholder and the head's rows without a
    token are suppressed, as `sample` never chooses them; <|im_end|> ends."""
    checkpoint, parity = HERE / "models" / name, HERE / "parity" / name
    model = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).train(False)
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    preprocessor = json.loads((checkpoint / "preprocessor_config.json").read_text())
    images = {path.name: np.array(Image.open(path)) for path in parity.glob("*.png")}
    suppressed = list(range(IMAGE_TOKEN, model.config.text_config.vocab_size))
    outputs = {}
    for number, pair in enumerate(PAIRS):
        example = Example(number, pair, tokenizer, images, preprocessor, model.config)
        prompt = [i for t in example.ids["prompt"] for i in ([t] * example.rows if t == IMAGE_TOKEN else [t])]
        pixels = {"pixel_values": example.pixels} if example.image else {}
        with torch.no_grad():
            out = model.generate(
                input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)).long(), **pixels,
                do_sample=False, max_new_tokens=MAX_NEW_TOKENS, suppress_tokens=suppressed, eos_token_id=318,
                pad_token_id=316, return_dict_in_generate=True, output_logits=True, output_scores=True)
        ids = out.sequences[0, len(prompt):]
        best = torch.stack(out.scores)[:, 0].topk(2).values
        assert (best[:, 0] - best[:, 1]).min() > 1e-4, "two tokens are equally likely: rounding would decide"
        logps = torch.log_softmax(torch.stack(out.logits)[:, 0].float(), -1).gather(-1, ids[:, None])[:, 0]
        outputs |= {f"{example.id}.greedy": ids.int(), f"{example.id}.greedy_logps": logps}
    save_file({key: value.contiguous() for key, value in outputs.items()}, parity / "generation.safetensors")


def record_warpers():
    """Fixed logits (with ties) through transformers' warpers: log p of what is left, null where a token is gone."""
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
    generator = torch.Generator().manual_seed(4)
    logits = (3 * torch.randn(1, 41, generator=generator)).round(decimals=2)
    logits[0, 7] = logits[0, 30] = logits[0].topk(5).values[-1]
    cases = []
    for temperature, top_k, top_p in [(1.0, 0, 1.0), (0.7, 0, 1.0), (1.6, 0, 1.0), (1.0, 1, 1.0), (1.0, 5, 1.0), (0.8, 12, 1.0),
                                      (1.0, 100, 1.0), (1.0, 0, 0.3), (1.0, 0, 0.9), (1.0, 0, 0.999), (1.0, 0, 1e-6),
                                      (1.3, 10, 0.85), (0.5, 20, 0.95)]:
        scores = TemperatureLogitsWarper(temperature)(None, logits.clone())
        scores = TopKLogitsWarper(top_k)(None, scores) if top_k else scores
        scores = TopPLogitsWarper(top_p)(None, scores) if top_p < 1 else scores
        logps = torch.log_softmax(scores, -1)[0]
        cases.append({"temperature": temperature, "top_k": top_k, "top_p": top_p,
                      "logps": [value if math.isfinite(value) else None for value in logps.tolist()]})
    write_json(HERE / "parity" / "warpers.json", {"logits": logits[0].tolist(), "cases": cases})


# --- how sharp the fixtures are --------------------------------------------------------------------------------------

def noise(name):
    """Prints, for each deliberate mistake, the largest change of features, logits and gradients relative to the tensor's
    maximum, of log-probabilities in nats, and of parameters after three AdamW steps."""
    folder = HERE / "models" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    preprocessor = json.loads((folder / "preprocessor_config.json").read_text())
    images = {path.name: np.array(Image.open(path)) for path in (HERE / "parity" / name).glob("*.png")}

    def numbers(change):
        model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).train(False)
        change(model)
        examples = [Example(n, pair, tokenizer, images, preprocessor, model.config) for n, pair in enumerate(PAIRS)]
        loss = lambda m: dpo(m, examples, 0.0, 0.0)[0]
        with torch.no_grad():
            tower = model.model.vision_tower(examples[0].pixels, output_hidden_states=True)
            tensors = {"features": tower.hidden_states[model.config.vision_feature_layer],
                       "logits": examples[0].logits(model, "chosen")}
            logps = torch.cat([e.token_logps(model, r) for e in examples for r in ("chosen", "rejected")])
        grads = gradients(model, loss(model))
        after, _ = adamw_run(model, loss, RUNS["adamw"]["rates"], 0.0, 1.0, 0)
        return tensors, logps, grads, after

    config = LlavaConfig.from_pretrained(folder)
    tensors, logps, grads, after = numbers(lambda model: None)
    relative = lambda got, expected: ((got - expected).abs().max() / expected.abs().max()).item()
    compared = [key for key in grads if not ("vision" in key and key.endswith("k_proj.bias"))]

    def compare(label, change):
        t, l, g, a = numbers(change)
        moved = {key: relative(t[key], tensors[key]) for key in tensors} | {"logps": (l - logps).abs().max().item()}
        moved["gradients"] = max(relative(g[key], grads[key]) for key in compared if key in g)
        moved["adamw"] = max((a[key] - after[key]).abs().max().item() for key in compared if key in a)
        print(f"| {name} | {label} |", " | ".join(f"{value:.0e}" for value in moved.values()), "|")

    def epsilon(kind, attribute, value):
        def change(model):
            for module in model.modules():
                if kind in type(module).__name__:
                    setattr(module, attribute, value)
        return change

    def rotary(model):
        rotary = model.model.language_model.rotary_emb
        rotary.inv_freq = 1 / (12000.0 ** (torch.arange(len(rotary.inv_freq)).float() / len(rotary.inv_freq)))

    def gelu(model):
        for layer in model.model.vision_tower.encoder.layers:
            layer.mlp.activation_fn = torch.nn.GELU()

    def projector_gelu(model):
        model.model.multi_modal_projector.act = torch.nn.GELU(approximate="tanh")

    def feature_layer(model):
        model.config.vision_feature_layer = -1 if model.config.vision_feature_layer == -2 else -2

    other = lambda value: 1e-6 if value == 1e-5 else 1e-5
    compare("vision epsilon", epsilon("LayerNorm", "eps", other(config.vision_config.layer_norm_eps)))
    compare("RMS epsilon", epsilon("RMSNorm", "variance_epsilon", other(config.text_config.rms_norm_eps)))
    compare("erf GELU in the tower", gelu)
    compare("tanh GELU in the projector", projector_gelu)
    compare("rotary base 12000", rotary)
    compare("another feature layer", feature_layer)
    compare("nothing wrong: eager attention", lambda model: model.set_attn_implementation("eager"))


def main():
    torch.set_num_threads(1)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    for name, make in VARIANTS.items():
        if "--noise" in sys.argv:
            noise(name)
            continue
        if "--generation" not in sys.argv:
            record(name, make)
        record_generation(name)
    if "--noise" not in sys.argv:
        record_warpers()


main()
