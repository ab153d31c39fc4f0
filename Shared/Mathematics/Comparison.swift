// SPDX-License-Identifier: MIT
// When two mathematical answers are equal.

/// Whether an answer says what a reference says, in the sense of Math-Verify (github.com/huggingface/Math-Verify),
/// written anew: exact where the normal form decides, by values elsewhere.
///
/// One value serves one reference and its answers: they share the normal form's atoms and what may be spent.
public struct Comparison {
  let algebra: Algebra
  let evaluator: Evaluator
  let options: Options

  /// How strictly mathematical answers are compared.
  public struct Options: Sendable, Equatable {
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

  /// What a text may mean.
  public struct Reading {
    let value: Value

    /// Words, and more than a letter.
    public var isText: Bool { value.isText }
  }

  /// - Parameters:
  ///   - steps: what all readings and comparisons together may cost, in steps of some tens of nanoseconds.
  ///   - deadline: when to stop at the latest.
  public init(steps: Int, deadline: ContinuousClock.Instant? = nil, options: Options = Options()) {
    self.init(Algebra(budget: Budget(steps: steps, deadline: deadline)), options)
  }

  init(_ algebra: Algebra, _ options: Options = Options()) {
    self.algebra = algebra
    self.options = options
    evaluator = Evaluator(algebra)
  }

  /// Everything that `answer` may mean, the likeliest first; empty where it cannot be read.
  public func readings(of answer: WrittenAnswer) throws(Stop) -> [Reading] {
    try answer.readings(algebra).map { Reading(value: $0) }
  }

  /// Whether `answer` says what `reference` says. Not symmetric: the form of the reference decides what is asked for.
  public func matches(_ reference: Reading, _ answer: Reading) throws(Stop) -> Bool {
    try matches(reference.value, answer.value)
  }
}
