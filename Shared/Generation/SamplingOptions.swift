// SPDX-License-Identifier: MIT
// How the next token is chosen, and the randomness that it is chosen with.

/// The distribution that tokens are drawn from: temperature, then the `topK` likeliest, then the likeliest that together
/// have the probability `topP`, in the order of transformers' warpers.
public struct SamplingOptions: Sendable, Equatable {
  /// Logits are divided by it. Above 0.
  public var temperature: Double
  /// 0: all.
  public var topK: Int
  /// 1: all.
  public var topP: Double
  /// Takes the likeliest token; the other three then have no effect.
  public var isGreedy: Bool
  public var seed: UInt64

  public init(temperature: Double = 1, topK: Int = 0, topP: Double = 1, isGreedy: Bool = false, seed: UInt64 = 0) {
    (self.temperature, self.topK, self.topP, self.isGreedy, self.seed) = (temperature, topK, topP, isGreedy, seed)
  }
}

/// Random numbers of one completion: each is a function of the seed, the prompt's name, the completion's number and the
/// token's position, so that neither neighbours nor order can change it.
struct CompletionRandomness: Sendable {
  private let key: UInt64

  init(seed: UInt64, prompt: String, completion: Int) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a of the name
    for byte in prompt.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    key = Self.mixed(Self.mixed(Self.mixed(seed) ^ hash) &+ UInt64(completion))
  }

  /// A number in [0, 1) for token `position` of the completion.
  func uniform(_ position: Int) -> Double {
    Double(Self.mixed(key &+ UInt64(position) &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
  }

  /// SplitMix64's output function (Steele, Lea & Flood, OOPSLA 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
