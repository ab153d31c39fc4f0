// SPDX-License-Identifier: MIT
// Whether two accuracies differ.
import Glibc

/// Two classifiers on the same examples: McNemar's test (Psychometrika 12, 1947).
struct McNemar {
  /// Right for one of the two only.
  let onlyFirst: Int
  let onlySecond: Int

  /// The exact two-sided p-value: twice the tail of a binomial with p = ½.
  var exact: Double { min(1, 2 * lower.tail) }
  /// The mid-p-value (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13, 2013): the exact one is too large,
  /// as a binomial has steps.
  var midP: Double { min(1, 2 * lower.tail - lower.point) }

  /// P(X <= k) and P(X = k) of a binomial X of `count` trials with p = 1/2; k the smaller number.
  private var lower: (tail: Double, point: Double) {
    let count = onlyFirst + onlySecond
    var logarithm = -Double(count) * log(2)
    var tail = exp(logarithm)
    for k in 0..<min(onlyFirst, onlySecond) {
      logarithm += log(Double(count - k)) - log(Double(k + 1))
      tail += exp(logarithm)
    }
    return (tail, exp(logarithm))
  }
}
