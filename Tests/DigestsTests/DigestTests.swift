// SPDX-License-Identifier: MIT
import Digests
import Testing

/// Files, splits and random numbers depend on these bits: none of them may ever change.
@Suite struct DigestTests {
  /// The published values (Noll's test vectors).
  @Test(
    arguments: [
      ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
    ] as [(String, UInt64)])
  func namesAreHashedByFNV1a(name: String, hash: UInt64) {
    #expect(FNV1a(name.utf8).value == hash)
  }

  @Test func aWordIsItsBytesTheLowestFirst() {
    var words = FNV1a(seed: 9)
    words.add(0x0807_0605_0403_0201 as UInt64)
    #expect(words.value == FNV1a(1...8, seed: 9).value)
  }

  @Test func contentKeepsItsDigest() {
    var digest = ContentDigest()
    for extent in [1, 2, 16] as [UInt64] { digest.add(extent) }
    Array(0..<19 as Range<UInt8>).withUnsafeBytes { digest.add($0) }
    #expect(digest.hexadecimal == "cee69c5ce3b46b20eee3484d73b5a08c")
    #expect(ContentDigest().hexadecimal == "298b6baac87700f48154c3e5fc945712")
  }

  @Test func fingerprintsKeepTheirBits() {
    var mixer = Mixer()
    for word in [1, 2, 3] as [UInt64] { mixer.add(word) }
    #expect(mixer.hexadecimal == "3906e4d2124a44a0")
  }

  @Test func hexadecimalsHaveSixteenDigits() {
    #expect((0xAB as UInt64).hexadecimal == "00000000000000ab")
    #expect(UInt64.max.hexadecimal == "ffffffffffffffff")
  }
}
