// SPDX-License-Identifier: MIT
// Segmentation masks: a class number a pixel.

import CImageCodecs

/// A picture of class numbers, as a segmentation mask stores them.
public struct LabelImage: Equatable, Sendable {
  /// The class number of pixels outside the picture or without a class.
  public static let ignored: Int32 = -1

  public let width: Int
  public let height: Int
  /// [height, width], row by row.
  public var values: [Int32]

  /// - Parameter values: [height, width].
  public init(width: Int, height: Int, values: [Int32]) {
    precondition(width > 0 && height > 0 && values.count == width * height, "a label image is [height, width]")
    self.width = width
    self.height = height
    self.values = values
  }

  /// Decodes a gray or palette PNG of any depth: gray samples and palette indices are the class numbers as they are
  /// stored (a 2-bit sample 3 is class 3, not 255).  An alpha channel beside gray is left aside.
  ///
  /// - Parameter ignoring: the stored value that means "no class" (255 by the custom of VOC and its heirs); nil
  ///   for none.
  /// - Throws: `ImageError`; a JPEG or a colour PNG is refused, since neither keeps class numbers.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, ignoring ignoredValue: Int32? = 255
  ) throws(ImageError) -> LabelImage {
    let format = try ImageFormat(of: bytes)
    guard format == .png else { throw .notLabels("a JPEG, which does not keep numbers exactly") }
    let header = try CodecHeader(bytes, format)
    guard header.hasPalette || header.channels <= 2 else { throw .notLabels("a colour PNG") }
    let count = header.width * header.height
    let data = bytes.bindMemory(to: UInt8.self)
    var status: Int32 = 0
    var message = ""
    let stored = [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
      (status, message) = withCodecMessage { codec_png_values(data.baseAddress, data.count, buffer.baseAddress, $0) }
      initialized = status == CODEC_OK ? count : 0
    }
    try check(status, message, format, header.width, header.height)
    let values = stored.map { Int32($0) == ignoredValue ? ignored : Int32($0) }
    return LabelImage(width: header.width, height: header.height, values: values)
  }

  public static func decode(_ bytes: [UInt8], ignoring ignoredValue: Int32? = 255) throws(ImageError) -> LabelImage {
    let result: Result<LabelImage, ImageError> = bytes.withUnsafeBytes { buffer in
      do throws(ImageError) { return .success(try decode(buffer, ignoring: ignoredValue)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// At another size, each value taken from the nearest pixel (as Pillow's `NEAREST`).
  public func resized(width newWidth: Int, height newHeight: Int) -> LabelImage {
    if newWidth == width && newHeight == height { return self }
    let columns = LabelImage.nearest(width, newWidth)
    let rows = LabelImage.nearest(height, newHeight)
    var result = [Int32]()
    result.reserveCapacity(newWidth * newHeight)
    for row in rows {
      for column in columns { result.append(values[row * width + column]) }
    }
    return LabelImage(width: newWidth, height: newHeight, values: result)
  }

  private static func nearest(_ size: Int, _ newSize: Int) -> [Int] {
    var index = [Int64](repeating: 0, count: newSize)
    resample_nearest_indices(Int64(size), Int64(newSize), &index)
    return index.map(Int.init)
  }

  /// The middle part, as `Image.centerCropped`; `ignored` where the picture is smaller.
  public func centerCropped(width newWidth: Int, height newHeight: Int) -> LabelImage {
    let left = Image.centerCropOffset(of: width, to: newWidth)
    let top = Image.centerCropOffset(of: height, to: newHeight)
    var result = [Int32](repeating: LabelImage.ignored, count: newWidth * newHeight)
    for y in max(0, -top)..<min(newHeight, height - top) {
      for x in max(0, -left)..<min(newWidth, width - left) {
        result[y * newWidth + x] = values[(y + top) * width + x + left]
      }
    }
    return LabelImage(width: newWidth, height: newHeight, values: result)
  }

  /// The commonest class of each patch, row by row; on a tie the smallest (so `ignored` wins over a class).
  /// Rows and columns that the patch does not divide are dropped, as `patchify` drops them.
  ///
  /// - Returns: [gridHeight, gridWidth].
  public func majority(patch: Int) -> (values: [Int32], gridHeight: Int, gridWidth: Int) {
    precondition(patch > 0, "a patch has at least one pixel")
    let gridHeight = height / patch
    let gridWidth = width / patch
    var result = [Int32]()
    result.reserveCapacity(gridHeight * gridWidth)
    var counts: [Int32: Int] = [:]
    for row in 0..<gridHeight {
      for column in 0..<gridWidth {
        counts.removeAll(keepingCapacity: true)
        for y in (row * patch)..<((row + 1) * patch) {
          for x in (column * patch)..<((column + 1) * patch) { counts[values[y * width + x], default: 0] += 1 }
        }
        var best = (value: LabelImage.ignored, count: 0)
        for (value, count) in counts where count > best.count || (count == best.count && value < best.value) {
          best = (value, count)
        }
        result.append(best.value)
      }
    }
    return (result, gridHeight, gridWidth)
  }
}
