// SPDX-License-Identifier: MIT
// How sure an accuracy is, and whether two differ.
import Glibc
import Tensors

/// Percentiles 2.5 and 97.5 of the mean of `values` over resamples with replacement (Efron's percentile bootstrap).
func bootstrapInterval(_ values: [Double], seed: UInt64, stream: RandomStream, resamples: Int = 2000) -> [Double] {
  guard !values.isEmpty else { return [.nan, .nan] }
  var means = [Double](repeating: 0, count: resamples)
  means.withUnsafeMutableBufferPointer { means in
    nonisolated(unsafe) let means = means
    parallelFor(chunks: resamples) { resample in
      var random = SplitMix64(seed: seed, stream: stream.rawValue << 32 + UInt64(resample))
      var sum = 0.0
      for _ in values.indices { sum += values[random.next(below: values.count)] }
      means[resample] = sum / Double(values.count)
    }
  }
  means.sort()
  return [0.025, 0.975].map { quantile in
    let position = quantile * Double(resamples - 1)
    let (low, part) = (Int(position), position - floor(position))
    return means[low] + part * (means[min(low + 1, resamples - 1)] - means[low])
  }
}

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
