// SPDX-License-Identifier: MIT
// Two encoders on the same images.
import Statistics
import StrictJSON

/// A paired comparison of two probes on the same test images in the same order.
public struct ProbeComparison: Sendable {
  /// Images that only the first, and only the second, gets right.
  public let onlyFirst: Int
  public let onlySecond: Int
  /// top1 of the first less that of the second.
  public let difference: Double
  /// Of the difference: Tango's, which keeps the two answers to one image together.
  public let interval: Interval
  let second: ProbeReport
  private let source: String
  private let mcNemar: McNemar

  /// - Parameter source: the second's file.
  public init(_ first: ProbeReport, _ second: ProbeReport, source: String) {
    precondition(first.testIDs == second.testIDs, "a paired comparison of different images")
    let pairs = zip(first.right, second.right)
    onlyFirst = pairs.count { $0 && !$1 }
    onlySecond = pairs.count { !$0 && $1 }
    mcNemar = McNemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
    difference = first.top1 - second.top1
    interval = .pairedDifference(onlyFirst: onlyFirst, onlySecond: onlySecond, of: first.testIDs.count)
    self.second = second
    self.source = source
  }

  /// p-values of McNemar's test: exact, and mid-p.
  public var exactP: Double { mcNemar.exact }
  public var midP: Double { mcNemar.midP }

  var json: JSONValue {
    var result = JSONObject()
    result["source"] = .string(source)
    for (key, value) in second.fitted { result[key] = value }
    result["difference"] = .double(difference)
    result["difference_interval"] = [.double(interval.low), .double(interval.high)]
    result["only_first"] = .int(onlyFirst)
    result["only_second"] = .int(onlySecond)
    result["mcnemar_exact"] = .double(exactP)
    result["mcnemar_mid_p"] = .double(midP)
    return .object(result)
  }
}
