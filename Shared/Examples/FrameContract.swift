// SPDX-License-Identifier: MIT
// What a checkpoint asks of the frames that it is given.
import Checkpoints
import Failures
import Models
import Tokenizers

/// The numbers that frames and a checkpoint must agree on.
public struct FrameContract: Sendable, Equatable {
  /// The checkpoint's path, for messages.
  public var checkpoint: String
  /// 0 where it has no language model.
  public var vocabularySize: Int
  /// The id that stands for an image in a prompt; nil: it takes no images.
  public var imageToken: Int32?
  /// The vision encoder's numbers; nil where it has none.
  public var vision: Vision?
  /// Rows (tokens and visual tokens) that the language model was made for (`max_position_embeddings`).
  public var positionCount: Int
  /// The tokenizer's fingerprint; nil where the checkpoint has none to compare with.
  public var tokenizer: String?

  public struct Vision: Sendable, Equatable {
    /// Pixels along a patch's side.
    public var patchSize: Int
    /// Patches along each side of an image.
    public var gridSize: Int
    /// Rows of features, and visual tokens, of an image.
    public var rowsPerImage: Int
    /// Width of a row of features.
    public var width: Int
    /// Mean and standard deviation of red, green and blue, for values in 0...1.
    public var mean: [Float]
    public var std: [Float]

    public init(patchSize: Int, gridSize: Int, rowsPerImage: Int, width: Int, mean: [Float], std: [Float]) {
      self.patchSize = patchSize
      self.gridSize = gridSize
      self.rowsPerImage = rowsPerImage
      self.width = width
      self.mean = mean
      self.std = std
    }
  }

  public init(
    checkpoint: String, vocabularySize: Int, imageToken: Int32?, vision: Vision?, positionCount: Int = .max,
    tokenizer: String? = nil
  ) {
    self.checkpoint = checkpoint
    self.vocabularySize = vocabularySize
    self.imageToken = imageToken
    self.vision = vision
    self.positionCount = positionCount
    self.tokenizer = tokenizer
  }

  /// Reads the numbers of an open checkpoint. Throws 65 where its config or preprocessor config is wrong.
  public init(_ checkpoint: Checkpoint, _ config: MultimodalConfig) throws {
    self.checkpoint = checkpoint.path
    vocabularySize = config.text?.vocabularySize ?? 0
    imageToken = config.imageToken
    positionCount = config.text?.positionCount ?? .max
    tokenizer = config.text == nil ? nil : try checkpoint.json("tokenizer.json").flatMap(Tokenizer.fingerprint)
    guard let siglip = config.vision else { return }
    let (mean, std) = try Self.normalization(checkpoint)
    vision = Vision(
      patchSize: siglip.patchSize, gridSize: siglip.gridSize, rowsPerImage: config.featuresPerImage,
      width: siglip.hiddenSize, mean: mean, std: std)
  }

  /// `image_mean` and `image_std` of the preprocessor's config; without one, SigLIP's 0.5.
  private static func normalization(_ checkpoint: Checkpoint) throws -> (mean: [Float], std: [Float]) {
    let (file, json) = try checkpoint.preprocessorConfig() ?? ("preprocessor_config.json", [:])
    if json["do_normalize"]?.bool == false { return ([0, 0, 0], [1, 1, 1]) }
    func three(_ key: String) throws -> [Float] {
      guard let value = json[key] else { return [0.5, 0.5, 0.5] }
      let numbers = (value.array ?? [value, value, value]).compactMap(\.double)
      guard numbers.count == 3, key == "image_mean" || numbers.allSatisfy({ $0 > 0 }) else {
        throw PlainFailure.badData("\(checkpoint.path): \(file): \"\(key)\" is \(value.text()), expected three numbers")
      }
      return numbers.map { Float($0) }
    }
    return (try three("image_mean"), try three("image_std"))
  }
}
