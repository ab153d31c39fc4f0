#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the GRPO fixtures: groups of completions for the checkpoint ../models/published, and the losses, gradients and
optimizer steps that PyTorch gets from them.

    python3 generate.py            writes groups.frames, *.safetensors and summary.json beside this file

The model is transformers' own; losses, advantages, the controller and the schedule are written out below, so that the
definition that is tested stands on one page. Every completion is run by itself, without padding. Deterministic: one seed,
one thread. The versions are those of ../README.md.
"""
import json
import math
import pathlib
import struct
import sys

import torch
from safetensors.torch import load, save_file
from transformers import LlavaForConditionalGeneration
from transformers import logging as transformers_logging

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from tiny import frame_bytes                                                                # noqa: E402
MODELS, PARITY = HERE.parent / "models" / "published", HERE.parent / "parity" / "published"
IMAGE_TOKEN, END = 319, 318
# Of each group: the pair whose prompt and image it takes, completions (END is appended where finish is "eos"), rewards.
GROUPS = [
    (0, [[5, 6, 7], [5, 6, 9, 40, 41], [77], [5, 6, 7, 8, 20, 21, 22]], [1.0, 0.0, 0.25, 0.5]),
    (1, [[200, 13], [14, 15, 16, 17], [200, 13, 7]], [0.0, 0.0, 1.0]),
    (2, [[9, 9], [10, 11, 12, 13, 14, 15], [9, 8], [31]], [0.3, 0.9, 0.9, 0.1]),
    (2, [[30, 31], [32]], [0.7, 0.7]),
]
# The second completion of each group is one that the sampler has cut.
CUT = 1
LOSSES = {
    "grpo": dict(loss="grpo", advantage="std", low=0.2, high=0.2, beta=0.0),
    "grpo-kl": dict(loss="grpo", advantage="std", low=0.2, high=0.2, beta=0.5),
    "dr-grpo": dict(loss="dr-grpo", advantage="mean", low=0.1, high=0.3, beta=0.5, normalizer=12.0),
    "dapo": dict(loss="dapo", advantage="std", low=0.2, high=0.28, beta=0.0),
    "dapo-kl": dict(loss="dapo", advantage="mean", low=0.2, high=0.28, beta=0.5),
}
EPSILON = 1e-4
# Two inner epochs of two minibatches: four steps, with a controller short enough of breath to be seen.
RUN = LOSSES["grpo-kl"] | dict(inner_epochs=2, minibatch=2, lr=1e-3, min_lr=2e-4, warmup=1, clip=1.0, target=0.02, horizon=50.0)


def frames(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        length = struct.unpack_from("<Q", data, at)[0]
        header = json.loads(data[at + 8:at + 8 + length])
        end = at + 8 + length + max(t["data_offsets"][1] for n, t in header.items() if n != "__metadata__")
        yield header["__metadata__"], load(data[at:end])
        at = end


class Group:
    def __init__(self, number, pair, completions, rewards, source, preprocessor):
        metadata, tensors = source[pair]
        self.id, self.rewards = f"group-{number}", torch.tensor(rewards)
        self.prompt = tensors["prompt"].tolist()
        self.finish = ["length" if n == CUT else "eos" for n in range(len(completions))]
        self.completions = [ids + ([] if n == CUT else [END]) for n, ids in enumerate(completions)]
        self.metadata = {key: metadata[key] for key in ("grid", "patch") if key in metadata}
        self.patches = tensors.get("patches")
        self.pixels, self.rows = None, 0
        if self.patches is not None:
            h, w = map(int, metadata["grid"].split())
            p, self.rows = int(metadata["patch"]), h * w
            x = self.patches.reshape(h, w, 3, p, p).permute(2, 0, 3, 1, 4).reshape(3, h * p, w * p).float()
            x = x * preprocessor["rescale_factor"]
            mean, std = (torch.tensor(preprocessor[k])[:, None, None] for k in ("image_mean", "image_std"))
            self.pixels = ((x - mean) / std)[None].contiguous()

    def logps(self, model, number):
        """-> log-probabilities of completion `number`, one a token."""
        prompt = [i for t in self.prompt for i in ([t] * self.rows if t == IMAGE_TOKEN else [t])]
        ids = self.completions[number]
        out = model(input_ids=torch.tensor([prompt + ids]), pixel_values=self.pixels, use_cache=False)
        logits = out.logits[0, len(prompt) - 1:-1]
        return torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids)[:, None])[:, 0]

    def padded(self, rows, fill, dtype):
        result = torch.full((len(rows), max(map(len, self.completions))), fill, dtype=dtype)
        for n, row in enumerate(rows):
            result[n, :len(row)] = torch.as_tensor(row, dtype=dtype)
        return result

    def frame(self):
        tensors = {"prompt": torch.tensor(self.prompt, dtype=torch.int32), "rewards": self.rewards,
                   "completions": self.padded(self.completions, -1, torch.int32),
                   "completion_logps": self.padded(self.old, 0, torch.float32),
                   "reference_logps": self.padded(self.reference, 0, torch.float32)}
        if self.patches is not None:
            tensors["patches"] = self.patches
        return frame_bytes(tensors, {"id": self.id, "finish": ",".join(self.finish)} | self.metadata)


def advantages(rewards, kind):
    difference = rewards - rewards.mean()
    if kind == "mean" or (rewards == rewards[0]).all():
        return difference * (rewards != rewards[0]).any()
    return difference / (rewards.std() + EPSILON)


def grpo(model, groups, *, loss, advantage, low, high, beta, normalizer=None, **_):
    """-> loss, and means over the tokens."""
    total, tokens = 0.0, sum(len(ids) for group in groups for ids in group.completions)
    sums = {"kl": 0.0, "low": 0, "high": 0, "ratio": 0.0, "nll": 0.0}
    largest = 0.0
    for group in groups:
        for number, a in enumerate(advantages(group.rewards, advantage)):
            logps = group.logps(model, number)
            ratio = torch.exp(logps - group.old[number])
            surrogate = torch.min(ratio * a, torch.clamp(ratio, 1 - low, 1 + high) * a)
            d = group.reference[number] - logps
            kl = torch.exp(d) - d - 1
            each = -surrogate + beta * kl
            completion = len(groups) * len(group.completions)
            weight = {"grpo": 1 / (completion * len(logps)), "dr-grpo": 1 / (completion * (normalizer or 1)),
                      "dapo": 1 / tokens}[loss]
            total = total + weight * each.sum()
            sums["kl"] += kl.sum().item()
            sums["low"] += ((a < 0) & (ratio < 1 - low)).sum().item()
            sums["high"] += ((a > 0) & (ratio > 1 + high)).sum().item()
            sums["ratio"] += ratio.sum().item()
            sums["nll"] -= logps.sum().item()
            largest = max(largest, ratio.max().item())
    return total, {key: value / tokens for key, value in sums.items()} | {"ratio_max": largest}


def published_name(name):
    for new, old in (("model.vision_tower.", "vision_tower.vision_model."), ("model.language_model.", "language_model.model."),
                     ("model.multi_modal_projector.", "multi_modal_projector."), ("lm_head.", "language_model.lm_head.")):
        if name.startswith(new):
            return old + name[len(new):]
    raise ValueError(name)


def cosine_with_min_lr(step, steps, warmup, floor):
    if step < warmup:
        return step / max(1, warmup)
    return max(0.0, 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))) * (1 - floor) + floor


def training(model, groups, *, inner_epochs, minibatch, lr, min_lr, warmup, clip, target, horizon, beta, **options):
    """-> parameters after the steps, and a log."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, foreach=False)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    parts = [groups[at:at + minibatch] for at in range(0, len(groups), minibatch)]
    log = []
    for epoch in range(inner_epochs):
        for part in parts:
            factor = cosine_with_min_lr(len(log), inner_epochs * len(parts), warmup, min_lr / lr)
            optimizer.param_groups[0]["lr"] = lr * factor
            model.zero_grad(set_to_none=False)  # a minibatch of text alone: the encoder's moments fade
            value, means = grpo(model, part, beta=beta, **options)
            value.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            log.append({"loss": value.item(), "grad_norm": norm.item(), "learning_rate": lr * factor, "kl_coef": beta,
                        "kl": means["kl"]})
            optimizer.step()
            if epoch == 0:
                error = min(max(means["kl"] / target - 1, -0.2), 0.2)
                beta *= 1 + error * sum(len(group.completions) for group in part) / horizon
    after = {name: p.detach().clone() for name, p in model.named_parameters()}
    for name, p in model.named_parameters():
        p.data.copy_(before[name])
    return {name: value for name, value in after.items() if not torch.equal(value, before[name])}, log


