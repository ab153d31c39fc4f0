// SPDX-License-Identifier: MIT
// Which classes are taken for which, as a picture.
import Imaging

/// A confusion matrix drawn: a row a class, a column a prediction, the darker the larger the part of the row's images. Few
/// classes get their names and the counts, many get numbers along the edges, which count the report's `classes` from 0.
public struct ConfusionPicture {
  private let classes: [String]
  private let counts: [[Int]]
  private let cell: Int
  private let namesClasses: Bool
  private let left: Int
  private let top: Int
  private var image: Image

  /// Pixels a dot of the font.
  private static let dot = 2
  private static let fewClasses = 32
  private static let longestName = 16

  public init(_ report: ProbeReport) {
    classes = report.classes.names
    counts = report.confusion
    cell = max(1, min(48, 960 / classes.count))
    namesClasses = classes.count <= Self.fewClasses
    let letters =
      namesClasses ? min(Self.longestName, classes.map(\.count).max() ?? 1) : String(classes.count - 1).count
    let label = (letters * DotFont.advance + 3) * Self.dot
    left = label + 2 * 8 * Self.dot
    top = label + 2 * 8 * Self.dot
    let side = cell * classes.count
    image = Image(width: left + side + 9 * Self.dot, height: top + side + 9 * Self.dot, filling: 255)
    drawCells()
    drawAxes()
  }

  /// The picture as PNG.
  public func png() throws -> [UInt8] { try image.png() }

  private mutating func drawCells() {
    for (row, counts) in counts.enumerated() {
      let total = max(1, counts.reduce(0, +))
      for (column, count) in counts.enumerated() {
        let share = Double(count) / Double(total)
        let (x, y) = (left + column * cell, top + row * cell)
        let gap = cell >= 8 ? 1 : 0
        fill(x, y, cell - gap, cell - gap, Self.color(share))
        let text = "\(count)"
        let width = (text.count * DotFont.advance - 1) * Self.dot
        if count > 0, width + 2 <= cell, DotFont.height * Self.dot + 2 <= cell {
          write(
            text, x: x + (cell - width) / 2, y: y + (cell - DotFont.height * Self.dot) / 2,
            share > 0.5 ? (255, 255, 255) : (0, 0, 0))
        }
      }
    }
  }

  private mutating func drawAxes() {
    write("predicted", x: left, y: 4, (90, 90, 90))
    write("class", x: 4, y: top, (90, 90, 90), turned: true)
    let step = labelStep
    for k in stride(from: 0, to: classes.count, by: step) {
      let name = namesClasses ? String(classes[k].prefix(Self.longestName)) : String(k)
      let length = (name.count * DotFont.advance + 1) * Self.dot
      let middle = k * cell + (cell - DotFont.height * Self.dot) / 2
      write(name, x: left - length, y: top + middle, (0, 0, 0))
      write(name, x: left + middle, y: top - 2 * Self.dot, (0, 0, 0), turned: true, endsAt: true)
    }
    let side = cell * classes.count
    for (x, y, width, height) in [
      (left - 1, top - 1, side + 2, 1), (left - 1, top + side, side + 2, 1), (left - 1, top - 1, 1, side + 2),
      (left + side, top - 1, 1, side + 2),
    ] {
      fill(x, y, width, height, (128, 128, 128))
    }
  }

  /// Labels so far apart that they do not touch: every class, every 10th, every 100th…
  private var labelStep: Int {
    let needed = (DotFont.height + 2) * Self.dot
    return [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].first { $0 * cell >= needed } ?? 5000
  }

  /// White over blue to nearly black; a single image among many still shows.
  private static func color(_ share: Double) -> (UInt8, UInt8, UInt8) {
    guard share > 0 else { return (250, 250, 250) }
    let depth = 0.12 + 0.88 * share
    func mix(_ light: Double, _ dark: Double) -> UInt8 { UInt8(light + (dark - light) * depth) }
    return (mix(247, 8), mix(251, 48), mix(255, 107))
  }

  private mutating func fill(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ color: (UInt8, UInt8, UInt8)) {
    for row in max(0, y)..<max(0, min(image.height, y + height)) {
      for column in max(0, x)..<max(0, min(image.width, x + width)) {
        let at = (row * image.width + column) * 3
        (image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]) = color
      }
    }
  }

  /// Writes from the upper left corner; turned, upwards from `y` where it ends there, else downwards column by column.
  private mutating func write(
    _ text: String, x: Int, y: Int, _ color: (UInt8, UInt8, UInt8), turned: Bool = false, endsAt: Bool = false
  ) {
    let dot = Self.dot
    let length = text.count * DotFont.advance - 1
    for place in DotFont.dots(text) {
      if turned {
        let bottom = endsAt ? y : y + length * dot
        fill(x + place.y * dot, bottom - (place.x + 1) * dot, dot, dot, color)
      } else {
        fill(x + place.x * dot, y + place.y * dot, dot, dot, color)
      }
    }
  }
}
