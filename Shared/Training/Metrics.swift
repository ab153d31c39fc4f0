// SPDX-License-Identifier: MIT
// The JSON line of an optimizer step, with TRL's names.
import Checkpoints
import Glibc
import Layers
import StrictJSON

/// What one optimizer step reports.
public struct StepMetrics: Sendable {
  /// Optimizer steps taken, this one included.
  public var step: Int
  /// Passes over the file so far, where there is one.
  public var epoch: Double?
  public var loss: Double
  /// The objective's own numbers, in the order in which they are printed.
  public var objective: [(name: String, value: Double)]
  /// Norm of the averaged gradient before clipping.
  public var gradientNorm: Double
  public var partNorms: [(part: Part, norm: Double)]
  /// Rates that this step was taken with, of the parts that learn.
  public var learningRates: [(part: Part, rate: Double)]
  /// What the batch held.
  public var examples: Int
  public var rows: Int
  /// Forward, backward and update, without reading, the reference and saving.
  public var seconds: Double
  /// "pairs", "examples" or "groups".
  public var unit: String
  /// Bytes.
  public var peakMemory: Int
  /// Which run this is: see `RunState.name`.
  public var run: String

  /// One line of JSON, without the newline. A number that is not finite is null: JSON has no word for it.
  public var line: String {
    var object = JSONObject()
    object["step"] = .int(step)
    if let epoch { object["epoch"] = number((epoch * 1e4).rounded() / 1e4) }
    object["loss"] = number(loss)
    for (name, value) in objective { object[name] = number(value) }
    object["grad_norm"] = number(gradientNorm)
    for (part, norm) in partNorms { object["grad_norm/\(part.rawValue)"] = number(norm) }
    let rates = Set(learningRates.map(\.rate))
    // The LLM's rate stands for the run; where the parts differ each has its own.
    object["learning_rate"] = number((learningRates.first { $0.part == .llm } ?? learningRates.first)?.rate ?? 0)
    if rates.count > 1 {
      for (part, rate) in learningRates { object["learning_rate/\(part.rawValue)"] = number(rate) }
    }
    object["tokens_per_second"] = number(rounded(Double(rows) / seconds))
    object["\(unit)_per_second"] = number(rounded(Double(examples) / seconds))
    object["peak_memory_bytes"] = .int(peakMemory)
    object["run"] = .string(run)
    return JSONValue.object(object).text()
  }

  private func number(_ value: Double) -> JSONValue { value.isFinite ? .double(value) : .null }

  /// Four significant digits: a rate is a measurement.
  private func rounded(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return value }
    let scale = pow(10, 3 - floor(log10(value)))
    return (value * scale).rounded() / scale
  }
}
