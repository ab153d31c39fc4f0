// SPDX-License-Identifier: MIT
import Rewards
import StrictJSON
import Testing

@Suite struct SummaryTests {
  private func summary(_ outcomes: [Outcome]) -> JSONValue {
    var summary = RewardSummary()
    for outcome in outcomes { summary.add(outcome) }
    return .object(summary.json)
  }

  private func part(_ json: JSONValue, _ list: String, _ name: String, key: String = "name") -> JSONValue? {
    json[list]?.array?.first { $0[key]?.string == name }
  }

  /// Wilson's interval of 8 of 10: 0.4902 to 0.9433 (Agresti and Coull, The American Statistician 52, 1998, formula).
  @Test func proportionsHaveWilsonsInterval() {
    let json = summary((0..<10).map { Outcome(category: "c", scores: [Score($0 < 8)]) })
    #expect(json["accuracy"]?.double == 0.8)
    #expect(isClose(json["interval"]?["low"]?.double ?? .nan, 0.4901624715366418, tolerance: 1e-9))
    #expect(isClose(json["interval"]?["high"]?.double ?? .nan, 0.9433178485456247, tolerance: 1e-9))
    #expect(json["interval"]?["method"]?.string == "wilson")
    // Near the edge it stays inside and is not empty.
    let right = summary((0..<10).map { _ in Outcome(scores: [Score(true)]) })
    #expect(isClose(right["interval"]?["high"]?.double ?? .nan, 1))
    #expect(isClose(right["interval"]?["low"]?.double ?? .nan, 0.7224672001371107, tolerance: 1e-9))
  }

  /// 0.2, 0.4, 0.9: mean 0.5, deviation 0.36056, error 0.20817, ± 0.40800.
  @Test func gradedRewardsHaveTheNormalInterval() {
    let json = summary([0.2, 0.4, 0.9].map { Outcome(scores: [Score(graded: $0)]) })
    #expect(isClose(json["accuracy"]?.double ?? .nan, 0.5))
    #expect(isClose(json["interval"]?["low"]?.double ?? .nan, 0.0920010, tolerance: 1e-6))
    #expect(json["interval"]?["method"]?.string == "normal")
    #expect(summary([Outcome(scores: [Score(graded: 0.5)])])["interval"]?.isNull == true)
  }

  @Test func severalCompletionsOfAnExampleCountOnce() {
    let json = summary([
      Outcome(scores: [Score(true), Score(false)], cappedCount: 1), Outcome(scores: [Score(true), Score(true)]),
    ])
    #expect(json["accuracy"]?.double == 0.75 && json["examples"]?.int == 2 && json["completions"]?.int == 4)
    #expect(json["capped"]?.int == 1 && json["sampled_groups"]?.int == 2 && json["flat_groups"]?.int == 1)
    #expect(json["right"]?.int == 3 && json["wrong"]?.int == 1)
  }

  @Test func pairsAreFoundByTheirKeysInAnyOrder() {
    // MMVP: pair 1 right and right, pair 2 right and wrong, pair 3 wrong and wrong.
    let outcomes = [(1, true), (1, true), (2, true), (2, false), (3, false), (3, false)].map { key, isRight in
      Outcome(benchmark: "mmvp", pair: "\(key)", scores: [Score(isRight)])
    }
    let orders = [outcomes, outcomes.reversed(), [0, 2, 4, 1, 3, 5].map { outcomes[$0] }]
    for order in orders {
      let json = summary(order)
      let score = part(json, "benchmarks", "MMVP")
      #expect(isClose(score?["score"]?.double ?? .nan, 1.0 / 3))
      #expect(score?["group"]?.string == "Vision-centric")
      #expect(part(json, "groups", "Vision-centric")?["score"]?.double == score?["score"]?.double)
      #expect(json["accuracy"]?.double == 0.5)
    }
    // Two completions each: the first ones of both questions, and the second ones.
    let twice = summary([
      Outcome(pair: "1", scores: [Score(true), Score(true)]), Outcome(pair: "1", scores: [Score(true), Score(false)]),
    ])
    #expect(twice["categories"]?.array?[0]["pair_accuracy"]?.double == 0.5)
  }

  /// MME: (acc + acc+) / 2 of each category of perception; 100 (acc + acc+) summed over ten is its usual number.
  @Test func mmeAveragesAccuracyAndPairsOverPerception() {
    func category(_ name: String, _ right: [[Bool]]) -> [Outcome] {
      right.enumerated().flatMap { key, answers in
        answers.map { Outcome(benchmark: "MME", category: name, pair: "\(key)", scores: [Score($0)]) }
      }
    }
    let json = summary(
      category("existence", [[true, true], [true, false]])  // acc 0.75, acc+ 0.5
        + category("count", [[true, true], [true, true]])  // 1 and 1
        + category("code_reasoning", [[false, false]]))
    #expect(isClose(part(json, "benchmarks", "MME")?["score"]?.double ?? .nan, (0.625 + 1) / 2))
  }

  @Test func groupsAreMeansOfTheirBenchmarks() {
    func outcomes(_ benchmark: String, right: Int, of count: Int, source: String? = nil) -> [Outcome] {
      (0..<count).map { Outcome(benchmark: benchmark, source: source, scores: [Score($0 < right)]) }
    }
    let json = summary(
      outcomes("gqa", right: 1, of: 4) + outcomes("SEED", right: 10, of: 10)
        + outcomes("cv_bench_2d", right: 4, of: 4, source: "COCO")
        + outcomes("CV-Bench-2D", right: 0, of: 2, source: "ADE20K") + outcomes("mine", right: 1, of: 2)
        + outcomes("MMVP", right: 1, of: 2))
    #expect(isClose(part(json, "groups", "General")?["score"]?.double ?? .nan, 0.625))
    #expect(part(json, "benchmarks", "CV-Bench-2D")?["score"]?.double == 0.5)
    #expect(part(json, "benchmarks", "mine")?["group"] == nil)
    #expect(part(json, "benchmarks", "MMVP")?["method"]?.string == "mean (no pair keys)")
    #expect(json["groups"]?.array?.map { $0["name"]?.string } == ["General", "Vision-centric"])
  }

  @Test func theTableIsForPeople() {
    var summary = RewardSummary()
    for index in 0..<10 {
      summary.add(Outcome(category: index < 6 ? "colour" : "count", scores: [Score(index % 2 == 0)]))
    }
    summary.add(Outcome(category: "count", scores: [.unparsable], cappedCount: 1))
    #expect(
      summary.table == """
                examples  accuracy   interval  unparsable  timeout  capped
        colour         6      50.0  18.8-81.2           0        0       0
        count          5      40.0  11.8-76.9           1        0       1
        all           11      45.5  21.3-72.0
        verdicts of 11 completions: right 5, wrong 5, partial 0, unparsable 1, timeout 0; capped 1
        """, "\(summary.table)")
  }
}
