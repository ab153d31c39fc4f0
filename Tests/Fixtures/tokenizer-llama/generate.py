#!/usr/bin/env python3
"""Writes tokenizer.json (a small tokenizer of Llama 2's structure), ids.json (what Hugging Face's `tokenizers` makes of the
texts of ../tokenizer/ids.json with it, with variants of it and with a tokenizer of Llama 3's structure) and chats.json
(the ids of whole prompts, by transformers). README.md says which versions made the committed files.

  pip install tokenizers transformers; python3 generate.py
"""
import copy
import json
import random
import sys
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tokenizer"))
from corpus import CORPUS  # noqa: E402
from generate import ADDED, LLAMA3  # noqa: E402  (../tokenizer/generate.py)

MARK = "\u2581"
BYTES = [f"<0x{i:02X}>" for i in range(256)]


def added(first, contents, **flags):
    plain = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return [dict(id=first + i, content=c, **{**plain, **flags}) for i, c in enumerate(contents)]


def opening(token, token_id):
    """What Llama's files say of a whole sequence: the token that begins it, and the text."""
    one = [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    two = [{"SpecialToken": {"id": token, "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}]
    return dict(type="TemplateProcessing", single=one, pair=one + two,
                special_tokens={token: dict(id=token, ids=[token_id], tokens=[token])})


def train():
    """Characters of which some are too rare to be tokens, so that their bytes are needed; Llama 2's own normaliser."""
    t = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK, prepend_scheme="always", split=True)
    t.train_from_iterator(CORPUS.splitlines(), trainers.BpeTrainer(
        vocab_size=1300, min_frequency=1, limit_alphabet=170, initial_alphabet=[chr(i) for i in range(33, 127)], special_tokens=["<unk>", "<s>", "</s>"] + BYTES, show_progress=False))
    json_ = json.loads(t.to_str())
    model = json_["model"]
    # Runs of spaces have tokens of their own in Llama 2.
    for n in (2, 4, 8):
        model["vocab"][MARK * n] = len(model["vocab"])
        model["merges"].append([MARK * (n // 2), MARK * (n // 2)])
    model["merges"] = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    json_["added_tokens"] = added(0, ["<unk>", "<s>", "</s>"]) + added(len(model["vocab"]), ["<image>", "<pad>"])
    json_["normalizer"] = dict(type="Sequence", normalizers=[dict(type="Prepend", prepend=MARK), REPLACE])
    json_["pre_tokenizer"] = None
    json_["post_processor"] = opening("<s>", 1)
    json_["decoder"] = dict(type="Sequence", decoders=[
        dict(type="Replace", pattern=dict(String=MARK), content=" "), dict(type="ByteFallback"), dict(type="Fuse"),
        dict(type="Strip", content=" ", start=1, stop=0)])
    return json_


REPLACE = dict(type="Replace", pattern=dict(String=" "), content=MARK)


def metaspace(scheme, split):
    return dict(type="Metaspace", replacement=MARK, prepend_scheme=scheme, split=split)


def flagged(base):
    """The added tokens of ../tokenizer with every flag, in a vocabulary that has other ids for some."""
    vocab, tokens = base["model"]["vocab"], base["added_tokens"][:3]
    next_id = len(vocab)
    for entry in ADDED:
        known = vocab.get(entry["content"])
        tokens.append(dict(id=next_id if known is None else known, content=entry["content"],
                           **{k: bool(v) for k, v in entry.items() if k != "content"}))
        next_id += known is None
    return tokens


RENAMED = ["<0xE2>", "<0xF0>", "<0xCC>"]  # bytes that the variant fewer-bytes has no tokens for


def variants(base):
    """[key, value] to replace in a tokenizer.json; "model.x" is in its model."""
    special = [dict(t, normalized=True) for t in base["added_tokens"]]
    fewer = {t + "-" if t in RENAMED else t: i for t, i in base["model"]["vocab"].items()}
    return {
        "llama2": [],
        "normalized": [["added_tokens", special]],
        "first": [["normalizer", None], ["pre_tokenizer", metaspace("first", False)]],
        "always": [["normalizer", None], ["pre_tokenizer", metaspace("always", True)], ["decoder", metaspace("always", True)]],
        "never": [["normalizer", None], ["pre_tokenizer", metaspace("never", False)], ["decoder", metaspace("never", False)]],
        "flags": [["added_tokens", flagged(base)]],
        "flags-first": [["added_tokens", flagged(base)], ["normalizer", {"type": "NFC"}], ["pre_tokenizer", metaspace("first", True)]],
        "unknown": [["model.byte_fallback", False]],
        "unfused": [["model.byte_fallback", False], ["model.fuse_unk", False]],
        "whole": [["model.ignore_merges", True], ["normalizer", None], ["pre_tokenizer", metaspace("always", True)]],
        "fewer-bytes": [["model.vocab", fewer]],
    }


def llama3(qwen2):
    """../tokenizer's vocabulary and merges with everything else as Llama 3 has it."""
    first = max(qwen2["model"]["vocab"].values()) + 1
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>"]
    split = dict(type="Split", pattern=dict(Regex=LLAMA3), behavior="Isolated", invert=False)
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
    return [
        ["added_tokens", added(first, names)], ["normalizer", None], ["model.ignore_merges", True],
        ["pre_tokenizer", dict(type="Sequence", pretokenizers=[split, level])],
        ["post_processor", dict(type="Sequence", processors=[
            dict(type="ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True), opening(names[0], first)])],
        ["decoder", dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True)],
    ]


def patched(base, patch):
    base = copy.deepcopy(base)
    for key, value in patch:
        if key.startswith("model."):
            base["model"][key[6:]] = value
        else:
            base[key] = value
    return base


MORE = [
    MARK, MARK * 2, MARK + "a", "a" + MARK + "b", " " + MARK, MARK + "<s>", "<s>" + MARK, "<s>", "</s>", " <s> x", "a</s>b", "a </s> b", "<unk>", "x<unk>y",
    "<0x0A>", "a<0x41>b", "<0x", "USER: What is it? ASSISTANT:", "USER: <image>\nWhat is it? ASSISTANT: A dog.</s>USER: Sure? ASSISTANT:",
    "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nWhat? [/INST] A dog. </s><s>[INST] Sure? [/INST]", "<|begin_of_text|>x<|eot_id|>", " " * 2000, "x " * 900, "ab" * 1500,
]


def record(t, texts):
    out = {"literal": [], "special": {}}
    for i, x in enumerate(texts):
        t.encode_special_tokens = True
        out["literal"].append(t.encode(x, add_special_tokens=False).ids)
        t.encode_special_tokens = False
        ids = t.encode(x, add_special_tokens=False).ids
        if ids != out["literal"][-1]:
            out["special"][str(i)] = ids
    return out


def decoded(t, lists):
    return [[ids, t.decode(ids, skip_special_tokens=False), t.decode(ids, skip_special_tokens=True)] for ids in lists]


# Chat templates as they are published with llava-hf/llava-1.5-7b-hf, meta-llama/Llama-2-7b-chat-hf and
# meta-llama/Meta-Llama-3-8B-Instruct; Vicuna's has none, so this is FastChat's conversation template "vicuna_v1.1" in Jinja.
TEMPLATES = {
    "llava": "{% for message in messages %}{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
    "{# Render all images first #}{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{# Render all text next #}{% if message['role'] != 'assistant' %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{{ content['text'] + ' '}}{% endfor %}{% else %}{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}",
    "vicuna": "{% for m in messages %}{% if loop.first and m.role != 'system' %}{{ 'A chat between a curious user and an artificial intelligence"
    " assistant. The assistant gives helpful, detailed, and polite answers to the user\\'s questions. ' }}{% endif %}"
    "{% if m.role == 'system' %}{{ m.content + ' ' }}{% elif m.role == 'user' %}{{ 'USER: ' + m.content + ' ' }}"
    "{% else %}{{ 'ASSISTANT: ' + m.content + '</s>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
}
TOKENS = {
    "llama3": dict(bos_token="<|begin_of_text|>", eos_token="<|eot_id|>"),
    None: dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>"),
}
CHATS = [  # (image?, system turn or None, turns)
    (True, None, ["What is the main thing in this picture?", "It is a picture of a dog."]),
    (False, None, ["Is the sky blue? Say yes or no.", "Yes."]),
    (True, None, ["How many people are there?\n\nAnswer with a number.", "3"]),
    (True, "Antworte kurz.", ["Wie viele V\u00f6gel?", "F\u00fcnf gro\u00dfe V\u00f6gel.", "Und wo?", "\u00dcber den H\u00e4usern.\n", "Danke!", "Gern."]),
    (True, None, ["\u56fe\u4e2d\u6709\u51e0\u4e2a\u4eba?", "\u6709\u4e09\u4e2a\u4eba\u3002", "Sure?", "Yes."]),
    (False, "Be brief.", ["  leading spaces", "trailing spaces  ", "\tcode:\n    x = 1\n", "```\nx = 1\n```"]),
    (True, None, ["", "An answer to nothing."]),
    (False, None, ["It's 10:45, isn't it?", "e\u0301 and \u00e9", "\U0001f600?", "\U0001f44d\U0001f3fd"]),
]


def chats(file, name, template, tokens):
    """Whole prompts by a template, as transformers has them: a processor of images renders and lets the tokenizer begin
    the text unless the template did; a tokenizer on its own leaves all to the template. `whole` ends with the answer."""
    t = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(file)), chat_template=template, **tokens)
    result = []
    for takes_images in (True, False):
        for image, system, turns in CHATS:
            if image and not takes_images:
                continue
            messages = [] if system is None else [dict(role="system", content=system)]
            for i, text in enumerate(turns):
                messages.append(dict(role="assistant" if i % 2 else "user", content=text))
            if name == "llava":
                for m in messages:
                    m["content"] = [dict(type="text", text=m["content"])]
                if image:
                    messages[system is not None]["content"].insert(0, dict(type="image"))
            elif image:
                messages[system is not None]["content"] = "<image>\n" + turns[0]

            def ids(some, asks):
                if not takes_images:
                    return t.apply_chat_template(some, add_generation_prompt=asks, tokenize=True, return_dict=False)
                text = t.apply_chat_template(some, add_generation_prompt=asks, tokenize=False)
                return t(text, add_special_tokens=not text.startswith(tokens["bos_token"]))["input_ids"]

            entry = dict(image=image, takesImages=takes_images, system=system, turns=turns, prompt=ids(messages[:-1], True))
            if name != "llava":
                entry["whole"] = ids(messages, False)
            result.append(entry)
    return result


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def main():
    base = train()
    text = json.dumps(base, ensure_ascii=False, separators=(",", ":"))
    (HERE / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    qwen2 = json.loads((HERE.parent / "tokenizer/tokenizer.json").read_text(encoding="utf-8"))
    texts = json.loads((HERE.parent / "tokenizer/ids.json").read_text())["texts"] + MORE
    out = {"tokenizers": tokenizers.__version__, "more": MORE, "variants": {}}
    files = {name: (patched(base, patch), patch) for name, patch in variants(base).items()}
    files["llama3"] = (patched(qwen2, llama3(qwen2)), llama3(qwen2))
    rng = random.Random(9)
    for name, (json_, patch) in files.items():
        t = Tokenizer.from_str(json.dumps(json_))
        out["variants"][name] = {"patch": patch, **record(t, texts)}
        if name in ("llama2", "always", "never", "llama3"):
            lists = [ids for ids in out["variants"][name]["literal"] if 0 < len(ids) < 60][::12]
            if name != "always":
                lists += [[rng.randrange(t.get_vocab_size()) for _ in range(rng.randint(1, 9))] for _ in range(60)]
            if name == "llama2":
                lists += [[rng.randrange(3, 259) for _ in range(rng.randint(1, 6))] for _ in range(30)]
            out["variants"][name]["decoded"] = decoded(t, lists)
    reference = out["variants"]["llama2"]
    # Where a variant does as llama2 does, only that is said; of most variants every third text is recorded.
    for name, record_ in out["variants"].items():
        if name == "llama2":
            continue
        if name == "fewer-bytes":
            record_["patch"] = [["rename", RENAMED]]
        keep = {i for i in range(len(texts)) if i % 3 == 0 or i >= len(texts) - len(MORE)} if name not in ("first", "llama3") else range(len(texts))
        special = {}
        for i in map(str, sorted(keep)):
            ids = record_["special"].get(i, record_["literal"][int(i)])
            if ids != reference["special"].get(i, record_["literal"][int(i)]):
                special[i] = ids
        record_["literal"] = {str(i): ids for i, ids in enumerate(record_["literal"]) if i in keep and ids != reference["literal"][i]}
        record_["special"] = special
        if name not in ("first", "llama3"):
            record_["everyThird"] = True
    write("ids.json", out)
    record_ = {"transformers": transformers.__version__, "templates": TEMPLATES, "tokens": {"llama3": TOKENS["llama3"], "others": TOKENS[None]}}
    record_["chats"] = [
        dict(format=name, tokenizer=kind, chats=chats(files[kind][0], name, template, TOKENS.get(name, TOKENS[None])))
        for name, template in TEMPLATES.items()
        for kind in (["llama3"] if name == "llama3" else ["llama2", "first"])]
    write("chats.json", record_)


if __name__ == "__main__":
    main()
