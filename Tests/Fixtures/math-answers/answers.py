# SPDX-License-Identifier: MIT
"""Fills a column of answers.tsv: answer, reference, verdict due, note, what Math-Verify says, what lmms-eval says.

The first four columns are written by hand. The others are the opinions (1 or 0) of published code on the same texts,
each in an environment of its own, since their readers of LaTeX need different runtimes:

    python answers.py math-verify       # math-verify 0.9.0, latex2sympy2_extended 1.11.0, sympy 1.14.0
    python answers.py lmms-eval         # lmms-eval 0.5.0 (--no-deps), latex2sympy2 1.9.1, and what its rule for
                                        # MathVision imports: numpy, pandas, pyyaml, requests, loguru, tqdm

Math-Verify is taken at its most generous: each text as it stands, and as a formula. Of lmms-eval it is the rule of
MathVision, which finds the answer in the text and compares it. VLMEvalKit is not on PyPI.
"""
import importlib.util
import logging
import pathlib
import re
import signal
import sys
import types

TABLE = pathlib.Path(__file__).with_name("answers.tsv")
logging.disable(logging.CRITICAL)


def math_verify():
    from math_verify import parse, verify

    def readings(text):
        marked = any(mark in text for mark in ("$", "\\boxed", "\\(", "\\[")) or "nswer" in text
        return [parse(text)] if marked else [parse(text), parse(f"${text}$")]

    return lambda reference, answer: any(
        verify(gold, said) for gold in readings(reference) for said in readings(answer))


def lmms_eval():
    # The package imports every model it knows; the rule is one file, loaded with its own helper beside it.
    folder = pathlib.Path(importlib.util.find_spec("lmms_eval").submodule_search_locations[0]) / "tasks" / "mathvision"

    def load(name, path):
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    judge = types.ModuleType("lmms_eval.llm_judge")
    judge.ServerConfig = judge.get_server = lambda *_, **__: None
    for name in ("lmms_eval", "lmms_eval.tasks", "lmms_eval.tasks.mathvision"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["lmms_eval.llm_judge"] = judge
    load("lmms_eval.tasks.mathvision.eval_utils", folder / "eval_utils.py")
    rule = load("lmms_eval.tasks.mathvision.utils", folder / "utils.py").mathvision_process_results

    def opinion(reference, answer):
        scored = rule({"answer": reference, "options": []}, [answer])
        return scored["mathvision_standard_eval"]["scores"][0]

    return opinion


def visible(text):
    """What either is given of an answer with tags: what our own reader of tags leaves."""
    text = text.replace("⏎", "\n")
    found = re.search(r"<answer>(.*)</answer>", text, re.S)
    return found.group(1) if found else text.split("</think>")[-1].strip()


def main():
    place, opinion = {"math-verify": (4, math_verify), "lmms-eval": (5, lmms_eval)}[sys.argv[1]]
    opinion = opinion()
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]

    def give_up(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    for row in rows:
        row += [""] * (6 - len(row))
        signal.alarm(20)
        try:
            row[place] = str(int(bool(opinion(row[1], visible(row[0])))))
        except Exception:
            row[place] = "0"
        finally:
            signal.alarm(0)
    TABLE.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


main()