def main():
    torch.set_num_threads(1)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    model = LlavaForConditionalGeneration.from_pretrained(MODELS, dtype=torch.float32).train(False)
    preprocessor = json.loads((MODELS / "preprocessor_config.json").read_text())
    source = list(frames(PARITY / "pairs.frames"))
    groups = [Group(n, *group, source, preprocessor) for n, group in enumerate(GROUPS)]
    generator = torch.Generator().manual_seed(4)
    summary = {"logps": {}, "losses": {}}
    with torch.no_grad():
        for group in groups:
            exact = [group.logps(model, n) for n in range(len(group.completions))]
            summary["logps"][group.id] = [row.tolist() for row in exact]
            # An old policy that lies about 0.25 nats away a token, and a reference that lies 0.4 away: no ratio is at the clip.
            group.old = [torch.clamp(row + 0.25 * torch.randn(len(row), generator=generator), max=0) for row in exact]
            group.reference = [torch.clamp(row + 0.4 * torch.randn(len(row), generator=generator), max=0) for row in exact]
    (HERE / "groups.frames").write_bytes(b"".join(group.frame() for group in groups))
    for name, options in LOSSES.items():
        model.zero_grad(set_to_none=True)
        value, means = grpo(model, groups, **options)
        value.backward()
        grads = {published_name(n): p.grad.contiguous() for n, p in model.named_parameters() if p.grad is not None}
        summary["losses"][name] = {"loss": value.item()} | means
        save_file(grads, HERE / f"gradients-{name}.safetensors")
    after, log = training(model, groups, **RUN)
    save_file({published_name(name): value.contiguous() for name, value in after.items()}, HERE / "adamw.safetensors")
    summary["run"] = log
    (HERE / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")


main()
