// SPDX-License-Identifier: MIT
// The things of the mini world: shapes, colours, digits, flags; and what they look like.

/// What an object looks like from afar.
public enum Shape: String, CaseIterable, Sendable {
  case circle, square, triangle, cross, ring

  public var plural: String { self == .cross ? "crosses" : rawValue + "s" }

  /// Whether the point (dx, dy) from an object's centre, y downwards, lies on the shape of radius r.
  func contains(_ dx: Double, _ dy: Double, radius r: Double) -> Bool {
    let (ax, ay) = (dx.magnitude, dy.magnitude)
    let square = dx * dx + dy * dy
    return switch self {
    case .circle: square <= r * r
    case .square: max(ax, ay) <= 0.86 * r
    case .triangle: dy <= 0.75 * r && dy >= -r + 1.9 * ax
    case .cross: (ax <= 0.36 * r && ay <= r) || (ay <= 0.36 * r && ax <= r)
    case .ring: square <= r * r && square >= 0.62 * r * (0.62 * r)
    }
  }
}

/// Red, green and blue in 0...1.
public typealias RGB = SIMD3<Double>

public enum ObjectColor: String, CaseIterable, Sendable {
  case red, green, blue, yellow, cyan, purple

  /// What it looks like before an object's own deviation.
  var rgb: RGB {
    switch self {
    case .red: RGB(0.85, 0.12, 0.12)
    case .green: RGB(0.10, 0.65, 0.15)
    case .blue: RGB(0.12, 0.20, 0.85)
    case .yellow: RGB(0.92, 0.85, 0.10)
    case .cyan: RGB(0.10, 0.80, 0.85)
    case .purple: RGB(0.55, 0.12, 0.60)
    }
  }
}

/// A digit that may be written on an object.
public enum Digit: String, CaseIterable, Sendable {
  case zero = "0"
  case one = "1"
  case two = "2"
  case four = "4"
  case six = "6"
  case seven = "7"

  /// Five rows of three, drawn twice as large.
  private var bitmap: [UInt8] {
    switch self {
    case .zero: [0b111, 0b101, 0b101, 0b101, 0b111]
    case .one: [0b010, 0b110, 0b010, 0b010, 0b111]
    case .two: [0b111, 0b001, 0b111, 0b100, 0b111]
    case .four: [0b101, 0b101, 0b111, 0b001, 0b001]
    case .six: [0b111, 0b100, 0b111, 0b101, 0b111]
    case .seven: [0b111, 0b001, 0b010, 0b010, 0b010]
    }
  }

  static let width = 6
  static let height = 10

  func hasInk(_ x: Int, _ y: Int) -> Bool { bitmap[y / 2] >> UInt8(2 - x / 2) & 1 == 1 }
}

/// A country: a flag of three vertical stripes and a capital.  Neighbours in this list have mirrored flags.
public enum Country: String, CaseIterable, Sendable {
  case arland, belmor, corvia, dunmar, elsten, farone

  public var capital: String {
    switch self {
    case .arland: "mirel"
    case .belmor: "noska"
    case .corvia: "oltan"
    case .dunmar: "prava"
    case .elsten: "quill"
    case .farone: "rasto"
    }
  }

  /// The country whose flag is this one's mirror image.
  public var mirror: Country {
    switch self {
    case .arland: .belmor
    case .belmor: .arland
    case .corvia: .dunmar
    case .dunmar: .corvia
    case .elsten: .farone
    case .farone: .elsten
    }
  }

  /// From left to right.
  var stripes: [RGB] {
    let red = RGB(0.8, 0.1, 0.1)
    let white = RGB(0.95, 0.95, 0.95)
    let blue = RGB(0.1, 0.15, 0.7)
    let green = RGB(0.1, 0.55, 0.2)
    let yellow = RGB(0.95, 0.8, 0.1)
    return switch self {
    case .arland: [red, white, blue]
    case .belmor: [blue, white, red]
    case .corvia: [green, white, red]
    case .dunmar: [red, white, green]
    case .elsten: [green, yellow, red]
    case .farone: [red, yellow, green]
    }
  }
}

/// Counts in words.
let numberWords = ["zero", "one", "two", "three", "four", "five"]
