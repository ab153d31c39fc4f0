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
    // One graded value says almost nothing, and equal ones do not tell their variance.
    let single = summary([Outcome(scores: [Score(graded: 0.5)])])["interval"]
    #expect((single?["low"]?.double ?? 1) < 0.1 && (single?["high"]?.double ?? 0) > 0.9)
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

  /// POPE is quoted by the F1 of yes, with precision, recall and the share of yes beside it, and for each of its three files.
  @Test func popeIsScoredAsADetector() throws {
    // Truth, answer: 3 hits, 1 false alarm, 2 misses (one says neither), 2 right noes.
    let random: [(String, String?)] = [("yes", "Yes."), ("yes", "yes"), ("no", "yes"), ("no", "No")]
    let popular: [(String, String?)] = [("yes", "yes, it is"), ("yes", "no"), ("yes", "a dog"), ("no", "no")]
    func outcomes(_ category: String, _ answers: [(String, String?)]) throws -> [Outcome] {
      try answers.map { truth, answer in
        Outcome(
          benchmark: "pope", category: category, scores: [try score(.yesNo, truth, answer ?? "")],
          yesNo: Outcome.YesNo(reference: truth, answers: [answer]))
      }
    }
    var all = RewardSummary()
    for outcome in try outcomes("random", random) + outcomes("popular", popular) { all.add(outcome) }
    let json = JSONValue.object(all.json)
    let pope = try #require(part(json, "benchmarks", "POPE"))
    // P = 3/4, R = 3/5, F1 = 6/9, yes 4 of 8.
    #expect(isClose(pope["score"]?.double ?? .nan, 2.0 / 3) && pope["method"]?.string == "F1 of yes")
    #expect(pope["yes_no"]?["precision"]?.double == 0.75 && pope["yes_no"]?["recall"]?.double == 0.6)
    #expect(pope["yes_no"]?["yes_ratio"]?.double == 0.5 && pope["yes_no"]?["hits"]?.int == 3)
    // J = 3/6: Wilson's 0.1876 to 0.8124, through 2J / (1 + J).
    #expect(isClose(pope["interval"]?["low"]?.double ?? .nan, 0.315954413, tolerance: 1e-8), "\(pope.text())")
    #expect(isClose(pope["interval"]?["high"]?.double ?? .nan, 0.896480912, tolerance: 1e-8))
    let parts = try #require(json["categories"]?.array)
    #expect(parts.map { $0["yes_no"]?["recall"]?.double } == [1.0 / 3, 1])
    #expect(parts.map { $0["yes_no"]?["precision"]?.double } == [1, 2.0 / 3])
    #expect(
      all.table.contains(
        """
        POPE       precision  recall    F1   yes
          popular      100.0    33.3  50.0  25.0
          random        66.7   100.0  80.0  75.0
          all           75.0    60.0  66.7  50.0
        """), "\(all.table)")
    #expect(all.table.contains("POPE (F1)"))
    // Nothing claimed: no precision, and F1 is 0 without being certain.
    var silent = RewardSummary()
    for outcome in try outcomes("random", [("yes", "no"), ("yes", "no")]) { silent.add(outcome) }
    let none = part(.object(silent.json), "benchmarks", "POPE")
    #expect(none?["yes_no"]?["precision"]?.isNull == true && none?["score"]?.double == 0)
    #expect((none?["interval"]?["high"]?.double ?? 0) > 0.5)
    // Two completions of one question are no independent answers.
    var twice = RewardSummary()
    twice.add(
      Outcome(
        benchmark: "POPE", scores: [Score(true), Score(false)],
        yesNo: Outcome.YesNo(reference: "yes", answers: ["yes", "no"])))
    #expect(part(.object(twice.json), "benchmarks", "POPE")?["interval"]?.isNull == true)
  }

  @Test func mmeHasItsTotals() throws {
    func category(_ name: String, _ right: [[Bool]]) -> [Outcome] {
      right.enumerated().flatMap { key, answers in
        answers.map { Outcome(benchmark: "MME", category: name, pair: "\(key)", scores: [Score($0)]) }
      }
    }
    var all = RewardSummary()
    let outcomes =
      category("existence", [[true, true], [true, false]])  // 75 + 50
      + category("count", [[true, true], [true, true]])  // 200
      + category("code_reasoning", [[true, false]])  // 50 + 0
    for outcome in outcomes { all.add(outcome) }
    let totals = try #require(part(.object(all.json), "benchmarks", "MME")?["totals"]?.array)
    #expect(totals.map { $0["part"]?.string } == ["perception", "cognition"])
    #expect(totals.map { $0["total"]?.double } == [325, 50] && totals.map { $0["of"]?.int } == [400, 200])
    let line = "MME: perception 325.0 of 400 (2 of 10 categories), cognition 50.0 of 200 (1 of 4 categories)"
    #expect(all.table.contains(line), "\(all.table)")
    var whole = RewardSummary()
    for outcome in (0..<10).flatMap({ category("part \($0)", [[true, true]]) }) { whole.add(outcome) }
    #expect(whole.table.contains("MME: perception 2000.0 of 2000 (10 categories)"), "\(whole.table)")
  }

  @Test func whatIsNotTheBenchmarksOwnScoreIsSaid() throws {
    func summary(_ outcomes: [Outcome]) -> RewardSummary {
      var summary = RewardSummary()
      for outcome in outcomes { summary.add(outcome) }
      return summary
    }
    func outcomes(_ benchmark: String, _ category: String, _ pairs: [String?]) -> [Outcome] {
      pairs.map { Outcome(benchmark: benchmark, category: category, pair: $0, scores: [Score(true)]) }
    }
    // No keys: one line a benchmark, and no totals.
    let without = summary(
      outcomes("MME", "existence", [nil, nil]) + outcomes("mme", "code_reasoning", [nil, nil])
        + outcomes("MMVP", "-", [nil]) + outcomes("MMBench", "-", [nil, nil]) + outcomes("GQA", "-", [nil]))
    let mean = "so its score is the mean and not"
    #expect(
      without.warnings(pairKey: "twin") == [
        "MMBench: 2 of 2 frames have no metadata \"twin\", \(mean) the share of pairs that are right; see --pair-key",
        "MME: 4 of 4 frames have no metadata \"twin\", \(mean) (acc + acc+) / 2; see --pair-key",
        "MMVP: 1 of 1 frames have no metadata \"twin\", \(mean) the share of pairs that are right; see --pair-key",
      ])
    let line = "MME: perception - of 200 (1 of 10 categories), cognition - of 200 (1 of 4 categories)"
    #expect(without.table.contains(line), "\(without.table)")
    let totals = part(.object(without.json), "benchmarks", "MME")?["totals"]?.array
    #expect(totals?.map { $0["total"]?.isNull } == [true, true])
    // Some keys.
    let some = summary(outcomes("MMVP", "-", ["1", "1", nil]))
    #expect(
      some.warnings(pairKey: "pair_id") == [
        "MMVP: 1 of 3 frames have no metadata \"pair_id\" and are in no pair; see --pair-key"
      ])
    let half = summary(outcomes("MMVP", "-", ["1", "1", "2"]))
    #expect(half.warnings(pairKey: "pair_id").count == 1 && half.warnings(pairKey: "x")[0].contains("half of a pair"))
    // All keys; and only cognition, which has totals and no perception.
    #expect(summary(outcomes("MME", "existence", ["1", "1"])).warnings(pairKey: "pair_id").isEmpty)
    let cognition = summary(outcomes("MME", "code_reasoning", ["1", "1"]))
    #expect(part(.object(cognition.json), "benchmarks", "MME")?["method"]?.string == "mean (no perception)")
    #expect(cognition.table.contains("MME: cognition 200.0 of 200 (1 of 4 categories)"), "\(cognition.table)")
  }

  @Test func popeWithoutBothTruthsSaysWhy() throws {
    func pope(_ answers: [(truth: String?, answer: String)]) -> RewardSummary {
      var summary = RewardSummary()
      for (truth, answer) in answers {
        let yesNo = truth.flatMap { Outcome.YesNo(reference: $0, answers: [answer]) }
        summary.add(Outcome(benchmark: "POPE", scores: [Score(truth == answer)], yesNo: yesNo))
      }
      return summary
    }
    #expect(pope([("yes", "no"), ("no", "no")]).warnings(pairKey: "").isEmpty)
    // Whether one answer is a false alarm must not turn the mean into an F1 of 0.
    for answers in [["no", "no"], ["no", "yes"]] {
      let none = pope(answers.map { ("no", $0) })
      let score = part(.object(none.json), "benchmarks", "POPE")
      #expect(score?["method"]?.string == "mean" && score?["score"]?.double == (answers[1] == "no" ? 1 : 0.5))
      #expect(none.warnings(pairKey: "") == ["POPE: no reference is \"yes\", so there is no F1; its score is the mean"])
    }
    let all = pope([("yes", "no"), ("yes", "yes")])
    #expect(
      all.warnings(pairKey: "") == [
        "POPE: every reference is \"yes\", so its F1 knows no false alarm and says no more than recall"
      ])
    let other = pope([("yes", "yes"), (nil, "no")])
    #expect(
      other.warnings(pairKey: "") == [
        "POPE: 1 of 2 completions were not scored by the rule yesno, so there is no F1; its score is the mean"
      ])
  }

  /// All right, or none: a group's interval is as honest as its benchmarks'.
  @Test func groupsOfExtremesHaveWidth() throws {
    func interval(_ right: [(String, Bool, Int)]) throws -> (Double, Double) {
      var all = RewardSummary()
      for (name, isRight, count) in right {
        for _ in 0..<count { all.add(Outcome(benchmark: name, scores: [Score(isRight)])) }
      }
      let interval = try #require(part(.object(all.json), "groups", "General")?["interval"])
      return (try #require(interval["low"]?.double), try #require(interval["high"]?.double))
    }
    let single = try interval([("GQA", false, 8)])
    #expect(single.0 == 0 && isClose(single.1, 0.32440756488388034))
    let both = try interval([("GQA", true, 4), ("SEED", true, 4)])
    #expect(both.1 == 1 && both.0 > 0.5 && both.0 < 0.7)
    let mixed = try interval([("GQA", true, 4), ("SEED", false, 8)])
    #expect(mixed.0 < 0.3 && mixed.1 > 0.6)
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
