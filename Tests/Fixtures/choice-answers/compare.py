# SPDX-License-Identifier: MIT
"""Adds to cases.tsv what other extractors say, and prints their rates.

The first six columns are ours, judged by hand, and stay as they are. The others are rewritten: 1 where the extractor
takes the answer for the reference, 0 where it does not, nothing where it has no way to (a reference of several letters).

    vlmevalkit    can_infer of vlmeval/utils/matching_util.py
    lmms-mmmu     parse_mmmu_multi_choice_response of lmms_eval/tasks/_task_utils/mmmu_mcq_utils.py; a letter that it
                  draws at random because it found none counts as none
    lmms-extract  extract_mcq_answer of lmms_eval/tasks/_task_utils/mcq_extract.py
    math-verify   parse and verify with StringExtractionConfig

Only these files of the first two packages are loaded, so neither needs its dependencies. ms-vlmeval is VLMEvalKit's
name on PyPI:

    pip install --no-deps lmms-eval==0.7.3 ms-vlmeval==0.0.20
    pip install math-verify==0.9.0 numpy
    python3 Tests/Fixtures/choice-answers/compare.py
"""
import importlib.util
import logging
import pathlib
import re
import string
import sys
import types

from math_verify import StringExtractionConfig, parse, verify

logging.disable(logging.CRITICAL)
TABLE = pathlib.Path(__file__).with_name("cases.tsv")
OURS = ["answer", "choices", "options", "reference", "verdict", "note"]


def load(path):
    """One file of an installed package, by its path, without what the package itself imports."""
    for entry in sys.path:
        if (file := pathlib.Path(entry) / path).is_file():
            spec = importlib.util.spec_from_file_location(file.stem, file)
            spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
            return module
    sys.exit(f"{path} is not installed; the head of this script says how to get it")


# VLMEvalKit's file asks for a logger only.
log = types.ModuleType("vlmeval.smp.log")
log.get_logger = logging.getLogger
sys.modules.update({"vlmeval": types.ModuleType("vlmeval"), "vlmeval.smp": types.ModuleType("smp"), log.__name__: log})
vlmevalkit = load("vlmeval/utils/matching_util.py")
lmms_mmmu = load("lmms_eval/tasks/_task_utils/mmmu_mcq_utils.py")
lmms_extract = load("lmms_eval/tasks/_task_utils/mcq_extract.py")
lmms_mmmu.random.choice = lambda _: None

EXTRACTORS = {
    "vlmevalkit": lambda answer, options: vlmevalkit.can_infer(answer, dict(options)),
    "lmms-mmmu": lambda answer, options: lmms_mmmu.parse_mmmu_multi_choice_response(answer, list(options), options),
    "lmms-extract": lambda answer, options: lmms_extract.extract_mcq_answer(answer, list(options)),
    "math-verify": lambda answer, options: parse(answer, [StringExtractionConfig(strings=tuple(options))]),
}


def unescaped(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)


def opinion(name, answer, choices, count, reference):
    texts = [unescaped(text) for text in choices.split("|")] if choices else []
    count = 26 if count == "none" else int(count)
    # Without texts each option gets one that no answer holds.
    options = {letter: texts[i] if texts else f"<{i}>" for i, letter in enumerate(string.ascii_uppercase[:count])}
    wanted = next((letter for letter, text in options.items() if text == reference), reference)
    if len(wanted) != 1:
        return ""
    said = EXTRACTORS[name](unescaped(answer).strip(), options)
    if name == "math-verify":
        return str(int(bool(verify(parse(wanted, [StringExtractionConfig(strings=tuple(options))]), said))))
    return str(int(said == wanted))


def main():
    rows = [line.split("\t")[:len(OURS)] for line in TABLE.read_text().splitlines()[1:]]
    for row in rows:
        row += [opinion(name, *row[:4]) for name in EXTRACTORS]
    TABLE.write_text("".join("\t".join(row) + "\n" for row in [OURS + list(EXTRACTORS), *rows]))
    print("extractor      right ones rejected    others accepted")
    for column, name in enumerate(EXTRACTORS, len(OURS)):
        compared = [row for row in rows if row[column]]
        right = [row[column] for row in compared if row[4] == "right"]
        other = [row[column] for row in compared if row[4] != "right"]
        print(f"{name:14} {right.count('0'):10} of {len(right)} {other.count('1'):14} of {len(other)}")


main()
