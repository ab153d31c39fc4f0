// SPDX-License-Identifier: MIT
// What a step minimises: log-probabilities of a pass in, their share of the batch's loss and its gradient out.
import Examples
import OptionTables
import StrictJSON

/// What all passes of a batch are divided by, once: it is known before the first pass.
public struct BatchTotals: Sendable, Equatable {
  public var examples = 0
  /// Labels of the supervised sequences: all of them in SFT, the chosen ones' in DPO.
  public var labels = 0
  /// Labels of all sequences.
  public var tokens = 0

  public init(_ batch: [Example]) {
    examples = batch.count
    labels = batch.reduce(0) { $0 + ($1.sequences.first?.labels.count ?? 0) }
    tokens = batch.reduce(0) { $0 + $1.labelCount }
  }
}

/// Sums over the passes of a batch, divided already.
public struct BatchResult: Sendable {
  public var loss = 0.0
  /// The objective's own numbers, in the order of printing.
  public var metrics: [(name: String, value: Double)] = []
  /// True where some label asks for a change at all.
  public var hasGradient = false

  public init() {}

  /// The value of a metric; nil where no pass has given one.
  public func value(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }

  mutating func add(_ name: String, _ value: Double) { combine(name, value, +) }

  /// Keeps the largest of all passes.
  mutating func maximum(_ name: String, _ value: Double) { combine(name, value, max) }

  private mutating func combine(_ name: String, _ value: Double, _ operation: (Double, Double) -> Double) {
    if let index = metrics.firstIndex(where: { $0.name == name }) {
      metrics[index].value = operation(metrics[index].value, value)
    } else {
      metrics.append((name, value))
    }
  }
}

/// One pass of a batch, and what models say about it.
public struct ScoredPass {
  public let pass: MicroBatch
  /// The examples of the batch, of which `pass.members` are in this pass.
  public let examples: [Example]
  /// The policy's log-probabilities, one a gather, in nats.
  public let logps: UnsafeBufferPointer<Float>
  /// The reference's, one a member of the pass; empty where none are needed.
  public let reference: [ReferenceLogps]
  public let totals: BatchTotals
  /// True where the weights are still those that sampled the completions, so that nothing may have moved.
  public let isOnPolicy: Bool

  public init(
    pass: MicroBatch, examples: [Example], logps: UnsafeBufferPointer<Float>, reference: [ReferenceLogps],
    totals: BatchTotals, isOnPolicy: Bool
  ) {
    self.pass = pass
    self.examples = examples
    self.logps = logps
    self.reference = reference
    self.totals = totals
    self.isOnPolicy = isOnPolicy
  }
}

/// A loss over log-probabilities. Sums over tokens are in f64.
public protocol Objective: Sendable {
  /// What a batch is counted in: "pairs", "examples" or "groups".
  var unit: String { get }
  /// What it reads from a frame.
  var responses: Responses { get }
  var needsReference: Bool { get }
  /// Its own options.
  associatedtype Table: OptionTable
  var options: OptionValues<Table> { get }
  /// What is wrong with them, in the words of the command line; nil: nothing.
  func problem(batchSize: Int) -> String?
  /// How many optimizer steps a batch gives.
  var plan: UpdatePlan { get }
  /// True where completions must come from the weights that are trained.
  var checksPolicy: Bool { get }

  /// Numbers of a batch that are known before any pass.
  func describe(_ batch: [Example]) -> [(name: String, value: Double)]
  /// The examples of a batch that a step is taken on; none: there is nothing to learn.
  func select(_ batch: [Example]) -> [Example]
  /// Adds one pass to `result`; returns d(batch loss)/d logp for every gather of the pass.
  func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> [Float]
  /// Learns from a step that was taken, before what it remembers is saved.
  mutating func stepWasTaken(_ result: BatchResult, on batch: [Example], _ update: UpdatePlan.Update)
  /// What it remembers from step to step; null where that is nothing.
  var memory: JSONValue { get }
  /// Goes on with what was saved.
  mutating func restore(_ memory: JSONValue)
}

extension Objective {
  /// Its own options that change numbers, as the training state keeps them.
  public var record: [(name: String, value: JSONValue)] { options.record }
  public func problem(batchSize: Int) -> String? { options.problem }
  public var plan: UpdatePlan { UpdatePlan() }
  public var checksPolicy: Bool { false }
  public func describe(_ batch: [Example]) -> [(name: String, value: Double)] { [] }
  public func select(_ batch: [Example]) -> [Example] { batch }
  public mutating func stepWasTaken(_ result: BatchResult, on batch: [Example], _ update: UpdatePlan.Update) {}
  public var memory: JSONValue { .null }
  public mutating func restore(_ memory: JSONValue) {}
}

extension UnsafeBufferPointer<Float> {
  /// Σ in f64, in order.
  public func sum(_ range: Range<Int>) -> Double { self[range].reduce(0.0) { $0 + Double($1) } }
}
