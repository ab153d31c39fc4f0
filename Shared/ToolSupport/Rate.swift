// SPDX-License-Identifier: MIT
import Clocks

/// How many of something there are a second, beside the frames that the progress line counts.
public final class Rate {
  private let unit: String
  private let start = monotonicSeconds()
  private var count = 0

  /// - Parameter unit: what is counted, in the plural.
  public init(unit: String) { self.unit = unit }

  /// "812 tokens/s", now that there are `count`.
  public func text(_ count: Int) -> String {
    self.count = count
    return "\(Progress.rounded(Double(count) / max(monotonicSeconds() - start, 1e-9))) \(unit)/s"
  }

  /// "4096 tokens, 812 tokens/s".
  public var summary: String { "\(count) \(unit), \(text(count))" }
}
