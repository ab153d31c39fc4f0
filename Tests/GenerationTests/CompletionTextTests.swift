// SPDX-License-Identifier: MIT
// A completion's text has what its first token spells at the start of a text, and later ones what they spell elsewhere.
import Testing

@testable import Generation

struct CompletionTextTests {
  /// Token 0 is special, 1 is a space, 2 is " a".
  func text(of ids: [Int32]) -> String? {
    let spelt: [[UInt8]] = [[], Array(" ".utf8), Array(" a".utf8)]
    let vocabulary = GenerationVocabulary(
      ends: [9], forbidden: [], firstBytes: { Array(spelt[Int($0)].dropFirst()) }, bytes: { spelt[Int($0)] })
    var completion = GrowingCompletion()
    for id in ids {
      let token = SampledToken(id: id, logp: 0, samplingLogp: 0)
      if let done = completion.append(token, GenerationLimits(maximum: ids.count), vocabulary, room: 99) {
        return done.text
      }
    }
    return nil
  }

  @Test func onlyTheFirstTokenLosesItsSpace() {
    #expect(text(of: [2, 2]) == "a a")
    #expect(text(of: [1, 2]) == " a")
    #expect(text(of: [0, 0, 2, 2]) == "a a")
    #expect(text(of: [0]) == "")
  }
}
