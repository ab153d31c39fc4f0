// SPDX-License-Identifier: MIT
import Clocks
import Glibc

/// A line on the terminal that says how far a tool has come, at what rate, and how long it will take.
public final class Progress {
  private let unit: String
  private let start = monotonicSeconds()
  private var lastShown = 0.0
  private(set) var count = 0

  /// - Parameter unit: what is counted, in the plural.
  public init(unit: String) { self.unit = unit }

  /// - Parameters:
  ///   - count: how many are done.
  ///   - fraction: the part of the work that is done, from 0 to 1, where it is known.
  ///   - note: what else to show, such as the loss.
  public func update(_ count: Int, fraction: Double? = nil, note: String = "") {
    self.count = count
    guard Diagnostics.isTerminal else { return }
    let now = monotonicSeconds()
    guard now - lastShown >= 0.2, now - start > 0.5 else { return }
    lastShown = now
    Diagnostics.progress(Self.line(count, unit, elapsed: now - start, fraction: fraction, note: note))
  }

  /// Takes the line away.
  public func end() { Diagnostics.endProgress() }

  /// "1200 frames in 3.1 s (390/s)".
  public var summary: String {
    let elapsed = monotonicSeconds() - start
    return "\(count) \(unit) in \(Self.rounded(elapsed)) s (\(Self.rounded(Double(count) / max(elapsed, 1e-9)))/s)"
  }

  static func line(_ count: Int, _ unit: String, elapsed: Double, fraction: Double?, note: String) -> String {
    var parts = ["\(count) \(unit)", "\(rounded(Double(count) / max(elapsed, 1e-9)))/s"]
    if let fraction, fraction > 0 {
      parts.append("\(Int(fraction * 100)) %")
      parts.append("\(duration(elapsed / fraction - elapsed)) left")
    }
    if !note.isEmpty { parts.append(note) }
    return parts.joined(separator: ", ")
  }

  /// Three significant digits.
  public static func rounded(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return "0" }
    if value >= 100 { return String(Int(value.rounded())) }
    let scale = pow(10, 2 - floor(log10(value)))
    let text = ((value * scale).rounded() / scale).description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// "2:05" or "1:02:05".
  static func duration(_ seconds: Double) -> String {
    let total = Int(min(max(0, seconds), 1e9))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = total / 60
    return minutes < 60
      ? "\(minutes):\(two(total % 60))" : "\(minutes / 60):\(two(minutes % 60)):\(two(total % 60))"
  }
}
