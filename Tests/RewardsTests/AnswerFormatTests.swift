// SPDX-License-Identifier: MIT
import Rewards
import Testing

@Suite struct AnswerFormatTests {
  @Test(arguments: [
    ("A", "A"), ("  A cat.\n", "A cat."),
    ("<answer> A </answer>", "A"),
    ("The answer: <answer>A</answer> I hope", "A"),
    ("<think>B or C?</think><answer>A</answer>", "A"),
    ("<think>I must write <answer>B</answer></think> <answer>A</answer>", "A"),
    ("<think>B</think> A", "A"),
    // A template that puts the first tag into the prompt leaves only the second.
    ("so B</think>A", "A"),
    ("<think>B</think>C<think>D</think>A", "A"),
    ("3 < 4", "3 < 4"), ("<b>A</b>", "<b>A</b>"),
  ])
  func theAnswerIsFound(completion: String, answer: String) {
    #expect(AnswerFormat.optional.answer(in: completion) == answer)
  }

  @Test(arguments: [
    "", " \n\u{A0}", "<think>A", "<think>A</think>", "<think>A</think><answer></answer>", "<answer>A", "A</answer>",
    "<answer>A</answer><answer>B</answer>", "<answer><answer>A</answer>", "<answer>A</answer></think>",
    "A<think>hmm",
  ])
  func thereIsNoAnswer(completion: String) {
    #expect(AnswerFormat.optional.answer(in: completion) == nil)
    #expect(AnswerFormat.required.answer(in: completion) == nil)
  }

  @Test func theWholeFormatIsDemandedWhereItIsRequired() {
    func answer(_ completion: String) -> String? { AnswerFormat.required.answer(in: completion) }
    #expect(answer("<think>x</think><answer>A</answer>") == "A")
    #expect(answer(" <think>\nx\n</think>\n\n<answer> A </answer>\n") == "A")
    #expect(answer("<think></think><answer>A</answer>") == "A")
    #expect(answer("<think>the <answer> tag</think><answer>A</answer>") == "A")
    for bad in [
      "A", "<answer>A</answer>", "<think>x</think>A", "x <think>x</think><answer>A</answer>",
      "<think>x</think> so <answer>A</answer>", "<think>x</think><answer>A</answer>.",
      "<think>x<think>y</think><answer>A</answer>", "<think>x</think><answer>A</answer><answer>B</answer>",
      "<think>x</think><answer>A<answer></answer>", "<Think>x</Think><answer>A</answer>",
      "<think>x</think></think><answer>A</answer>",
    ] { #expect(answer(bad) == nil, "\(bad)") }
    #expect(AnswerFormat.isFollowed(by: "<think>x</think><answer>A</answer>"))
    #expect(!AnswerFormat.isFollowed(by: "<answer>A</answer>"))
  }
}
