// SPDX-License-Identifier: MIT
// Comparison of numbers within a tolerance that NaN cannot pass.
import Testing

/// Expects every element of `got` to lie within `tolerance` × max |expected| of its counterpart.
///
/// The tolerance is relative to the largest magnitude of `expected` (absolute where that is 0). NaN and infinity fail
/// unless the same infinity is expected. A failure reports the worst element: index, got, expected.
public func expectClose<Number: BinaryFloatingPoint>(
  _ got: [Number], _ expected: [Number], tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let label = [what, Trace.description].filter { !$0.isEmpty }.joined(separator: ", ")
  guard got.count == expected.count else {
    Issue.record("\(label): \(got.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let scale = expected.reduce(0.0) { $1.isFinite ? max($0, abs(Double($1))) : $0 }
  let limit = scale > 0 ? tolerance * scale : tolerance
  var worst = 0
  var worstDifference = -1.0
  var failures = 0
  for index in got.indices where got[index] != expected[index] {
    let difference = abs(Double(got[index]) - Double(expected[index]))
    let isClose = difference <= limit  // false for NaN
    if !isClose { failures += 1 }
    let rank = difference.isNaN ? .infinity : difference
    if rank > worstDifference { (worst, worstDifference) = (index, rank) }
  }
  if failures > 0 {
    Issue.record(
      """
      \(label): \(failures) of \(got.count) elements differ by more than \(limit) (\(tolerance) of the maximum \(scale)); \
      worst at [\(worst)]: got \(got[worst]), expected \(expected[worst]), difference \(worstDifference)
      """, sourceLocation: sourceLocation)
  }
}

/// Expects one number to lie within `tolerance` × |expected| (absolute where that is 0).
public func expectClose<Number: BinaryFloatingPoint>(
  _ got: Number, _ expected: Number, tolerance: Double, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose([got], [expected], tolerance: tolerance, what, sourceLocation: sourceLocation)
}
