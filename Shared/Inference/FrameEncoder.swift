// SPDX-License-Identifier: MIT
// `encode`: patches in, features beside them.
import Autograd
import Checkpoints
import Examples
import Failures
import Models
import TensorStream
import Tensors

/// Adds `features` to frames.
public final class FrameEncoder {
  /// Fingerprint of the encoder: the metadata `encoder` of what it writes.
  public let fingerprint: String
  private let runner: PassRunner
  private let dtype: DType
  /// Images that were encoded; the same picture twice in a group counts once.
  public private(set) var imageCount = 0

  /// - Parameter dtype: F32 or BF16, for what is written; the arithmetic is f32.
  public init(_ checkpoint: Checkpoint, dtype: DType = .f32, note: @escaping (String) -> Void) throws {
    precondition(dtype == .f32 || dtype == .bf16)
    let model = try MultimodalModel(checkpoint, parts: [.vision])
    fingerprint = try checkpoint.requiredEncoderFingerprint()
    let contract = try FrameContract(checkpoint, model.config)
    runner = PassRunner(model, contract: contract, encoder: fingerprint, note: note)
    self.dtype = dtype
  }

  /// Frames go in one by one and come out with features, in order. Frames of text alone pass unchanged.
  public func groups(rowsPerPass: Int = 2048) -> FrameGroups {
    let contract = runner.contract
    return FrameGroups(rowsPerPass: rowsPerPass) { frame in
      if frame.tensors[.patches] == nil, frame.tensors[.features] == nil, frame.tensors[.prompt] != nil {
        return nil
      }
      let example = try Example(frame, responses: .none, contract: contract)
      try self.runner.admit(example)
      return example
    } work: { frames in
      try self.encode(frames)
    }
  }

  private func encode(_ frames: [(frame: Frame, example: Example?)]) throws -> [FrameResult] {
    var place: [String: Range<Int>] = [:]  // rows of all features, by digest
    var images: [ExampleImage] = []
    var rows = 0
    for image in frames.compactMap(\.example).flatMap(\.images) where place[image.digest] == nil {
      place[image.digest] = rows..<rows + image.featureRows.count
      rows += image.featureRows.count
      images.append(image)
    }
    guard !images.isEmpty, let vision = runner.contract.vision else { return frames.map { .success($0.frame) } }
    let all = try runner.features(images).value
    imageCount += images.count

    return frames.map { frame, example in
      guard let example else { return .success(frame) }
      var added: [TensorName: Tensor] = [:]
      for (name, images) in Dictionary(grouping: example.images, by: \.featuresName) {
        let features = Tensor(uninitialized: [images.reduce(0) { $0 + $1.featureRows.count }, vision.width])
        var row = 0
        for image in images {
          guard let place = place[image.digest] else { continue }
          let source = all.rows(place)
          (features.pointer + row * vision.width).update(from: source.pointer, count: source.count)
          row += place.count
        }
        added[name] = features
      }
      guard added.values.allSatisfy(\.isFinite) else {
        return .failure(
          frame.error("its features are not finite; are the weights of \(runner.contract.checkpoint) sound?"))
      }
      var result = frame
      for (name, features) in added { result.tensors[name] = stored(features) }
      result.metadata[.encoder] = fingerprint
      result.metadata[.prefixTokens] = "\(vision.prefixRows)"
      result.metadata[.precision] = "f32"
      return .success(result)
    }
  }

  private func stored(_ features: Tensor) -> RawTensor {
    guard dtype == .bf16 else { return RawTensor(features) }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: features.count * 2, alignment: 64)
    defer { bytes.deallocate() }
    if let start = bytes.baseAddress {
      convertFromFloat(features.pointer, count: features.count, to: .bf16, into: start)
    }
    return RawTensor(dtype: .bf16, shape: features.shape, bytes: UnsafeRawBufferPointer(bytes))
  }
}
