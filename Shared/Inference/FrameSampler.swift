// SPDX-License-Identifier: MIT
// `sample`: prompts in, completions beside them.
import Autograd
import Checkpoints
import Examples
import Failures
import Generation
import Layers
import Models
import StrictJSON
import TensorStream
import Tensors

/// What is asked of a sampler.
public struct SampleSettings: Sendable {
  /// Completions a prompt.
  public var copies: Int
  /// Completions that grow at the same time; changes nothing but speed and memory.
  public var places: Int
  public var sampling: SamplingOptions
  public var limits: GenerationLimits

  public init(copies: Int, places: Int, sampling: SamplingOptions, limits: GenerationLimits) {
    (self.copies, self.places, self.sampling, self.limits) = (copies, places, sampling, limits)
  }
}

/// Adds `completions` to frames, with their log-probabilities.
public final class FrameSampler: FramePass {
  /// Fingerprint of the whole model: the metadata `policy` of what it writes.
  public let fingerprint: String
  private let settings: SampleSettings
  private let decoder: Decoder
  private let generator: Generator
  private let runner: PassRunner
  /// Frames in the order of arrival, done or not. Bounded, so that one long completion cannot hold back a whole stream.
  private var order: [(number: Int, frame: Frame, result: FrameResult?)] = []
  private var taken = 0
  /// Called after every step, with the tokens sampled so far.
  public var onStep: ((_ tokens: Int) -> Void)?

  /// Throws 65 where the checkpoint has no language model or no tokenizer.
  public init(_ checkpoint: Checkpoint, _ settings: SampleSettings, note: @escaping (String) -> Void) throws {
    fingerprint = try checkpoint.requiredModelFingerprint()
    let model = try MultimodalModel(checkpoint, mapped: [.llm])
    runner = PassRunner(
      model, contract: try FrameContract(checkpoint, model.config), encoder: try checkpoint.encoderFingerprint(),
      note: note)
    decoder = Decoder(model.language)
    let vocabulary = try GenerationVocabulary(checkpoint, model.config)
    if vocabulary.ends.isEmpty, !settings.limits.ignoresEnds {
      note("\(checkpoint.path) names no end-of-turn token: completions end at --max-tokens or --stop")
    }
    generator = Generator(
      decoder, vocabulary: vocabulary, limits: settings.limits, sampling: settings.sampling, copies: settings.copies,
      places: settings.places)
    self.settings = settings
  }

  /// Told of every token, prompts by their frames' ids.
  public func onPiece(_ tell: @escaping (_ id: String, _ piece: GeneratedPiece) -> Void) {
    generator.onPiece = { [unowned self] piece in
      if let entry = order.first(where: { $0.number == piece.prompt }) { tell(entry.frame.id, piece) }
    }
  }

  public func add(_ frame: Frame) throws -> [FrameResult] {
    let number = taken
    taken += 1
    do {
      let example = try admitted(frame)
      order.append((number, frame, nil))
      generator.add(number: number, name: frame.id, positions: positions(example)) { [unowned self] in
        try embeddings(example)
      }
    } catch let error as FrameError {
      order.append((number, frame, .failure(error)))
    }
    let window = 4 + 4 * settings.places / settings.copies
    var done = ready()
    while !generator.isIdle, !generator.hasRoom || order.count >= window {
      try step()
      done += ready()
    }
    return done
  }

  public func flush() throws -> [FrameResult] {
    while !generator.isIdle { try step() }
    return ready()
  }

  private func step() throws {
    for (number, outcome) in try generator.step() {
      guard let at = order.firstIndex(where: { $0.number == number }) else { continue }
      order[at].result = try result(order[at].frame, outcome)
    }
    onStep?(generator.tokenCount)
  }

  /// The frames at the front that are done.
  private func ready() -> [FrameResult] {
    let done = order.prefix { $0.result != nil }
    order.removeFirst(done.count)
    return done.compactMap(\.result)
  }

  // MARK: - In

  private func admitted(_ frame: Frame) throws -> Example {
    if frame.tensors[.completions] != nil {
      throw frame.error(
        "has \"completions\" already, and what was computed for them would no longer fit; take them and what belongs to "
          + "them away first, with frames cat --drop completions,…")
    }
    let example = try Example(frame, responses: .prompt, contract: runner.contract)
    try runner.admit(example)
    let positions = example.sequences[0].elements.reduce(0) { $0 + $1.rows }
    guard positions < decoder.config.positionCount else {
      throw frame.error(
        "its prompt takes \(positions) positions, and \(runner.contract.checkpoint) has "
          + "\(decoder.config.positionCount) (max_position_embeddings) for prompt and completion together")
    }
    return example
  }

  /// Where the rows of a prompt stand.
  private func positions(_ example: Example) -> Positions {
    var builder = SegmentForestBuilder()
    builder.add(example.sequences[0].elements)
    return decoder.positions(builder.build().forest, grids: example.images.map(\.grid))
  }

  /// A prompt's rows in the language model, [positions, E]. Every image is encoded by itself, whatever else is under way.
  private func embeddings(_ example: Example) throws -> Tensor {
    let tokens = try example.images.map { try runner.model.visualTokens(runner.features([$0]), grids: [$0.grid]).value }
    let elements = example.sequences[0].elements
    let width = decoder.config.hiddenSize
    let rows = Tensor(uninitialized: [elements.reduce(0) { $0 + $1.rows }, width])
    var at = 0
    for element in elements {
      switch element {
      case .token(let id): decoder.embed(id, to: rows.pointer + at * width)
      case .image(_, let index, let count):
        (rows.pointer + at * width).update(from: tokens[index].pointer, count: count * width)
      }
      at += element.rows
    }
    return rows
  }

  // MARK: - Out

  private func result(_ frame: Frame, _ outcome: Generator.Outcome) throws -> FrameResult {
    guard case .success(let completions) = outcome else {
      return .failure(
        frame.error(
          "no token of its completion can be chosen: its logits are not finite, or nothing but forbidden tokens has a "
            + "probability; are the weights of \(runner.contract.checkpoint) sound?"))
    }
    var frame = frame
    frame.tensors[.completions] = RawTensor(ragged: completions.map(\.ids))
    frame.tensors[.completionLogps] = RawTensor(ragged: completions.map(\.logps))
    frame.tensors[.samplingLogps] = RawTensor(ragged: completions.map(\.samplingLogps))
    frame.metadata[.completions] = JSONValue.array(completions.map { .string($0.text) }).text()
    frame.metadata[.finish] = completions.map(\.finish.rawValue).joined(separator: ",")
    frame.metadata[.sampling] = settings.sampling.json.text()
    frame.metadata[.policy] = fingerprint
    frame.metadata[.precision] = "f32"
    return .success(frame)
  }
}

extension SamplingOptions {
  /// The metadata `sampling`.
  var json: JSONValue {
    [
      "temperature": .double(temperature), "top_p": .double(topP), "top_k": .int(topK),
      "seed": Int(exactly: seed).map(JSONValue.int) ?? .string("\(seed)"), "greedy": .bool(isGreedy),
    ]
  }
}
