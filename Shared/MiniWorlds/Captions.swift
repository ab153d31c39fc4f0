// SPDX-License-Identifier: MIT
// What can be said about a scene without being asked: all of it in one caption, or what stands at one point.

import Imaging

/// One cell of the 8 × 8 grid over a scene and what stands there.
public struct PointCaption: Equatable, Sendable {
  /// Row by row from the upper left corner.
  public let cell: Int
  /// The cell's name and what is there: "dg red ring striped 7 big", "ab flag arland".
  public let text: String
  /// What stands there, as in `Scene.owners`.
  public let owner: UInt8
}

/// The grid that point captions speak of.
public enum Cell {
  /// Cells along an edge; 6 × 6 pixels each.
  public static let grid = 8
  /// Share of a cell that a thing must cover to stand there.
  static let coverage = 0.15

  private static let letters = Array("abcdefgh")

  /// A letter for the row, from top to bottom, and one for the column, from left to right: one word, one token.
  public static func name(_ cell: Int) -> String { String([letters[cell / grid], letters[cell % grid]]) }
}

extension SceneObject {
  /// "big" above the middle of the radii.
  public var size: String { radius > 7.7 ? "big" : "small" }

  /// Which ninth of the picture the centre lies in: "top left", "middle center", …
  public var place: String {
    let third = Double(Scene.size) / 3
    return Self.rows[min(2, Int(y / third))] + " " + Self.columns[min(2, Int(x / third))]
  }

  static let rows = ["top", "middle", "bottom"]
  static let columns = ["left", "center", "right"]
  /// All values of `place`.
  static let places = rows.flatMap { row in columns.map { row + " " + $0 } }

  /// "small striped red circle 7".
  var inWords: String {
    ([size, texture, color.rawValue, shape.rawValue] + (digit.map { [$0.rawValue] } ?? [])).joined(separator: " ")
  }
}

extension Scene {
  /// Everything in the scene, row by row, from left to right, the flag last:
  /// "top left small striped red circle 7 ; middle right big plain blue ring ; flag arland".
  public var caption: String {
    let order = objects.indices.sorted { a, b in
      let (first, second) = (objects[a], objects[b])
      let rows = (Int(first.y * 3 / Double(Self.size)), Int(second.y * 3 / Double(Self.size)))
      return (rows.0, first.x, a) < (rows.1, second.x, b)
    }
    var parts = order.map { objects[$0].place + " " + objects[$0].inWords }
    if let flag { parts.append("flag " + flag.rawValue) }
    return parts.joined(separator: " ; ")
  }

  /// Up to `count` different cells in which something stands, in random order, with what that is.
  ///
  /// A branch of supervision of its own for every point: nothing in a caption can be copied from its neighbour.
  public func points(_ count: Int, using generator: inout WorldGenerator) -> [PointCaption] {
    let occupied = (0..<Cell.grid * Cell.grid).compactMap { cell in occupant(of: cell).map { (cell, $0) } }
    return generator.shuffled(occupied).prefix(count).map { cell, owner in
      PointCaption(cell: cell, text: Cell.name(cell) + " " + pointWords(owner), owner: owner)
    }
  }

  /// The thing that covers most of a cell (the smaller number of two that cover as much).
  private func occupant(of cell: Int) -> UInt8? {
    let edge = Self.size / Cell.grid
    var counts: [UInt8: Int] = [:]
    for y in cell / Cell.grid * edge..<(cell / Cell.grid + 1) * edge {
      for x in cell % Cell.grid * edge..<(cell % Cell.grid + 1) * edge {
        counts[owners[y * Self.size + x], default: 0] += 1
      }
    }
    counts[0] = nil
    guard let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
    return Double(most.value) > Cell.coverage * Double(edge * edge) ? most.key : nil
  }

  private func pointWords(_ owner: UInt8) -> String {
    guard owner != Self.flagOwner else { return "flag " + (flag?.rawValue ?? "") }
    let object = objects[Int(owner) - 1]
    let digit = object.digit?.rawValue ?? "none"
    return [object.color.rawValue, object.shape.rawValue, object.texture, digit, object.size].joined(separator: " ")
  }
}
