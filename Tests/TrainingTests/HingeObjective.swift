// SPDX-License-Identifier: MIT
// An objective that nobody published, with options, a preset and a tool's name of its own: all of it is in this file.
import Layers
import OptionTables
import StrictJSON

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

/// What a pair costs that misses its margin.
enum HingeShape: String, CaseIterable, OptionValue {
  case linear, squared
}

struct HingeTable: OptionTable {
  static let table = HingeTable()

  let margin: Setting<Double> = .init(
    "margin", "Nats by which the chosen response must be likelier (default: {default}).", default: 1, check: .positive)
  let growth: Setting<Double> = .init(
    "margin-growth", "Nats by which each step raises the margin (default: {default}).", default: 0, check: .notNegative)
  let shape: Setting<HingeShape> = .init(
    "hinge", "What a miss costs: linear or squared (default: {default}).", default: .linear)
  let decay: Setting<Double> = .init(
    "state-decay", "Weight of the hidden states' squares, a label (default: {default}).", default: 0,
    check: .notNegative)
  let flips: Setting<Bool> = .init(
    "flip", "Take the rejected response for the chosen one (default: {default}).", default: false)
}

/// With d = margin - (Σ log p(chosen) - Σ log p(rejected)) and h the hidden state of a label:
///
///     loss = Σ hinge(d) / pairs + c / 2 Σ |h|² / labels;  hinge(d) = max(0, d), or its square halved
struct HingeObjective: StepMethod {
  let options: OptionValues<HingeTable>
  private var raised = 0.0
  var unit: String { "pairs" }
  var responses: Responses { .pair }
  var needsReference: Bool { false }
  var outputs: Set<PassOutput> { options.decay > 0 ? [.logps, .hiddenStates] : [.logps] }

  static var tool: String { "hinge-step" }
  static var learningRate: Double? { 2e-3 }
  static var presets: [Preset<HingeTable>] {
    [
      Preset("made-up-hinge") { step, own in
        (step.batchSize, step.train, step.shuffle) = (3, [.projector, .llm], true)
        (own.shape, own.decay, own.growth) = (.squared, 0.01, 0.5)
      }
    ]
  }

  init(_ options: OptionValues<HingeTable> = OptionValues()) { self.options = options }

  func describe(_ update: UpdatePlan.Update) -> [(name: String, value: Double)] {
    [("margin", options.margin + raised)]
  }

  /// A pair of equal responses has no margin.
  func informative(_ examples: [Example]) -> Int {
    func tokens(_ sequence: LabelledSequence) -> [Int32] {
      sequence.elements.compactMap { if case .token(let id) = $0 { id } else { nil } }
    }
    return examples.count { tokens($0.sequences[0]) != tokens($0.sequences[1]) }
  }

  var uninformative: String { "the responses of every pair of this batch are the same" }

  mutating func stepWasTaken(_ result: BatchResult, _ totals: BatchTotals, _ update: UpdatePlan.Update) {
    raised += options.growth
  }

  var memory: JSONValue { ["raised": .double(raised)] }
  mutating func restore(_ memory: JSONValue) { raised = memory["raised"]?.double ?? 0 }

  func add(_ scored: ScoredPass, to result: inout BatchResult) -> OutputGradients {
    let (pairs, logps) = (Double(scored.totals.examples), scored.logps)
    var gradient = [Float](repeating: 0, count: logps.count)
    for member in scored.pass.members {
      let both = Array(scored.pass.labels(of: member))
      let (better, worse) = options.flips ? (both[1], both[0]) : (both[0], both[1])
      let miss = max(0, options.margin + raised - logps.sum(better) + logps.sum(worse))
      let (loss, slope) = options.shape == .squared ? (miss * miss / 2, miss) : (miss, miss > 0 ? 1 : 0)
      result.loss += loss / pairs
      result.add("missed", (miss > 0 ? 1 : 0) / pairs)
      for index in better { gradient[index] = Float(-slope / pairs) }
      for index in worse { gradient[index] = Float(slope / pairs) }
    }
    result.hasGradient = true
    var gradients: OutputGradients = [.logps: gradient]
    if let hidden = scored.outputs[.hiddenStates] {
      let scale = options.decay / Double(scored.totals.tokens)
      result.loss += scale / 2 * hidden.values.reduce(0) { $0 + Double($1) * Double($1) }
      gradients[.hiddenStates] = hidden.values.map { Float(scale) * $0 }
    }
    return gradients
  }
}
