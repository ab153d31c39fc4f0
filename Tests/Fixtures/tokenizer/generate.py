#!/usr/bin/env python3
"""Writes tokenizer.json (a small tokenizer of Qwen2's structure), ids.json (what Hugging Face's `tokenizers` makes of
many texts, with it and with variants of it) and chats.json (ids and labels of whole chats). README.md says which versions made the committed files.

  pip install tokenizers; python3 generate.py
"""
import copy
import json
import random
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from corpus import CORPUS

HERE = Path(__file__).parent
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def train():
    t = Tokenizer(models.BPE(dropout=None, unk_token=None, continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False))
    t.normalizer = normalizers.NFC()

    def cut(pattern):
        return pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)])

    t.pre_tokenizer = cut(LLAMA3)  # so that there are merges of digits, for the variant that can use them
    t.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    t.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    t.train_from_iterator(CORPUS.splitlines(keepends=True), trainers.BpeTrainer(
        vocab_size=2300, min_frequency=1, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    t.pre_tokenizer = cut(QWEN2)
    for text in ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<image>"]:
        t.add_special_tokens([AddedToken(text, normalized=False, special=True)])
    for text in ["<tool_call>", "</tool_call>"]:
        t.add_tokens([AddedToken(text, normalized=False)])
    return json.loads(t.to_str())


def merges_as_text(base):
    base = copy.deepcopy(base)
    base["model"]["merges"] = [m if isinstance(m, str) else " ".join(m) for m in base["model"]["merges"]]
    return base


# What each variant replaces in tokenizer.json: a list of [path, value].
ADDED = [dict(content=c, single_word=w, lstrip=l, rstrip=r, normalized=n, special=s) for c, w, l, r, n, s in [
    ("<|im_start|>", 0, 0, 0, 0, 1), ("<|im_end|>", 0, 0, 0, 0, 1), ("<left>", 0, 1, 0, 0, 0), ("<right>", 0, 0, 1, 0, 1),
    ("<both>", 0, 1, 1, 1, 0), ("dog", 1, 0, 0, 1, 0), ("ca", 0, 0, 0, 0, 0), ("cat", 0, 0, 0, 0, 0), ("e\u0301x", 0, 0, 0, 1, 0),
    ("q\u00e9", 0, 0, 0, 0, 0), ("straße", 1, 1, 1, 0, 0), ("<|im_", 0, 0, 0, 0, 0)]]


def variants(base):
    first = max(base["model"]["vocab"].values()) + 1
    flags = []
    for a in ADDED:
        known = base["model"]["vocab"].get(a["content"])
        flags.append(dict(id=first if known is None else known, **{k: bool(v) if k != "content" else v for k, v in a.items()}))
        first += known is None
    gpt2 = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    llama3 = copy.deepcopy(base["pre_tokenizer"])
    llama3["pretokenizers"][0]["pattern"]["Regex"] = LLAMA3
    return {
        "qwen2": [],
        "plain": [["normalizer", None], ["added_tokens", []]],
        "flags": [["added_tokens", flags], ["normalizer", {"type": "Sequence", "normalizers": [{"type": "NFC"}]}]],
        "gpt2": [["pre_tokenizer", gpt2], ["normalizer", None]],
        "llama3": [["pre_tokenizer", llama3]],
        "whole": [["ignore_merges", True]],
    }


def patched(base, patch):
    base = copy.deepcopy(base)
    for key, value in patch:
        if key == "ignore_merges":
            base["model"]["ignore_merges"] = True
            # A word whose merges do not lead to its token: "Ġpicture" without its last merge.
            base["model"]["merges"] = [m for m in base["model"]["merges"] if "".join(m.split(" ")) not in ("Ġpicture", "Ġdog")]
        else:
            base[key] = value
    return base


EDGES = [
    "", " ", "  ", "   ", "\n", "\n\n", " \n", "\n ", "\r\n", "\r\n\r\n", "\t", "\t\t x", "a", " a", "a ", " a ", "  a  ", "a\n", "\na",
    "a\n\n\nb", "a \n b", "a  \n\n  b", "a\r\nb", "a\rb", "  \n  \n  x", "x   \n", "\u00a0", "a\u00a0b", "a\u00a0\u00a0b", "\u3000漢字", " \u3000 漢", "a\u2028b",
    "a\u2029\n", "a\u0085b", "a\u200bb", "a\u2009 b", "\ufeffa", "a\u000bb\u000cc", "a\u001cb\u001fc", "\u1680x", "\u180ex",
    "It's", "IT'S", "it'S", "it\u2019s", "they've THEY'VE", "we'll WE'LL we'Ll", "I'm I'M", "he'd HE'D", "you're YOU'RE yoU'Re", "don't DON'T",
    "'s", "'", "''", "'''s", "'sx", " 's", "'ll'll", "'l l", "'r e", "'v", "'t's", "x'\u017f", "'\u017f", "'\u017fx", "\u212a 'k \u212a's", "'ſt", "'ß", "'\u0441",
    "0", "12", "123", "1234567890", " 1", " 12 34", "3.14159", "1,250,000", "2024-11-20", "½ ⅓ ² ³ ₄ Ⅷ", "٣٤٥ ४५६ 一二三", "a1b2c3", "1st 2nd", "x²", "№7", "١2٣",
    "!", "!!!", " !", " !!\n\n", "a!b", "?!?!\r\n\r\nx", "...", "…", "--", " -- ", "a--b", "(a)", "[1]", "{x}", "a.b.c", "#tag", "@you", "$5", "5$", "%", "50%", "a&b", "a_b", "_a", "__init__",
    "\\n", "\\\\", "//x", "/* y */", "a=b", "a==b", "x->y", "x=>y", "<p>", "</p>", "&amp;", "http://a.b/c?d=e&f=g#h", "C:\\Temp", "a@b.c", "```swift\nlet x = 1\n```",
    "def f(x):\n    return x\n", "\tif x {\n\t\ty()\n\t}\n", "    four", "     five", "a    b", "a\t\tb", " \t \t x", "x\t", "\tx",
    "é", "e\u0301", "e\u0301\u0323", "e\u0323\u0301", "\u0301", " \u0301", "a\u0301\u0301", "ḍ̇", "d\u0307\u0323", "\u1e0b\u0323", "Å \u212b A\u030a", "Ω \u2126", "\u0958", "\u0915\u093c", "\ufb1d", "\u05d9\u05b4",
    "ﬁ", "ﬀ", "\u1100\u1161\u11a8", "\u1100\u1161", "각 가", "\uac00\u11a8", "\u1100\u1100\u1161", "\u0344", "\u0308\u0301", "q\u0307\u0323", "\u1ea5", "a\u0302\u0301", "\u0b47\u0b56", "\U0001d15e", "\U00011099", "\U000114bc", "\u2adc",
    "\u0f73", "\u0f71\u0f72", "\uf900", "\U0002f800", "\u1e9b\u0323", "\u03d3", "n\u0303o", "Z\u0335\u0327", "\U00016d63\U00016d67", "\u0061\u0315\u0300\u05ae\u0062", "\u0897a",
    "naïve café", "nai\u0308ve cafe\u0301", "Größe STRASSE straße", "ÄÖÜ äöü ẞ", "İstanbul ısı", "ǅ ǆ", "ʰʷ", "ª º", "ᵃᵇ", "Ⓐⓐ", "𝔘𝔫𝔦", "𝟏𝟐", "ＡＢＣ１２３", "ﾊﾝｶｸ",
    "Привет, мир!", "Щ щ Ё ё", "Γειά σου Κόσμε", "你好,世界!", "你好,世界!", "今日はいい天気ですね。", "カタカナ ひらがな", "한국어 조사", "한국어",
    "مرحبا بالعالم", "السَّلَامُ عَلَيْكُمْ", "שָׁלוֹם עולם", "\u200fabc\u200e", "नमस्ते दुनिया", "ক্ষ", "ภาษาไทย", "ພາສາລາວ", "မြန်မာ", "ខ្មែរ", "தமிழ்", "తెలుగు", "ქართული", "Հայերեն", "አማርኛ", "ᏣᎳᎩ", "ᠮᠣᠩᠭᠣᠯ", "བོད་ཡིག",
    "😀", "a😀b", " 😀", "😀😀", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "❤", "☃", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "1️⃣", "🤷🏿‍♀️!", "\U0001fae8", "\U0001f6dc", "\U00010400", "\U0001e900", "\U00020000", "\U000313af", "\U0001df00",
    "\ue000", "\U000f0000", "\U0010ffff", "\ufffd", "\ufffe", "\u0000", "a\u0000b", "\u007f", "\u0080", "\u00ad", "\u034f", "\u2060", "\u061c",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<image>", "a<image>b", " <image> ", "<image>\nWhat?", "<|im_start|>user\nHi<|im_end|>\n", "<|im_end", "<|im_end|", "<|IM_END|>", "<|im_end|><|im_end|>", "x<|im_start|><image>y",
    "<tool_call>", "a<tool_call>b</tool_call>", "<tool_call", "<<tool_call>>", "<|vision_start|><image>", "<Image>", "<image", "image>", "< image >", "<|im_<|im_end|>", "<|im_|im_end|>",
    "<left>", "a <left> b", "a  \n<left>b", "a<right>  b", " <right>\n\nb", "a <both> b", "  <both>  <both>  ", "<right> <left>", "<right>  <both> x", "dog", "a dog.", "dogs", "hotdog", "_dog", "dog_", "dog1", "dog-dog", "dog dog", "édog", "dogé", "dog\u0301", "\u200ddog",
    "cat", "cats", "ca", "cab cat", "concatenate", "e\u0301x", "éx", "q\u00e9", "qe\u0301", "straße", " straße ", "xstraße", "dog<image>dog", "dog<|im_end|>dog", "cat dog <left> q\u00e9 éx",
    "The picture shows a dog.", " picture picture", "What is the main thing in this picture?", "It is a picture of a earthstar.", "user\n", "assistant\n", "system\nYou are a helpful assistant.", "\nWhat is it?", "\n\nWhat", "\n What",
    "a" * 47, "a" * 48, "a" * 49, "a" * 50, "ab" * 100, "the" * 200, "图片里有一只小狗在草地上" * 12, "что" * 60, " " * 70 + "x", "\n" * 70, "!" * 130, "0123456789" * 12, "é" * 60, "e\u0301" * 60, "Supercalifragilisticexpialidocious" * 4,
    "The picture shows a small dog on a green field, looking at a red ball. " * 8,
]


def fuzz(count=260, seed=20251120):
    rng = random.Random(seed)
    atoms = ["'s", "'LL", "'", "\u017f", "s", "the", " the", " picture", "dog", "cat", "ca", "t", "X", "É", "e", "\u0301", "\u0323", "\u0308", "ß", "漢", "字", "图片", "ㄱ", "\u1100", "\u1161", "\u11a8", "가", "а", "щ",
             "ا", "\u064b", "\u0651", "न", "\u093c", "\u094d", "1", "22", "٣", "²", "½", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\u0085", "!", ".", "...", "-", "_", "(", ">", "<", "😀", "\u200d", "\ufe0f", "🏽",
             "<image>", "<|im_end|>", "<|im_", "<left>", "<right>", "<both>", "<tool_call>", "straße", "\u0000", "\ufffd", "\U0001d15e", "\u212b"]
    return ["".join(rng.choice(atoms) for _ in range(rng.randint(2, 9))) for _ in range(count)]


SYSTEM = "You are a helpful assistant."
CHATS = [  # (image?, system line or None for the default, turns)
    (True, None, ["What is the main thing in this picture?", "It is a picture of a dog."]),
    (False, None, ["Is the sky blue? Say yes or no.", "Yes."]),
    (True, None, ["How many people are there?\n\nAnswer with a number.", "3"]),
    (True, "Antworte kurz.", ["Wie viele Vögel?", "Fünf große Vögel.", "Und wo?", "Über den Häusern.\n", "Danke!", "Gern."]),
    (True, "", ["图中有几个人?", "有三个人。"]),
    (False, None, ["  leading spaces", "trailing spaces  ", "\tcode:\n    x = 1\n", "```\nx = 1\n```"]),
    (True, None, ["", "An answer to nothing."]),
    (True, None, ["What?", ""]),
    (True, None, ["It's 10:45, isn't it?", "e\u0301 and \u00e9", "\U0001f600?", "\U0001f44d\U0001f3fd"]),
    (True, None, ["What does <image> do in <|im_end|> or <|im_start|>user?", "It is <image>.<|endoftext|>"]),
]


def chat(t, image, system, turns):
    """What a chat must become: each turn through the template as one string, special strings in its text left as text."""
    newline, start, end = (t.encode(x).ids[0] for x in ("\n", "<|im_start|>", "<|im_end|>"))

    def literal(text):
        t.encode_special_tokens = True
        ids = t.encode(text, add_special_tokens=False).ids
        t.encode_special_tokens = False
        return ids

    def turn(role, text, image=False):
        if any(x in text for x in ("<image>", "<|im_", "<|end")):
            opening = literal(role + "\n") + t.encode("<image>").ids + literal("\n" + text) if image else literal(role + "\n" + text)
            return [start] + opening + [end, newline]
        return t.encode(f"<|im_start|>{role}\n{'<image>' + chr(10) if image else ''}{text}<|im_end|>\n").ids

    parts = [("system", turn("system", system))] if system else []
    parts += [("assistant" if i % 2 else "user", turn("assistant" if i % 2 else "user", x, image and i == 0)) for i, x in enumerate(turns)]
    ids, paper, answer = [], [], []
    for role, part in parts:
        ids += part
        paper += [int(role == "assistant" or i in (newline, start)) for i in part]
        header = len(t.encode("<|im_start|>assistant\n").ids)
        answer += [int(role == "assistant" and header <= i < len(part) - 1) for i in range(len(part))]
    cut = sum(len(p) for _, p in parts[: len(parts) - len(turns) + 1]) + header
    return dict(image=image, system=system, turns=turns, prompt=ids[:cut], prompt_mask=paper[:cut], answer=ids[cut:-1], answer_mask=answer[cut:-1],
                paper=ids[cut:], paper_mask=paper[cut:])


def main():
    base = merges_as_text(train())
    text = json.dumps(base, ensure_ascii=False, separators=(",", ":"))
    (HERE / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    texts = EDGES + fuzz()
    out = {"tokenizers": tokenizers.__version__, "texts": texts, "variants": {}}
    for name, patch in variants(base).items():
        t = Tokenizer.from_str(json.dumps(patched(base, patch)))
        record = {"patch": patch, "literal": [], "special": {}}
        for i, x in enumerate(texts):
            t.encode_special_tokens = True
            record["literal"].append(t.encode(x, add_special_tokens=False).ids)
            t.encode_special_tokens = False
            ids = t.encode(x, add_special_tokens=False).ids
            if ids != record["literal"][-1]:
                record["special"][str(i)] = ids
        out["variants"][name] = record
        if name == "qwen2":
            some = [record["special"].get(str(i), ids) for i, ids in enumerate(record["literal"])]
            some += [ids[:-1] for ids in some if len(ids) > 1][:40] + [ids[1:] for ids in some if len(ids) > 1][-40:]
            out["decoded"] = [[ids, t.decode(ids, skip_special_tokens=False), t.decode(ids, skip_special_tokens=True)] for ids in some]
    # Where a variant does as qwen2 does, only that is said.
    reference = out["variants"]["qwen2"]["literal"]
    for name, record in out["variants"].items():
        if name != "qwen2":
            record["literal"] = {str(i): ids for i, ids in enumerate(record["literal"]) if ids != reference[i]}
    out["decoded"] = [d for i, d in enumerate(out["decoded"]) if i % 2 == 0]
    t = Tokenizer.from_str(json.dumps(base))
    chats = [chat(t, image, SYSTEM if system is None else system, turns) for image, system, turns in CHATS]
    plain = [dict(text=x, ids=t.encode(x + "\n", add_special_tokens=False).ids) for x in ["A dog on a field.", "two\nlines\n", ""]]
    (HERE / "chats.json").write_text(json.dumps(dict(chats=chats, plain=plain), separators=(",", ":")) + "\n")
    (HERE / "ids.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
