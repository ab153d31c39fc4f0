// SPDX-License-Identifier: MIT
// A model and what its passes need: images become visual tokens, from patches or from features that fit.
import Autograd
import Checkpoints
import Examples
import Failures
import Models
import Objectives
import TensorStream
import Tensors

/// Runs passes through one model.
///
/// Features that travel with a frame are used exactly where the encoder that made them is the one that this model needs
/// and keeps frozen; otherwise the patches are encoded.
public final class PassRunner {
  public let model: MultimodalModel
  public let contract: FrameContract
  /// Fingerprint of the encoder; nil where it learns, so that no stored features can stand for it.
  public let encoder: String?
  /// Called once, where features are there but cannot be used.
  private let note: (String) -> Void
  private var hasNoted = false

  public init(_ model: MultimodalModel, contract: FrameContract, encoder: String?, note: @escaping (String) -> Void) {
    self.model = model
    self.contract = contract
    self.encoder = encoder
    self.note = note
  }

  /// Log-probabilities of all gathers of a pass.   -> [gathers.count]
  public func logps(_ pass: MicroBatch) throws -> Variable { try model.logps(hiddenStates(pass), pass.gathers) }

  /// What is asked for of all gathers of a pass, from one forward pass.
  public func outputs(_ wanted: Set<PassOutput>, of pass: MicroBatch) throws -> PassVariables {
    let hidden = try hiddenStates(pass)
    let outputs = wanted.sorted().map { output in
      switch output {
      case .logps: (output, model.logps(hidden, pass.gathers))
      case .hiddenStates: (output, hidden)
      }
    }
    return PassVariables(outputs)
  }

  private func hiddenStates(_ pass: MicroBatch) throws -> Variable {
    let grids = pass.images.map(\.grid)
    let tokens = grids.isEmpty ? nil : model.visualTokens(try features(pass.images), grids: grids)
    return model.hiddenStates(pass.forest, visualTokens: tokens, pass.gathers, grids: grids)
  }

  /// Features of images, one after the other.   -> [Σ featureRows, D]
  public func features(_ images: [ExampleImage]) throws -> Variable {
    guard let vision = contract.vision else { preconditionFailure("images for a model without an encoder") }
    let stored = try images.map { try usableFeatures($0) }
    let missing = images.indices.filter { stored[$0] == nil }
    let fresh = try missing.isEmpty ? nil : encode(missing.map { images[$0] }, vision)
    guard missing.count < images.count else { return fresh ?? Variable(Tensor(zeros: [0, vision.width])) }

    // Only a frozen encoder comes here, so that plain copies lose no gradient.
    let all = Tensor(uninitialized: [images.reduce(0) { $0 + $1.featureRows.count }, vision.width])
    var (row, nextFresh) = (0, 0)
    for (image, features) in zip(images, stored) {
      let count = image.featureRows.count
      let target = all.rows(row..<row + count)
      row += count
      if let features {
        try copyRows(features, image.featureRows, to: target)
      } else if let fresh {
        let source = fresh.value.rows(nextFresh..<nextFresh + count)
        target.pointer.update(from: source.pointer, count: target.count)
        nextFresh += count
      }
    }
    return Variable(all)
  }

  /// Refuses an example whose images can neither be taken from its features nor be encoded.
  public func admit(_ example: Example) throws {
    for image in example.images { _ = try usableFeatures(image) }
  }

  private func usableFeatures(_ image: ExampleImage) throws -> RawTensor? {
    guard let features = image.features else { return nil }
    guard let encoder, image.encoder == encoder else {
      guard image.patches != nil else {
        throw image.place.error(
          encoder.map {
            "its features are of the encoder \(image.encoder ?? "?"), \(contract.checkpoint) has \($0), and there are "
              + "no "
              + "\"patches\" to encode again"
          } ?? "has features but no \"patches\", which an encoder that learns needs")
      }
      if let encoder, !hasNoted {
        hasNoted = true
        note(
          "the features are of another encoder (\(image.encoder ?? "?")) than that of \(contract.checkpoint) "
            + "(\(encoder)): "
            + "the patches are encoded again")
      }
      return nil
    }
    guard let width = contract.vision?.width, features.shape[1] == width else {
      throw image.place.error(
        "its features are \(features.summary), expected \(contract.vision?.width ?? 0) columns for "
          + contract.checkpoint
      )
    }
    return features
  }

  private func encode(_ images: [ExampleImage], _ vision: FrameContract.Vision) throws -> Variable {
    let patches = try images.map { image in
      guard let patches = image.patches else { throw image.place.error("has no \"patches\" to encode") }
      return patches.rows(image.patchRows)
    }
    let pixels = withBytes(of: patches[...]) {
      normalizedPixels($0, patchSize: vision.patchSize, mean: vision.mean, std: vision.std)
    }
    return model.features(pixels, grids: images.map(\.grid))
  }

  /// The bytes of several tensors at the same time, without a copy.
  private func withBytes<Result>(
    of tensors: ArraySlice<RawTensor>, _ found: [UnsafeRawBufferPointer] = [],
    _ body: ([UnsafeRawBufferPointer]) -> Result
  ) -> Result {
    guard let first = tensors.first else { return body(found) }
    return first.withUnsafeBytes { withBytes(of: tensors.dropFirst(), found + [$0], body) }
  }

  private func copyRows(_ tensor: RawTensor, _ rows: Range<Int>, to target: Tensor) throws {
    let values = try tensor.rows(rows).floats()
    values.withUnsafeBufferPointer { values in
      if let start = values.baseAddress { target.pointer.update(from: start, count: target.count) }
    }
  }
}
