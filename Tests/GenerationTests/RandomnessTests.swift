// SPDX-License-Identifier: MIT
import Testing

@testable import Generation

@Suite struct RandomnessTests {
  @Test func everyPartOfTheKeyCounts() {
    func number(_ seed: UInt64, _ prompt: String, _ completion: Int, _ position: Int) -> Double {
      CompletionRandomness(seed: seed, prompt: prompt, completion: completion).uniform(position)
    }
    let base = number(1, "line-1", 0, 0)
    #expect(base == number(1, "line-1", 0, 0))
    #expect(base != number(2, "line-1", 0, 0) && base != number(1, "line-2", 0, 0))
    #expect(base != number(1, "line-1", 1, 0) && base != number(1, "line-1", 0, 1))
  }

  /// 64 bins of 100 completions of 100 tokens: χ² with 63 degrees of freedom is below 120 but once in 10⁵.
  @Test func numbersAreUniform() {
    var bins = [Int](repeating: 0, count: 64)
    for completion in 0..<100 {
      let randomness = CompletionRandomness(seed: 7, prompt: "a", completion: completion)
      for position in 0..<100 {
        let number = randomness.uniform(position)
        #expect(number >= 0 && number < 1)
        bins[min(63, Int(number * 64))] += 1
      }
    }
    let expected = 10_000.0 / 64
    let chi = bins.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(chi < 120)
  }
}
