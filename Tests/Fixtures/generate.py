#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the parity fixtures: tiny random checkpoints and the numbers PyTorch gets from them.

    python3 generate.py [NAME ...]     writes models/<NAME> and parity/<NAME> beside this file (default: all of them,
                                       and parity/warpers.json)
    python3 generate.py --generation [NAME ...]    writes only what transformers generates from the checkpoints that
                                       are there: parity/<NAME>/generation.safetensors
    python3 generate.py --noise [NAME ...]         writes nothing; prints how far one mistake (a wrong epsilon, GELU,
                                       layer, rotary base ...) moves the numbers: the table in README.md

A checkpoint is one line of VARIANTS in siglip_qwen2.py or clip_llama.py.

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
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import LlavaConfig, LlavaForConditionalGeneration
from transformers import logging as transformers_logging
from transformers.activations import QuickGELUActivation

import clip_llama
import siglip_qwen2
from tiny import PAIRS, frame_bytes, write_json

HERE = pathlib.Path(__file__).parent
LOSSES = {"dpo": {"label_smoothing": 0.0, "gamma": 0.0}, "smoothed": {"label_smoothing": 0.1, "gamma": 0.5}}
BETA = 0.1
VARIANTS = siglip_qwen2.VARIANTS | clip_llama.VARIANTS


# --- images -----------------------------------------------------------------------------------------------------------

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


# --- the batch -------------------------------------------------------------------------------------------------------

def leading_rows(config):
    """Rows of a hidden state that are no patches: CLIP's CLS."""
    return 1 if config.vision_config.model_type == "clip_vision_model" else 0


class Example:
    def __init__(self, number, pair, dialect, tokenizer, images, preprocessor, config):
        self.id, self.image = f"pair-{number}", pair[0]
        self.ids = dialect.encode_pair(tokenizer, pair)
        self.placeholder = config.image_token_id
        self.patches = self.pixels = None
        if self.image:
            self.patches, self.grid = patchify(images[self.image], config.vision_config.patch_size)
            self.pixels = pixel_values(images[self.image], preprocessor)
            self.rows = len(self.patches) + leading_rows(config) - (config.vision_feature_select_strategy == "default")
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
        return frame_bytes(tensors, metadata)


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

def empty(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()


def record(name, variant):
    checkpoint, parity = HERE / "models" / name, HERE / "parity" / name
    for folder in (checkpoint, parity):
        empty(folder)
    tokenizer = variant.dialect.make_tokenizer(checkpoint / "tokenizer.json")
    model, write, rename, preprocessor = variant.make()
    write(checkpoint)
    for file, value in variant.dialect.side_files.items():
        write_json(checkpoint / file, value)
    write_json(checkpoint / "preprocessor_config.json", preprocessor)

    # The reference is what transformers loads from the files, not the object that wrote them.
    model, report = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32, output_loading_info=True)
    assert not any(report.values()), report
    model.train(False)
    for part, write in variant.parts.items():
        empty(HERE / "models" / part)
        write(HERE / "models" / part, model)
    images = make_images(parity, model.config.vision_config.image_size)
    examples = [Example(n, pair, variant.dialect, tokenizer, images, preprocessor, model.config)
                for n, pair in enumerate(PAIRS)]
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
                if leading_rows(config):
                    outputs[f"{example.id}.hidden_states"] = features.clone()
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
        if kind in variant.recorded:
            save_file(checkpoint_name(grads), parity / f"gradients-{kind}.safetensors")
    for run, options in RUNS.items():
        if run not in variant.recorded:
            continue
        after, log = adamw_run(model, kinds[options["loss"]], options["rates"], options["decay"], options["clip"],
                               options["warmup"])
        save_file(checkpoint_name(after), parity / f"{run}.safetensors")
        summary["runs"][run] = options | {"steps": log}
    write_json(parity / "summary.json", summary)


# --- generation ------------------------------------------------------------------------------------------------------

MAX_NEW_TOKENS = 24


def record_generation(name, dialect):
    """Greedy continuations of the prompts, and log p of each token. The image's placeholder and the head's rows without a
    token are suppressed, as `sample` never chooses them; the end of a turn ends."""
    checkpoint, parity = HERE / "models" / name, HERE / "parity" / name
    model = LlavaForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).train(False)
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    preprocessor = json.loads((checkpoint / "preprocessor_config.json").read_text())
    images = {path.name: np.array(Image.open(path)) for path in parity.glob("*.png")}
    suppressed = list(range(dialect.image, model.config.text_config.vocab_size))
    outputs = {}
    for number, pair in enumerate(PAIRS):
        example = Example(number, pair, dialect, tokenizer, images, preprocessor, model.config)
        prompt = [i for t in example.ids["prompt"] for i in ([t] * example.rows if t == dialect.image else [t])]
        pixels = {"pixel_values": example.pixels} if example.image else {}
        with torch.no_grad():
            out = model.generate(
                input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)).long(), **pixels,
                do_sample=False, max_new_tokens=MAX_NEW_TOKENS, suppress_tokens=suppressed, eos_token_id=dialect.ends,
                pad_token_id=dialect.padding, return_dict_in_generate=True, output_logits=True, output_scores=True)
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

