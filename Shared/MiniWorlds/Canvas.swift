// SPDX-License-Identifier: MIT
// Painting a scene: colours in 0...1 and, beside them, which thing owns each pixel.

import Glibc
import Imaging

struct Canvas {
  private static let size = Scene.size
  private static let flagWidth = 14
  private static let flagHeight = 9

  private var colors: [RGB]
  private(set) var owners: [UInt8]

  /// A soft gradient between two grayish colours in a random direction.
  init(background generator: inout WorldGenerator) {
    func grayish() -> RGB {
      let gray = generator.uniform(0.25, 0.75)
      return RGB(
        gray + generator.uniform(-0.08, 0.08), gray + generator.uniform(-0.08, 0.08),
        gray + generator.uniform(-0.08, 0.08))
    }
    let from = grayish()
    let to = grayish()
    let angle = generator.uniform(0, 2 * Double.pi)
    let (across, down) = (cos(angle), sin(angle))
    let middle = Double(Self.size) / 2
    colors = []
    colors.reserveCapacity(Self.size * Self.size)
    for y in 0..<Self.size {
      for x in 0..<Self.size {
        let t = ((Double(x) - middle) * across + (Double(y) - middle) * down) / 68 + 0.5
        colors.append(from * (1 - t) + to * t)
      }
    }
    owners = [UInt8](repeating: 0, count: Self.size * Self.size)
  }

  private mutating func set(_ x: Int, _ y: Int, _ rgb: RGB, _ owner: UInt8) {
    colors[y * Self.size + x] = rgb
    owners[y * Self.size + x] = owner
  }

  /// Stripes are two pixels wide, every other one darkened; the digit's ink is black on light colours, white on dark.
  mutating func paint(_ object: SceneObject, rgb: RGB, stripesAcross: Bool, owner: UInt8) {
    for y in 0..<Self.size {
      for x in 0..<Self.size
      where object.shape.contains(Double(x) - object.x, Double(y) - object.y, radius: object.radius) {
        let isDark = object.isStriped && (stripesAcross ? y : x) / 2 % 2 == 0
        set(x, y, isDark ? rgb * 0.55 : rgb, owner)
      }
    }
    guard let digit = object.digit else { return }
    let left = min(max(Int(object.x.rounded(.toNearestOrEven)) - 3, 0), Self.size - Digit.width)
    let top = min(max(Int(object.y.rounded(.toNearestOrEven)) - 5, 0), Self.size - Digit.height)
    let ink = RGB(repeating: rgb.sum() / 3 > 0.42 ? 0 : 1)
    for y in 0..<Digit.height {
      for x in 0..<Digit.width where digit.hasInk(x, y) { set(left + x, top + y, ink, owner) }
    }
  }

  /// The upper left corner of a spot free of objects; nil after 20 tries.
  func placeForFlag(_ generator: inout WorldGenerator) -> (x: Int, y: Int)? {
    for _ in 0..<20 {
      let left = generator.below(Self.size - Self.flagWidth)
      let top = generator.below(Self.size - Self.flagHeight)
      let isFree = (top..<(top + Self.flagHeight)).allSatisfy { y in
        (left..<(left + Self.flagWidth)).allSatisfy { x in owners[y * Self.size + x] == 0 }
      }
      if isFree { return (left, top) }
    }
    return nil
  }

  /// A black border around three vertical stripes.
  mutating func paint(_ country: Country, x left: Int, y top: Int) {
    let stripes = country.stripes
    for y in 0..<Self.flagHeight {
      for x in 0..<Self.flagWidth {
        let isBorder = x == 0 || y == 0 || x == Self.flagWidth - 1 || y == Self.flagHeight - 1
        set(left + x, top + y, isBorder ? RGB(repeating: 0) : stripes[(x - 1) / 4], Scene.flagOwner)
      }
    }
  }

  /// Adds the camera's noise and rounds to 8 bits.
  func photograph(_ generator: inout WorldGenerator) -> Image {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(colors.count * 3)
    for color in colors {
      let noise = RGB(generator.normal(), generator.normal(), generator.normal()) * 0.04
      let rgb = clamped(color + noise) * 255
      for channel in 0..<3 { pixels.append(UInt8(rgb[channel].rounded())) }
    }
    return Image(width: Self.size, height: Self.size, pixels: pixels)
  }
}
