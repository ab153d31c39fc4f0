// SPDX-License-Identifier: MIT
// The KV cache against the whole forward pass, and a completion against itself beside others.
import Autograd
import Checkpoints
import Failures
import Layers
import LinearAlgebra
import Models
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Generation

struct GenerationFixture {
  let checkpoint: Checkpoint
  let decoder: Decoder
  let pairs: [Frame]

  init(_ name: String) throws {
    checkpoint = try Checkpoint(opening: fixture("models/\(name)"))
    decoder = try Decoder(checkpoint)
    let reader = try FrameReader(paths: [fixture("parity/\(name)/pairs.frames")])
    var pairs: [Frame] = []
    while let frame = try reader.next() { pairs.append(frame) }
    self.pairs = pairs
  }

  func embeddings(_ ids: [Int32]) -> Tensor {
    let rows = Tensor(uninitialized: [ids.count, decoder.config.hiddenSize])
    for (row, id) in ids.enumerated() { decoder.embed(id, to: rows.pointer + row * rows.columns) }
    return rows
  }

  /// The ids of the fixture's third pair, which has no image.
  func text() throws -> (prompt: [Int32], response: [Int32]) {
    (try pairs[2].int32s("prompt"), try pairs[2].int32s("chosen") + pairs[2].int32s("rejected"))
  }

  func generator(
    copies: Int = 1, places: Int = 4, sampling: SamplingOptions = SamplingOptions(), maximum: Int = 12,
    stops: [String] = [], ends: Set<Int32> = []
  ) -> Generator {
    let vocabulary = GenerationVocabulary(ends: ends, forbidden: []) { [UInt8(truncatingIfNeeded: 97 + $0 % 26)] }
    return Generator(
      decoder, vocabulary: vocabulary, limits: GenerationLimits(maximum: maximum, stops: stops), sampling: sampling,
      copies: copies, places: places)
  }

  /// Runs prompts (each its first `length` tokens of the text) and returns what came of them, by number.
  func run(_ generator: Generator, lengths: [Int]) throws -> [[Completion]] {
    let prompt = try text().prompt
    var results = [[Completion]](repeating: [], count: lengths.count)
    func take(_ done: [(number: Int, outcome: Generator.Outcome)]) throws {
      for (number, outcome) in done { results[number] = try outcome.get() }
    }
    for (number, length) in lengths.enumerated() {
      while !generator.hasRoom { try take(generator.step()) }
      generator.add(number: number, name: "prompt-\(number)") { embeddings(Array(prompt.prefix(length))) }
    }
    while !generator.isIdle { try take(generator.step()) }
    return results
  }
}

@Suite(.serialized) struct DecoderTests {
  @Test(arguments: parityModels) func theCacheGivesTheLogitsOfTheWholePass(_ name: String) throws {
    let fixture = try GenerationFixture(name)
    let (prompt, response) = try fixture.text()
    let model = try MultimodalModel(fixture.checkpoint, parts: [.llm])
    var builder = SegmentForestBuilder()
    builder.add((prompt + response).map { .token($0) })
    let (forest, _) = builder.build()
    let rows = Array(prompt.count - 1..<prompt.count + response.count)
    let whole = model.logits(forest, visualTokens: nil, rows: rows)

    let cache = CompletionCache(fixture.decoder.read(fixture.embeddings(prompt)))
    expectClose(cache.prompt.logits.values, whole.rows(0..<1).values, tolerance: 2e-6, "\(name): the prompt")
    for (number, id) in response.enumerated() {
      let logits = fixture.decoder.read([id], [cache])
      expectClose(
        logits.values, whole.rows(number + 1..<number + 2).values, tolerance: 2e-6, "\(name): token \(number)")
    }
  }

  /// Bit for bit: what lies beside a completion, and how many threads there are, changes nothing.
  @Test(arguments: parityModels) func aRowsLogitsDoNotDependOnItsNeighbours(_ name: String) throws {
    let fixture = try GenerationFixture(name)
    let (prompt, response) = try fixture.text()
    var alone: [[Float]] = []
    for beside in [0, 1, 2, 6, 12] {
      Compute.withThreads(beside % 3 + 1) {
        let cache = CompletionCache(fixture.decoder.read(fixture.embeddings(prompt)))
        let others = (0..<beside).map { other in
          CompletionCache(fixture.decoder.read(fixture.embeddings(Array(prompt.prefix(other + 1)))))
        }
        for (number, id) in response.enumerated() {
          let place = number % (beside + 1)
          var caches = others
          caches.insert(cache, at: place)
          var ids = [Int32](repeating: 5, count: beside)
          ids.insert(id, at: place)
          let logits = fixture.decoder.read(ids, caches).rows(place..<place + 1).values
          if beside == 0 { alone.append(logits) }
          #expect(logits == alone[number], "\(name): \(beside) beside, token \(number)")
        }
      }
    }
  }

