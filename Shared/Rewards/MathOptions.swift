// SPDX-License-Identifier: MIT

/// How strictly mathematical answers are compared.
public struct MathOptions: Sendable, Equatable {
  /// Decimals are equal where they are after rounding to so many digits behind the point, 0 to 12 (what Math-Verify
  /// calls `float_rounding`); nil: within 5·10⁻⁷ and 10⁻⁴ of the greater.
  public var decimals: Int?
  /// Names, units and percent signs count: x = 5, 5 cm and 5 % are not 5, 90° is not π/2, and a bare "1, 2" is no
  /// tuple.
  public var isStrict: Bool

  public static let decimalsAllowed = 0...12

  public init(decimals: Int? = nil, isStrict: Bool = false) {
    self.decimals = decimals
    self.isStrict = isStrict
  }
}