def noise(name, variant):
    """Prints, for each deliberate mistake, the largest change of features, logits and gradients relative to the tensor's
    maximum, of log-probabilities in nats, and of parameters after three AdamW steps."""
    folder = HERE / "models" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    preprocessor = json.loads((folder / "preprocessor_config.json").read_text())
    images = {path.name: np.array(Image.open(path)) for path in (HERE / "parity" / name).glob("*.png")}

    def numbers(change):
        model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).train(False)
        change(model)
        examples = [Example(n, pair, variant.dialect, tokenizer, images, preprocessor, model.config)
                    for n, pair in enumerate(PAIRS)]
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

    def frequencies(of):
        def change(model):
            rotary = model.model.language_model.rotary_emb
            rotary.inv_freq = of(rotary.inv_freq)
        return change

    def activation(of):
        def change(model):
            for layer in model.model.vision_tower.encoder.layers:
                layer.mlp.activation_fn = of
        return change

    def projector_gelu(model):
        model.model.multi_modal_projector.act = torch.nn.GELU(approximate="tanh")

    def feature_layer(model):
        model.config.vision_feature_layer = -1 if model.config.vision_feature_layer == -2 else -2

    other = lambda value: 1e-6 if value == 1e-5 else 1e-5
    powers = lambda base, n: 1 / (base ** (torch.arange(n).float() / n))
    compare("vision epsilon", epsilon("LayerNorm", "eps", other(config.vision_config.layer_norm_eps)))
    compare("RMS epsilon", epsilon("RMSNorm", "variance_epsilon", other(config.text_config.rms_norm_eps)))
    if config.vision_config.model_type == "clip_vision_model":
        clip_mistakes(compare, activation, config)
    else:
        compare("erf GELU in the tower", activation(torch.nn.GELU()))
    compare("tanh GELU in the projector", projector_gelu)
    compare("rotary base 12000", frequencies(lambda old: powers(12000.0, len(old))))
    if config.text_config.rope_parameters["rope_type"] == "llama3":
        rope = config.text_config.rope_parameters
        kept = lambda old: powers(rope["rope_theta"], len(old))
        compare("rotary scaling left out", frequencies(kept))
        compare("rotary scaling without the blend", frequencies(
            lambda old: torch.where(old < kept(old), kept(old) / rope["factor"], old)))
        compare("rotary scaling of all angles", frequencies(lambda old: kept(old) / rope["factor"]))
        compare("scores scaled by width / heads", head_width)
    compare("another feature layer", feature_layer)
    compare("nothing wrong: eager attention", lambda model: model.set_attn_implementation("eager"))


def clip_mistakes(compare, activation, config):
    """What can be done wrong with the CLS row, the norm before the layers, the one after them, and the activation."""
    def hidden_states(of):
        def change(model):
            tower = model.model.vision_tower
            forward = tower.forward

            def changed(*arguments, **options):
                out = forward(*arguments, **options)
                out.hidden_states = tuple(None if x is None else of(tower, x) for x in out.hidden_states)
                return out
            tower.forward = changed
        return change

    def no_first_norm(model):
        model.model.vision_tower.pre_layrnorm = torch.nn.Identity()

    def last_position(model):
        table = model.model.vision_tower.embeddings.position_embedding.weight
        table.data = table.data.roll(-1, dims=0)

    def no_class_position(model):
        table = model.model.vision_tower.embeddings.position_embedding.weight
        table.data[0] = 0

    compare("the last row dropped instead of CLS", hidden_states(lambda tower, x: x.roll(1, dims=1)))
    compare("no norm before the layers", no_first_norm)
    compare("the norm behind the layers on features", hidden_states(lambda tower, x: tower.post_layernorm(x)))
    compare("CLS has the last position", last_position)
    compare("CLS has no position", no_class_position)
    if config.vision_config.hidden_act == "quick_gelu":
        compare("erf GELU in the tower", activation(torch.nn.GELU()))
        compare("tanh GELU in the tower", activation(torch.nn.GELU(approximate="tanh")))
    else:
        compare("quick GELU in the tower", activation(QuickGELUActivation()))
        compare("tanh GELU in the tower", activation(torch.nn.GELU(approximate="tanh")))


def head_width(model):
    """As if a head were as wide as width / heads."""
    config = model.config.text_config
    for layer in model.model.language_model.layers:
        layer.self_attn.scaling = (config.hidden_size // config.num_attention_heads) ** -0.5


def main():
    torch.set_num_threads(1)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    names = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if set(flags) - {"--generation", "--noise"} or set(names) - set(VARIANTS):
        sys.exit(__doc__)
    for name in names or VARIANTS:
        if "--noise" in flags:
            noise(name, VARIANTS[name])
            continue
        if "--generation" not in flags:
            record(name, VARIANTS[name])
        record_generation(name, VARIANTS[name].dialect)
    if not names and "--noise" not in flags:
        record_warpers()


main()
