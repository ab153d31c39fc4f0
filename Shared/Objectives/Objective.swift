// SPDX-License-Identifier: MIT
// What a step minimises: outputs of a pass in, their share of the batch's loss and its gradient out.
import Examples
import OptionTables
import StrictJSON

/// One pass of a batch, and what models say about it.
public struct ScoredPass {
  public let pass: MicroBatch
  /// The examples of the batch, of which `pass.members` are in this pass.
  public let examples: [Example]
  /// What the policy says of every label: the outputs that the objective asks for.
  public let outputs: PassOutputs
  /// The reference's, one a member of the pass; empty where none are needed.
  public let reference: [ReferenceLogps]
  public let totals: BatchTotals
  /// True where the weights are still those that sampled the completions, so that nothing may have moved.
  public let isOnPolicy: Bool

  public init(
    pass: MicroBatch, examples: [Example], outputs: PassOutputs, reference: [ReferenceLogps],
    totals: BatchTotals, isOnPolicy: Bool
  ) {
    self.pass = pass
    self.examples = examples
    self.outputs = outputs
    self.reference = reference
    self.totals = totals
    self.isOnPolicy = isOnPolicy
  }

  /// The policy's log-probabilities, one a label, in nats.
  public var logps: UnsafeBufferPointer<Float> {
    guard let logps = outputs[.logps] else { preconditionFailure("log-probabilities that nobody has asked for") }
    return logps.values
  }
}

/// A loss over what passes give. Sums over tokens are in f64. Whatever it divides by must be in `BatchTotals`: a batch may be
/// spread over passes, and over processes.
public protocol Objective: Sendable {
  /// What a batch is counted in: "pairs", "examples" or "groups".
  var unit: String { get }
  /// What it reads from a frame.
  var responses: Responses { get }
  /// What it needs to know of every label.
  var outputs: Set<PassOutput> { get }
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
  /// Numbers that say which use of a batch a step is.
  func describe(_ update: UpdatePlan.Update) -> [(name: String, value: Double)]
  /// The examples of a batch that a step is taken on.
  func select(_ batch: [Example]) -> [Example]
  /// How many of them ask for any change at all; where none does, in all of the batch, no step is taken.
  func informative(_ examples: [Example]) -> Int
  /// Why none does, for a warning that goes on with ", so that it teaches nothing".
  var uninformative: String { get }
  /// Adds one pass to `result`; returns d(batch loss)/d(output) for every label of the pass.
  func add(_ scored: ScoredPass, to result: inout BatchResult) throws -> OutputGradients
  /// Learns from a step that was taken, before what it remembers is saved.
  mutating func stepWasTaken(_ result: BatchResult, _ totals: BatchTotals, _ update: UpdatePlan.Update)
  /// What it remembers from step to step; null where that is nothing.
  var memory: JSONValue { get }
  /// Goes on with what was saved.
  mutating func restore(_ memory: JSONValue)
}

extension Objective {
  /// Its own options that change numbers, as the training state keeps them.
  public var record: [(name: String, value: JSONValue)] { options.record }
  /// What a training state means that does not have them.
  public var recordedDefaults: [(name: String, value: JSONValue)] { options.recordedDefaults }
  public func problem(batchSize: Int) -> String? { options.problem }
  public var outputs: Set<PassOutput> { [.logps] }
  public var plan: UpdatePlan { UpdatePlan() }
  public var checksPolicy: Bool { false }
  public func describe(_ batch: [Example]) -> [(name: String, value: Double)] { [] }
  public func describe(_ update: UpdatePlan.Update) -> [(name: String, value: Double)] { [] }
  public func select(_ batch: [Example]) -> [Example] { batch }
  public func informative(_ examples: [Example]) -> Int { examples.count }
  public var uninformative: String { "no example of this batch asks for a change" }
  public mutating func stepWasTaken(_ result: BatchResult, _ totals: BatchTotals, _ update: UpdatePlan.Update) {}
  public var memory: JSONValue { .null }
  public mutating func restore(_ memory: JSONValue) {}
}
