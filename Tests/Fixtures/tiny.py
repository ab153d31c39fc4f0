# SPDX-License-Identifier: MIT
"""What all tiny checkpoints have in common: the conversations, random weights, and the names of tensors."""
import dataclasses
import json
import math
import struct
from typing import Any, Callable

import torch
from safetensors.torch import save

# image (or None), question, chosen, rejected
PAIRS = [
    ("red.png", "What colour is the square?", "The square is red.", "It is blue"),
    ("noise.png", "How many?", "2", "There are three circles here."),
    (None, "Is the sky blue? Say yes or no.", "Yes.", "No"),
]


@dataclasses.dataclass
class Dialect:
    """A tokenizer with its special ids, and how a conversation is spelt with it."""
    make_tokenizer: Callable            # path of tokenizer.json -> Tokenizer
    encode_pair: Callable               # Tokenizer, one of PAIRS -> {"prompt", "chosen", "rejected"}: ids
    image: int                          # the placeholder; it and the rows behind it are never sampled
    ends: list[int]                     # what ends a completion
    padding: int
    side_files: dict[str, Any] = dataclasses.field(default_factory=dict)     # name -> JSON beside the tokenizer


@dataclasses.dataclass
class Variant:
    """A tiny checkpoint. make() -> the model, what writes its files, parameter name -> name in them, the preprocessor."""
    make: Callable
    dialect: Dialect
    recorded: tuple[str, ...]           # gradients and AdamW runs that parity/ gets of it
    parts: dict[str, Callable] = dataclasses.field(default_factory=dict)    # name of a checkpoint -> writes it: folder, model


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


def frame_bytes(tensors, metadata):
    """save(), with the metadata in order: its own order is another one at every run."""
    data = save(tensors, metadata=metadata)
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + length])
    header = json.dumps({"__metadata__": dict(sorted(metadata.items()))}
                        | {n: t for n, t in header.items() if n != "__metadata__"}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + data[8 + length:]
