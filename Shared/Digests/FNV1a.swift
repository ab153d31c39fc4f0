// SPDX-License-Identifier: MIT

/// FNV-1a (Fowler, Noll and Vo), 64 bits: the hash of a name. Which part of a split and which random numbers an id gets
/// depends on it, so it never changes.
public struct FNV1a: Sendable {
  @usableFromInline var state: UInt64

  @inlinable public var value: UInt64 { state }

  @inlinable
  public init(seed: UInt64 = 0) { state = 0xCBF2_9CE4_8422_2325 ^ seed }

  /// The hash of some bytes.
  @inlinable
  public init(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) {
    self.init(seed: seed)
    for byte in bytes { add(byte) }
  }

  @inlinable
  public mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

  /// The bytes of a word, the lowest first.
  public mutating func add(_ word: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
  }
}
