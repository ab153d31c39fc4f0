// SPDX-License-Identifier: MIT
// CLIP and Llama as checkpoints of their own: their tensors are those of the multimodal fixtures, and so are their numbers.
import Autograd
import Checkpoints
import Layers
import Models
import TestSupport
import Testing

@Suite struct CLIPAndLlamaTests {
  /// A tower without a select strategy keeps its CLS row.
  @Test(arguments: ["clip-vision", "clip"]) func aTowerAloneGivesAllRows(_ name: String) throws {
    let whole = try ParityFixture("llava")
    let tower = try MultimodalModel(Checkpoint(opening: fixture("models/\(name)")))
    #expect(tower.parts == [.vision])
    #expect(tower.config.featuresPerImage == whole.model.config.featuresPerImage + 1)
    var compared = 0
    for pair in whole.pairs {
      guard let pixels = try whole.pixels(of: pair) else { continue }
      let expected = try #require(try whole.recorded("hidden_states", of: pair))
      expectClose(tower.features(pixels).value.values, expected, tolerance: 1e-5, "\(name): \(pair.id)")
      compared += 1
    }
    #expect(compared == 2)
  }

  @Test func aLanguageModelAloneGivesTheSameLogits() throws {
    let whole = try ParityFixture("llava-llama3")
    let llama = try MultimodalModel(Checkpoint(opening: fixture("models/llama")))
    #expect(llama.parts == [.llm])
    let pair = whole.pairs[2]
    let (elements, labels) = try whole.sequence(pair, "rejected")
    var builder = SegmentForestBuilder()
    builder.add(elements)
    let (forest, paths) = builder.build()
    let logits = llama.logits(forest, visualTokens: nil, rows: labels.map { paths[0].row(at: $0 - 1) })
    let expected = try #require(try whole.recorded("logits_rejected", of: pair))
    expectClose(logits.values, expected, tolerance: 1e-5, "logits of \(pair.id)")
  }
}
