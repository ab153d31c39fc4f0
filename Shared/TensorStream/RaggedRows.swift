// SPDX-License-Identifier: MIT
// Rows of different lengths in one tensor [n, L]: L is the longest row's length, and shorter rows are filled up at their
// end: with -1 where the elements are token ids, with 0 where they are values of tokens, whose ids tell the lengths.

extension RawTensor {
  /// Rows of token ids: I32 [n, L], padded with -1.
  public init(ragged rows: [[Int32]]) {
    self.init(i32: Self.padded(rows, to: rows.longest, with: -1), shape: [rows.count, rows.longest])
  }

  /// Rows with a value for each token: F32 [n, L], padded with 0.
  ///
  /// - Parameter length: L, where the ids' tensor has more columns than its longest row needs.
  public init(ragged rows: [[Float]], length: Int? = nil) {
    let length = length ?? rows.longest
    self.init(f32: Self.padded(rows, to: length, with: 0), shape: [rows.count, length])
  }

  private static func padded<Element>(_ rows: [[Element]], to length: Int, with filler: Element) -> [Element] {
    rows.flatMap { $0 + Array(repeating: filler, count: length - $0.count) }
  }

  /// The first `count` elements of a row of an F32 tensor [n, L]: the values of that row's tokens.
  public func values(row: Int, count: Int) -> [Float] {
    precondition(dtype == .f32 && shape.count == 2 && count <= shape[1], "\(count) values of a row of \(summary)")
    return elements(row * shape[1]..<row * shape[1] + count)
  }

  /// Elements of the dtype's Swift type, which the caller must have checked.
  private func elements<Element: BitwiseCopyable>(_ range: Range<Int>) -> [Element] {
    let size = MemoryLayout<Element>.size
    return withUnsafeBytes { bytes in
      range.map { bytes.loadUnaligned(fromByteOffset: $0 * size, as: Element.self) }
    }
  }

  fileprivate func ids(row: Int) -> [Int32] { elements(row * shape[1]..<(row + 1) * shape[1]) }
}

extension Frame {
  /// The token ids of one row of `tensor`, I32 [n, L], without their padding. Throws 65 where the row has none, or goes
  /// on after its padding.
  ///
  /// - Parameter name: the tensor's, for the message.
  public func tokens(row: Int, of tensor: RawTensor, _ name: TensorName) throws(FrameError) -> [Int32] {
    let padded = tensor.ids(row: row)
    let ids = Array(padded.prefix { $0 != -1 })
    guard !ids.isEmpty else { throw error("\"\(name)\" row \(row) is empty, expected at least one token") }
    guard padded.dropFirst(ids.count).allSatisfy({ $0 == -1 }) else {
      throw error("\"\(name)\" row \(row) goes on after its padding (-1)")
    }
    return ids
  }
}

extension [[Int32]] {
  fileprivate var longest: Int { map(\.count).max() ?? 0 }
}

extension [[Float]] {
  fileprivate var longest: Int { map(\.count).max() ?? 0 }
}
