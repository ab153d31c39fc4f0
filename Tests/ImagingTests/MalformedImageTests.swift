// SPDX-License-Identifier: MIT
// Bytes that are not a picture: one clear line each, and never a crash.

import TestSupport
import Testing

@testable import Imaging

@Suite struct MalformedImageTests {
  private func error(_ bytes: [UInt8]) -> ImageError? {
    do {
      _ = try Image.decode(bytes)
      return nil
    } catch { return error }
  }

  /// A file of Tests/Fixtures/images with some bytes changed.
  private func file(_ name: String, _ change: (inout [UInt8]) -> Void = { _ in }) throws -> [UInt8] {
    var bytes = try readFile(fixture("images/" + name))
    change(&bytes)
    return bytes
  }

  @Test(arguments: [
    ("", "the image is empty (0 bytes)"),
    ("GIF89a......", "a GIF image is not read; convert it to JPEG or PNG"),
    ("RIFF....WEBPVP8 ", "a WebP image is not read; convert it to JPEG or PNG"),
    ("BM..........", "a BMP image is not read; convert it to JPEG or PNG"),
    ("....ftypavif", "an AVIF image is not read; convert it to JPEG or PNG"),
    ("<!DOCTYPE html>", "an HTML page is not read; convert it to JPEG or PNG"),
    (
      "version https://git-lfs.github.com/spec/v1\n",
      "a Git LFS pointer (the file itself was not fetched) is not read; convert it to JPEG or PNG"
    ),
    ("hello", "neither JPEG nor PNG (it starts with 68 65 6c 6c 6f)"),
  ]) func otherFormatsAreNamed(_ text: String, _ message: String) {
    #expect(error(Array(text.utf8))?.description == message)
  }

  @Test func aTruncatedPictureIsRefusedAtEveryLength() throws {
    for name in [
      "420.jpg", "420-progressive.jpg", "cmyk.jpg", "gray.jpg", "rgb-8.png", "rgba-16-interlaced.png", "palette-4.png",
    ] {
      let bytes = try file(name)
      // The last 12 bytes of a PNG are its IEND chunk: the picture is whole without them.
      let whole = name.hasSuffix("png") ? bytes.count - 12 : bytes.count
      for count in 3..<whole {
        let found = error(Array(bytes[..<count]))
        #expect(found != nil, "\(name) cut to \(count) of \(bytes.count) bytes")
        if case .truncated? = found { continue }
        if name.hasSuffix("png") && count < 8 { continue }  // not even the magic bytes are there
        Issue.record("\(name) cut to \(count): \(found?.description ?? "nothing"), expected that it is truncated")
      }
    }
  }

  @Test func truncationIsSaidInOneLine() throws {
    // Which row the decoder reaches is libjpeg's business.
    let cut = error(try file("420.jpg") { $0.removeLast(2) })?.description ?? ""
    #expect(cut.hasPrefix("truncated JPEG: the data ends in row "), "\(cut)")
    #expect(cut.hasSuffix(" of 17; was it copied completely?"), "\(cut)")
    #expect(
      error(try file("rgb-8.png") { $0.removeLast(40) })?.description
        == "truncated PNG: the data ends inside a chunk; was it copied completely?")
  }

  @Test func aLyingHeaderIsRefusedBeforeAnythingIsAllocated() throws {
    // JPEG: height and width in the frame header.
    let jpeg = try file("420.jpg") { bytes in
      let frame = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
      bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0xff, 0xdc, 0xff, 0xdc])
    }
    #expect(error(jpeg) == .tooLarge(width: 65500, height: 65500))
    let wide = try file("420.jpg") { bytes in
      let frame = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
      bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0x20, 0x00, 0x40, 0x00])
    }
    #expect(error(wide) == .impossibleSize(width: 0x4000, height: 0x2000, bytes: wide.count))
    // The bound is one of blocks: 48 x 48 pixels are 54 of them at 4:2:0, 14 bytes; the file's own size is far more.
    let possible = try file("420.jpg") { bytes in
      let frame = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
      bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0, 48, 0, 48])
    }
    if case .impossibleSize? = error(possible) { Issue.record("48 x 48 pixels fit") }
    // PNG: width and height in IHDR, with a right checksum.
    #expect(
      error(png(width: 2_000_000_000, height: 2_000_000_000)) == .tooLarge(width: 2_000_000_000, height: 2_000_000_000))
    #expect(error(png(width: 10_000, height: 10_000)) == .impossibleSize(width: 10_000, height: 10_000, bytes: 57))
    #expect(error(png(width: 0, height: 4))?.description == "damaged PNG: Invalid IHDR data")
  }

  /// An 8-bit gray PNG of the claimed size with an empty IDAT.
  private func png(width: UInt32, height: UInt32) -> [UInt8] {
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(name.utf8) + data
      return big(UInt32(data.count)) + body + big(crc32(body))
    }
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
      + chunk("IHDR", big(width) + big(height) + [8, 0, 0, 0, 0]) + chunk("IDAT", []) + chunk("IEND", [])
  }

  private func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
  }

  @Test func damagedDataIsRefused() throws {
    // The last bytes of a PNG before IEND are the checksum of its pixel data.
    let flipped = try file("rgb-8.png") { $0[$0.count - 14] ^= 0x10 }
    #expect(error(flipped)?.description == "damaged PNG: IDAT: CRC error")
    // A JPEG whose scan runs into a marker too early.
    let cut = try file("420.jpg") { bytes in
      let scan = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda } ?? 0
      bytes.removeSubrange((scan + 14 + 20)..<(bytes.count - 2))
    }
    #expect(error(cut)?.description == "damaged JPEG: Corrupt JPEG data: premature end of data segment")
  }

  @Test func rareJPEGsAreRefusedByName() throws {
    let twelve = try file("gray.jpg") { bytes in
      let frame = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
      bytes[frame + 1] = 0xc1
      bytes[frame + 4] = 12
    }
    #expect(
      error(twelve)?.description
        == "unsupported JPEG: Unsupported JPEG data precision 12; save it as 8-bit gray or RGB")
    let lossless = try file("gray.jpg") { bytes in
      let frame = bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
      bytes[frame + 1] = 0xc3
    }
    #expect(
      error(lossless)?.description.hasPrefix("unsupported JPEG: Unsupported JPEG process: SOF type 0xc3") == true)
  }

  @Test func masksThatHoldNoNumbersAreRefused() throws {
    func labelError(_ name: String) throws -> String? {
      let bytes = try file(name)
      return #expect(throws: ImageError.self) { try LabelImage.decode(bytes) }?.description
    }
    let expected = "a mask must be a palette or gray PNG whose values are class numbers; this is "
    #expect(try labelError("420.jpg") == expected + "a JPEG, which does not keep numbers exactly")
    #expect(try labelError("rgb-8.png") == expected + "a colour PNG")
  }

  @Test func randomDamageNeverCrashes() throws {
    var generator = SeededGenerator(seed: 11)
    for name in [
      "420.jpg", "422-progressive.jpg", "restarts.jpg", "ycck.jpg", "exif-6.jpg", "rgb-8.png",
      "palette-2-interlaced.png", "rgb-exif.png",
    ] {
      let good = try file(name)
      for _ in 0..<150 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          bytes[Int.random(in: 3..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        guard let found = error(bytes) else { continue }
        #expect(!found.description.contains("\n"))
      }
    }
  }
}
