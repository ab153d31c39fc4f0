// SPDX-License-Identifier: MIT
// Forward passes against transformers: a wrong epsilon, GELU, layer or rotary base is ten times above these tolerances
// (the table in Tests/Fixtures/README.md), another order of summation ten times below.
import Autograd
import Layers
import Models
import TensorStream
import TestSupport
import Testing

@Suite struct ParityTests {
  @Test(arguments: parityModels) func featuresAndVisualTokensEqualTransformers(_ name: String) throws {
    let fixture = try ParityFixture(name)
    for pair in fixture.pairs {
      guard let pixels = try fixture.pixels(of: pair) else { continue }
      let features = fixture.model.features(pixels)
      let expected = try #require(try fixture.recorded("features", of: pair))
      expectClose(features.value.values, expected, tolerance: 1e-5, "\(name): features of \(pair.id)")
      let tokens = fixture.model.visualTokens(features)
      let expectedTokens = try #require(try fixture.recorded("visual_tokens", of: pair))
      expectClose(tokens.value.values, expectedTokens, tolerance: 1e-5, "\(name): visual tokens of \(pair.id)")
    }
  }

  @Test(arguments: parityModels) func logitsEqualTransformers(_ name: String) throws {
    let fixture = try ParityFixture(name)
    var compared = 0
    for pair in fixture.pairs {
      for response in ["chosen", "rejected"] {
        guard let expected = try fixture.recorded("logits_\(response)", of: pair) else { continue }
        let (forest, visual, path, labels) = try layout(fixture, pair, response)
        let logits = fixture.model.logits(forest, visualTokens: visual, rows: labels.map { path.row(at: $0 - 1) })
        expectClose(logits.values, expected, tolerance: 1e-5, "\(name): \(response) logits of \(pair.id)")
        compared += 1
      }
    }
    #expect(compared == 2)
  }

  @Test(arguments: parityModels) func tokenLogProbabilitiesEqualTransformers(_ name: String) throws {
    let fixture = try ParityFixture(name)
    for pair in fixture.pairs {
      for response in ["chosen", "rejected"] {
        let (forest, visual, path, labels) = try layout(fixture, pair, response)
        var gathers = Gathers()
        gathers.append(path, at: labels)
        let got = fixture.model.logps(forest, visualTokens: visual, gathers).value.values
        let expected = try #require(try fixture.recorded("logps_\(response)", of: pair))
        #expect(got.count == expected.count)
        for (index, (a, b)) in zip(got, expected).enumerated() {
          #expect(abs(a - b) <= 5e-5, "\(name): token \(index) of \(response) of \(pair.id): \(a), expected \(b)")
        }
      }
    }
  }

  /// One sequence alone: nothing is shared and nothing is packed.
  private func layout(_ fixture: ParityFixture, _ pair: Frame, _ response: String) throws
    -> (forest: SegmentForest, visual: Variable?, path: SequencePath, labels: Range<Int>)
  {
    let (elements, labels) = try fixture.sequence(pair, response)
    var builder = SegmentForestBuilder()
    builder.add(elements)
    let (forest, paths) = builder.build()
    let visual = try fixture.pixels(of: pair).map { fixture.model.visualTokens(fixture.model.features($0)) }
    return (forest, visual, paths[0], labels)
  }
}
