// SPDX-License-Identifier: MIT
import Rewards
import Testing

@Suite struct PairingTests {
  private func pairs(
    _ choice: PairChoice, _ rewards: [Double], capped: Set<Int> = [], use: CappedUse = .rejected, margin: Double = 0,
    same: [Int: Int] = [:], seed: UInt64 = 0, id: String = "a"
  ) -> [[Int]] {
    var pairing = Pairing(choice: choice, margin: margin, capped: use, seed: seed)
    return pairing.pairs(
      rewards: rewards, isCapped: rewards.indices.map(capped.contains), sameAs: rewards.indices.map { same[$0] ?? $0 },
      id: id
    ).map { [$0.chosen, $0.rejected] }
  }

  @Test func theBestMeetsTheWorst() {
    #expect(pairs(.bestWorst, [0.5, 1, 0, 1, 0]) == [[1, 2]])
    #expect(pairs(.bestWorst, [1, 1, 1]) == [])
    #expect(pairs(.bestWorst, [1]) == [])
    #expect(pairs(.bestWorst, [0.5, 0.6], margin: 0.2) == [])
    #expect(pairs(.bestWorst, [0.5, 0.8], margin: 0.2) == [[1, 0]])
  }

  /// "More than the margin": exactly the margin is not, whatever the digits become in binary.
  @Test(arguments: PairChoice.allCases) func rewardsTheMarginApartMakeNoPair(choice: PairChoice) {
    for (worse, better, margin) in [
      (0.5, 0.75, 0.25), (0, 0.5, 0.5), (0.6, 0.9, 0.3), (0.3, 0.6, 0.3), (0.7, 0.8, 0.1), (0.1, 0.3, 0.2),
      (Double(Float(0.7)), Double(Float(0.8)), 0.1), (Double(Float(0.3)), Double(Float(0.5)), 0.2),
    ] {
      #expect(pairs(choice, [worse, better], margin: margin) == [], "\(better) - \(worse)")
      #expect(pairs(choice, [worse, better + 1e-4], margin: margin) == [[1, 0]], "\(better) - \(worse) and more")
      #expect(pairs(choice, [worse, better], margin: margin - 1e-4) == [[1, 0]], "\(better) - \(worse), less asked")
    }
    // Without a margin every difference counts.
    #expect(pairs(choice, [0.5, 0.5.nextUp]) == [[1, 0]])
    #expect(pairs(choice, [0.5, 0.5]) == [])
  }

  @Test func allPairsAreEachAgainstEveryWorseOne() {
    #expect(pairs(.all, [0.5, 1, 0]) == [[0, 2], [1, 0], [1, 2]])
    // The same tokens twice are one completion.
    #expect(pairs(.all, [1, 0, 1], same: [2: 0]) == [[0, 1]])
  }

  @Test func aRandomPairIsThatOfTheSeedAndTheId() {
    let rewards = [1, 0, 1, 0, 0.5, 0.25]
    let all = Set(pairs(.all, rewards))
    var drawn: Set<[Int]> = []
    for number in 0..<200 {
      let pair = pairs(.random, rewards, id: "q\(number)")
      #expect(pair.count == 1 && all.contains(pair[0]))
      #expect(pair == pairs(.random, rewards, id: "q\(number)"))
      drawn.insert(pair[0])
    }
    #expect(drawn == all)
    #expect(
      (0..<20).contains { pairs(.random, rewards, seed: 1, id: "q\($0)") != pairs(.random, rewards, id: "q\($0)") })
  }

  @Test func completionsThatWereCutOffAreNotPreferred() {
    #expect(pairs(.bestWorst, [1, 0.5, 0], capped: [0]) == [[1, 2]])
    #expect(pairs(.bestWorst, [1, 0.5, 0], capped: [0], use: .both) == [[0, 2]])
    #expect(pairs(.bestWorst, [1, 0.5, 0], capped: [2]) == [[0, 2]])
    #expect(pairs(.bestWorst, [1, 0.5, 0], capped: [2], use: .neither) == [[0, 1]])
    #expect(pairs(.bestWorst, [1, 0], capped: [0]) == [])
    #expect(pairs(.all, [1, 0.5, 0], capped: [0, 2]) == [[1, 2]])
  }

  @Test func groupsThatGaveNoneAreCountedByReason() {
    var pairing = Pairing()
    for rewards in [[1.0, 1], [0, 0], [0, 0], [0.5, 0.5], [1, 0]] {
      _ = pairing.pairs(rewards: rewards, isCapped: [false, false], sameAs: [0, 1], id: "a")
    }
    _ = pairing.pairs(rewards: [1, 0], isCapped: [true, false], sameAs: [0, 1], id: "a")
    #expect(
      pairing.report
        == "1 pair of 6 groups; 5 gave none: 1 all right, 2 all 0, 1 all equal, "
        + "1 within --margin, or better only where cut off")
  }
}
