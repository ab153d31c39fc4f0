// SPDX-License-Identifier: MIT
// What is written as PNG reads back the same.

import TestSupport
import Testing

@testable import Imaging

@Suite struct PNGEncodingTests {
  @Test func rgbGrayAndPaletteReadBackTheSame() throws {
    for (width, height) in [(1, 1), (17, 3), (300, 41)] {
      var generator = SeededGenerator(seed: UInt64(width))
      let gray = (0..<(width * height)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let image = Image(width: width, height: height, pixels: gray.flatMap { [$0, $0 &+ 40, 255 - $0] })
      let bytes = try image.png()
      #expect(try Image.decode(bytes) == image)
      #expect(try image.png() == bytes)

      let labels = LabelImage(width: width, height: height, values: gray.map(Int32.init))
      #expect(try LabelImage.decode(grayPNG(gray, width: width, height: height), ignoring: nil) == labels)
      let palette = (0..<256).map { (UInt8($0), UInt8(255 - $0), UInt8(9)) }
      let colored = try palettePNG(gray, width: width, height: height, palette: palette)
      #expect(try LabelImage.decode(colored, ignoring: nil) == labels)
      #expect(try Image.decode(colored).pixels == gray.flatMap { [$0, 255 - $0, 9] })
    }
  }
}
