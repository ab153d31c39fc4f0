// SPDX-License-Identifier: MIT
// A frame, checked: what the models are given has passed here, and nothing else has.
import Failures
import Layers
import Models
import TensorStream

/// An image of an example.
public struct ExampleImage: Sendable {
  /// Equal for images of equal pixels (or, where a frame carries features only, of equal features).
  public let digest: String
  public let grid: PatchGrid
  /// Rows that it takes in the language model.
  public let tokenRows: Int
  /// Bytes of its patches: rows `patchRows` of a [P, 3·p·p] U8 tensor; nil where the frame has features only.
  public let patches: RawTensor?
  public let patchRows: Range<Int>
  /// Its features: rows `featureRows` of a [P, D] F32 or BF16 tensor, and the fingerprint of what made them.
  public let features: RawTensor?
  public let featureRows: Range<Int>
  public let encoder: String?
  /// The tensor that its features are, or would be, in.
  public let featuresName: TensorName
  /// The frame, for messages.
  public let place: FramePlace
}

/// A sequence of a prompt and a response, and which of its elements are labels.
public struct LabelledSequence: Sendable {
  /// Images are numbered as in the example.
  public let elements: [SequenceElement]
  /// Ascending; tokens only.
  public let labels: [Int]
}

/// One frame as a training step or a scorer uses it.
public struct Example: Sendable {
  public let id: String
  /// The frame, for messages.
  public let place: FramePlace
  public let images: [ExampleImage]
  /// For pairs chosen and rejected; for supervision one; for choices and completions one each.
  public let sequences: [LabelledSequence]
  /// Log-probabilities under the reference, and the reference's fingerprint, where the frame has them.
  public let referenceLogps: ReferenceLogps?
  public let reference: String?
  /// What reinforcement learning knows of the sequences; nil for other examples.
  public let group: CompletionGroup?

  /// Rows of the language model without the images, the prompt counted once.
  public var textRows: Int {
    guard let first = sequences.first else { return 0 }
    let prompt = sequences.dropFirst().reduce(first.elements.count) { shared, sequence in
      min(shared, zip(first.elements, sequence.elements).prefix { $0 == $1 }.count)
    }
    return prompt + sequences.reduce(0) { $0 + $1.elements.count - prompt }
  }

  /// Elements that are scored, over all sequences.
  public var labelCount: Int { sequences.reduce(0) { $0 + $1.labels.count } }
}

extension FramePlace {
  /// An error about this frame.
  public func error(_ text: String) -> FrameError { FrameError(self, .other(text)) }
}
