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

  /// [P, D], all rows of the frame's images  ->  [T, E]. Throws where the features are another encoder's, of another width, or
  /// not as many as the frame's grid counts.
  public func callAsFunction(_ frame: Frame, _ features: Tensor) throws -> Tensor {
    if let encoder, let own = frame.metadata[.encoder], own != encoder {
      throw frame.error(
        "its features come from encoder \(own), but the projector of \(checkpoint) follows encoder \(encoder); "
          + "run encode with the same checkpoint")
    }
    guard features.columns == width else {
      throw frame.error("\"features\" has width \(features.columns), the projector of \(checkpoint) takes \(width)")
    }
    return model.visualTokens(Variable(features), grids: try grids(frame, rows: features.rows)).value
  }

  /// The grids of a frame's images, or as many of the usual one as the rows make up.
  private func grids(_ frame: Frame, rows: Int) throws -> [PatchGrid] {
    var grids: [PatchGrid]?
    do {
      grids = try frame.metadata.grids(.grid)?.map { PatchGrid(height: $0.height, width: $0.width) }
    } catch {
      throw frame.error("\(error)")
    }
    if grids == nil, let usual = model.config.vision?.grid {
      grids = Array(repeating: usual, count: rows / max(1, model.config.features(of: usual)))
    }
    let counted = (grids ?? []).reduce(0) { $0 + model.config.features(of: $1) }
    guard let grids, counted == rows else {
      throw frame.error(
        frame.metadata[.grid] == nil
          ? "\"features\" has \(rows) rows, no whole number of images, and there is no metadata \"grid\" (\"h w\" of each)"
          : "\"features\" has \(rows) rows, and its grid counts \(counted)")
    }
    return grids
  }
}
