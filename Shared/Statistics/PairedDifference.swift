// SPDX-License-Identifier: MIT
import Glibc

extension Interval {
  /// The difference of two proportions of the same examples: Tango's score interval (Statistics in Medicine 17, 1998).
  ///
  /// It holds the differences δ that the score test of the pairs does not reject; at δ = 0 that test is McNemar's. With
  /// no example that only one gets right it is ±z² / (n + z²), as wide as Wilson's of 0 of n.
  ///
  /// - Parameters:
  ///   - onlyFirst: examples that only the first gets right.
  ///   - onlySecond: examples that only the second gets right.
  ///   - count: all examples, above 0.
  public static func pairedDifference(onlyFirst: Int, onlySecond: Int, of count: Int) -> Interval {
    let (b, c, n) = (Double(onlyFirst), Double(onlySecond), Double(count))
    /// The difference found less δ, over z standard errors under δ: its sign, without a division by 0.
    func excess(_ delta: Double, z: Double) -> Double {
      // The probability of "only the second", by maximum likelihood under δ.
      let linear = -b - c + (2 * n - b + c) * delta
      let constant = -c * delta * (1 - delta)
      let q = (sqrt(max(0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
      return b - c - n * delta - z * sqrt(max(0, n * (2 * q + delta * (1 - delta))))
    }
    /// Where the excess changes its sign: it falls from `low` to `high`.
    func root(_ low: Double, _ high: Double, z: Double) -> Double {
      var (low, high) = (low, high)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if excess(middle, z: z) > 0 { low = middle } else { high = middle }
      }
      return (low + high) / 2
    }
    let found = (b - c) / n
    return Interval(
      low: onlySecond == count ? -1 : root(-1, found, z: z), high: onlyFirst == count ? 1 : root(found, 1, z: -z),
      .tango)
  }
}
