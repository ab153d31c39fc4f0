// SPDX-License-Identifier: MIT
// The way back: from a frame's patches to the pictures they were cut from.

import Imaging
import TensorStream

extension Frame {
  /// The pictures of `patches`, or of `patches_rejected`: as the model sees them, resized and cropped. Empty where the
  /// frame has no such tensor. Throws 65 where the tensor and its grid do not agree.
  public func images(_ fields: ImageFields = .prompt) throws -> [Image] {
    let (name, gridName) = (fields.patches, fields.grid)
    guard let tensor = try optionalTensor(name, [.u8], shape: [nil, nil]) else { return [] }
    guard let grids = metadata[gridName].flatMap(Self.grids) else {
      throw error(
        "\"\(gridName)\" is \(metadata[gridName].map { "\"\($0)\"" } ?? "missing"), expected \"h w\", the grid of "
          + "\"\(name)\", for each image")
    }
    let (rows, width) = (tensor.shape[0], tensor.shape[1])
    guard let patch = metadata[.patch].flatMap({ Int($0) }) ?? Self.side(width), (1...1 << 14).contains(patch),
      3 * patch * patch == width
    else {
      throw error(
        "\"\(name)\" is \(tensor.summary), expected U8 [P, 3·p·p] with p = \(metadata[.patch] ?? "a whole number")")
    }
    guard grids.reduce(0, { $0 + $1.height * $1.width }) == rows else {
      throw error("\"\(name)\" has \(rows) rows, and \"\(gridName)\" is \"\(metadata[gridName] ?? "")\"")
    }
    let values = try tensor.uint8s()
    var start = 0
    return grids.map { grid in
      let count = grid.height * grid.width * width
      defer { start += count }
      return Image(
        Patches(
          values: Array(values[start..<start + count]), gridHeight: grid.height, gridWidth: grid.width, patch: patch))
    }
  }

  /// The classes of `mask` [h, w], and its width; nil where there is none.
  public func maskClasses() throws -> (values: [Int32], columns: Int)? {
    guard let tensor = try optionalTensor(.mask, [.i32], shape: [nil, nil]) else { return nil }
    guard tensor.count > 0 else { throw error("\"mask\" is \(tensor.summary), expected at least one patch") }
    return (try tensor.int32s(), tensor.shape[1])
  }

  /// "h w; h w" as pairs of numbers; nil where it is anything else.
  private static func grids(_ text: String) -> [(height: Int, width: Int)]? {
    let grids = text.split(separator: ";", omittingEmptySubsequences: false).map { grid in
      grid.split(separator: " ").map { Int($0) }
    }
    let limit = 1...1 << 20
    return grids.reduce(into: [] as [(height: Int, width: Int)]?) { list, numbers in
      guard numbers.count == 2, let height = numbers[0], let width = numbers[1], limit.contains(height),
        limit.contains(width)
      else {
        list = nil
        return
      }
      list?.append((height, width))
    }
  }

  /// p of 3·p·p.
  private static func side(_ width: Int) -> Int? {
    let side = Int((Double(width) / 3).squareRoot().rounded())
    return 3 * side * side == width ? side : nil
  }
}
