// SPDX-License-Identifier: MIT
// From the gradients of a batch to new weights: measured, clipped, applied.
import Autograd
import Checkpoints
import Clocks
import Examples
import Failures
import Layers
import Models
import Objectives
import Tensors

/// Norms of a step's gradient before clipping.
struct GradientNorms {
  /// Of the parts that learn.
  let parts: [(part: Part, norm: Double)]
  let total: Double

  init(_ gradients: [Tensor?], of parameters: [Parameter], parts: [Part]) {
    let squares = parts.map { part in
      zip(parameters, gradients).reduce(0.0) { $1.0.part == part ? $0 + ($1.1?.sumOfSquares ?? 0) : $0 }
    }
    self.parts = zip(parts, squares).map { ($0, $1.squareRoot()) }
    total = squares.reduce(0, +).squareRoot()
  }
}

/// An update that was made.
struct AppliedUpdate {
  let norms: GradientNorms
  /// Rates that it was made with, of the parts that learn.
  let learningRates: [(part: Part, rate: Double)]
  let seconds: Double
}

extension StepLoop {
  /// Clips and updates. Nil where loss or gradient is not finite and the batch is left out.
  func apply(_ step: BatchGradients, of examples: [Example]) throws -> AppliedUpdate? {
    let start = monotonicSeconds()
    let norms = GradientNorms(step.gradients, of: trained, parts: Part.allCases.filter(options.train.contains))
    guard step.result.loss.isFinite, norms.total.isFinite else {
      let problem = NotFinite(
        step: state.step + 1, loss: step.result.loss, norm: norms.total, ids: examples.map(\.id),
        parameter: zip(trained, step.gradients).first { $0.1?.isFinite == false }?.0.name)
      guard request.skipBad else { throw problem }
      host.skipped(problem)
      return nil
    }
    try watch(zero: norms.parts.filter { $0.norm == 0 }.map(\.part), step)
    let factor = schedule.factor(at: state.step)
    let scale = options.clipNorm > 0 ? min(1, options.clipNorm / (norms.total + 1e-6)) : 1
    let rates = options.learningRates.mapValues { $0 * factor }
    for ((parameter, moments), gradient) in zip(zip(trained, moments), step.gradients) {
      let value = parameter.variable.value
      // Without a gradient (a batch of text has none for the encoder) the moments fade as after a gradient of zero.
      adamW.update(
        value, moments, gradient: gradient ?? Tensor(zeros: value.shape), gradientScale: Float(scale),
        learningRate: rates[parameter.part] ?? 0, step: state.step + 1, decays: parameter.decays)
    }
    return AppliedUpdate(
      norms: norms, learningRates: norms.parts.map { ($0.part, rates[$0.part] ?? 0) },
      seconds: monotonicSeconds() - start)
  }

  /// A part that should learn but never gets a gradient is a mistake that a falling loss would hide.
  private func watch(zero: [Part], _ gradients: BatchGradients) throws {
    let window = 10
    guard state.imageSteps < window, gradients.hasImages, gradients.result.hasGradient else { return }
    state.imageSteps += 1
    for part in zero { state.zeroSteps[part, default: 0] += 1 }
    guard state.imageSteps == window, let part = zero.first(where: { state.zeroSteps[$0] == window }) else { return }
    throw PlainFailure.badData(
      "--train \(part.rawValue): its gradient was exactly zero in the first \(window) steps with images; "
        + "something cuts it off from the loss, or it should not be trained")
  }
}

/// A step that would have ruined the weights, and was not taken.
struct NotFinite: Failure {
  let step: Int
  let loss: Double
  let norm: Double
  let ids: [String]
  let parameter: String?

  var exitStatus: ExitStatus { .badData }
  var description: String {
    let what = loss.isFinite ? "the gradient\(parameter.map { " of \($0)" } ?? "")" : "the loss"
    return "step \(step): \(what) is not finite (loss \(loss), gradient norm \(norm)); the step was not taken. "
      + "Ids of its batch: \(ids.joined(separator: ", "))"
  }
}
