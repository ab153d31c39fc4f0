// SPDX-License-Identifier: MIT
import Mathematics
import Testing

/// The floor by itself: expressions without any text around them. Tests/RewardsTests has the tables of answers.
@Suite struct ComparisonTests {
  private func written(_ text: String, isSentence: Bool = false) -> WrittenAnswer {
    WrittenAnswer(pieces: [Array(text.utf8)[...]], isMathMode: false, isSentence: isSentence)
  }

  private func matches(_ reference: String, _ answer: String, _ options: Comparison.Options = .init()) throws -> Bool {
    let comparison = Comparison(steps: 1_000_000, options: options)
    let expected = try #require(try comparison.readings(of: written(reference)).first)
    return try comparison.readings(of: written(answer)).contains { try comparison.matches(expected, $0) }
  }

  @Test func whatIsTheSameObjectIsEqual() throws {
    #expect(try matches("\\frac{1}{2}", "0.5"))
    #expect(try matches("x^2 - 1", "(x+1)(x-1)"))
    #expect(try matches("\\{1, 2\\}", "{2, 1}"))
    #expect(try !matches("\\frac{1}{2}", "0.6"))
    #expect(try matches("5", "5 cm"))
    #expect(try !matches("5", "5 cm", Comparison.Options(isStrict: true)))
  }

  @Test func severalPiecesAreOneAnswer() throws {
    let comparison = Comparison(steps: 1_000_000)
    let list = try comparison.readings(of: written("1, 2"))[0]
    let pieces = WrittenAnswer(pieces: [Array("2".utf8)[...], Array("1".utf8)[...]], isMathMode: true)
    #expect(try comparison.matches(list, comparison.readings(of: pieces)[0]))
  }

  @Test func whatIsNoExpressionHasNoReading() throws {
    let comparison = Comparison(steps: 1_000_000)
    #expect(try comparison.readings(of: written("\\frac{1}{")).isEmpty)
    #expect(try comparison.readings(of: written("The result is 5", isSentence: true)).isEmpty)
    #expect(try comparison.readings(of: written("a cat"))[0].isText)
  }

  @Test func stepsAreSpentByEveryReading() throws {
    let comparison = Comparison(steps: 1_000)
    #expect(throws: Stop.timeout) {
      for _ in 0..<10_000 { _ = try comparison.readings(of: written("1 + 2 + 3")) }
    }
  }
}
