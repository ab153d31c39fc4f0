// SPDX-License-Identifier: MIT
// `--after projector`: features become visual tokens before they are pooled.
import Autograd
import Checkpoints
import Failures
import Models
import TensorStream
import Tensors

/// The projector of a checkpoint, for features that its own encoder has made.
public struct ProjectedFeatures {
  private let model: MultimodalModel
  private let checkpoint: String
  private let encoder: String?
  private let width: Int

  /// Loads the projector alone. Throws 65 where there is none.
  public init(_ checkpoint: Checkpoint) throws {
    model = try MultimodalModel(checkpoint, parts: [.projector])
    self.checkpoint = checkpoint.path
    encoder = try checkpoint.encoderFingerprint()
    width = model.config.vision?.hiddenSize ?? 0
  }

  /// [P, D] -> [P, E]. Throws where the features are another encoder's, or of another width.
  public func callAsFunction(_ frame: Frame, _ features: Tensor) throws -> Tensor {
    if let encoder, let own = frame.metadata[.encoder], own != encoder {
      throw frame.error(
        "its features come from encoder \(own), but the projector of \(checkpoint) follows encoder \(encoder); "
          + "run encode with the same checkpoint")
    }
    guard features.columns == width else {
      throw frame.error("\"features\" has width \(features.columns), the projector of \(checkpoint) takes \(width)")
    }
    return model.visualTokens(Variable(features)).value
  }
}
