// SPDX-License-Identifier: MIT
// An 8-bit RGB picture in memory, and what needs no arithmetic: cropping and copying.

/// An 8-bit RGB picture.
public struct Image: Equatable, Sendable {
  /// Pixels across and down, both at least 1.
  public let width: Int
  public let height: Int
  /// [height, width, 3], row by row, red first.
  public var pixels: [UInt8]

  /// - Parameter pixels: [height, width, 3].
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "an image is [height, width, 3]")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, filling value: UInt8) {
    self.init(width: width, height: height, pixels: [UInt8](repeating: value, count: width * height * 3))
  }

  /// The red, green and blue at a position counted from the upper left corner.
  public subscript(x: Int, y: Int) -> (UInt8, UInt8, UInt8) {
    let i = (y * width + x) * 3
    return (pixels[i], pixels[i + 1], pixels[i + 2])
  }

  /// The middle `width` × `height` pixels; black where the picture is smaller.
  ///
  /// The rule of Hugging Face's image processors (`transformers.image_transforms.center_crop`): the offset is rounded
  /// down, padding on the left and on top is rounded up.
  public func centerCropped(width newWidth: Int, height newHeight: Int) -> Image {
    let left = Image.centerCropOffset(of: width, to: newWidth)
    let top = Image.centerCropOffset(of: height, to: newHeight)
    var result = Image(width: newWidth, height: newHeight, filling: 0)
    for y in max(0, -top)..<min(newHeight, height - top) {
      let from = max(0, left)
      let to = min(width, left + newWidth)
      let source = ((y + top) * width + from) * 3
      let target = (y * newWidth + from - left) * 3
      result.pixels.replaceSubrange(
        target..<(target + (to - from) * 3), with: pixels[source..<(source + (to - from) * 3)])
    }
    return result
  }

  /// Where the crop begins, negative where the picture has to be padded.
  static func centerCropOffset(of size: Int, to newSize: Int) -> Int {
    size >= newSize ? (size - newSize) / 2 : -((newSize - size + 1) / 2)
  }
}
