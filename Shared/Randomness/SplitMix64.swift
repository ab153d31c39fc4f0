// SPDX-License-Identifier: MIT
// Random numbers that are the same on every machine and in every version: nothing here calls the standard library's
// `random(in:)`, whose algorithm is not promised.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, seedable, the same on every machine.
public struct SplitMix64: Sendable {
  @usableFromInline var state: UInt64

  /// What each number adds to the state: 2⁶⁴ / φ, odd.
  @inlinable public static var increment: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  @inlinable
  public init(state: UInt64) { self.state = state }

  /// An independent sequence for each `stream` of a seed.
  public init(seed: UInt64, stream: UInt64) {
    state = seed
    let first = next()
    state = first ^ (stream &* Self.increment)
    _ = next()
  }

  @inlinable
  public mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mixed(state)
  }

  /// The generator's output function: a bijection that scatters near numbers. For numbers that are a function of their
  /// place, so that they may be made in any order.
  @inlinable
  public static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in 0..<bound, without bias (Lemire, ACM TOMACS 2019).
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

extension UInt64 {
  /// Random bits as a number in [0, 1): the upper 53 of them.
  @inlinable public var unitInterval: Double { Double(self >> 11) * 0x1p-53 }
}
