// SPDX-License-Identifier: MIT
// A scene of the mini world: what is in it, how it looks, and which pixel belongs to what.

import Imaging

/// One thing in a scene.
public struct SceneObject: Equatable, Sendable {
  /// The centre, in pixels from the upper left corner, and the radius.
  public let x: Double
  public let y: Double
  public let radius: Double
  public let shape: Shape
  /// No other object of the scene has this colour.
  public let color: ObjectColor
  public let isStriped: Bool
  public let digit: Digit?
}

/// Objects on a soft background, perhaps a flag, 48 × 48 pixels.
public struct Scene: Equatable, Sendable {
  /// Pixels along an edge.
  public static let size = 48
  /// The value of `owners` where the flag is.
  public static let flagOwner: UInt8 = 9

  /// In the order in which they were painted; at least one.
  public let objects: [SceneObject]
  public let flag: Country?
  public let image: Image
  /// [48, 48]: 0 background, i + 1 a pixel of `objects[i]` (its digit included), 9 the flag.
  public let owners: [UInt8]

  /// Draws a scene.
  /// - Parameter counts: how many objects are tried; one that finds no room is left out.
  public init(objects counts: ClosedRange<Int>, using generator: inout WorldGenerator) {
    precondition(
      counts.lowerBound >= 1 && counts.upperBound <= ObjectColor.allCases.count, "1...6 objects, a colour each")
    var canvas = Canvas(background: &generator)
    let count = counts.lowerBound + generator.below(counts.count)
    let colors = generator.shuffled(ObjectColor.allCases)
    var objects: [SceneObject] = []
    for color in colors.prefix(count) {
      guard let place = Self.freePlace(among: objects, &generator) else { continue }
      let shape = generator.pick(Shape.allCases)
      let rgb = clamped(color.rgb + RGB(generator.normal(), generator.normal(), generator.normal()) * 0.04)
      let isStriped = generator.chance(0.4)
      let isAcross = generator.chance(0.5)
      let digit = place.r >= 7 && generator.chance(0.7) ? generator.pick(Digit.allCases) : nil
      let object = SceneObject(
        x: place.x, y: place.y, radius: place.r, shape: shape, color: color, isStriped: isStriped, digit: digit)
      objects.append(object)
      canvas.paint(object, rgb: rgb, stripesAcross: isAcross, owner: UInt8(objects.count))
    }
    var flag: Country?
    if generator.chance(0.4), let place = canvas.placeForFlag(&generator) {
      let country = generator.pick(Country.allCases)
      canvas.paint(country, x: place.x, y: place.y)
      flag = country
    }
    self.objects = objects
    self.flag = flag
    (image, owners) = (canvas.photograph(&generator), canvas.owners)
  }

  /// A radius and a centre that keep a distance from all others; nil after 40 tries.
  private static func freePlace(
    among others: [SceneObject], _ generator: inout WorldGenerator
  ) -> (x: Double, y: Double, r: Double)? {
    let size = Double(Self.size)
    for _ in 0..<40 {
      let r = generator.uniform(5, 10.5)
      let x = generator.uniform(r, size - r)
      let y = generator.uniform(r, size - r)
      let isFree = others.allSatisfy { other in
        let (dx, dy) = (x - other.x, y - other.y)
        return (dx * dx + dy * dy).squareRoot() >= 0.9 * (r + other.radius)
      }
      if isFree { return (x, y, r) }
    }
    return nil
  }

  /// The object with the largest radius: what a picture is "of" when it has one class.
  public var largest: SceneObject {
    objects.reduce(objects[0]) { $1.radius > $0.radius ? $1 : $0 }
  }

  /// Names of the classes of `classes`, by number.
  public static let classNames = ["background"] + Shape.allCases.map(\.rawValue) + ["flag"]

  /// [48, 48]: the class of each pixel — 0 background, 1...5 the shapes, 6 a flag.
  public var classes: [UInt8] {
    owners.map { owner in
      switch owner {
      case 0: 0
      case Self.flagOwner: UInt8(Shape.allCases.count + 1)
      default: UInt8((Shape.allCases.firstIndex(of: objects[Int(owner) - 1].shape) ?? 0) + 1)
      }
    }
  }

  /// [48, 48]: 1 on the pixels of these owners (`objects` index + 1, or `flagOwner`), 0 elsewhere.
  public func mask(of owners: [UInt8]) -> [UInt8] { self.owners.map { owners.contains($0) ? 1 : 0 } }
}

func clamped(_ rgb: RGB) -> RGB { rgb.clamped(lowerBound: RGB(repeating: 0), upperBound: RGB(repeating: 1)) }
