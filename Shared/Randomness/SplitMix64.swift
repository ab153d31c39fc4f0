// SPDX-License-Identifier: MIT
// Random numbers that are the same on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same on every machine.
public struct SplitMix64: Sendable {
  private var state: UInt64

  public init(state: UInt64) { self.state = state }

  /// An independent sequence for each `stream` of a seed.
  public init(seed: UInt64, stream: UInt64) {
    state = seed
    let first = next()
    state = first ^ (stream &* 0x9E37_79B9_7F4A_7C15)
    _ = next()
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in 0..<bound, without bias.
  public mutating func next(below bound: Int) -> Int {
    let bound = UInt64(bound)
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= (0 &- bound) % bound { return Int(product.high) }
    }
  }

  /// The elements in random order (Fisher and Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, next(below: last + 1))
    }
  }
}
