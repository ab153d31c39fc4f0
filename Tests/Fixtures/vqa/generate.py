#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the official VQA evaluation makes of a grid of texts.

    python3 generate.py VQA/PythonEvaluationTools/vqaEvaluation/vqaEval.py > cases.jsonl

The script is that of https://github.com/GT-Vision-Lab/VQA (branch master); nothing of it is in this folder. A line is one
question: what people answered, and the accuracy of each answer, in per cent.
"""
import importlib.util
import json
import random
import sys

TEXTS = [
    "yes", "Yes", "yes.", " YES ", "no", "the", "a", "An", "the a", ".", "...", "?", "-", "!?", "",
    "2", "two", "Two.", "2.0", "2.5", ".5", "5.", "none", "0", "zero", "10", "ten", "eleven", "1,000", "1000", "1,000.", "3,4",
    "red", "Red.", "the red", "red the", "dark red", "dark  red", "dark\tred", "dark\nred", "dark\rred", "red/blue", "red / blue",
    "red, blue", "red,blue", "red blue", "blue and red", "t-shirt", "t shirt", "tshirt", "t-shirt - red", "tshirt red",
    "dont", "don't", "dont know", "couldnt've", "couldn't've", "couldn'tve", "somebody'd", "somebodyd", "somebodyd've", "let's",
    "Im", "I'm", "ow's'at", "'ow's'at", "twas", "'twas", "shed", "she'd", "wed", "we'd", "well", "whos", "who's",
    "u.s.a.", "usa", "u.s.a", "a.m.", "am", "10 a.m.", "10 am", "$5", "5$", "50%", "50 %", "#1", "1st", "(left)", "left", "[left]",
    "it's", "its", "man's", "the man's", "mans'", "a&b", "a & b", "a:b", "a: b", "a;b", "a; b", "\"red\"", "“red”", "`red`",
    "x=3", "x = 3", "a+b", "a_b", "a@b.c", "a\\b", "<b>", "{b}", "b", "rue de l'été", "été", "ÉTÉ", "赤い", "赤い。",
    "no\u00a0one", "no one", "\u00a0red\u00a0", "red\u3000blue", "red\x1cblue", "." * 31 + "x", "." * 40 + "x", "x" + "." * 40, "x",
]


class Asked:
    """The part of the script's VQA class that its evaluation reads."""

    def __init__(self, questions):
        self.qa = questions

    def getQuesIds(self):
        return list(self.qa)


def main():
    spec = importlib.util.spec_from_file_location("vqaEval", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    draw = random.Random(7)
    lists = [[text] * 10 for text in ("yes", "the", "2", ".", "Red.", "don't")]
    lists += [[text] * count + ["somethingelse"] * (10 - count) for text in ("the", "red", "two") for count in range(1, 10)]
    lists += [["the", "a", ".", "?", "red", "red", "blue", "the", "An", "yes"], ["yes", "Yes"], ["red", "blue", "red"]]
    # Each text is among what people said at least twice.
    order = TEXTS * 2
    draw.shuffle(order)
    lists += [[draw.choice(order[i:i + 4]) for _ in range(6)] + order[i:i + 4] for i in range(0, len(order), 4)]
    for said in lists:
        questions, answers = {}, {}
        for number, text in enumerate(TEXTS):
            people = [{"answer": answer, "answer_id": i + 1} for i, answer in enumerate(said)]
            questions[number] = {"answers": people, "question_type": "what", "answer_type": "other"}
            answers[number] = {"answer": text}
        evaluation = module.VQAEval(Asked(questions), Asked(answers), n=4)
        evaluation.evaluate()
        right = {TEXTS[i]: accuracy for i, accuracy in evaluation.evalQA.items() if accuracy > 0}
        print(json.dumps({"said": said, "right": right}, ensure_ascii=False))
    print(json.dumps({"asked": TEXTS}, ensure_ascii=False))


main()
