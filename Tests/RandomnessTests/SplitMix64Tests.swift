// SPDX-License-Identifier: MIT
import Randomness
import Testing

@Suite struct SplitMix64Tests {
  /// The generator's published first outputs for state 1234567.
  @Test func theGeneratorIsSplitMix64() {
    var random = SplitMix64(state: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
  }

  @Test func aNumberIsAFunctionOfItsPlace() {
    var random = SplitMix64(state: 5)
    _ = random.next()
    #expect(random.next() == SplitMix64.mixed(5 &+ 2 &* SplitMix64.increment))
  }

  @Test func theUnitIntervalIsHalfOpen() {
    #expect(UInt64.min.unitInterval == 0)
    #expect(UInt64.max.unitInterval == 1 - 0x1p-53)
  }
}
