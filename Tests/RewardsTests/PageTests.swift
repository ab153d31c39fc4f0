// SPDX-License-Identifier: MIT
// The tables of examples in docs/REWARDS.md are these tests' own.
import Rewards
import TestSupport
import Testing

@Suite struct PageTests {
  private struct Example {
    let rule: Rule
    let space: BoxSpace?
    let reference: String
    let answer: String
    let reward: Double
    let verdict: Verdict
  }

  private static let header = "| rule | reference | answer | reward | verdict |"

  /// The rows under each such header.
  private func examples() throws -> [Example] {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/REWARDS.md"), as: UTF8.self)
    var examples: [Example] = []
    var isInside = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == Self.header {
        isInside = true
      } else if !line.hasPrefix("|") {
        isInside = false
      } else if isInside, !line.hasPrefix("|---") {
        examples.append(try example(line))
      }
    }
    return examples
  }

  private func example(_ line: Substring) throws -> Example {
    // Cells are code, so that white space in them counts; the rule's may be followed by what its boxes are.
    let cells = line.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    try #require(cells.count == 7, "three cells of code: \(line)")
    let rest = cells[6].split(separator: "|").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    try #require(rest.count == 2, "a reward and a verdict: \(line)")
    return Example(
      rule: try #require(Rule(rawValue: cells[1]), "\(line)"),
      space: BoxSpace(rawValue: cells[2].filter { $0 != " " && $0 != "|" }), reference: cells[3], answer: cells[5],
      reward: try #require(Double(rest[0]), "\(line)"), verdict: try #require(Verdict(rawValue: rest[1]), "\(line)"))
  }

  @Test func everyExampleIsScoredAsThePageSays() throws {
    let examples = try examples()
    #expect(examples.count >= 60)
    for rule in [.vqa, .iou, .anls, .relaxed] as [Rule] {
      let own = examples.filter { $0.rule == rule }
      #expect(own.count >= 8 && Set(own.map(\.verdict)).count >= 2, "\(rule)")
    }
    for example in examples {
      let found = try score(example.rule, example.reference, example.answer, space: example.space)
      let title = "\(example.rule): \(example.reference) and \(example.answer)"
      // The page has three decimals.
      #expect(isClose(found.value, example.reward, tolerance: 0.0005), "\(title): \(found.value)")
      #expect(found.verdict == example.verdict, "\(title): \(found.verdict)")
    }
  }
}
