// SPDX-License-Identifier: MIT
// pipelines/convert: files as the benchmarks publish them become lines that imgtok reads.
import StrictJSON
import TestSupport
import Testing

@Suite struct ConvertTests {
  /// The lines that `arguments` give, in a folder with these files.
  private func convert(_ arguments: String, _ files: [String: String]) throws -> (
    lines: [JSONValue], result: ToolResult
  ) {
    try withTemporaryDirectory { folder in
      _ = try runPipeline("mkdir questions", in: folder)
      for (name, text) in files { try writeFile(folder + "/" + name, text) }
      let result = try runPipeline("'\(repositoryRoot)/pipelines/convert' \(arguments)", in: folder)
      return (try result.lines.map { try JSONValue.parse(Array($0.utf8)) }, result)
    }
  }

  private func expect(_ line: JSONValue, _ expected: [String: JSONValue]) {
    for (key, value) in expected { #expect(line[key] == value, "\(key): \(line.text())") }
  }

  @Test func mmvpPairsFollowTheIndexNotTheLine() throws {
    let text = """
      \u{FEFF}lndex,Question,Options,Correct Answer
      4,"Is it open, or not?",(a) Open (b) Closed,(b)
      1,First?,(a) Yes (b) No,(a)
      3,Third?,(a) One (b) Two (c) Three,(c)
      """
    let (lines, _) = try convert("mmvp q.csv --images 'MMVP Images'", ["q.csv": text])
    #expect(lines.map { $0["pair_id"]?.string } == ["mmvp-pair-1", "mmvp-pair-0", "mmvp-pair-1"])
    expect(
      lines[0],
      [
        "image": "MMVP Images/4.jpg", "gt": "B", "reward": "mcq", "benchmark": "MMVP",
        "question":
          "Is it open, or not?\nA. Open\nB. Closed\nAnswer with the option's letter from the given choices directly.",
      ])
    #expect(lines[2]["gt"] == "C")
  }

  @Test func cvBenchKeepsItsSources() throws {
    let line = #"""
      {"idx": 7, "type": "2D", "task": "Count", "question": "How many?", "choices": ["0", "1"], "answer": "(B)", \#
      "filename": "img/2D/7.png", "source": "ADE20K"}
      """#
    let (lines, _) = try convert("cvbench t.jsonl --images cv", ["t.jsonl": line])
    expect(
      lines[0],
      ["image": "cv/img/2D/7.png", "gt": "B", "benchmark": "CV-Bench-2D", "source": "ADE20K", "category": "Count"])
  }

  @Test func chartQAAndPOPENameTheirParts() throws {
    let (charts, _) = try convert(
      "chartqa test_human.json --images png",
      ["test_human.json": #"[{"imgname": "1.png", "query": "Q", "label": "3.5"}]"#])
    expect(
      charts[0], ["image": "png/1.png", "gt": "3.5", "reward": "relaxed", "category": "human", "id": "chartqa-human-0"])
    let (pope, _) = try convert(
      "pope coco_pope_random.json",
      ["coco_pope_random.json": #"{"question_id": 1, "image": "a.jpg", "text": "Is there a dog?", "label": "no"}"#])
    expect(pope[0], ["gt": "no", "reward": "yesno", "category": "random", "benchmark": "POPE"])
  }

  @Test func aDiagramsQuestionsBecomeLinesAndASplitKeepsItsOwn() throws {
    let diagram = #"""
      {"imageName": "5.png", "questions": {"What eats?": {"answerTexts": ["fox", "hare"], "correctAnswer": 1, \#
      "questionId": "5.png-0", "abcLabel": false}}}
      """#
    let files = ["questions/5.png.json": diagram, "questions/6.png.json": diagram, "ids.csv": "6\n"]
    let (all, _) = try convert("ai2d questions", files)
    #expect(all.count == 2)
    expect(all[0], ["image": "5.png", "gt": "B", "reward": "mcq", "category": "text"])
    #expect(try convert("ai2d questions --ids ids.csv", files).lines.count == 1)
  }

  @Test func vqaHasTheAnswersOfTenPeople() throws {
    let questions =
      #"{"data_subtype": "val2014", "questions": [{"image_id": 42, "question": "Q?", "question_id": 420}]}"#
    let answers = Array(repeating: #"{"answer": "yes"}"#, count: 10).joined(separator: ",")
    let annotations = #"{"annotations": [{"question_id": 420, "answer_type": "yes/no", "answers": [\#(answers)]}]}"#
    let (lines, _) = try convert("vqav2 q.json a.json", ["q.json": questions, "a.json": annotations])
    expect(lines[0], ["image": "COCO_val2014_000000000042.jpg", "reward": "vqa", "category": "yes/no"])
    #expect(lines[0]["gt"]?.array?.count == 10)
    let (_, alone) = try convert("vqav2 q.json", ["q.json": questions])
    #expect(alone.status == 1 && alone.stderr.contains("none of the files has \"annotations\""), "\(alone.stderr)")
  }

  @Test(arguments: [
    (
      "mmvp q.csv", "q.csv", "Index,Question,Options,Correct Answer\n1,Q,(a) Yes (b) No,(d)\n",
      "names none of 2 options"
    ),
    (
      "pope p.json", "p.json", #"{"question_id": 1, "image": "a", "text": "Q", "label": "maybe"}"#, "expected yes or no"
    ),
    ("chartqa c.json", "c.json", #"[{"imgname": "1.png"}]"#, "has no \"query\"; its keys are imgname"),
    ("chartqa c.json", "c.json", "[]", "no question in it"),
    ("chartqa c.json", "c.json", "{", "c.json:1"),
    ("ai2d c.json", "c.json", "{}", "is no folder"),
  ]) func whatIsWrongIsSaidInOneLine(_ arguments: String, _ name: String, _ text: String, _ message: String) throws {
    let (_, result) = try convert(arguments, [name: text])
    #expect(result.status == 1 && result.stderr.contains(message), "\(result.stderr)")
    #expect(result.stderr.split(separator: "\n").count == 1)
  }
}
