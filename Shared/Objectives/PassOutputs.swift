// SPDX-License-Identifier: MIT
// What a pass can tell an objective, and what an objective tells back.

/// A number, or a row of numbers, that a forward pass has for each label. What is added here is computed in `PassRunner`.
public enum PassOutput: Int, CaseIterable, Comparable, Sendable {
  /// log p(label | all before it), in nats: one number.
  case logps
  /// The language model's last hidden state, behind its final norm, that the label is predicted from: as many numbers as it
  /// is wide.
  case hiddenStates

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One output of a pass: a row a label, in the order of the pass's gathers. Valid as long as the pass.
public struct OutputRows {
  /// [labels, width]
  public let values: UnsafeBufferPointer<Float>
  public let width: Int

  public init(_ values: UnsafeBufferPointer<Float>, width: Int) {
    (self.values, self.width) = (values, width)
  }

  /// The row of a label.
  public subscript(label: Int) -> Slice<UnsafeBufferPointer<Float>> { values[label * width..<(label + 1) * width] }
}

/// The outputs that an objective has asked for.
public typealias PassOutputs = [PassOutput: OutputRows]

/// d(batch loss)/d(output), of the shape of the output. An output that is missing has no influence.
public typealias OutputGradients = [PassOutput: [Float]]

extension UnsafeBufferPointer<Float> {
  /// Σ in f64, in order.
  public func sum(_ range: Range<Int>) -> Double { self[range].reduce(0.0) { $0 + Double($1) } }
}
