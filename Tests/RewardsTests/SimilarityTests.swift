// SPDX-License-Identifier: MIT
// The rule anls on long texts: exact as far as it goes, soon, and never by guessing.
import Glibc
import Testing

@testable import Rewards

@Suite struct SimilarityTests {
  private struct Random {
    var state: UInt64
    mutating func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % n
    }
    mutating func text(_ count: Int, of letters: Int) -> [UInt32] {
      (0..<count).map { _ in 97 + UInt32(next(letters)) }
    }
    /// `text` with so many random edits.
    mutating func edited(_ text: [UInt32], _ edits: Int) -> [UInt32] {
      var text = text
      for _ in 0..<edits {
        let place = next(text.count)
        switch next(3) {
        case 0: text.remove(at: place)
        case 1: text.insert(120, at: place)
        default: text[place] = 121
        }
      }
      return text
    }
  }

  /// The whole table, cell by cell.
  private func distance(_ a: [UInt32], _ b: [UInt32]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = i
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (x == y ? 0 : 1), row[j + 1] + 1, row[j] + 1))
      }
    }
    return row[b.count]
  }

  private func string(_ text: [UInt32]) -> String {
    String(String.UnicodeScalarView(text.compactMap(Unicode.Scalar.init)))
  }

  @Test func bandsAndBlocksAgreeWithTheWholeTable() {
    var random = Random(state: 7)
    var near = 0
    for round in 0..<600 {
      let large = round % 3 == 2
      let a = random.text(1 + random.next(large ? 900 : 70), of: 2 + random.next(30))
      let b = round % 2 == 0 ? random.edited(a, random.next(a.count + 1) / 2) : random.text(1 + random.next(70), of: 3)
      let expected = distance(a, b)
      for limit in [1, expected, expected + 1, (max(a.count, b.count) + 1) / 2] where limit > 0 {
        let found = EditDistance(a).distance(to: b, below: limit)
        #expect(found == (expected < limit ? .near(expected) : .far), "\(a.count) \(b.count) below \(limit)")
        if expected < limit { near += 1 }
      }
    }
    #expect(near > 600)
    #expect(EditDistance([1, 2]).distance(to: [], below: 3) == .near(2))
    #expect(EditDistance([]).distance(to: [1], below: 1) == .far)
  }

  @Test func whatWouldTakeTooLongIsUnknown() {
    var random = Random(state: 8)
    let a = random.text(20_000, of: 20)
    let close = random.edited(a, 40)
    #expect(EditDistance(a).distance(to: random.text(20_000, of: 20), below: 10_000, steps: 1 << 18) == .unknown)
    guard case .near(let distance) = EditDistance(a).distance(to: close, below: 10_000, steps: 1 << 18) else {
      Issue.record("close texts need few steps")
      return
    }
    #expect(distance <= 40 && distance > 20)
  }

  /// Today's users' texts are short; a model that has lost the thread writes a megabyte.
  @Test func aMegabyteAgainstAMegabyteTakesMoments() throws {
    var random = Random(state: 9)
    let million = random.text(1 << 20, of: 26)
    let scorer = try Rule.anls.scorer(for: Reference(string(million)))
    func timed(_ answer: [UInt32]) -> Score {
      let (text, start) = (string(answer), clock())
      let score = scorer(text)
      #expect(Double(clock() - start) / Double(CLOCKS_PER_SEC) < 6)
      return score
    }
    #expect(timed(million) == Score(true))
    let close = timed(random.edited(million, 30))
    #expect(close.verdict == .partial && close.value > 0.99996 && close.value < 1)
    // Too long to tell: neither right nor wrong, and nothing earned.
    #expect(timed(random.text(1 << 20, of: 26)) == Score(.timeout))
    // Half as long: no work at all.
    #expect(timed(random.text(1 << 19, of: 26)) == Score(false))
  }

  @Test func aHundredThousandCharactersAreExact() throws {
    var random = Random(state: 10)
    let text = random.text(100_000, of: 4)
    let other = random.text(100_000, of: 4)
    let score = try Rule.anls.scorer(for: Reference(string(text)))(string(other))
    // Random texts of four letters are about half alike; whichever it is, it is told.
    #expect(score.verdict == .partial || score.verdict == .wrong)
  }
}
