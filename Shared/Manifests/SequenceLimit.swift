// SPDX-License-Identifier: MIT
// How long an example may be: positions of the language model, each token one, an image as many as it has visual tokens.

import Failures
import TensorStream

/// The longest sequence of an example, and what becomes of a longer one.
public struct SequenceLimit: Sendable {
  /// Visual tokens of an image, by the rows and columns of its patches.
  public var visualTokens: @Sendable (_ height: Int, _ width: Int) -> Int
  /// What the checkpoint was made for (`max_position_embeddings`).
  public var positionCount: Int
  /// `--max-length`: longer examples are left out; nil: those above `positionCount` are refused.
  public var maximum: Int?
  /// Responses are shortened where that makes an example fit.
  public var truncatesResponses: Bool

  public init(
    positionCount: Int, maximum: Int? = nil, truncatesResponses: Bool = false,
    visualTokens: @escaping @Sendable (_ height: Int, _ width: Int) -> Int
  ) {
    self.visualTokens = visualTokens
    self.positionCount = positionCount
    self.maximum = maximum
    self.truncatesResponses = truncatesResponses
  }
}

/// An example that `--max-length` leaves out.
public struct TooLong: Error, Sendable {
  public let id: String
  /// Positions of its longest sequence, before anything was shortened.
  public let length: Int
}

extension SequenceLimit {
  private static let responses: [(name: TensorName, mask: TensorName?)] = [
    (.chosen, nil), (.rejected, nil), (.answer, .answerMask),
  ]

  /// `frame` as it is, or shortened; whether it was.
  /// Throws `TooLong` where it is to be left out, and 65 where the model was not made for it.
  func fitted(_ frame: Frame, _ example: ManifestExample) throws -> (frame: Frame, isShortened: Bool) {
    guard let prompt = frame.tensors[.prompt] else { return (frame, false) }
    let before =
      try prompt.count + (rows(of: .prompt, frame).map { max($0, try rows(of: .rejected, frame) ?? 0) - 1 } ?? 0)
    let longest = Self.responses.compactMap { frame.tensors[$0.name]?.count }.max() ?? 0
    let choices = frame.tensors[.choices]?.shape.last ?? 0
    let length = before + max(longest, choices)
    guard length > maximum ?? positionCount else { return (frame, false) }
    guard let maximum else {
      throw ManifestError(
        example.place,
        "takes \(length) positions (tokens and visual tokens), and the checkpoint was made for \(positionCount) "
          + "(max_position_embeddings); --max-length \(positionCount) leaves such examples out")
    }
    let room = maximum - before
    guard truncatesResponses, room > 0, choices <= room, let short = try Self.shortened(frame, to: room) else {
      throw TooLong(id: frame.id, length: length)
    }
    return (short, true)
  }

  /// Visual tokens of the image; nil where there is none.
  private func rows(of fields: ImageFields, _ frame: Frame) throws -> Int? {
    try frame.metadata.grids(fields.grid)?.reduce(0) { $0 + visualTokens($1.height, $1.width) }
  }

  /// With responses of at most `room` tokens; nil where nothing is left to learn from. A response that was cut has no
  /// end-of-turn token, like a completion that was.
  private static func shortened(_ frame: Frame, to room: Int) throws -> Frame? {
    var short = frame
    for (name, maskName) in responses {
      guard let tensor = frame.tensors[name], tensor.count > room else { continue }
      short.tensors[name] = RawTensor(i32: Array(try tensor.int32s().prefix(room)))
      guard let maskName, let mask = try frame.tensors[maskName]?.uint8s().prefix(room) else { continue }
      guard mask.contains(1) else { return nil }
      short.tensors[maskName] = mask.contains(0) ? RawTensor(u8: Array(mask)) : nil
    }
    if let chosen = short.tensors[.chosen], chosen == short.tensors[.rejected],
      short.tensors[.rejectedPatches] == nil
    {
      return nil
    }
    return short
  }
}
