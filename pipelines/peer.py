#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same work in PyTorch, for pipelines/bench to set beside ours. One JSON line on stdout.

    peer.py dpo    [--lean] [--bf16] [--ckpt DIR] [--frames FILE] [--repeat 8]
    peer.py encode [--bf16] [--batch 8]                            [--repeat 3]
    peer.py images FOLDER [--size 384]                             [--repeat 3]
    peer.py probe FILE [--make]                                    [--repeat 1]
    peer.py decode [--bf16] [--prompt 228] [--tokens 64]           [--repeat 2]

dpo      One DPO step: policy forward and backward over chosen and rejected, all parts trained, reference given, clip, AdamW.
         As published: the vision tower runs for the chosen and again for the rejected rows, logits over all positions.
         --lean: the tower runs once a pair, the head only where the answer is predicted, fused AdamW: the best a careful
         PyTorch user would write. Without --ckpt and --frames: random weights and pairs of the bench-mini shape.
encode   SigLIP B/16-224, the 11 layers that its penultimate features need.
decode   transformers.generate of the Qwen2.5-0.5B shape, batch 1, greedy: the time of --tokens tokens less that of the first.
         --bf16: weights and arithmetic in bf16, as the published checkpoint is stored and loaded.
probe    scikit-learn: LogisticRegression(max_iter=1000) for the six C of the paper on the features of FILE, in f32 as they are.
         --make writes FILE and FILE.test first: 10,000 and 1,000 images, width 768, 100 classes, the spectrum falling as a
         ViT's does, around a large mean.
images   Pillow: decode, convert to RGB, stretch bicubically, normalise, to float.

