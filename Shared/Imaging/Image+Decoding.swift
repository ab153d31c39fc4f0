// SPDX-License-Identifier: MIT
// Bytes of a JPEG or PNG file -> pixels.  The header's claims are checked before anything is allocated.

import CImageCodecs

extension Image {
  /// The most pixels a picture may have: where Pillow, too, suspects a decompression bomb.
  public static let mostPixels = 178_956_970

  /// Decodes a JPEG (8 bits; gray, colour, CMYK/YCCK; baseline or progressive) or a PNG (every colour type, depth and
  /// interlacing) into the RGB that Pillow's `Image.open(file).convert("RGB")` gives: alpha is dropped, 16-bit gray
  /// clips to 255, other 16-bit samples keep their high byte, colour profiles and gamma are ignored.
  ///
  /// Stricter than Pillow where pixels are lost: damaged entropy-coded data and wrong checksums are refused.
  ///
  /// - Parameters:
  ///   - bytes: the whole file; its format is told by its first bytes.
  ///   - exif: turns the picture as its EXIF (or XMP) orientation says, as `ImageOps.exif_transpose` does.
  /// - Throws: `ImageError` without the file's name.
  public static func decode(_ bytes: UnsafeRawBufferPointer, exif: Bool = true) throws(ImageError) -> Image {
    let format = try ImageFormat(of: bytes)
    let header = try CodecHeader(bytes, format)
    let data = bytes.bindMemory(to: UInt8.self)
    var status: Int32 = 0
    var message = ""
    let pixels = [UInt8](unsafeUninitializedCapacity: header.width * header.height * 3) { buffer, count in
      (status, message) = withCodecMessage { text in
        switch format {
        case .jpeg: codec_jpeg_decode(data.baseAddress, data.count, buffer.baseAddress, text)
        case .png: codec_png_decode(data.baseAddress, data.count, buffer.baseAddress, text)
        }
      }
      count = status == CODEC_OK ? header.width * header.height * 3 : 0
    }
    try check(status, message, format, header.width, header.height)
    let image = Image(width: header.width, height: header.height, pixels: pixels)
    return exif ? image.oriented(by: Orientation(of: bytes, format)) : image
  }

  public static func decode(_ bytes: [UInt8], exif: Bool = true) throws(ImageError) -> Image {
    let result: Result<Image, ImageError> = bytes.withUnsafeBytes { buffer in
      do throws(ImageError) { return .success(try decode(buffer, exif: exif)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

/// A file's claims about itself, found acceptable.
struct CodecHeader {
  let width: Int
  let height: Int
  let channels: Int
  let hasPalette: Bool

  init(_ bytes: UnsafeRawBufferPointer, _ format: ImageFormat) throws(ImageError) {
    let data = bytes.bindMemory(to: UInt8.self)
    var header = codec_header()
    let (status, message) = withCodecMessage { text in
      switch format {
      case .jpeg: codec_jpeg_header(data.baseAddress, data.count, &header, text)
      case .png: codec_png_header(data.baseAddress, data.count, &header, text)
      }
    }
    width = Int(header.width)
    height = Int(header.height)
    channels = Int(header.channels)
    hasPalette = header.has_palette != 0
    try check(status, message, format, width, height)
    // Both are below 2^31, so the product fits.
    guard width * height <= Image.mostPixels else { throw .tooLarge(width: width, height: height) }
    guard UInt64(bytes.count) >= header.least_bytes else {
      throw .impossibleSize(width: width, height: height, bytes: bytes.count)
    }
  }
}

/// Runs a codec with room for its message.
func withCodecMessage(_ body: (UnsafeMutablePointer<CChar>) -> Int32) -> (status: Int32, message: String) {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CODEC_MESSAGE)) { buffer in
    buffer.initialize(repeating: 0)
    guard let text = buffer.baseAddress else { return (Int32(CODEC_NO_MEMORY), "out of memory") }
    let status = body(text)
    return (status, String(cString: text))
  }
}

/// Turns a codec's status into an error.
func check(
  _ status: Int32, _ message: String, _ format: ImageFormat, _ width: Int, _ height: Int
) throws(ImageError) {
  switch Int(status) {
  case Int(CODEC_OK): return
  case Int(CODEC_TRUNCATED): throw .truncated(format: format.rawValue, detail: message)
  case Int(CODEC_UNSUPPORTED): throw .unsupported(format: format.rawValue, detail: message)
  case Int(CODEC_NO_MEMORY): throw .outOfMemory(width: width, height: height)
  default: throw .damaged(format: format.rawValue, detail: message)
  }
}
