#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads what the tools wrote in transformers and compares.

    check_written.py model CHECKPOINT [--frames FILE --expected FILE [--tolerance 1e-5]]
    check_written.py vision CHECKPOINT [--of CHECKPOINT]
    check_written.py same A B
    check_written.py scores CHECKPOINT --frames FILE [--tolerance 1e-5]
    check_written.py processor CHECKPOINT
    check_written.py parts FOLDER

model    CHECKPOINT (a directory, or one file that carries its JSON files in its metadata) must load with no missing,
         unexpected or mismatched key. With --frames (a stream with prompt, chosen, patches) and --expected
         (outputs.safetensors of parity/) the logits and log-probabilities recorded there must come out again.
vision   the same for a detached tower: AutoModel must make a SiglipVisionModel or CLIPVisionModel of it; with --of its hidden states must
         equal those of the tower inside that multimodal checkpoint, bit for bit.
same     two multimodal checkpoints must give equal logits, bit for bit, on ids and pixels of a fixed seed.
scores   the log-probabilities that `score` has put into FILE must come out again. A projector of other layers than transformers
         builds (projector_hidden_sizes) is built here, and nothing else may be missing or left over.
processor  AutoTokenizer must make one id of "<image>", that of config.json, and AutoProcessor as many of them as an image has
         visual tokens; the model must take what it makes.
parts    the other way: writes what `ckpt attach` is to put together, by save_pretrained. vision: a SiglipVisionModel; padded, full:
         a Qwen2ForCausalLM with spare rows in its embedding table, and one without; both without an <image> token.
         clip: a CLIPVisionModel with its processor; llama: a LlamaForCausalLM (5/1 heads, wider than the width has room for,
         rotary angles scaled) that has the tokens of the fixture `llava` but <image> and <pad>.

Prints "ok: ..." and exits 0; a difference is one line on stderr and exit 1; without torch or transformers it prints
"not checked: ..." and exits 77.
"""
import argparse
import json
import os
import pathlib
import struct
import sys
import tempfile

try:
    import torch
    import transformers
    from safetensors import safe_open
    from safetensors.torch import load, load_file
except ImportError as problem:
    print(f"not checked: no {problem.name}")
    sys.exit(77)


def fail(text):
    print(f"check_written: {text}", file=sys.stderr)
    sys.exit(1)


def as_directory(path, keep):
    """A single file -> a directory as transformers wants it: the file, and its metadata's JSON files beside it."""
    path = pathlib.Path(path)
    if path.is_dir():
        return path
    folder = tempfile.TemporaryDirectory()
    keep.append(folder)
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    for name, text in metadata.items():
        if name.endswith(".json"):
            (pathlib.Path(folder.name) / name).write_text(text)
    os.symlink(path.resolve(), pathlib.Path(folder.name) / "model.safetensors")
    return pathlib.Path(folder.name)


def load_strictly(kind, path, keep):
    model, report = kind.from_pretrained(as_directory(path, keep), dtype=torch.float32, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in report.items() if value}
    if wrong:
        fail(f"{path}: {json.dumps(wrong)}")
    return model.train(False)


def frames(path):
    """The frames of a stream: safetensors blobs one after the other; an end frame has no tensors."""
    data = pathlib.Path(path).read_bytes()
    at = 0
    while at < len(data):
        length, = struct.unpack_from("<Q", data, at)
        header = json.loads(data[at + 8:at + 8 + length])
        metadata = header.pop("__metadata__", {})
        end = at + 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
        if header:
            yield metadata, load(data[at:end])
        at = end


def pixels(metadata, patches, preprocessor, side):
    """patches [P, 3·p·p] U8 -> [1, 3, side, side]; the border that the patch does not divide stays black: it is not read."""
    (h, w), p = map(int, metadata["grid"].split()), int(metadata["patch"])
    image = torch.zeros(3, side, side)
    cut = patches.float().reshape(h, w, 3, p, p).permute(2, 0, 3, 1, 4).reshape(3, h * p, w * p)
    image[:, :h * p, :w * p] = cut
    mean, std = (torch.tensor(preprocessor[key])[:, None, None] for key in ("image_mean", "image_std"))
    return ((image * preprocessor["rescale_factor"] - mean) / std)[None]


