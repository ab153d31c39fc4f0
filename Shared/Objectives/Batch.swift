// SPDX-License-Identifier: MIT
// What is counted and summed over a batch: over its passes, and over the processes that share it.
import Examples

/// What all passes of a batch are divided by, once: it is known before the first pass.
public struct BatchTotals: Sendable, Equatable {
  /// Examples that passed all checks.
  public var admitted = 0
  /// Of these, the ones that the step is taken on.
  public var examples = 0
  /// Of these, the ones that ask for any change at all.
  public var informative = 0
  /// Labels of the supervised sequences: all of them in SFT, the chosen ones' in DPO.
  public var labels = 0
  /// Sequences: completions, in GRPO.
  public var sequences = 0
  /// Labels of all sequences.
  public var tokens = 0

  /// Nothing.
  public init() {}

  /// - Parameters:
  ///   - batch: what passed all checks.
  ///   - examples: what the step is taken on.
  ///   - informative: how many of them ask for a change.
  public init(_ batch: [Example], selected examples: [Example], informative: Int) {
    admitted = batch.count
    self.examples = examples.count
    self.informative = informative
    labels = examples.reduce(0) { $0 + ($1.sequences.first?.labels.count ?? 0) }
    sequences = examples.reduce(0) { $0 + $1.sequences.count }
    tokens = examples.reduce(0) { $0 + $1.labelCount }
  }

  public static func + (a: Self, b: Self) -> Self {
    var sum = a
    for path in [\Self.admitted, \.examples, \.informative, \.labels, \.sequences, \.tokens] {
      sum[keyPath: path] += b[keyPath: path]
    }
    return sum
  }
}

/// Sums over the passes of a batch, divided already.
public struct BatchResult: Sendable {
  public var loss = 0.0
  /// The objective's own numbers, in the order of printing.
  public private(set) var metrics: [(name: String, value: Double)] = []
  /// Those of which the largest counts, not the sum.
  private var maxima: Set<String> = []
  /// True where some label asks for a change at all.
  public var hasGradient = false

  public init() {}

  /// The value of a metric; nil where no pass has given one.
  public func value(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }

  /// Adds to a metric.
  public mutating func add(_ name: String, _ value: Double) { combine(name, value, +) }

  /// Keeps the largest of all passes.
  public mutating func maximum(_ name: String, _ value: Double) {
    maxima.insert(name)
    combine(name, value, max)
  }

  /// Adds what other passes gave.
  public mutating func add(_ other: BatchResult) {
    loss += other.loss
    hasGradient = hasGradient || other.hasGradient
    for (name, value) in other.metrics {
      if other.maxima.contains(name) { maximum(name, value) } else { add(name, value) }
    }
  }

  private mutating func combine(_ name: String, _ value: Double, _ operation: (Double, Double) -> Double) {
    if let index = metrics.firstIndex(where: { $0.name == name }) {
      metrics[index].value = operation(metrics[index].value, value)
    } else {
      metrics.append((name, value))
    }
  }
}