Times are the minimum of --repeat runs after one to warm up; --threads defaults to 1.
"""
import argparse
import json
import pathlib
import resource
import struct
import sys
import time


def leave(problem):
    """A library that is not there is no failure: nothing is measured, and the status tells it from a crash."""
    print(f"not measured: no {problem.name}", file=sys.stderr)
    sys.exit(77)


try:
    import torch
    import transformers
    from transformers import LlavaConfig, LlavaForConditionalGeneration, Qwen2Config, SiglipVisionConfig, SiglipVisionModel
except ModuleNotFoundError as problem:
    leave(problem)

BETA = 0.1


def minimum(run, repeat):
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def report(arguments, **values):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peer": f"torch {torch.__version__}, transformers {transformers.__version__}",
                      "threads": arguments.threads, **values, "peak_memory_bytes": peak}))


# --- DPO -------------------------------------------------------------------------------------------------------------

def bench_mini():
    """64 patches, 6 of 7 layers, 6 LLM layers, vocabulary 4096, tied."""
    config = LlavaConfig(
        vision_config=SiglipVisionConfig(hidden_size=192, intermediate_size=768, num_hidden_layers=7, num_attention_heads=3,
                                         image_size=128, patch_size=16, vision_use_head=False),
        text_config=Qwen2Config(vocab_size=4096, hidden_size=256, intermediate_size=704, num_hidden_layers=6,
                                num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True),
        image_token_index=4095, vision_feature_select_strategy="full", vision_feature_layer=-2)
    return LlavaForConditionalGeneration(config)


def bench_pairs(image_token, count=4):
    """96 tokens a sequence: 64 visual, 16 prompt, 16 answer."""
    generator = torch.Generator().manual_seed(1)
    ids = lambda n: torch.randint(0, 4000, (n,), generator=generator)
    return [{"prompt": torch.cat([torch.full((1,), image_token), ids(16)]), "chosen": ids(16), "rejected": ids(16),
             "patches": torch.randint(0, 256, (64, 768), generator=generator, dtype=torch.uint8), "grid": (8, 8),
             "logp_chosen": torch.tensor([-100.0]), "logp_rejected": torch.tensor([-110.0])} for _ in range(count)]


def read_pairs(path):
    from safetensors.torch import load
    data, at, pairs = pathlib.Path(path).read_bytes(), 0, []
    while at < len(data):
        length, = struct.unpack_from("<Q", data, at)
        header = json.loads(data[at + 8:at + 8 + length])
        metadata = header.pop("__metadata__", {})
        end = at + 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
        if header:
            grid = tuple(map(int, metadata.get("grid", "0 0").split()))
            pairs.append({"patches": torch.zeros(0)} | load(data[at:end]) | {"grid": grid})
        at = end
    return pairs


def batch(pairs, config, lean):
    """Rows: all chosen, then all rejected, padded on the right. -> ids, mask, labels (-100: not one), pixels, reference."""
    rows = [(pair, pair[response].long()) for response in ("chosen", "rejected") for pair in pairs]
    ids, labels = [], []
    for pair, answer in rows:
        visual = torch.full((len(pair["patches"]),), config.image_token_id)
        prompt = torch.cat([visual if t == config.image_token_id else t[None] for t in pair["prompt"].long()])
        ids.append(torch.cat([prompt, answer]))
        labels.append(torch.cat([torch.full_like(prompt, -100), answer]))
    pad = lambda lists, value: torch.nn.utils.rnn.pad_sequence(lists, batch_first=True, padding_value=value)
    mask = pad([torch.ones_like(row) for row in ids], 0)
    pixels = []
    for pair in pairs:
        if not len(pair["patches"]):
            continue
        (h, w), p = pair["grid"], config.vision_config.patch_size
        image = pair["patches"].float().reshape(h, w, 3, p, p).permute(2, 0, 3, 1, 4).reshape(3, h * p, w * p)
        pixels.append(image / 127.5 - 1)
    pixels = torch.stack(pixels if lean else pixels * 2)
    reference = torch.cat([torch.cat([pair[f"logp_{response}"] for pair in pairs]) for response in ("chosen", "rejected")])
    return pad(ids, 0), mask if not mask.all() else None, pad(labels, -100), pixels, reference


def policy_logps(model, ids, mask, labels, pixels, lean):
    """Σ log p of each row's answer, [2 · pairs]."""
    if not lean:
        logits = model(input_ids=ids, attention_mask=mask, pixel_values=pixels, use_cache=False).logits[:, :-1]
        targets = labels[:, 1:]
        logps = torch.log_softmax(logits.float(), dim=-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
        return (logps * (targets != -100)).sum(-1)
    inner = model.model
    visual = torch.cat(list(inner.get_image_features(pixels).pooler_output))
    embedded = inner.get_input_embeddings()(ids)
    where = (ids == model.config.image_token_id)[..., None]
    embedded = embedded.masked_scatter(where, torch.cat([visual, visual]).to(embedded.dtype))
    hidden = inner.language_model(inputs_embeds=embedded, attention_mask=mask, use_cache=False).last_hidden_state
    used = labels[:, 1:] != -100
    logits = model.lm_head(hidden[:, :-1][used]).float()
    logps = torch.log_softmax(logits, dim=-1).gather(-1, labels[:, 1:][used][:, None])[:, 0]
    return torch.zeros(len(ids)).index_add(0, used.nonzero()[:, 0], logps)


def dpo(arguments):
    torch.manual_seed(0)
    if arguments.ckpt:
        model = LlavaForConditionalGeneration.from_pretrained(arguments.ckpt, dtype=torch.float32)
    else:
        model = bench_mini()
    model.train(False)
    pairs = read_pairs(arguments.frames) if arguments.frames else bench_pairs(model.config.image_token_id)
    inputs = batch(pairs, model.config, arguments.lean)
    ids, mask, labels, pixels, reference = inputs
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.0, fused=True if arguments.lean else None)
    losses = []

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
            logps = policy_logps(model, ids, mask, labels, pixels, arguments.lean)
        chosen, rejected = (logps.float() - reference).chunk(2)
        loss = -torch.nn.functional.logsigmoid(BETA * (chosen - rejected)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())

    seconds = minimum(step, arguments.repeat)
    report(arguments, work="dpo lean" if arguments.lean else "dpo as published", precision="bf16" if arguments.bf16 else "f32",
           pairs=len(pairs), seconds=seconds, pairs_per_second=len(pairs) / seconds, first_loss=losses[0])


# --- encoding and images -----------------------------------------------------------------------------------------------

def encode(arguments):
    config = SiglipVisionConfig(num_hidden_layers=11, vision_use_head=False)
    model = SiglipVisionModel(config).train(False)
    model.post_layernorm = torch.nn.Identity()
    x = torch.randn(arguments.batch, 3, 224, 224)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
        seconds = minimum(lambda: model(x), arguments.repeat)
    report(arguments, work="encode SigLIP B/16-224, 11 layers", precision="bf16" if arguments.bf16 else "f32",
           images=arguments.batch, seconds=seconds, images_per_second=arguments.batch / seconds)


