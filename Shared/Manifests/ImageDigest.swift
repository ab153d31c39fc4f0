// SPDX-License-Identifier: MIT
// A name for an image's content: equal patches, equal digest.

import Imaging

enum ImageDigest {
  /// 32 hexadecimal digits over the patches, their size and grid. 128 bits, so that two images are never taken for one
  /// by accident; not cryptographic.
  static func of(_ patches: Patches) -> String {
    var (a, b): (UInt64, UInt64) = (0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B)
    func mix(_ word: UInt64) {
      a = (a ^ word) &* 0x9E37_79B9_7F4A_7C15
      a ^= a >> 29
      b = (b &+ word &+ a) &* 0xBF58_476D_1CE4_E5B9
      b ^= b >> 32
    }
    for extent in [patches.gridHeight, patches.gridWidth, patches.patch] { mix(UInt64(extent)) }
    patches.values.withUnsafeBytes { bytes in
      let whole = bytes.count & ~7
      for offset in stride(from: 0, to: whole, by: 8) {
        mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      }
      for byte in bytes[whole...] { mix(UInt64(byte)) }
    }
    mix(0)
    return hexadecimal(a) + hexadecimal(b)
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
