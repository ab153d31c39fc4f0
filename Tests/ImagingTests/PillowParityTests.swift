// SPDX-License-Identifier: MIT
// Every picture of Tests/Fixtures/images decodes, turns, resizes and crops to Pillow's bytes.

import CImageCodecs
import StrictJSON
import TestSupport
import Testing

@testable import Imaging

/// One line of cases.json with the bytes it expects.
struct PillowCase: CustomTestStringConvertible {
  let kind: String
  let file: String
  let width: Int
  let height: Int
  let filter: ResizeFilter?
  let expected: [UInt8]
  let line: JSONValue

  var testDescription: String { "\(kind) \(file) \(width)x\(height) \(filter.map { "\($0)" } ?? "")" }

  static let all: [PillowCase] = {
    do {
      let expected = try readFile(fixture("images/expected.bin"))
      return try (JSONValue.parse(readFile(fixture("images/cases.json"))).array ?? []).map { line in
        let kind = try #require(line["kind"]?.string)
        let width = try #require(line["width"]?.int)
        let height = try #require(line["height"]?.int)
        let offset = try #require(line["offset"]?.int)
        let count = width * height * (kind == "labels" ? 2 : 3)
        return PillowCase(
          kind: kind, file: try #require(line["file"]?.string), width: width, height: height,
          filter: line["filter"]?.int.flatMap(ResizeFilter.init(rawValue:)),
          expected: Array(expected[offset..<(offset + count)]), line: line)
      }
    } catch {
      fatalError("cases.json: \(error)")
    }
  }()

  static func of(_ kind: String) -> [PillowCase] { all.filter { $0.kind == kind } }

  func bytes() throws -> [UInt8] { try readFile(fixture("images/" + file)) }

  /// Compares shape and every byte, and says where the first difference is.
  func check(_ image: Image) {
    #expect([image.width, image.height] == [width, height])
    guard image.pixels.count == expected.count else { return }
    let wrong = expected.indices.filter { expected[$0] != image.pixels[$0] }
    if let first = wrong.first {
      Issue.record(
        """
        \(testDescription): \(wrong.count) of \(expected.count) bytes differ; byte \(first) is \(image.pixels[first]), \
        expected \(expected[first])
        """
      )
    }
  }
}

@Suite struct PillowParityTests {
  @Test func theFixturesCoverEveryKind() {
    #expect(PillowCase.of("decode").count >= 50)
    #expect(PillowCase.of("decode upright").count >= 9)
    #expect(PillowCase.of("labels").count >= 20)
    #expect(Set(PillowCase.of("resize").compactMap(\.filter)) == Set(ResizeFilter.allCases))
  }

  @Test(arguments: PillowCase.of("decode")) func decodingAgreesWithPillow(_ test: PillowCase) throws {
    test.check(try Image.decode(test.bytes(), exif: false))
  }

  @Test(arguments: PillowCase.of("decode upright")) func orientationAgreesWithPillow(_ test: PillowCase) throws {
    test.check(try Image.decode(test.bytes()))
  }

  /// As Pillow does: XMP is asked only where EXIF says nothing, whichever comes first.
  @Test func exifGoesBeforeXMP() throws {
    let xmp = try Array(readFile(fixture("images/xmp-8.jpg"))[2..<97])  // its first segment
    #expect(xmp.starts(with: [0xFF, 0xE1, 0, 93]))
    let exif = try readFile(fixture("images/exif-6.jpg"))
    let end = 2 + 2 + 46  // behind its EXIF segment
    let upright = try Image.decode(exif)
    #expect(try Image.decode(exif[..<2] + xmp + exif[2...]) == upright)
    #expect(try Image.decode(exif[..<end] + xmp + exif[end...]) == upright)
    // Without the EXIF segment it is the XMP that turns it.
    #expect(try Image.decode(exif[..<2] + xmp + exif[end...]) == Image.decode(readFile(fixture("images/xmp-8.jpg"))))
    #expect(try Image.decode(readFile(fixture("images/xmp-8.jpg"))) != upright)
  }

