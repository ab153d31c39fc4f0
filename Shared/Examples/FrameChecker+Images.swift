// SPDX-License-Identifier: MIT
// The images of a frame: patches or features, counted against the grid and the encoder's.
import Digests
import Models
import TensorStream
import Tensors

extension FrameChecker {
  /// The images of one tensor of patches, or of features alone. Empty where the frame has neither.
  func images(_ fields: ImageFields) throws -> [ExampleImage] {
    let (patchesName, featuresName, gridName) = (fields.patches, fields.features, fields.grid)
    let patches = frame.tensors[patchesName]
    let features = frame.tensors[featuresName]
    guard patches != nil || features != nil else {
      if frame.metadata[gridName] != nil {
        throw refusal("has the metadata \"\(gridName)\" but neither \"\(patchesName)\" nor \"\(featuresName)\"")
      }
      return []
    }
    guard let vision = contract.vision else {
      throw refusal("has images, and \(contract.checkpoint) has no vision encoder")
    }
    let grids = try grids(gridName, vision, of: patches == nil ? featuresName : patchesName)
    let (patchCount, featureCount) = grids.reduce((0, 0)) { ($0.0 + $1.grid.count, $0.1 + $1.rows.features) }
    if let patches { try checkPatches(patches, patchesName, vision, rows: patchCount) }
    if let features { try checkFeatures(features, featuresName, rows: featureCount) }
    var (firstPatch, firstFeature) = (0, 0)
    return grids.map { grid, rows in
      let patchRows = firstPatch..<firstPatch + grid.count
      let featureRows = firstFeature..<firstFeature + rows.features
      (firstPatch, firstFeature) = (patchRows.upperBound, featureRows.upperBound)
      let digest =
        patches.map { self.digest(of: $0, rows: patchRows, grid) }
        ?? features.map { self.digest(of: $0, rows: featureRows, grid) + " of features" } ?? ""
      return ExampleImage(
        digest: digest, grid: grid, tokenRows: rows.tokens, patches: patches, patchRows: patchRows, features: features,
        featureRows: featureRows, encoder: features == nil ? nil : frame.metadata[.encoder],
        featuresName: featuresName,
        place: place)
    }
  }

  /// The images that the grid counts ("h w; h w" are two), and what each takes.
  private func grids(
    _ name: MetadataKey, _ vision: FrameContract.Vision, of tensor: TensorName
  ) throws -> [(grid: PatchGrid, rows: FrameContract.ImageRows)] {
    let found: [(height: Int, width: Int)]?
    do { found = try frame.metadata.grids(name) } catch { throw refusal("\(error)") }
    guard let found else {
      throw refusal("has \"\(tensor)\" without the metadata \"\(name)\" (\"h w\", the grid of patches)")
    }
    return try found.map { height, width in
      let grid = PatchGrid(height: height, width: width)
      guard let rows = vision.rows(grid) else {
        throw refusal(
          "\"\(name)\" is \"\(frame.metadata[name] ?? "")\", but \(contract.checkpoint) takes "
            + "\(vision.grid.height) by \(vision.grid.width) patches; "
            + "run imgtok with this checkpoint")
      }
      return (grid, rows)
    }
  }

  private func checkPatches(_ tensor: RawTensor, _ name: TensorName, _ vision: FrameContract.Vision, rows: Int) throws {
    let width = 3 * vision.patchSize * vision.patchSize
    guard tensor.dtype == .u8, tensor.shape.count == 2, tensor.shape[1] == width else {
      throw refusal(
        "\"\(name)\" is \(tensor.summary), expected U8 [P, \(width)]: patches of "
          + "\(vision.patchSize) by \(vision.patchSize) "
          + "pixels, as \(contract.checkpoint) takes them")
    }
    guard tensor.shape[0] == rows else {
      throw refusal("\"\(name)\" has \(tensor.shape[0]) rows, and its grid counts \(rows) patches")
    }
    if let patch = frame.metadata[.patch], Int(patch) != vision.patchSize {
      throw refusal("\"patch\" is \"\(patch)\", but \(contract.checkpoint) takes patches of \(vision.patchSize) pixels")
    }
    guard let normalize = frame.metadata[.normalize] else { return }
    let expected = vision.mean + vision.std
    let found = normalize.split { !"+-.eE0123456789".contains($0) }.compactMap { Float($0) }
    guard found.count == expected.count, zip(found, expected).allSatisfy({ abs($0 - $1) <= 1e-6 }) else {
      func text(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
      throw refusal(
        "\"normalize\" is \"\(normalize)\", but the preprocessor of \(contract.checkpoint) has "
          + "mean \(text(vision.mean)) and "
          + "std \(text(vision.std)); run imgtok with this checkpoint")
    }
  }

  private func checkFeatures(_ tensor: RawTensor, _ name: TensorName, rows: Int) throws {
    guard tensor.dtype == .f32 || tensor.dtype == .bf16, tensor.shape.count == 2, tensor.shape[0] == rows else {
      throw refusal("\"\(name)\" is \(tensor.summary), expected F32 or BF16 [\(rows), n]")
    }
    guard frame.metadata[.encoder] != nil else {
      throw refusal("has \"\(name)\" without the metadata \"encoder\", the fingerprint of what made them")
    }
  }

  /// 128 bits of the rows' bytes: enough that two pictures are never taken for one. The metadata `image_digest` is not
  /// asked: it is a claim of whoever wrote the frame, and a wrong one would put a picture in another's place.
  private func digest(of tensor: RawTensor, rows: Range<Int>, _ grid: PatchGrid) -> String {
    tensor.rows(rows).withUnsafeBytes { bytes in
      var digest = ContentDigest()
      for number in [grid.height, grid.width, bytes.count] { digest.add(UInt64(number)) }
      digest.add(bytes)
      return digest.hexadecimal
    }
  }
}
