// SPDX-License-Identifier: MIT
// Where the reference's log-probabilities come from: from the frames, or from a second, frozen model.
import Checkpoints
import Examples
import Failures
import Inference
import Models
import Objectives

/// The reference of one run. All of its frames must agree on it.
final class ReferencePolicy {
  /// The weights that the run began from, where a reference of other weights is worth a warning.
  private let start: Start?
  /// Fingerprint of the reference, once the first frame has told which it is. Recorded with the run.
  private(set) var fingerprint: String?
  /// Opens the model that the run began from; called at most once.
  private let open: () throws -> (runner: PassRunner, fingerprint: String)
  private let note: (String) -> Void
  private let warn: (String) -> Void
  private var model: (runner: PassRunner, fingerprint: String)?
  /// Whether the frames of this call carry log-probabilities; nil before the first.
  private var isInFrames: Bool?
  private var first = ""

  /// Where a run began.
  struct Start {
    let path: String
    let fingerprint: String
  }

  /// - Parameters:
  ///   - recorded: the fingerprint that the run has on record.
  ///   - start: nil: any reference will do.
  init(
    recorded fingerprint: String?, start: Start?, note: @escaping (String) -> Void, warn: @escaping (String) -> Void,
    open: @escaping () throws -> (runner: PassRunner, fingerprint: String)
  ) {
    self.fingerprint = fingerprint
    self.start = start
    self.open = open
    self.note = note
    self.warn = warn
  }

  /// Checks that a batch goes with what came before. Throws 65 naming the first frame that does not.
  func admit(_ batch: [Example]) throws {
    for example in batch {
      if let isInFrames, isInFrames != (example.referenceLogps != nil) {
        throw example.place.error(
          isInFrames
            ? "has no reference log-probabilities, and \(first) has; score all frames of a run"
            : "has reference log-probabilities, and \(first) has none; score all frames of a run, or none")
      }
      if isInFrames == nil {
        isInFrames = example.referenceLogps != nil
        first = "frame \(example.place.number) (id \(example.id))"
        if isInFrames == false { try openModel() } else { compareWithStart(example) }
      }
      if example.referenceLogps == nil { try model?.runner.admit(example) }
      let reference = example.referenceLogps == nil ? model?.fingerprint : example.reference
      guard let known = fingerprint else {
        fingerprint = reference
        continue
      }
      guard reference == known else {
        throw example.place.error(
          "its reference is \(Self.words(reference)), that of the run is \(Self.words(known)); "
            + "score all frames with one checkpoint"
        )
      }
    }
  }

  /// A reference that is not where the policy begins is legal, and most often a mistake: frames scored by another checkpoint.
  private func compareWithStart(_ example: Example) {
    guard let start, let reference = example.reference, !reference.isEmpty, reference != start.fingerprint else {
      return
    }
    warn(
      "the reference of the frames is \(reference), and the run began from \(start.path), which is \(start.fingerprint): the "
        + "policy is compared with other weights than its own; score the frames with those, or --any-reference if it is meant"
    )
  }

  private static func words(_ fingerprint: String?) -> String {
    fingerprint.map { $0.isEmpty ? "without a fingerprint" : $0 } ?? "unknown"
  }

  private func openModel() throws {
    guard model == nil else { return }
    model = try open()
    note(
      "the frames carry no reference log-probabilities: a second, frozen model computes them at every step "
        + "(score adds them once and for all)")
  }

  /// The reference's log-probabilities of a pass's members.
  func logps(_ pass: MicroBatch, of batch: [Example]) throws -> [ReferenceLogps] {
    let known = batch[pass.members].compactMap(\.referenceLogps)
    if known.count == pass.members.count { return known }
    guard let runner = model?.runner else { preconditionFailure("a reference that was not admitted") }
    return try referenceLogps(runner, pass, of: batch)
  }
}

/// Log-probabilities of the members of a pass, without a graph.
func referenceLogps(_ runner: PassRunner, _ pass: MicroBatch, of batch: [Example]) throws -> [ReferenceLogps] {
  let logps = try runner.logps(pass).value
  let values = UnsafeBufferPointer(start: UnsafePointer(logps.pointer), count: logps.count)
  defer { withExtendedLifetime(logps) {} }
  return pass.members.map { member in
    let labels = pass.labels(of: member)
    guard labels.count == 2, batch[member].group == nil else { return .tokens(labels.map { Array(values[$0]) }) }
    return .pair(
      PairLogps(
        chosen: values.sum(labels[labels.startIndex]), rejected: values.sum(labels[labels.startIndex + 1])))
  }
}
