// SPDX-License-Identifier: MIT
// Two encoders on the same images.
import StrictJSON

/// A paired comparison of two probes on the same test images in the same order.
public struct ProbeComparison: Sendable {
  /// Images that only the first, and only the second, gets right.
  public let onlyFirst: Int
  public let onlySecond: Int
  /// top1 of the first less that of the second.
  public let difference: Double
  /// 95 % interval of it: bootstrap over images, the two answers to one image kept together.
  public let interval: [Double]
  let second: ProbeReport
  private let source: String
  private let mcNemar: McNemar

  /// - Parameter source: the second's file.
  public init(_ first: ProbeReport, _ second: ProbeReport, source: String, seed: UInt64) {
    precondition(first.testIDs == second.testIDs, "a paired comparison of different images")
    let pairs = zip(first.right, second.right)
    onlyFirst = pairs.count { $0 && !$1 }
    onlySecond = pairs.count { !$0 && $1 }
    mcNemar = McNemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
    difference = first.top1 - second.top1
    interval = bootstrapInterval(
      pairs.map { ($0 ? 1 : 0) - ($1 ? 1 : 0) }, seed: seed, stream: .pairedBootstrap)
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
    result["difference_interval"] = .array(interval.map { .double($0) })
    result["only_first"] = .int(onlyFirst)
    result["only_second"] = .int(onlySecond)
    result["mcnemar_exact"] = .double(exactP)
    result["mcnemar_mid_p"] = .double(midP)
    return .object(result)
  }
}
