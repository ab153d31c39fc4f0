// SPDX-License-Identifier: MIT
// How sure a proportion or a mean is. None of these intervals is empty where all values are the same: 0 of 8 right
// does not say that nothing ever will be.
import Glibc

/// Where a value lies with a confidence of 95 %.
public struct Interval: Sendable, Equatable {
  public enum Method: String, Sendable {
    /// Wilson's score interval of a proportion.
    case wilson
    /// The mean ± 1.96 standard errors.
    case normal
    /// Of a mean of several values, from the interval of each.
    case combined
    /// Tango's score interval of the difference of two paired proportions.
    case tango
  }
  public let low: Double
  public let high: Double
  public let method: Method

  /// The normal distribution's quantile of 97.5 %.
  public static let z = 1.959963984540054

  init(low: Double, high: Double, _ method: Method) {
    (self.low, self.high, self.method) = (low, high, method)
  }

  /// Wilson's score interval of a proportion (JASA 22, 1927): sound for few examples and near 0 and 1.
  ///
  /// For values in [0, 1] that are not all 0 or 1 it is wider than need be: their variance is at most p (1 - p).
  ///
  /// - Parameters:
  ///   - count: how many values the proportion is of, above 0.
  ///   - z: how many standard errors it reaches; 1.96 for 95 %.
  public static func wilson(_ proportion: Double, count: Int, z: Double = z) -> Interval {
    let n = Double(count)
    let middle = (proportion + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
    return Interval(
      low: proportion > 0 ? max(0, middle - half) : 0, high: proportion < 1 ? min(1, middle + half) : 1, .wilson)
  }

  /// The mean ± 1.96 standard errors, within [0, 1].
  static func normal(_ mean: Double, error: Double) -> Interval {
    Interval(low: max(0, mean - z * error), high: min(1, mean + z * error), .normal)
  }

  /// Of the mean of independent values: the distances to the ends of their intervals add as the sides of a right angle
  /// do (Zou and Donner, Statistics in Medicine 27, 2008). Of one value it is that value's own.
  public static func ofMean(_ parts: [(value: Double, interval: Interval)]) -> Interval {
    if parts.count == 1 { return parts[0].interval }
    let count = Double(parts.count)
    let mean = parts.reduce(0) { $0 + $1.value } / count
    let (below, above) = parts.reduce((0.0, 0.0)) { sums, part in
      let (down, up) = (part.value - part.interval.low, part.interval.high - part.value)
      return (sums.0 + down * down, sums.1 + up * up)
    }
    return Interval(low: max(0, mean - sqrt(below) / count), high: min(1, mean + sqrt(above) / count), .combined)
  }

  /// Of the mean of two values of the same examples, which may be as wrong as each other: the distances add.
  public static func ofDependentMean(_ a: Interval, _ b: Interval) -> Interval {
    Interval(low: (a.low + b.low) / 2, high: (a.high + b.high) / 2, .combined)
  }

  /// Of a rising function of the value.
  public func mapped(_ function: (Double) -> Double) -> Interval {
    Interval(low: function(low), high: function(high), method)
  }
}