class DeepProjector(torch.nn.Module):
    """linear_1, linear_2, ... with the activation between each two: what projector_hidden_sizes describes."""

    def __init__(self, tensors, act):
        super().__init__()
        self.act, self.count = act, sum(name.endswith(".weight") for name in tensors)
        for number in range(1, self.count + 1):
            weight = tensors[f"linear_{number}.weight"]
            bias = tensors.get(f"linear_{number}.bias")
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
            layer.weight.data = weight.float()
            if bias is not None:
                layer.bias.data = bias.float()
            self.add_module(f"linear_{number}", layer)

    def forward(self, x):
        x = self.linear_1(x)
        for number in range(2, self.count + 1):
            x = getattr(self, f"linear_{number}")(self.act(x))
        return x


def load_with_projector(path, keep):
    """As load_strictly, but the projector is built from whatever linear layers there are."""
    folder = as_directory(path, keep)
    if "projector_hidden_sizes" not in json.loads((folder / "config.json").read_text()):
        return load_strictly(transformers.LlavaForConditionalGeneration, path, keep)
    model, report = transformers.LlavaForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True)
    wrong = {key: sorted(str(v) for v in value if "multi_modal_projector" not in str(v)) for key, value in report.items() if value}
    if any(wrong.values()):
        fail(f"{path}: {json.dumps(wrong)}")
    prefix = "multi_modal_projector."
    tensors = load_file(folder / "model.safetensors")
    own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    model.model.multi_modal_projector = DeepProjector(own, model.model.multi_modal_projector.act)
    return model.train(False)


def feature_rows(config):
    """Visual tokens of an image: its patches, CLIP's CLS row in front, less the row that the select strategy drops."""
    vision = config.vision_config
    leading = vision.model_type == "clip_vision_model"
    return (vision.image_size // vision.patch_size) ** 2 + leading - (config.vision_feature_select_strategy == "default")


def response_logps(model, metadata, tensors, preprocessor, response):
    """Logits [L, V] and log-probabilities [L] of a response's tokens."""
    config, rows, images = model.config, 0, None
    if "patches" in tensors:
        images = pixels(metadata, tensors["patches"], preprocessor, config.vision_config.image_size)
        rows = feature_rows(config)
    prompt = [i for t in tensors["prompt"].tolist() for i in ([t] * rows if t == config.image_token_id else [t])]
    answer = tensors[response].long()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + answer.tolist()]), pixel_values=images).logits[0]
    logits = logits[len(prompt) - 1:-1]
    return logits, torch.log_softmax(logits, dim=-1).gather(-1, answer[:, None])[:, 0]


def check_scores(arguments, keep):
    model = load_with_projector(arguments.checkpoint, keep)
    preprocessor = json.loads((as_directory(arguments.checkpoint, keep) / "preprocessor_config.json").read_text())
    worst = count = 0
    for metadata, tensors in frames(arguments.frames):
        for response in ("chosen", "rejected"):
            expected = response_logps(model, metadata, tensors, preprocessor, response)[1].sum().item()
            difference = abs(tensors[f"logp_{response}"].item() - expected) / abs(expected)
            worst, count = max(worst, difference), count + 1
            if not difference <= arguments.tolerance:
                fail(f"{arguments.checkpoint}: {metadata['id']} logp_{response}: {tensors[f'logp_{response}'].item()}, "
                     f"expected {expected}")
    if not count:
        fail(f"{arguments.frames}: has no frames")
    return f"{count} log-probabilities within {worst:.1e}"


