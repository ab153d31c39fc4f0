// SPDX-License-Identifier: MIT
// Resizing, byte for byte as Pillow's Image.resize.

import CImageCodecs

/// How a resized picture's pixels are weighted.  All but `nearest` average over the area a pixel comes from (they
/// are "antialiased").  Raw values are Pillow's, as `resample` in preprocessor_config.json has them.
public enum ResizeFilter: Int, CaseIterable, Sendable {
  case nearest = 0
  case lanczos = 1
  case bilinear = 2
  /// Keys' cubic with a = -1/2.
  case bicubic = 3
  case box = 4
  case hamming = 5
}

extension Image {
  /// The picture at another size.  Same bytes as `Image.resize((width, height), filter)` of Pillow 13: two passes with
  /// 22-bit fixed-point weights, each rounded to 8 bits.  (Pillow before 13 always ran the horizontal pass first,
  /// which differs where contrast overshoots, in pictures whose height shrinks more than their width.)
  public func resized(width newWidth: Int, height newHeight: Int, filter: ResizeFilter) -> Image {
    resized(width: newWidth, height: newHeight, filter: filter, instructions: Int32(RESAMPLE_BEST))
  }

  /// As above, on a chosen instruction set (`RESAMPLE_PLAIN`, …): every one gives the same bytes.
  func resized(width newWidth: Int, height newHeight: Int, filter: ResizeFilter, instructions: Int32) -> Image {
    precondition(newWidth > 0 && newHeight > 0, "a picture has at least one pixel")
    if newWidth == width && newHeight == height { return self }
    var status: Int32 = 0
    let resized = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight * 3) { buffer, count in
      pixels.withUnsafeBufferPointer { source in
        status = resample_rgb(
          source.baseAddress, Int64(width), Int64(height), buffer.baseAddress, Int64(newWidth), Int64(newHeight),
          Int32(filter.rawValue), instructions)
      }
      count = newWidth * newHeight * 3
    }
    precondition(status == CODEC_OK, "out of memory while resizing")
    return Image(width: newWidth, height: newHeight, pixels: resized)
  }
}
