// SPDX-License-Identifier: MIT
import Glibc

/// A mean of values in [0, 1] with what its uncertainty needs. Memory does not grow with their number.
public struct Estimate: Sendable, Equatable {
  public private(set) var count = 0
  private var sum = 0.0
  private var squares = 0.0
  private var isBinary = true

  public init() {}

  mutating func add(_ value: Double) {
    count += 1
    sum += value
    squares += value * value
    if value != 0 && value != 1 { isBinary = false }
  }

  /// Of both.
  func merged(_ other: Estimate) -> Estimate {
    var all = self
    all.count += other.count
    all.sum += other.sum
    all.squares += other.squares
    all.isBinary = isBinary && other.isBinary
    return all
  }

  /// nil without values.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// Of the mean; nil where the values do not tell (one graded value).
  var standardError: Double? {
    guard let mean else { return nil }
    if isBinary { return sqrt(mean * (1 - mean) / Double(count)) }
    guard count > 1 else { return nil }
    let variance = max(0, squares - Double(count) * mean * mean) / Double(count - 1)
    return sqrt(variance / Double(count))
  }

  /// 95 %: Wilson's interval where every value is 0 or 1, else the normal one.
  public var interval: Interval? {
    guard let mean else { return nil }
    return isBinary ? .wilson(mean, count: count) : standardError.map { .normal(mean, error: $0) }
  }
}

/// Where a mean lies with a confidence of 95 %, within [0, 1].
public struct Interval: Sendable, Equatable {
  public let low: Double
  public let high: Double
  public let isWilson: Bool

  private static let z = 1.959963984540054

  /// Wilson's score interval of a proportion (JASA 22, 1927): sound for few examples and near 0 and 1.
  static func wilson(_ proportion: Double, count: Int) -> Interval {
    let n = Double(count)
    let middle = (proportion + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
    return Interval(low: max(0, middle - half), high: min(1, middle + half), isWilson: true)
  }

  /// The mean ± 1.96 standard errors.
  static func normal(_ mean: Double, error: Double) -> Interval {
    Interval(low: max(0, mean - z * error), high: min(1, mean + z * error), isWilson: false)
  }
}
