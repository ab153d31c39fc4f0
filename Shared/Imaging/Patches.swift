// SPDX-License-Identifier: MIT
// Cutting a picture into the rows that a vision transformer's patch embedding multiplies.

import CImageCodecs

/// A picture cut into square patches.
public struct Patches: Equatable, Sendable {
  /// [gridHeight · gridWidth, 3 · patch · patch]: row by row; inside a patch all of red, then green, then blue, each
  /// row by row — the layout of a convolution kernel [D, 3, patch, patch].
  public let values: [UInt8]
  public let gridHeight: Int
  public let gridWidth: Int
  /// Pixels along a patch's edge.
  public let patch: Int

  /// P, the number of patches.
  public var count: Int { gridHeight * gridWidth }
  /// Values in a patch, 3 · patch · patch.
  public var width: Int { 3 * patch * patch }

  /// - Parameter values: [gridHeight · gridWidth, 3 · patch · patch].
  public init(values: [UInt8], gridHeight: Int, gridWidth: Int, patch: Int) {
    precondition(values.count == gridHeight * gridWidth * 3 * patch * patch, "patches fill their grid")
    (self.values, self.gridHeight, self.gridWidth, self.patch) = (values, gridHeight, gridWidth, patch)
  }
}

extension Image {
  /// Cuts the picture into patches; pixels on the right and below that the patch does not divide are dropped, as a
  /// convolution with stride = kernel drops them.  A picture smaller than a patch has none.
  public func patchify(patch: Int) -> Patches {
    precondition(patch > 0, "a patch has at least one pixel")
    let gridHeight = height / patch
    let gridWidth = width / patch
    let size = gridHeight * gridWidth * 3 * patch * patch
    let values = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      if size > 0 {
        pixels.withUnsafeBufferPointer {
          cut_patches(
            $0.baseAddress, Int64(width), Int64(gridHeight), Int64(gridWidth), Int64(patch), buffer.baseAddress)
        }
      }
      count = size
    }
    return Patches(values: values, gridHeight: gridHeight, gridWidth: gridWidth, patch: patch)
  }

  /// The picture that these patches were cut from, less what was dropped.
  public init(_ patches: Patches) {
    let (p, columns) = (patches.patch, patches.gridWidth)
    self.init(width: columns * p, height: patches.gridHeight * p, filling: 0)
    for (i, value) in patches.values.enumerated() {
      let (index, inside) = i.quotientAndRemainder(dividingBy: 3 * p * p)
      let (channel, position) = inside.quotientAndRemainder(dividingBy: p * p)
      let y = index / columns * p + position / p
      let x = index % columns * p + position % p
      pixels[(y * width + x) * 3 + channel] = value
    }
  }
}
