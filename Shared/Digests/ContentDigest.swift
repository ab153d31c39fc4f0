// SPDX-License-Identifier: MIT

/// A running hash of content, 128 bits, so that two images are never taken for one by accident; not cryptographic.
/// The metadata `image_digest` of frames is one: it never changes.
public struct ContentDigest: Sendable {
  private var a: UInt64 = 0x6A09_E667_F3BC_C908
  private var b: UInt64 = 0xBB67_AE85_84CA_A73B

  public init() {}

  public mutating func add(_ word: UInt64) {
    a = (a ^ word) &* 0x9E37_79B9_7F4A_7C15
    a ^= a >> 29
    b = (b &+ word &+ a) &* 0xBF58_476D_1CE4_E5B9
    b ^= b >> 32
  }

  /// Eight bytes a word, then the rest one by one. Their number is not in it: contents of different sizes begin with
  /// their extents.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let whole = bytes.count & ~7
    for offset in stride(from: 0, to: whole, by: 8) {
      add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    for offset in whole..<bytes.count { add(UInt64(bytes[offset])) }
  }

  /// 32 hexadecimal digits.
  public var hexadecimal: String {
    var last = self
    last.add(0)
    return last.a.hexadecimal + last.b.hexadecimal
  }
}
