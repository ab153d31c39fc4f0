// SPDX-License-Identifier: MIT
// What another policy gives for the responses of an example.

/// Log-probabilities of a pair's two responses, in nats, each a sum over the response's labels.
public struct PairLogps: Sendable, Equatable {
  public var chosen: Double
  public var rejected: Double

  public init(chosen: Double, rejected: Double) {
    self.chosen = chosen
    self.rejected = rejected
  }
}

/// What a reference gives for the responses of one example.
public enum ReferenceLogps: Sendable, Equatable {
  /// Sums over the two responses of a pair.
  case pair(PairLogps)
  /// One a token of each response.
  case tokens([[Float]])
}
