// SPDX-License-Identifier: MIT
// The grids of patches in a frame's metadata: "h w" of one image, "h w; h w" of two.

extension Metadata {
  /// Rows and columns of patches, image by image; nil where the key is missing. Throws `WrongGrids` where it is no list of them.
  public func grids(_ key: MetadataKey) throws(WrongGrids) -> [(height: Int, width: Int)]? {
    guard let text = self[key] else { return nil }
    var grids: [(height: Int, width: Int)] = []
    for grid in text.split(separator: ";", omittingEmptySubsequences: false) {
      let numbers = grid.split(separator: " ").map { Int($0) }
      guard numbers.count == 2, let height = numbers[0], let width = numbers[1], Self.extents.contains(height),
        Self.extents.contains(width)
      else {
        throw WrongGrids(
          description: "\"\(key)\" is \"\(text)\", expected \"h w\" for each image, separated by semicolons")
      }
      grids.append((height, width))
    }
    return grids
  }

  /// Far above any picture, and low enough that patches can be counted.
  private static let extents = 1...1 << 20
}

/// Metadata that should name grids and does not; whoever reads the frame adds which it is.
public struct WrongGrids: Error, CustomStringConvertible {
  public let description: String
}