def check_processor(arguments, keep):
    import numpy
    folder = as_directory(arguments.checkpoint, keep)
    model = load_strictly(transformers.LlavaForConditionalGeneration, arguments.checkpoint, keep)
    tokenizer, processor = (kind.from_pretrained(folder) for kind in (transformers.AutoTokenizer, transformers.AutoProcessor))
    image, rows = model.config.image_token_id, model.config.image_seq_length
    if tokenizer.convert_tokens_to_ids("<image>") != image or tokenizer("a<image>b").input_ids.count(image) != 1:
        fail(f"{arguments.checkpoint}: \"<image>\" is {tokenizer('a<image>b').input_ids}, expected one id {image} in it")
    if len(tokenizer) > model.config.text_config.vocab_size:
        fail(f"{arguments.checkpoint}: {len(tokenizer)} tokens, an embedding table of {model.config.text_config.vocab_size} rows")
    made = processor(text="<image>\nWhat is it?", images=numpy.full((20, 30, 3), 90, numpy.uint8), return_tensors="pt")
    found = made["input_ids"][0].tolist().count(image)
    if found != rows:
        fail(f"{arguments.checkpoint}: the processor makes {found} placeholders, expected {rows}")
    with torch.no_grad():
        if not torch.isfinite(model(**made).logits).all():
            fail(f"{arguments.checkpoint}: logits are not finite")
    return f"id {image}, {rows} visual tokens"


def write_parts(arguments, keep):
    torch.manual_seed(1)
    folder = pathlib.Path(arguments.folder)
    transformers.SiglipVisionModel(transformers.SiglipVisionConfig(
        hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2, image_size=12, patch_size=4,
    )).save_pretrained(folder / "vision")
    text = json.loads((pathlib.Path(__file__).parent / "models/published/tokenizer.json").read_text())
    text["added_tokens"] = [token for token in text["added_tokens"] if token["content"] != "<image>"]
    (folder / "tokenizer.json").write_text(json.dumps(text))
    tokenizer = transformers.Qwen2TokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|im_end|>", pad_token="<|endoftext|>")
    for name, rows, tied in (("padded", 328, True), ("full", len(tokenizer), False)):
        transformers.Qwen2ForCausalLM(transformers.Qwen2Config(
            vocab_size=rows, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, tie_word_embeddings=tied, max_position_embeddings=256,
        )).to(torch.bfloat16).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    write_clip_and_llama(folder)
    return "parts written"


def write_clip_and_llama(folder):
    transformers.CLIPVisionModel(transformers.CLIPVisionConfig(
        hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=3, image_size=12, patch_size=4,
    )).save_pretrained(folder / "clip")
    fixture = pathlib.Path(__file__).parent / "models/llava"
    (folder / "clip/preprocessor_config.json").write_text((fixture / "preprocessor_config.json").read_text())
    text = json.loads((fixture / "tokenizer.json").read_text())
    text["added_tokens"] = [token for token in text["added_tokens"] if token["content"] not in ("<image>", "<pad>")]
    transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=335, hidden_size=10, intermediate_size=14, num_hidden_layers=2, num_attention_heads=5,
        num_key_value_heads=1, head_dim=6, max_position_embeddings=512,
        rope_parameters={"rope_type": "llama3", "rope_theta": 125.0, "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 64},
    )).to(torch.bfloat16).save_pretrained(folder / "llama")
    (folder / "llama/tokenizer.json").write_text(json.dumps(text))
    config = json.loads((fixture / "tokenizer_config.json").read_text())
    del config["pad_token"]
    (folder / "llama/tokenizer_config.json").write_text(json.dumps(config))


