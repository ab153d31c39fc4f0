// SPDX-License-Identifier: MIT
// Which format bytes are in: told by their first bytes, never by a file's name.

/// The formats that are read.
enum ImageFormat: String {
  case jpeg = "JPEG"
  case png = "PNG"

  /// - Throws: `ImageError` that names the format where it is another one.
  init(of bytes: UnsafeRawBufferPointer) throws(ImageError) {
    guard !bytes.isEmpty else { throw .empty }
    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + magic.count && magic.indices.allSatisfy { bytes[offset + $0] == magic[$0] }
    }
    func has(_ magic: String, at offset: Int = 0) -> Bool { has(Array(magic.utf8), at: offset) }

    if has([0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if has([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if let name = Self.others.first(where: { has($0.magic, at: $0.offset) })?.name {
      throw .otherFormat(name)
    } else {
      throw .unknownFormat(Array(bytes.prefix(8)))
    }
  }

  /// Formats, and things that are not pictures, that turn up where a picture should be.
  private static let others: [(name: String, magic: [UInt8], offset: Int)] = [
    ("a GIF image", Array("GIF8".utf8), 0),
    ("a WebP image", Array("WEBP".utf8), 8),
    ("a BMP image", Array("BM".utf8), 0),
    ("a TIFF image", [0x49, 0x49, 0x2a, 0x00], 0),
    ("a TIFF image", [0x4d, 0x4d, 0x00, 0x2a], 0),
    ("an AVIF image", Array("ftypavif".utf8), 4),
    ("an AVIF image", Array("ftypavis".utf8), 4),
    ("a HEIC image", Array("ftyphei".utf8), 4),
    ("a HEIC image", Array("ftypmif1".utf8), 4),
    ("a JPEG 2000 image", [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20], 0),
    ("a JPEG 2000 image", [0xff, 0x4f, 0xff, 0x51], 0),
    ("a JPEG XL image", [0xff, 0x0a], 0),
    ("a JPEG XL image", [0x00, 0x00, 0x00, 0x0c, 0x4a, 0x58, 0x4c, 0x20], 0),
    ("a Photoshop document", Array("8BPS".utf8), 0),
    ("an icon file", [0x00, 0x00, 0x01, 0x00], 0),
    ("a Netpbm image", Array("P5".utf8), 0),
    ("a Netpbm image", Array("P6".utf8), 0),
    ("a MNG animation", [0x8a, 0x4d, 0x4e, 0x47], 0),
    ("a PDF document", Array("%PDF".utf8), 0),
    ("a gzip file", [0x1f, 0x8b], 0),
    ("a zip archive", [0x50, 0x4b, 0x03, 0x04], 0),
    ("an HTML page", Array("<!DOCTYPE".utf8), 0),
    ("an HTML page", Array("<!doctype".utf8), 0),
    ("an HTML page", Array("<html".utf8), 0),
    ("an SVG drawing", Array("<svg".utf8), 0),
    ("an XML or SVG file", Array("<?xml".utf8), 0),
    ("a Git LFS pointer (the file itself was not fetched)", Array("version https://git-lfs".utf8), 0),
  ]
}
