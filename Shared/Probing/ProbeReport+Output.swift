// SPDX-License-Identifier: MIT
// A probe's findings as JSON and as a table.
import StrictJSON

extension ProbeReport {
  /// The whole report. `settings` go in front: how the probe was asked for.
  public func json(settings: JSONObject, comparison: ProbeComparison? = nil) -> JSONValue {
    var result = settings
    result["loss"] = c == nil ? nil : classes.count == 2 ? "binomial" : "multinomial"
    for (key, value) in fitted { result[key] = value }
    result["n_train"] = .int(trainCount)
    result["n_test"] = .int(testTargets.count)
    result["n_shared"] = .int(sharedCount)
    result["n_classes"] = .int(classes.count)
    result["classes"] = .array(classes.names.map { .string($0) })
    if let comparison { result["compare"] = comparison.json }
    return .object(result)
  }

  /// What differs between two probes on the same images.
  var fitted: JSONObject {
    var result = JSONObject()
    result["encoder"] = encoder.map { .string($0) } ?? .null
    result["leaky"] = .bool(isLeaky)
    if let c {
      result["grid"] = .array(grid.map(\.json))
      result["selected_on"] = selectedOn.map { .string($0) }
      result["C"] = .double(c)
    }
    result["top1"] = .double(top1)
    result["top5"] = .double(top5)
    result["interval"] = [.double(interval.low), .double(interval.high)]
    return result
  }

  /// One line of JSON a test image: id, class, prediction and its probability.
  public var predictionLines: [JSONValue] {
    testIDs.indices.map { row in
      let k = predictions[row]
      return [
        "id": .string(testIDs[row]), "class": .string(classes.names[Int(testTargets[row])]),
        "prediction": .string(classes.names[k]),
        "probability": .double(Double(probabilities.pointer[row * classes.count + k])),
      ]
    }
  }

  /// One line of JSON a test image: id, and the probabilities of all classes in their order.
  public var probabilityLines: [JSONValue] {
    testIDs.indices.map { row in
      let values = probabilities.rows(row..<row + 1).values
      return ["id": .string(testIDs[row]), "probabilities": .array(values.map { .double(Double($0)) })]
    }
  }

  /// Lines for people.
  public var table: [String] {
    var lines: [String] = []
    if !grid.isEmpty {
      lines.append(["C", "objective", "iterations", "train top1", "held-out", "test top1"].columns)
      for point in grid {
        lines.append(
          [
            "\(point.c)" + (point.c == c ? " *" : ""), "\((point.objective * 1000).rounded() / 1000)",
            "\(point.iterations)", percent(point.trainTop1), point.heldOutTop1.map(percent) ?? "-",
            percent(point.testTop1),
          ].columns)
      }
    }
    lines.append(
      "top1 \(percent(top1)) (95 %: \(percent(interval.low)) to \(percent(interval.high))), top5 \(percent(top5)); "
        + "\(classes.count) classes, \(trainCount) training and \(testTargets.count) test images")
    if isLeaky { lines.append("leaky: the prototypes are made from the test images") }
    if selectedOn == "test" { lines.append("C is chosen on the test images") }
    return lines
  }
}

extension ProbeComparison {
  /// A line for people.
  public var line: String {
    "against \(second.encoder ?? "the other"): top1 \(percent(second.top1)), difference \(percent(difference)) "
      + "(95 %: \(percent(interval.low)) to \(percent(interval.high))); right here only \(onlyFirst), there only \(onlySecond), "
      + "McNemar p = \((exactP * 1e4).rounded() / 1e4) (mid-p \((midP * 1e4).rounded() / 1e4))"
  }
}

extension GridPoint {
  fileprivate var json: JSONValue {
    var result = JSONObject()
    result["C"] = .double(c)
    result["objective"] = .double(objective)
    result["gap"] = .double(gap)
    result["iterations"] = .int(iterations)
    result["converged"] = .bool(isConverged)
    result["train_top1"] = .double(trainTop1)
    result["held_out_top1"] = heldOutTop1.map { .double($0) }
    result["test_top1"] = .double(testTop1)
    return .object(result)
  }
}

extension [String] {
  /// The cells to the right of columns of 12.
  fileprivate var columns: String {
    map { String(repeating: " ", count: Swift.max(1, 12 - $0.count)) + $0 }.joined()
  }
}

/// "12.34 %"
private func percent(_ value: Double) -> String {
  let hundredths = (value * 1e4).rounded()
  guard hundredths.isFinite else { return "-" }
  let (whole, part) = Int(hundredths.magnitude).quotientAndRemainder(dividingBy: 100)
  return "\(hundredths < 0 ? "-" : "")\(whole).\(part < 10 ? "0" : "")\(part) %"
}
