// SPDX-License-Identifier: MIT
// Cutting pictures into patches, and masks into majority classes.

import TestSupport
import Testing

@testable import Imaging

@Suite struct PatchesTests {
  @Test func patchesAreChannelMajorAndRowByRow() {
    forEvery("patch", [1, 2, 3, 5]) { patch in
      var generator = SeededGenerator(seed: UInt64(patch))
      let (width, height) = (11, 7)
      let image = Image(
        width: width, height: height,
        pixels: (0..<(width * height * 3)).map { _ in UInt8.random(in: 0...255, using: &generator) })
      let patches = image.patchify(patch: patch)
      #expect(patches.gridHeight == height / patch && patches.gridWidth == width / patch)
      #expect(patches.values.count == patches.count * patches.width)
      for index in 0..<patches.count {
        for channel in 0..<3 {
          for y in 0..<patch {
            for x in 0..<patch {
              let row = index / patches.gridWidth * patch + y
              let column = index % patches.gridWidth * patch + x
              let value = patches.values[index * patches.width + (channel * patch + y) * patch + x]
              #expect(value == image.pixels[(row * width + column) * 3 + channel])
            }
          }
        }
      }
      // Back again, less the pixels that the patch does not divide.
      let back = Image(patches)
      #expect(back.width == width / patch * patch && back.height == height / patch * patch)
      for y in 0..<back.height {
        for x in 0..<back.width { #expect(back[x, y] == image[x, y]) }
      }
    }
  }

  @Test func aPictureSmallerThanAPatchHasNone() {
    let patches = Image(width: 3, height: 20, filling: 7).patchify(patch: 4)
    #expect(patches.count == 0 && patches.values.isEmpty && patches.gridHeight == 5 && patches.gridWidth == 0)
  }

  @Test func theMajorityOfAPatchIsItsClassAndTiesGoToTheSmallest() {
    let labels = LabelImage(
      width: 5, height: 4,
      values: [
        1, 1, 7, 2, 9,
        1, 0, 2, 7, 9,
        -1, 5, 3, 3, 9,
        5, -1, 4, 3, 9,
      ])
    let (values, height, width) = labels.majority(patch: 2)
    #expect(values == [1, 2, -1, 3])
    #expect([height, width] == [2, 2])
    #expect(labels.majority(patch: 1).values == labels.values)
    #expect(labels.majority(patch: 6).values.isEmpty)
  }
}
