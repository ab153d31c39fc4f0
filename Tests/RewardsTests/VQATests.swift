// SPDX-License-Identifier: MIT
// The rule vqa against the official script: every text against every list of answers of Tests/Fixtures/vqa.
import Rewards
import StrictJSON
import TestSupport
import Testing

@Suite struct VQATests {
  @Test func accuraciesAreTheOfficialScripts() throws {
    let bytes = try readFile(fixture("vqa/cases.jsonl"))
    let lines = try bytes.split(separator: 0x0A).map { try JSONValue.parse(Array($0)) }
    let asked = try #require(lines.last?["asked"]?.array).compactMap(\.string)
    #expect(asked.count > 100 && lines.count > 80)
    var right = 0
    for line in lines.dropLast() {
      let said = try #require(line["said"])
      let scorer = try Rule.vqa.scorer(for: Reference(said.text()))
      for answer in asked {
        let expected = line["right"]?[answer]?.double ?? 0
        let score = scorer(answer)
        // An empty completion never reaches a rule, so that nobody earns for saying nothing.
        if answer.isEmpty { continue }
        #expect(isClose(100 * score.value, expected, tolerance: 1e-4), "\(answer) against \(said.text())")
        if expected > 0 { right += 1 }
      }
    }
    #expect(right > 500)
  }

  /// What normalises to nothing is an answer, and no reason to end a run.
  @Test func textsOfWhichNothingIsLeft() throws {
    let half = #"["the","a",".","the","An","red","red","red","red","red"]"#
    #expect(try score(.vqa, half, "the").value == 1)
    #expect(try score(.vqa, half, "?").value == 1)
    #expect(try score(.vqa, half, "red").value == 1)
    #expect(try score(.vqa, half, "").verdict == .unparsable)
    #expect(try score(.vqa, #"["red","blue"]"#, "the").verdict == .unparsable)
    // One answer of which nothing is left is met by itself alone.
    #expect(try score(.vqa, "the", "The").value == 1)
    #expect(try score(.vqa, "the", ".").value == 0)
    #expect(throws: ReferenceError.self) { try score(.vqa, " ", "red") }
  }
}
