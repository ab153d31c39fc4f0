// SPDX-License-Identifier: MIT
// Levenshtein's distance of long texts: sixty-four rows of the table at once, and only the diagonals that may matter.

/// A text to which others are compared.
struct EditDistance: Sendable {
  enum Result: Equatable {
    /// The distance, below the limit.
    case near(Int)
    /// At least the limit.
    case far
    /// Not within the steps allowed. It is no small distance.
    case unknown
  }

  /// How many characters the text has.
  let count: Int
  /// Character → its number, from 1.
  private let numbers: [UInt32: Int]
  /// How many bits a number has.
  private let width: Int
  /// For each 64 characters, bit by bit of their numbers. A table of where each character stands would be 600 MB of a
  /// megabyte of Chinese.
  private let planes: [UInt64]

  init(_ text: [UInt32]) {
    count = text.count
    var numbers: [UInt32: Int] = [:]
    for character in text where numbers[character] == nil { numbers[character] = numbers.count + 1 }
    let width = Int.bitWidth - numbers.count.leadingZeroBitCount
    var planes = [UInt64](repeating: 0, count: (text.count + 63) / 64 * width)
    for (position, character) in text.enumerated() {
      let number = numbers[character] ?? 0
      for bit in 0..<width where number >> bit & 1 == 1 {
        planes[position / 64 * width + bit] |= 1 << UInt64(position % 64)
      }
    }
    (self.numbers, self.width, self.planes) = (numbers, width, planes)
  }

  /// The largest number of steps of one comparison, each of 64 cells of the table: about a second. Texts of 100,000
  /// characters take fewer, whatever they are.
  static let steps = 1 << 28

  /// The distance to `other` where it is below `limit`.
  ///
  /// Bands of growing width around the diagonal are tried, until the distance found lies within the band and so is the
  /// whole table's (Ukkonen, Information and Control 64, 1985).
  func distance(to other: [UInt32], below limit: Int, steps: Int = steps) -> Result {
    guard abs(count - other.count) < limit else { return .far }
    if count == 0 || other.isEmpty { return .near(max(count, other.count)) }
    let blocks = (count + 63) / 64
    var left = steps
    var reach = blocks <= 4 ? limit - 1 : min(limit - 1, max(256, abs(count - other.count)))
    while true {
      let cost = other.count * min(blocks, 2 * reach / 64 + 2)
      guard cost <= left else { return .unknown }
      left -= cost
      let distance = distance(to: other, within: reach)
      if distance <= reach { return .near(distance) }
      if reach == limit - 1 { return .far }
      reach = min(limit - 1, 4 * reach)
    }
  }

  /// The distance where it is at most `reach`, else something larger: paths that leave the band are counted too long.
  ///
  /// Myers (Journal of the ACM 46, 1999) in blocks, as Hyyrö (Nordic Journal of Computing 10, 2003) writes it: a column of
  /// the table is the bits of where it rises (`plus`) and falls (`minus`) from one row to the next.
  private func distance(to other: [UInt32], within reach: Int) -> Int {
    let blocks = (count + 63) / 64
    var column = [(plus: UInt64, minus: UInt64)](repeating: (.max, 0), count: blocks)
    var (first, last) = (0, min(blocks - 1, reach / 64))
    var score = rows(upTo: last)
    let lastRow = UInt64((count - 1) % 64)
    column.withUnsafeMutableBufferPointer { column in
      planes.withUnsafeBufferPointer { planes in
        for (position, character) in other.enumerated() {
          let bottom = min(blocks - 1, (position + reach) / 64)
          while last < bottom {
            let above = rows(upTo: last)
            last += 1
            score += rows(upTo: last) - above
          }
          first = max(first, (position - reach) / 64)
          let number = numbers[character] ?? 0
          // What comes in at the top: one more than the column before, true of row 0 and no less than it elsewhere.
          var (rises, falls) = (UInt64(1), UInt64(0))
          for block in first...last {
            var equal: UInt64 = number == 0 ? 0 : .max
            for bit in 0..<width {
              equal &= ~(planes[block * width + bit] ^ (0 &- UInt64(truncatingIfNeeded: number >> bit & 1)))
            }
            let (plus, minus) = column[block]
            let vertical = equal | minus
            equal |= falls
            let horizontal = (((equal & plus) &+ plus) ^ plus) | equal
            var up = minus | ~(horizontal | plus)
            var down = plus & horizontal
            let row = block == blocks - 1 ? lastRow : 63
            let (nextRises, nextFalls) = (up >> row & 1, down >> row & 1)
            up = up << 1 | rises
            down = down << 1 | falls
            column[block] = (down | ~(vertical | up), up & vertical)
            (rises, falls) = (nextRises, nextFalls)
          }
          score += Int(rises) - Int(falls)
        }
      }
    }
    return last == blocks - 1 ? score : .max
  }

  private func rows(upTo block: Int) -> Int { min(count, (block + 1) * 64) }
}
