// SPDX-License-Identifier: MIT
// What a checkpoint asks of the frames that it is given.
import Checkpoints
import Failures
import Imaging
import Models
import Tokenizers

/// The numbers that frames and a checkpoint must agree on.
public struct FrameContract: Sendable {
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

  public struct Vision: Sendable {
    /// Pixels along a patch's side.
    public var patchSize: Int
    /// The patches of an image as this checkpoint's preprocessor leaves it.
    public var grid: PatchGrid
    /// Width of a row of features.
    public var width: Int
    /// Rows of features that are no patches, in front of an image's others.
    public var prefixRows: Int
    /// Mean and standard deviation of red, green and blue, for values in 0...1.
    public var mean: [Float]
    public var std: [Float]
    /// What an image of a grid takes; nil: it is not taken.
    public var rows: @Sendable (PatchGrid) -> ImageRows?

    public init(
      patchSize: Int, grid: PatchGrid, width: Int, prefixRows: Int = 0, mean: [Float], std: [Float],
      rows: @escaping @Sendable (PatchGrid) -> ImageRows?
    ) {
      (self.patchSize, self.grid, self.width, self.prefixRows) = (patchSize, grid, width, prefixRows)
      (self.mean, self.std, self.rows) = (mean, std, rows)
    }
  }

  /// Rows of an image on its way through a model.
  public struct ImageRows: Sendable, Equatable {
    /// In `features`.
    public var features: Int
    /// In the language model.
    public var tokens: Int

    public init(features: Int, tokens: Int) { (self.features, self.tokens) = (features, tokens) }
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
    guard let encoder = config.vision else { return }
    let preprocessor = try Self.preprocessor(checkpoint)
    vision = Vision(
      patchSize: encoder.patchSize, grid: encoder.grid, width: encoder.hiddenSize, prefixRows: config.prefixFeatures,
      mean: preprocessor.mean.map { Float($0) }, std: preprocessor.std.map { Float($0) }
    ) { grid in
      guard encoder.accepts(grid) else { return nil }
      return ImageRows(features: config.features(of: grid), tokens: config.visualTokens(of: grid))
    }
  }

  /// The preprocessor's config; where a checkpoint has none, what its encoder was made for.
  private static func preprocessor(_ checkpoint: Checkpoint) throws -> Preprocessor {
    let usual = checkpoint.anatomy.vision?.card.preprocessor?(try checkpoint.visionConfig()?.imageSize ?? 0)
    guard let (file, json) = try checkpoint.preprocessorConfig() ?? usual.map({ ("its usual one", .object($0)) }) else {
      throw PlainFailure.badData("\(checkpoint.path): has no preprocessor_config.json")
    }
    do {
      return try Preprocessor(json: json)
    } catch {
      throw PlainFailure.badData("\(checkpoint.path): \(file): \(error)")
    }
  }
}
