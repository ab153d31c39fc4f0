// SPDX-License-Identifier: MIT
import Glibc

/// A mean of values in [0, 1] with what its uncertainty needs. Memory does not grow with their number.
public struct Estimate: Sendable, Equatable {
  public private(set) var count = 0
  private var sum = 0.0
  private var squares = 0.0
  private var smallest = Double.infinity
  private var largest = -Double.infinity
  private var isBinary = true

  public init() {}

  public mutating func add(_ value: Double) {
    count += 1
    sum += value
    squares += value * value
    smallest = min(smallest, value)
    largest = max(largest, value)
    if value != 0 && value != 1 { isBinary = false }
  }

  /// Of both.
  public func merged(_ other: Estimate) -> Estimate {
    var all = self
    all.count += other.count
    all.sum += other.sum
    all.squares += other.squares
    all.smallest = min(smallest, other.smallest)
    all.largest = max(largest, other.largest)
    all.isBinary = isBinary && other.isBinary
    return all
  }

  /// nil without values.
  public var mean: Double? { count > 0 ? sum / Double(count) : nil }

  /// 95 %: Wilson's interval where every value is 0 or 1, else the normal one. Values that are all the same do not tell
  /// their variance; then it is Wilson's too, which takes the largest that there can be.
  public var interval: Interval? {
    guard let mean else { return nil }
    if isBinary || smallest == largest { return .wilson(mean, count: count) }
    let variance = max(0, squares - Double(count) * mean * mean) / Double(count - 1)
    return .normal(mean, error: sqrt(variance / Double(count)))
  }
}
