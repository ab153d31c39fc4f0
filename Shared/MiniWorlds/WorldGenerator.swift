// SPDX-License-Identifier: MIT
// The world's random numbers: like all of ours the same on every machine and in every version.

import Glibc
import Randomness

/// xoshiro256** (Blackman and Vigna, ACM TOMS 47, 2021), seeded through SplitMix64 (Steele, Lea and Flood, OOPSLA
/// 2014).
public struct WorldGenerator: Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var spareNormal: Double?

  /// A stream of its own for every list of numbers: `[seed, split, scene]`, say.
  public init(_ parts: [UInt64]) {
    var key: UInt64 = 0
    for part in parts {
      var random = SplitMix64(state: key ^ part)
      key = random.next()
    }
    var seeds = SplitMix64(state: key)
    state = (seeds.next(), seeds.next(), seeds.next(), seeds.next())
  }

  public mutating func next() -> UInt64 {
    func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { x << k | x >> (64 - k) }
    let result = rotate(state.1 &* 5, 7) &* 9
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotate(state.3, 45)
    return result
  }

  /// Uniform in 0 ..< 1.
  public mutating func uniform() -> Double { next().unitInterval }

  /// Uniform in low ..< high.
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// A whole number in 0 ..< count.
  public mutating func below(_ count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }

  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// In random order (Fisher and Yates).
  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for i in result.indices.dropFirst().reversed() { result.swapAt(i, below(i + 1)) }
    return result
  }

  /// Standard normal (Box and Muller).  Its logarithm and cosine come from libm; the last bit of a double may differ
  /// between libraries, which 8-bit pixels do not show.
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }
}