def check_model(arguments, keep):
    model = load_strictly(transformers.LlavaForConditionalGeneration, arguments.checkpoint, keep)
    count = sum(1 for _ in model.parameters())
    if not arguments.frames:
        return f"{count} tensors"
    expected = load_file(arguments.expected)
    preprocessor = json.loads((as_directory(arguments.checkpoint, keep) / "preprocessor_config.json").read_text())
    worst = 0.0
    for metadata, tensors in frames(arguments.frames):
        for response in ("chosen", "rejected"):
            logits, logps = response_logps(model, metadata, tensors, preprocessor, response)
            for name, got in (("logits", logits), ("logps", logps)):
                recorded = expected.get(f"{metadata['id']}.{name}_{response}")
                if recorded is not None:
                    difference = ((got - recorded).abs().max() / recorded.abs().max()).item()
                    worst = max(worst, difference)
                    if not difference <= arguments.tolerance:
                        fail(f"{arguments.checkpoint}: {metadata['id']} {name}_{response}: differs by {difference:.1e} of the "
                             f"maximum, allowed {arguments.tolerance:.0e}")
    return f"{count} tensors, logits and logps within {worst:.1e}"


def check_vision(arguments, keep):
    folder = as_directory(arguments.checkpoint, keep)
    is_clip = json.loads((folder / "config.json").read_text())["model_type"] == "clip_vision_model"
    kind = transformers.CLIPVisionModel if is_clip else transformers.SiglipVisionModel
    tower = load_strictly(kind, folder, keep)
    if type(load_strictly(transformers.AutoModel, folder, keep)) is not kind:
        fail(f"{arguments.checkpoint}: AutoModel does not make a {kind.__name__} of it")
    if arguments.of:
        whole = load_strictly(transformers.LlavaForConditionalGeneration, arguments.of, keep).model.vision_tower
        side = tower.config.image_size
        x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            got, expected = (m(x, output_hidden_states=True).hidden_states for m in (tower, whole))
        if len(got) != len(expected) or not all(torch.equal(a, b) for a, b in zip(got, expected)):
            fail(f"{arguments.checkpoint}: hidden states differ from those of {arguments.of}")
    return f"{sum(1 for _ in tower.parameters())} tensors"


def check_same(arguments, keep):
    first, second = (load_strictly(transformers.LlavaForConditionalGeneration, path, keep) for path in (arguments.a, arguments.b))
    config, generator = first.config, torch.Generator().manual_seed(1)
    vision = config.vision_config
    rows = feature_rows(config)
    x = torch.randn(1, 3, vision.image_size, vision.image_size, generator=generator)
    text = torch.randint(0, config.text_config.vocab_size - 1, (12,), generator=generator)
    text[text == config.image_token_id] += 1
    ids = torch.cat([text[:4], torch.full((rows,), config.image_token_id), text[4:]])[None]
    with torch.no_grad():
        a, b = (model(input_ids=ids, pixel_values=x).logits for model in (first, second))
    if not torch.equal(a, b):
        fail(f"{arguments.a} and {arguments.b}: logits differ by {(a - b).abs().max().item():.1e}")
    return "equal logits"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    model = commands.add_parser("model")
    model.add_argument("checkpoint")
    model.add_argument("--frames")
    model.add_argument("--expected")
    model.add_argument("--tolerance", type=float, default=1e-5)
    vision = commands.add_parser("vision")
    vision.add_argument("checkpoint")
    vision.add_argument("--of")
    same = commands.add_parser("same")
    same.add_argument("a")
    same.add_argument("b")
    scores = commands.add_parser("scores")
    scores.add_argument("checkpoint")
    scores.add_argument("--frames", required=True)
    scores.add_argument("--tolerance", type=float, default=1e-5)
    commands.add_parser("processor").add_argument("checkpoint")
    commands.add_parser("parts").add_argument("folder")
    arguments = parser.parse_args()
    if arguments.command == "model" and bool(arguments.frames) != bool(arguments.expected):
        parser.error("--frames and --expected belong together")
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    keep = []
    check = {
        "model": check_model, "vision": check_vision, "same": check_same, "scores": check_scores, "processor": check_processor,
        "parts": write_parts,
    }[arguments.command]
    try:
        text = check(arguments, keep)
    except (OSError, RuntimeError, ValueError, KeyError) as problem:      # transformers' own refusals, shapes that differ
        fail(f"{type(problem).__name__}: {problem}")
    print(f"ok: {text} (transformers {transformers.__version__}, torch {torch.__version__})")


main()
