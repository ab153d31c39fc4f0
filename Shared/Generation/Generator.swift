// SPDX-License-Identifier: MIT
// Continuous batching: completions of several prompts grow side by side, and the place of one that is done is taken at once.
import Autograd
import Failures
import Layers
import Tensors

/// Sampled text while it comes: which prompt, which of its completions, the bytes, and whether it is the end.
public typealias GeneratedPiece = (prompt: Int, completion: Int, bytes: [UInt8], isLast: Bool)

/// Completes prompts.
///
/// Nothing that a completion gets depends on its neighbours, on the number of places or of threads: see `Decoder` and
/// `CompletionRandomness`.
public final class Generator {
  /// What a prompt came to.
  public typealias Outcome = Result<[Completion], GenerationFailure>

  private final class Prompt {
    let number: Int
    let name: String
    var embeddings: (() throws -> Tensor)?
    var cache: PromptCache?
    var started = 0
    var completions: [Completion?]

    let positions: Positions?

    init(
      number: Int, name: String, copies: Int, positions: Positions?, embeddings: @escaping () throws -> Tensor
    ) {
      (self.number, self.name, self.positions, self.embeddings) = (number, name, positions, embeddings)
      completions = Array(repeating: nil, count: copies)
    }
  }

  private struct Growing {
    let prompt: Prompt
    let number: Int
    let cache: CompletionCache
    let randomness: CompletionRandomness
    var text = GrowingCompletion()
  }

  private let decoder: Decoder
  private let vocabulary: GenerationVocabulary
  private let limits: GenerationLimits
  private let sampler: TokenSampler
  private let copies: Int
  private let places: Int
  private var waiting: [Prompt] = []
  private var growing: [Growing] = []
  private var finished: [(number: Int, outcome: Outcome)] = []
  /// Told of every token.
  public var onPiece: ((GeneratedPiece) -> Void)?
  /// Tokens sampled so far.
  public private(set) var tokenCount = 0

  /// - Parameters:
  ///   - copies: completions a prompt.
  ///   - places: completions that grow at the same time.
  public init(
    _ decoder: Decoder, vocabulary: GenerationVocabulary, limits: GenerationLimits, sampling: SamplingOptions,
    copies: Int, places: Int
  ) {
    precondition(copies > 0 && places > 0 && limits.maximum > 0, "a generator that can generate nothing")
    (self.decoder, self.vocabulary, self.limits) = (decoder, vocabulary, limits)
    (self.copies, self.places) = (copies, places)
    sampler = TokenSampler(options: sampling, forbidden: vocabulary.forbidden)
  }

  /// True where another prompt would find a place at once.
  public var hasRoom: Bool { growing.count + waiting.reduce(0) { $0 + copies - $1.started } < places }
  public var isIdle: Bool { growing.isEmpty && waiting.isEmpty }

  /// Takes a prompt.
  ///
  /// - Parameters:
  ///   - number: what its outcome is reported under.
  ///   - name: what its random numbers are drawn for, beside the seed.
  ///   - positions: where its rows stand; nil: 0, 1, 2, …
  ///   - embeddings: its rows, [positions, E], asked for when its turn comes.
  public func add(
    number: Int, name: String, positions: Positions? = nil, embeddings: @escaping () throws -> Tensor
  ) {
    waiting.append(
      Prompt(number: number, name: name, copies: copies, positions: positions, embeddings: embeddings))
  }

  /// Fills free places, then grows every completion by one token. Returns the prompts that are done, as they are done.
  public func step() throws -> [(number: Int, outcome: Outcome)] {
    while growing.count < places, let prompt = waiting.first { try start(prompt) }
    if !growing.isEmpty {
      let logits = decoder.read(growing.map { $0.text.ids[$0.text.ids.count - 1] }, growing.map(\.cache))
      advance(logits)
    }
    defer { finished = [] }
    return finished
  }

  /// Starts the next completion of a prompt: its first token follows from the prompt alone.
  private func start(_ prompt: Prompt) throws {
    if prompt.cache == nil, let embeddings = prompt.embeddings {
      prompt.cache = decoder.read(try embeddings(), positions: prompt.positions)
      prompt.embeddings = nil
    }
    guard let cache = prompt.cache else { preconditionFailure("a prompt without a cache") }
    let number = prompt.started
    prompt.started += 1
    if prompt.started == copies { waiting.removeFirst() }
    let randomness = CompletionRandomness(seed: sampler.options.seed, prompt: prompt.name, completion: number)
    var one = Growing(prompt: prompt, number: number, cache: CompletionCache(cache), randomness: randomness)
    let logits = cache.logits.copy()
    let token = sampler.choose(logits.pointer, count: logits.count, random: randomness.uniform(0))
    if take(token, &one) { growing.append(one) }
  }

  /// Samples a token for each row; rows sample side by side.
  private func advance(_ logits: Tensor) {
    var tokens = [SampledToken?](repeating: nil, count: growing.count)
    tokens.withUnsafeMutableBufferPointer { tokens in
      nonisolated(unsafe) let tokens = tokens
      parallelFor(chunks: growing.count) { row in
        let one = growing[row]
        tokens[row] = sampler.choose(
          logits.pointer + row * logits.columns, count: logits.columns,
          random: one.randomness.uniform(one.text.ids.count))
      }
    }
    var still: [Growing] = []
    for (var one, token) in zip(growing, tokens) where take(token, &one) { still.append(one) }
    growing = still
  }

  /// Adds a token to a completion. Returns whether it goes on.
  private func take(_ token: SampledToken?, _ one: inout Growing) -> Bool {
    let prompt = one.prompt
    if prompt.cache == nil { return false }  // a sister has failed
    guard let token else {
      fail(prompt)
      return false
    }
    tokenCount += 1
    let before = one.text.bytes.count
    let room = decoder.config.positionCount - one.cache.prompt.count
    let completion = one.text.append(token, limits, vocabulary, room: room)
    let bytes = one.text.bytes
    onPiece?((prompt.number, one.number, Array(bytes.dropFirst(before)), completion != nil))
    guard let completion else { return true }
    prompt.completions[one.number] = completion
    let all = prompt.completions.compactMap { $0 }
    if all.count == copies { finished.append((prompt.number, .success(all))) }
    return false
  }

  /// No token can be chosen: the prompt is given up with all of its completions.
  private func fail(_ prompt: Prompt) {
    finished.append((prompt.number, .failure(.notFinite)))
    prompt.cache = nil
    waiting.removeAll { $0 === prompt }
  }
}

/// Why a prompt could not be completed.
public enum GenerationFailure: Error, Sendable {
  /// A logit is not a number, or nothing that may be chosen has a probability.
  case notFinite
}
