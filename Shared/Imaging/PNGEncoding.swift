// SPDX-License-Identifier: MIT
// Writing PNG: 8-bit RGB, gray, and palette pictures.

import CImageCodecs
import Glibc

extension Image {
  /// The picture as an 8-bit RGB PNG.  The same pixels give the same bytes (for the same zlib).
  public func png() throws(ImageError) -> [UInt8] {
    try encodePNG(pixels, width: width, height: height, channels: 3, palette: nil)
  }
}

/// An 8-bit gray PNG of [height, width] values.
public func grayPNG(_ values: [UInt8], width: Int, height: Int) throws(ImageError) -> [UInt8] {
  try encodePNG(values, width: width, height: height, channels: 1, palette: nil)
}

/// A PNG of [height, width] palette indices: class numbers that also look like something in a viewer.
///
/// - Parameter palette: 1...256 colours; every index must be below its count.
public func palettePNG(
  _ indices: [UInt8], width: Int, height: Int, palette: [(UInt8, UInt8, UInt8)]
) throws(ImageError) -> [UInt8] {
  precondition((1...256).contains(palette.count) && (indices.max() ?? 0) < palette.count, "indices need a colour each")
  return try encodePNG(
    indices, width: width, height: height, channels: 1, palette: palette.flatMap { [$0.0, $0.1, $0.2] })
}

private func encodePNG(
  _ pixels: [UInt8], width: Int, height: Int, channels: Int, palette: [UInt8]?
) throws(ImageError) -> [UInt8] {
  precondition(width > 0 && height > 0 && pixels.count == width * height * channels, "pixels do not fill the picture")
  guard width < 1 << 31, height < 1 << 31 else { throw .tooLarge(width: width, height: height) }
  var bytes: UnsafeMutablePointer<UInt8>?
  var count = 0
  let (status, message) = withCodecMessage { text in
    func encode(_ colors: UnsafePointer<UInt8>?, _ colorCount: Int) -> Int32 {
      codec_png_encode(
        pixels, UInt32(width), UInt32(height), Int32(channels), colors, Int32(colorCount), &bytes, &count, text)
    }
    return palette.map { colors in colors.withUnsafeBufferPointer { encode($0.baseAddress, colors.count / 3) } }
      ?? encode(nil, 0)
  }
  defer { free(bytes) }
  try check(status, message, .png, width, height)
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}
