// SPDX-License-Identifier: MIT
// What config.json says of rotary positions, in the spellings of the years.
import Autograd
import Failures
import StrictJSON

/// How a model's rotary frequencies follow from its config.
public enum RotaryScaling: Sendable, Equatable {
  /// As arXiv 2104.09864.
  case none

  /// Spellings of `rope_type` (older: `type`).
  static let names = ["default"]
}

/// `rope_theta` and what stands beside it.
public struct RotaryConfig: Sendable, Equatable {
  public let theta: Double
  public let scaling: RotaryScaling

  /// Newest first: rope_parameters {rope_theta, rope_type}; before it, rope_theta beside an optional rope_scaling.
  public init(_ reader: ConfigReader) throws {
    let rope = try reader.section("rope_scaling") ?? reader.section("rope_parameters")
    let type = try rope?.string("rope_type", or: rope?.string("type", or: "default")) ?? "default"
    guard RotaryScaling.names.contains(type) else {
      throw reader.failure("rope_parameters.rope_type", "is \"\(type)\", only \"default\" is supported")
    }
    scaling = .none
    theta =
      try rope?.positive("rope_theta", or: reader.positive("rope_theta", or: 10000))
      ?? reader.positive("rope_theta", or: 10000)
  }

  /// One frequency for each pair of a head of width `headSize`.
  public func frequencies(headSize: Int) -> RotaryFrequencies {
    RotaryFrequencies(half: headSize / 2, theta: Float(theta))
  }
}
