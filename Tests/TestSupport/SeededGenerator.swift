// SPDX-License-Identifier: MIT
import Randomness

/// A repeatable source of random numbers for tests.
public struct SeededGenerator: RandomNumberGenerator {
  private var numbers: SplitMix64

  public init(seed: UInt64) { numbers = SplitMix64(state: seed) }

  public mutating func next() -> UInt64 { numbers.next() }

  /// `count` numbers, uniform in `range`.
  public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}
