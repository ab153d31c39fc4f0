// SPDX-License-Identifier: MIT
// What a vision model wants done to a picture before it sees it: preprocessor_config.json, as Hugging Face's image
// processors write it (SigLIP, CLIP, ViT, DINOv2 and others that resize, crop and normalise).

import Failures
import StrictJSON

/// Resizing, cropping and normalising as a checkpoint's preprocessor_config.json says.
///
/// Pictures stay 8-bit: `mean` and `std` are for the one who multiplies the patches, x = (v/255 - mean) / std.
public struct Preprocessor: Equatable, Sendable {
  /// What happens to a picture's extents.
  public enum Resizing: Equatable, Sendable {
    /// Nothing.
    case none
    /// Both are set, whatever the aspect ratio was (SigLIP, ViT).
    case stretch(width: Int, height: Int)
    /// The shorter edge is set, the longer follows, rounded down (CLIP, DINOv2).
    case shortestEdge(Int)
  }

  /// Pixels across and down.
  public struct Size: Equatable, Sendable {
    public let width: Int
    public let height: Int
  }

  public let resizing: Resizing
  public let filter: ResizeFilter
  /// The middle part that is kept, padded with black where the picture is smaller; nil for no crop.
  public let crop: Size?
  /// Per channel, in units of 0...1.
  public let mean: [Double]
  public let std: [Double]

  public init(resizing: Resizing, filter: ResizeFilter, crop: Size? = nil, mean: [Double], std: [Double]) {
    precondition(mean.count == 3 && std.count == 3, "three channels")
    self.resizing = resizing
    self.filter = filter
    self.crop = crop
    self.mean = mean
    self.std = std
  }

  /// The size every picture comes out with; nil where that depends on the picture.
  public var outputSize: Size? {
    if let crop { return crop }
    if case .stretch(let width, let height) = resizing { return Size(width: width, height: height) }
    return nil
  }

  /// A picture as the model wants it, still 0...255.
  /// - Throws: `ImageError` where a picture is so long and narrow that resizing it would not fit in memory.
  public func preprocess(_ image: Image) throws(ImageError) -> Image {
    let size = try resizedSize(width: image.width, height: image.height)
    let resized = image.resized(width: size.width, height: size.height, filter: filter)
    return crop.map { resized.centerCropped(width: $0.width, height: $0.height) } ?? resized
  }

  /// A mask through the same geometry: nearest neighbour, `LabelImage.ignored` where the picture is padded.
  public func preprocess(_ labels: LabelImage) throws(ImageError) -> LabelImage {
    let size = try resizedSize(width: labels.width, height: labels.height)
    let resized = labels.resized(width: size.width, height: size.height)
    return crop.map { resized.centerCropped(width: $0.width, height: $0.height) } ?? resized
  }

  private func resizedSize(width: Int, height: Int) throws(ImageError) -> Size {
    switch resizing {
    case .none: return Size(width: width, height: height)
    case .stretch(let newWidth, let newHeight): return Size(width: newWidth, height: newHeight)
    case .shortestEdge(let edge):
      let short = min(width, height)
      let long = max(width, height)
      let newLong = Int(Double(edge * long) / Double(short))
      guard edge * newLong <= Image.mostPixels else { throw .tooNarrow(width: width, height: height, edge: edge) }
      return width <= height ? Size(width: edge, height: newLong) : Size(width: newLong, height: edge)
    }
  }
}

/// A value in preprocessor_config.json that cannot be followed.  The caller adds the file's name.
public struct PreprocessorError: Failure, Equatable {
  public let key: String
  public let problem: String

  public var exitStatus: ExitStatus { .badData }
  public var description: String { "\"\(key)\" \(problem)" }

  static func value(_ key: String, _ value: JSONValue, expected: String) -> PreprocessorError {
    PreprocessorError(key: key, problem: "is \(value.text()), expected \(expected)")
  }
  static func unsupported(_ key: String, _ value: JSONValue, _ why: String) -> PreprocessorError {
    PreprocessorError(key: key, problem: "is \(value.text()): \(why) is not supported")
  }
}
