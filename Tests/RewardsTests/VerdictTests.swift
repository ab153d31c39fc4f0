// SPDX-License-Identifier: MIT
import Rewards
import Testing

@Suite struct VerdictTests {
  /// The words of the metadata "verdicts".
  @Test func verdictsAreSpeltAsTheStreamHasThem() {
    #expect(Verdict.allCases.map(\.rawValue) == ["right", "wrong", "partial", "unparsable", "timeout"])
  }
}