  @Test func aPictureWithoutOrientationIsLeftAsItIs() throws {
    let turned = Set(PillowCase.of("decode upright").map(\.file))
    for test in PillowCase.of("decode") where !turned.contains(test.file) {
      test.check(try Image.decode(test.bytes()))
    }
  }

  @Test(arguments: PillowCase.of("labels")) func labelsAreTheStoredNumbers(_ test: PillowCase) throws {
    let expected = stride(from: 0, to: test.expected.count, by: 2).map {
      Int32(test.expected[$0]) | Int32(test.expected[$0 + 1]) << 8
    }
    let labels = try LabelImage.decode(test.bytes(), ignoring: nil)
    #expect(labels == LabelImage(width: test.width, height: test.height, values: expected))
    let most = expected.max() ?? 0
    let ignoring = try LabelImage.decode(test.bytes(), ignoring: most)
    #expect(ignoring.values == expected.map { $0 == most ? LabelImage.ignored : $0 })
  }

  @Test(arguments: PillowCase.of("resize"), [RESAMPLE_PLAIN, RESAMPLE_AVX2])
  func resizingAgreesWithPillow(_ test: PillowCase, _ instructions: Int) throws {
    let filter = try #require(test.filter)
    let source = try Image.decode(test.bytes())
    test.check(
      source.resized(width: test.width, height: test.height, filter: filter, instructions: Int32(instructions)))
  }

  @Test func nearestLabelsAgreeWithNearestPixels() throws {
    for test in PillowCase.of("resize") where test.filter == .nearest {
      let source = try Image.decode(test.bytes())
      let labels = LabelImage(
        width: source.width, height: source.height,
        values: (0..<(source.width * source.height)).map { Int32(source.pixels[$0 * 3]) })
      let expected = (0..<(test.width * test.height)).map { Int32(test.expected[$0 * 3]) }
      #expect(labels.resized(width: test.width, height: test.height).values == expected)
    }
  }

  @Test(arguments: PillowCase.of("crop")) func centerCropFollowsTheProcessorsRule(_ test: PillowCase) throws {
    let source = try Image.decode(test.bytes())
    test.check(source.centerCropped(width: test.width, height: test.height))
    // A mask is cropped by the same rule, with "ignored" where the picture is padded.
    let marks = LabelImage(
      width: source.width, height: source.height,
      values: (0..<(source.width * source.height)).map { Int32(source.pixels[$0 * 3]) })
    let cropped = marks.centerCropped(width: test.width, height: test.height)
    for i in cropped.values.indices where cropped.values[i] != LabelImage.ignored {
      #expect(cropped.values[i] == Int32(test.expected[i * 3]))
    }
    let inside = min(test.width, source.width) * min(test.height, source.height)
    #expect(cropped.values.count { $0 != LabelImage.ignored } == inside)
  }

  @Test func plainAndVectorLoopsGiveTheSameBytes() {
    var generator = SeededGenerator(seed: 5)
    for (width, height, newWidth, newHeight) in [
      (3, 1, 7, 5), (211, 1, 64, 1), (1, 90, 1, 33), (100, 77, 99, 78), (5000, 2, 3, 2),
    ] {
      let source = Image(
        width: width, height: height,
        pixels: (0..<(width * height * 3)).map { _ in UInt8.random(in: 0...255, using: &generator) })
      for filter in ResizeFilter.allCases {
        let plain = source.resized(
          width: newWidth, height: newHeight, filter: filter, instructions: Int32(RESAMPLE_PLAIN))
        let vector = source.resized(
          width: newWidth, height: newHeight, filter: filter, instructions: Int32(RESAMPLE_BEST))
        #expect(plain == vector, "\(filter) \(width)x\(height) to \(newWidth)x\(newHeight)")
      }
    }
  }
}