  @Test func theSameSeedGivesTheSameTextWhateverTheBatchSize() throws {
    let fixture = try GenerationFixture("published")
    let lengths = [9, 3, 20, 14, 1, 30]
    func texts(_ places: Int, seed: UInt64 = 3) throws -> [[[Int32]]] {
      let sampling = SamplingOptions(temperature: 1.3, topK: 100, topP: 0.95, seed: seed)
      let generator = fixture.generator(copies: 3, places: places, sampling: sampling, ends: [4, 9, 200, 201, 202])
      return try fixture.run(generator, lengths: lengths).map { $0.map(\.ids) }
    }
    let expected = try texts(1)
    #expect(expected.allSatisfy { $0.count == 3 } && Set(expected.flatMap { $0 }).count == 18)
    for places in [2, 3, 5, 18, 40] { #expect(try texts(places) == expected, "\(places) places") }
    #expect(try texts(5, seed: 4) != expected)
  }

  @Test func logProbabilitiesAreThoseOfTheWholePass() throws {
    let fixture = try GenerationFixture("transformers5")
    let prompt = Array(try fixture.text().prompt.prefix(10))
    // 80 tokens: the cache has grown three times.
    let generator = fixture.generator(copies: 4, sampling: SamplingOptions(seed: 1), maximum: 80)
    let done = try fixture.run(generator, lengths: [10])[0]
    let model = try MultimodalModel(fixture.checkpoint, parts: [.llm])
    for completion in done {
      let elements = (prompt + completion.ids).map { SequenceElement.token($0) }
      var builder = SegmentForestBuilder()
      builder.add(elements)
      let (forest, paths) = builder.build()
      var gathers = Gathers()
      gathers.append(paths[0], at: prompt.count..<elements.count)
      expectClose(completion.logps, model.logps(forest, visualTokens: nil, gathers).value.values, tolerance: 1e-5)
      expectClose(completion.samplingLogps, completion.logps, tolerance: 1e-5)
    }
  }

  @Test func completionsEndWhereTheyShould() throws {
    let fixture = try GenerationFixture("published")
    let free = try fixture.run(fixture.generator(maximum: 12), lengths: [9])[0][0]
    #expect(free.finish == .length && free.ids.count == 12 && free.text.utf8.count == 12)

    let end = free.ids[5]
    let first = try #require(free.ids.firstIndex(of: end))
    let ended = try fixture.run(fixture.generator(ends: [end]), lengths: [9])[0][0]
    #expect(ended.finish == .eos && ended.ids == Array(free.ids[...first]))
    #expect(ended.text.utf8.count == first)

    let stop = String(free.text.dropFirst(3).prefix(3))
    let cut = try #require(free.text.range(of: stop))
    let stopped = try fixture.run(fixture.generator(stops: ["####", stop]), lengths: [9])[0][0]
    #expect(stopped.finish == .stop && stopped.text == free.text[..<cut.lowerBound])
    #expect(stopped.ids == Array(free.ids.prefix(stopped.text.count + 3)))

    // 256 positions for prompt and completion together.
    let long = try fixture.text().prompt
    let near = (0..<250).map { long[$0 % long.count] }
    let generator = fixture.generator(maximum: 100)
    generator.add(number: 0, name: "near the end") { fixture.embeddings(near) }
    var outcome: [Completion] = []
    while !generator.isIdle { for done in try generator.step() { outcome = try done.outcome.get() } }
    #expect(outcome[0].ids.count == 6 && outcome[0].finish == .length)
  }

  @Test func weightsAreCheckedAsTheModelChecksThem() throws {
    func mapped(_ name: String) throws -> any LanguageModel {
      try MultimodalModel(Checkpoint(opening: fixture("models/\(name)")), parts: [.llm], mapped: [.llm]).language
    }
    func dtype(_ weight: any Weight) -> DType? { (weight.operand as? StoredMatrix)?.dtype }
    #expect(dtype(try mapped("published").head) == .f32)
    #expect(dtype(try mapped("transformers5").head) == .bf16)
    #expect(dtype(try mapped("last-layer").embedding) == .f16)
  }
}

extension String {
  fileprivate func range(of other: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
