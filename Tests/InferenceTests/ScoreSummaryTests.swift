// SPDX-License-Identifier: MIT
// The table of score --summary: what is right, what guessing reaches, and ties.
import TensorStream
import Testing

@testable import Inference

@Suite struct ScoreSummaryTests {
  private func frame(_ metadata: Metadata) -> Frame { Frame(metadata: metadata, source: "stdin", number: 0) }

  /// The last line's cells behind its name.
  private func cells(_ summary: ScoreSummary) -> [String] {
    summary.table.split(separator: "\n").last?.split(separator: " ").dropFirst().map(String.init) ?? []
  }

  private func choices(_ examples: [(logps: [Double], truth: Int)]) -> [String] {
    var summary = ScoreSummary()
    for (logps, truth) in examples { summary.addChoices(frame(["id": "a", "gt": "\(truth)"]), logps: logps) }
    return cells(summary)
  }

  @Test func theLikeliestChoiceCounts() {
    #expect(choices([([-3, -1, -2], 1)])[1] == "100.0")
    #expect(choices([([-3, -1, -2], 0)])[1] == "0.0")
    #expect(choices([([-3, -1, -2], 2)])[1] == "0.0")
    // 1 of 4 right: half of Wilson's interval at z = 1, √(.25 · .75 / 4 + 1/64) / 1.25; guessing 1/3; "1" is right three
    // times of four; Wilson's interval.
    let some = choices([([-3, -1, -2], 0), ([-3, -1, -2], 1), ([-1, -3, -2], 1), ([-1, -3, -2], 1)])
    #expect(some == ["4", "25.0", "20.0", "33.3", "75.0", "4.6-69.9"])
  }

  /// A model that says the same for all is at chance, first or last as the right answer may stand.
  @Test func aModelThatFindsAllAlikeIsAtChance() {
    for truth in 0..<4 {
      let all = choices((0..<10).map { _ in ([-2, -2, -2, -2], truth) })
      #expect(all[1] == "25.0" && all[3] == "25.0", "truth \(truth): \(all)")
    }
    var pairs = ScoreSummary()
    for _ in 0..<10 { pairs.addPair(frame(["id": "a"]), chosen: -2, rejected: -2) }
    #expect(cells(pairs)[1] == "50.0" && cells(pairs)[3] == "50.0")
  }

  @Test func aTieCountsInPart() {
    #expect(choices([([-2, -2, -9], 0)])[1] == "50.0")
    #expect(choices([([-2, -2, -9], 1)])[1] == "50.0")
    #expect(choices([([-2, -2, -9], 2)])[1] == "0.0")
    #expect(choices([([-2, -2, -1], 0)])[1] == "0.0")
    #expect(choices([([-2, -2, (-2.0).nextUp], 2)])[1] == "100.0")
  }

  @Test func aPairIsRightWhereTheChosenIsLikelier() {
    var pairs = ScoreSummary(by: "type")
    for (chosen, rejected) in [(-1.0, -2.0), (-1, -3), (-2, -1), (-5, -4)] {
      pairs.addPair(frame(["id": "a", "type": "t"]), chosen: chosen, rejected: rejected)
    }
    #expect(cells(pairs) == ["4", "50.0", "22.4", "50.0", "-", "15.0-85.0"])
  }

  @Test func theTruthIsATextOrANumber() {
    var summary = ScoreSummary()
    let texts = #"["2", "yes", "0"]"#
    for (gt, best) in [("yes", 1), ("2", 0), ("0", 2), ("1", 1)] {  // a text goes before a number
      var logps = [-5.0, -5, -5]
      logps[best] = -1
      summary.addChoices(frame(["id": "a", "gt": gt, "choices": texts]), logps: logps)
    }
    #expect(cells(summary)[0...1] == ["4", "100.0"])
    for gt in ["3", "-1", "maybe", nil] {
      var metadata: Metadata = ["id": "a", "choices": texts]
      metadata["gt"] = gt
      summary.addChoices(frame(metadata), logps: [-1, -2, -3])
    }
    #expect(summary.table.hasSuffix("(4 without a \"gt\" among their choices are not counted)"))
    #expect(summary.table.split(separator: "\n").count == 3)  // one category needs no line for all
  }
}
