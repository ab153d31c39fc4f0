// SPDX-License-Identifier: MIT
// Intervals against other people's numbers, and what none of them may be: empty.
import Statistics
import Testing

@Suite struct IntervalTests {
  private func isClose(_ interval: Interval?, _ low: Double, _ high: Double, tolerance: Double = 1e-9) -> Bool {
    guard let interval else { return false }
    return abs(interval.low - low) <= tolerance && abs(interval.high - high) <= tolerance
  }

  private func estimate(_ values: [Double]) -> Estimate {
    values.reduce(into: Estimate()) { $0.add($1) }
  }

  /// statsmodels.stats.proportion.proportion_confint(k, n, method="wilson").
  @Test(arguments: [
    (0, 8, 0.0, 0.32440756488388034), (4, 4, 0.5101091635454025, 1.0), (8, 10, 0.49016247153664183, 0.9433178485456247),
    (3, 7, 0.15821985525146964, 0.7495416354723428),
  ])
  func aProportionHasWilsonsInterval(right: Int, count: Int, low: Double, high: Double) {
    #expect(isClose(.wilson(Double(right) / Double(count), count: count), low, high))
    let values = estimate((0..<count).map { $0 < right ? 1 : 0 })
    #expect(isClose(values.interval, low, high) && values.interval?.method == .wilson)
  }

  @Test func noIntervalIsEmpty() throws {
    for values in [[0, 0, 0], [1], [1, 1, 1, 1], [0.3, 0.3, 0.3], [0.5]] as [[Double]] {
      let interval = try #require(estimate(values).interval)
      #expect(interval.low < interval.high && interval.method == .wilson, "\(values)")
      #expect(interval.low <= values[0] && values[0] <= interval.high)
    }
    #expect(Estimate().interval == nil)
    // 0.2, 0.4, 0.9: mean 0.5, deviation 0.36056, error 0.20817, ± 0.40800.
    let graded = estimate([0.2, 0.4, 0.9]).interval
    #expect(isClose(graded, 0.0920010, 0.9079990, tolerance: 1e-6) && graded?.method == .normal)
    let merged = estimate([0.2]).merged(estimate([0.4, 0.9]))
    #expect(merged.interval == graded && merged.mean == estimate([0.2, 0.4, 0.9]).mean)
    #expect(estimate([1, 1]).merged(estimate([0, 1, 0])).interval == estimate([1, 1, 0, 1, 0]).interval)
  }

  /// The score test with the nuisance probability found by a numeric search, inverted by scipy's brentq; Fagerland,
  /// Lydersen and Laake (Statistical Analysis of Contingency Tables, 2017) print -0.517 to -0.026 for the first.
  @Test(arguments: [
    (1, 7, 21, -0.5172322755298177, -0.026003033942305548), (40, 20, 160, 0.030864533443839423, 0.21806424346383638),
    (12, 2, 50, 0.06111240621203114, 0.3447087488948014), (2, 0, 4, -0.23483625468189612, 0.8499610108477155),
    (0, 0, 8, -0.32440756488388023, 0.32440756488388023), (4, 0, 4, 0.02021832709080546, 1),
    (0, 4, 4, -1, -0.020218327090805368), (150, 120, 5000, -0.0004440733945733433, 0.012514487398847609),
  ])
  func aPairedDifferenceHasTangosInterval(b: Int, c: Int, count: Int, low: Double, high: Double) {
    #expect(isClose(.pairedDifference(onlyFirst: b, onlySecond: c, of: count), low, high, tolerance: 1e-7))
  }

  @Test func meansOfProportionsKeepTheirWidth() {
    let (all, none) = (Interval.wilson(1, count: 4), Interval.wilson(0, count: 8))
    #expect(Interval.ofMean([(1, all)]) == all)
    // (1 + 0) / 2 ± half of the one distance that each side has.
    #expect(isClose(.ofMean([(1, all), (0, none)]), 0.5 - (1 - all.low) / 2, 0.5 + none.high / 2))
    #expect(Interval.ofMean([(1, all), (1, all)]).low < 0.7)
    #expect(isClose(.ofDependentMean(all, none), (all.low + none.low) / 2, (all.high + none.high) / 2))
    #expect(isClose(none.mapped { 2 * $0 }, 0, 2 * none.high))
  }
}
