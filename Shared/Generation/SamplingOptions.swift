// SPDX-License-Identifier: MIT
// How the next token is chosen, and the randomness that it is chosen with.
import Digests
import Randomness

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
    key = Self.next(Self.next(Self.next(seed) ^ FNV1a(prompt.utf8).value) &+ UInt64(completion))
  }

  /// A number in [0, 1) for token `position` of the completion.
  func uniform(_ position: Int) -> Double {
    Self.next(key &+ UInt64(position) &* SplitMix64.increment).unitInterval
  }

  /// The number that follows a state of the generator.
  private static func next(_ state: UInt64) -> UInt64 { SplitMix64.mixed(state &+ SplitMix64.increment) }
}