def decode(arguments):
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
        num_key_value_heads=2, tie_word_embeddings=True)
    model = transformers.Qwen2ForCausalLM(config).to(torch.bfloat16 if arguments.bf16 else torch.float32).train(False)
    prompt = torch.randint(0, 151000, (1, arguments.prompt))

    def run(tokens):
        with torch.no_grad():
            model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=tokens,
                           min_new_tokens=tokens, eos_token_id=1, pad_token_id=0)

    first = minimum(lambda: run(1), arguments.repeat)
    seconds = minimum(lambda: run(1 + arguments.tokens), arguments.repeat) - first
    report(arguments, work="decode Qwen2.5-0.5B shape, batch 1", precision="bf16" if arguments.bf16 else "f32",
           tokens_per_second=arguments.tokens / seconds, prefill_tokens_per_second=arguments.prompt / first)


def make_features(path, count, width=768, classes=100):
    """-> f32 [count, width] of length 1, labels; frames in `path` and `path`.test."""
    import numpy as np
    generator = np.random.default_rng(1)
    spectrum = (1 + np.arange(width)) ** -0.7
    basis, _ = np.linalg.qr(generator.normal(size=(width, width)))
    centres, mean = generator.normal(size=(classes, width)), 6 * generator.normal(size=width) * spectrum.mean()
    for name, count in ((path, count), (path + ".test", count // 10)):
        labels = np.arange(count) % classes
        features = (0.35 * centres[labels] + generator.normal(size=(count, width))) * spectrum @ basis + mean
        features = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
        with open(name, "wb") as out:
            for number, (row, label) in enumerate(zip(features, labels)):
                header = json.dumps({"__metadata__": {"id": f"image-{number}", "class": f"class {label}"}, "features": {
                    "dtype": "F32", "shape": [1, width], "data_offsets": [0, row.nbytes]}}).encode()
                out.write(struct.pack("<Q", len(header)) + header + row.tobytes())


def probe(arguments):
    import numpy as np
    import sklearn
    from safetensors.numpy import load
    from scipy.special import log_softmax
    from sklearn.linear_model import LogisticRegression
    if arguments.make:
        make_features(arguments.folder, 10000)
    data, at, rows, names = pathlib.Path(arguments.folder).read_bytes(), 0, [], []
    while at < len(data):
        length, = struct.unpack_from("<Q", data, at)
        header = json.loads(data[at + 8:at + 8 + length])
        end = at + 8 + length + header["features"]["data_offsets"][1]
        rows.append(load(data[at:end])["features"].mean(0))
        names.append(header["__metadata__"]["class"])
        at = end
    x = np.stack(rows)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    classes, y = np.unique(names, return_inverse=True)
    objectives, start = [], time.perf_counter()
    for c in (0.01, 0.03, 0.1, 0.316, 1.0, 3.16):
        model = LogisticRegression(C=c, max_iter=1000, random_state=0).fit(x, y)
        objectives.append((c, model.coef_.astype(np.float64), model.intercept_))
    seconds = time.perf_counter() - start
    objectives = [0.5 * (w ** 2).sum() - c * log_softmax(x @ w.T + b, axis=1)[np.arange(len(y)), y].sum()
                  for c, w, b in objectives]
    report(arguments, work="six logistic regressions", library=f"scikit-learn {sklearn.__version__}", images=len(y),
           seconds=seconds, objectives=objectives)


def images(arguments):
    import numpy as np
    import PIL
    from PIL import Image
    paths = sorted(path for path in pathlib.Path(arguments.folder).iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        sys.exit(f"peer.py: {arguments.folder}: no images")

    def run():
        for path in paths:
            image = Image.open(path).convert("RGB").resize((arguments.size, arguments.size), Image.BICUBIC)
            (np.asarray(image, np.float32) / 127.5 - 1).transpose(2, 0, 1).copy()

    seconds = minimum(run, arguments.repeat)
    report(arguments, work=f"Pillow {PIL.__version__} decode, bicubic to {arguments.size}, normalise", images=len(paths),
           seconds=seconds, images_per_second=len(paths) / seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=("dpo", "encode", "images", "decode", "probe"))
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--lean", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--ckpt")
    parser.add_argument("--frames")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--prompt", type=int, default=228)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=None)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.repeat = arguments.repeat or {"dpo": 8, "decode": 2}.get(arguments.work, 3)
    if arguments.work in ("images", "probe") and not arguments.folder:
        parser.error(f"{arguments.work} needs a FOLDER or FILE")
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    {"dpo": dpo, "encode": encode, "images": images, "decode": decode, "probe": probe}[arguments.work](arguments)


try:
    main()
except ModuleNotFoundError as problem:   # some work needs more: Pillow, scikit-learn
    leave(problem)
