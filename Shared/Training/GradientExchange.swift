// SPDX-License-Identifier: MIT
// The seam between the processes of one run: what they hold of a step is summed here, and nowhere else.
import Objectives
import Tensors

/// What a step asks of the weights, and what is reported of it: of one process, or of all.
public struct BatchGradients {
  /// d loss / d parameter, one a trained parameter: averaged over the whole batch, not clipped. nil: nothing arrived.
  public var gradients: [Tensor?]
  public var result: BatchResult
  /// Rows of all passes.
  public var rows: Int
  public var hasImages: Bool
  /// Of forward and backward.
  public var seconds: Double

  /// Adds what another process has computed for the same step of the same weights. Sums in place where a gradient is there.
  public mutating func add(_ other: BatchGradients) {
    for (index, gradient) in other.gradients.enumerated() {
      guard let gradient else { continue }
      if let own = gradients[index] { own.add(gradient) } else { gradients[index] = gradient.copy() }
    }
    result.add(other.result)
    rows += other.rows
    hasImages = hasImages || other.hasImages
    seconds = max(seconds, other.seconds)
  }
}

/// How the processes of a run, each with the same weights and its own share of every batch, become one step.
///
/// Every step calls both functions once, in this order, whatever a process's share holds, an empty share included; where the
/// totals say that there is nothing to learn, only the first. What decides whether and how a step is taken (denominators,
/// norm, finiteness) is computed from what they return, so that all processes take the same step and keep the same weights.
/// A process that throws, or that a signal stops, leaves the others waiting: an implementation must end their waiting with an
/// error. What is known of a batch before any pass (`Objective.describe`) is reported of a process's own share.
public protocol GradientExchange: AnyObject {
  /// Σ over the processes: what every loss and metric of the step is divided by. Called before the first pass.
  func sum(_ totals: BatchTotals) throws -> BatchTotals
  /// Σ over the processes, by `BatchGradients.add`. Called after the last pass.
  func sum(_ gradients: BatchGradients) throws -> BatchGradients
}

/// One process, which has it all.
public final class SingleProcess: GradientExchange {
  public init() {}
  public func sum(_ totals: BatchTotals) -> BatchTotals { totals }
  public func sum(_ gradients: BatchGradients) -> BatchGradients { gradients }
}
