// SPDX-License-Identifier: MIT
// What config.json says of rotary positions, in the spellings of the years.
import Autograd
import Failures
import StrictJSON

/// `rope_theta`, and the kind of scaling that stands beside it.
public struct RotaryConfig: Sendable {
  public let theta: Double
  /// `rope_type`; "default" is none, as arXiv 2104.09864.
  public let type: String
  /// Where the numbers of a scaling stand; nil where there is no such section.
  public let scaling: ConfigReader?

  /// Newest first: rope_parameters {rope_theta, rope_type, …}; before it, rope_theta beside an optional rope_scaling.
  ///
  /// - Parameter types: the kinds of scaling that the architecture computes. Throws 65 for others.
  public init(_ reader: ConfigReader, types: [String] = ["default"]) throws {
    scaling = try reader.section("rope_scaling") ?? reader.section("rope_parameters")
    let type = try scaling?.string("rope_type", or: scaling?.string("type", or: "default")) ?? "default"
    guard types.contains(type) else {
      let known = types.map { "\"\($0)\"" }.joined(separator: ", ")
      throw reader.failure(
        "rope_parameters.rope_type", "is \"\(type)\", only \(known) \(types.count == 1 ? "is" : "are") supported")
    }
    self.type = type
    theta =
      try scaling?.positive("rope_theta", or: reader.positive("rope_theta", or: 10000))
      ?? reader.positive("rope_theta", or: 10000)
  }

  /// One frequency for each pair of a head of width `headSize`, unscaled.
  public func frequencies(headSize: Int) -> RotaryFrequencies {
    RotaryFrequencies(half: headSize / 2, theta: Float(theta))
  }
}
