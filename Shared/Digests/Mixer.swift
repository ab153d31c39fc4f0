// SPDX-License-Identifier: MIT
// The hash behind every fingerprint. Like all of this floor it finds accidents and tells things apart; it does not
// resist forgery.

/// A running hash of 64 bits: each word is folded in by a 64 × 64 → 128 bit product.
public struct Mixer: Sendable {
  @usableFromInline var state: UInt64

  public var value: UInt64 { state }

  public init(seed: UInt64 = 0) { state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x2545_F491_4F6C_DD1D }

  @inlinable
  public mutating func add(_ word: UInt64) {
    let product = (state ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    state = (product.high ^ product.low) &+ (word | 1) &* 0x9E37_79B9_7F4A_7C15
  }

  /// A text with its length, so that two texts one after the other are not taken for their concatenation.
  public mutating func add(_ text: String) {
    for byte in text.utf8 { add(UInt64(byte)) }
    add(UInt64(text.utf8.count) | 1 << 63)
  }

  /// The value as 16 hexadecimal digits.
  public var hexadecimal: String { value.hexadecimal }
}
