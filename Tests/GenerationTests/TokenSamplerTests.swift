// SPDX-License-Identifier: MIT
// Which tokens may be drawn and with what probability, against transformers' warpers on fixed logits (with ties).
import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Generation

@Suite struct TokenSamplerTests {
  private struct Case {
    let options: SamplingOptions
    let logps: [Double?]
  }

  private func recorded() throws -> (logits: [Float], cases: [Case]) {
    let json = try JSONValue.parse(readFile(fixture("parity/warpers.json")))
    let logits = try #require(json["logits"]?.array).compactMap { $0.double.map(Float.init) }
    let cases = try #require(json["cases"]?.array).map { json in
      Case(
        options: SamplingOptions(
          temperature: try #require(json["temperature"]?.double), topK: try #require(json["top_k"]?.int),
          topP: try #require(json["top_p"]?.double)),
        logps: try #require(json["logps"]?.array).map(\.double))
    }
    return (logits, cases)
  }

  private func choose(
    _ logits: [Float], _ options: SamplingOptions, forbidden: [Int32] = [], random: Double = 0
  ) -> SampledToken? {
    var logits = logits
    return TokenSampler(options: options, forbidden: forbidden).choose(&logits, count: logits.count, random: random)
  }

  @Test func whatIsLeftIsWhatTransformersLeaves() throws {
    let (logits, cases) = try recorded()
    #expect(cases.count == 13)
    for one in cases {
      let sampler = TokenSampler(options: one.options, forbidden: [])
      var weights = [Float](repeating: 0, count: logits.count)
      let kept = try #require(sampler.candidates(logits, &weights, count: logits.count))
      let ids = kept.ids?.map(Int.init) ?? Array(logits.indices)
      #expect(ids.sorted() == one.logps.indices.filter { one.logps[$0] != nil }, "\(one.options)")
      for id in ids {
        let got = log(Double(weights[id]) / kept.total)
        #expect(abs(got - (one.logps[id] ?? .nan)) <= 2e-6, "\(one.options): token \(id)")
      }
    }
  }

  /// A token stays while what is likelier sums to less than topP: not where it sums to just that.
  @Test func theNucleusEndsWhereItsSumIsReached() throws {
    for (topP, kept) in [(0.25, [3]), (0.5, [2, 3]), (0.75, [1, 2, 3]), (0.5.nextUp, [1, 2, 3])] {
      let sampler = TokenSampler(options: SamplingOptions(temperature: 1, topK: 0, topP: topP), forbidden: [])
      var weights = [Float](repeating: 0, count: 4)
      let candidates = try #require(sampler.candidates([1, 1, 1, 1], &weights, count: 4))
      #expect(candidates.ids?.sorted().map(Int.init) == kept, "top-p \(topP)")
    }
  }

  /// Numbers spread evenly over [0, 1) draw every token as often as its probability says, to one draw.
  @Test func tokensAreDrawnAsOftenAsTheyAreLikely() throws {
    let (logits, cases) = try recorded()
    let draws = 4000
    for one in cases {
      var counts = [Int](repeating: 0, count: logits.count)
      for number in 0..<draws {
        let token = try #require(choose(logits, one.options, random: (Double(number) + 0.5) / Double(draws)))
        counts[Int(token.id)] += 1
        #expect(abs(Double(token.samplingLogp) - (one.logps[Int(token.id)] ?? .nan)) <= 2e-6)
      }
      for id in logits.indices {
        let expected = one.logps[id].map { Foundation.exp($0) * Double(draws) } ?? 0
        #expect(abs(Double(counts[id]) - expected) <= 1.01, "\(one.options): token \(id)")
      }
    }
  }

  @Test func theLogProbabilityIsThatOfTheWholeDistribution() throws {
    let logits: [Float] = [1, 3, -2, 2.5, 0]
    let total = logits.reduce(0.0) { $0 + Foundation.exp(Double($1)) }
    for options in [SamplingOptions(temperature: 0.3, topK: 2, topP: 0.9), SamplingOptions(isGreedy: true)] {
      let token = try #require(choose(logits, options, forbidden: [1]))
      #expect(token.id == 3)
      #expect(abs(Double(token.logp) - (2.5 - log(total))) <= 1e-6)
      #expect(options.isGreedy ? token.samplingLogp == 0 : token.samplingLogp <= 0)
    }
  }

  @Test func forbiddenTokensAreNeverDrawn() throws {
    let logits: [Float] = [10, 0, 0, 9]
    for number in 0..<100 {
      let token = try #require(choose(logits, SamplingOptions(), forbidden: [0, 3], random: Double(number) / 100))
      #expect(token.id == (number < 50 ? 1 : 2))
      #expect(abs(token.samplingLogp - log(Float(0.5))) <= 1e-6)
    }
  }

  @Test func logitsThatAreNoNumbersChooseNothing() {
    let infinite = -Float.infinity
    for logits in [[1, .nan, 2], [.infinity, 1, 2], [infinite, infinite, infinite], [infinite, infinite, 1]] {
      #expect(choose(logits, SamplingOptions(), forbidden: [2]) == nil, "\(logits)")
      #expect(choose(logits, SamplingOptions(isGreedy: true), forbidden: [2]) == nil, "\(logits)")
    }
  }
}
