// SPDX-License-Identifier: MIT
// The recorded batch of a tiny checkpoint, and what PyTorch got from it (Tests/Fixtures/README.md).
import Checkpoints
import Layers
import Models
import TensorStream
import Tensors
import TestSupport

struct ParityFixture {
  let checkpoint: Checkpoint
  let model: MultimodalModel
  /// The recorded pairs: the third has no image.
  let pairs: [Frame]
  /// `outputs.safetensors`.
  private let outputs: Frame

  init(_ name: String, trainable: Set<Part> = []) throws {
    checkpoint = try Checkpoint(opening: fixture("models/\(name)"))
    model = try MultimodalModel(checkpoint, trainable: trainable)
    let reader = try FrameReader(paths: [fixture("parity/\(name)/pairs.frames")])
    var pairs: [Frame] = []
    while let frame = try reader.next() { pairs.append(frame) }
    self.pairs = pairs
    outputs = try readSafetensors(fixture("parity/\(name)/outputs.safetensors"))
  }

  /// A recorded tensor; nil where there is none.
  func recorded(_ name: String, of pair: Frame) throws -> [Float]? {
    try outputs.tensors["\(pair.id).\(name)"]?.floats()
  }

  /// Normalised pixels of a pair's image; nil for text alone.
  func pixels(of pair: Frame) throws -> Tensor? {
    guard let patches = pair.tensors["patches"], let config = model.config.vision else { return nil }
    let preprocessor = try checkpoint.json("preprocessor_config.json")
    func three(_ key: String) -> [Float] { preprocessor?[key]?.array?.compactMap { $0.double.map(Float.init) } ?? [] }
    return patches.withUnsafeBytes {
      normalizedPixels([$0], patchSize: config.patchSize, mean: three("image_mean"), std: three("image_std"))
    }
  }

  /// A pair's prompt and one of its responses as one sequence.
  func sequence(_ pair: Frame, _ response: String) throws -> (elements: [SequenceElement], labels: Range<Int>) {
    let prompt = try pair.int32s("prompt")
    let answer = try pair.int32s(response)
    let elements = (prompt + answer).map { id -> SequenceElement in
      id == model.config.imageToken
        ? .image(digest: pair.id, index: 0, rows: model.config.featuresPerImage) : .token(id)
    }
    return (elements, prompt.count..<elements.count)
  }
}

/// A safetensors file is a stream of one frame.
func readSafetensors(_ path: String) throws -> Frame { try FrameReader(paths: [path]).next() ?? Frame() }
