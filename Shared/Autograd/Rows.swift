// SPDX-License-Identifier: MIT
// Operations that pick, place and rotate rows.
import CKernels
import Glibc
import Tensors

/// Rows of x in the order of `indices` (repeats allowed).   x [T, D]  ->  [indices.count, D]
public func gatherRows(_ x: Variable, _ indices: [Int]) -> Variable {
  let width = x.columns
  let y = Tensor(uninitialized: [indices.count, width])
  for (row, index) in indices.enumerated() {
    (y.pointer + row * width).update(from: x.value.pointer + index * width, count: width)
  }
  return Variable(y, from: [x]) { dy in
    x.accumulate { dx, beta in
      if beta == 0 { dx.fill(0) }
      for (row, index) in indices.enumerated() {
        kernel_axpy(1, dy.pointer + row * width, dx.pointer + index * width, width)
      }
    }
  }
}

/// The input of the LLM: token embeddings with visual tokens in the image's place.
/// tokens [T], -1 where the row is visual; visual [T], the row of `visualTokens` there, -1 on text rows.
/// table [V, D], visualTokens [P, D] or nil for text alone  ->  [T, D]
public func embed(tokens: [Int32], table: Variable, visual: [Int32], visualTokens: Variable?) -> Variable {
  let width = table.columns
  precondition(visualTokens == nil || visualTokens?.columns == width, "visual tokens are not as wide as the embeddings")
  let y = Tensor(uninitialized: [tokens.count, width])
  for row in tokens.indices {
    let source =
      tokens[row] >= 0
      ? table.value.pointer + Int(tokens[row]) * width
      : (visualTokens?.value.pointer).map { $0 + Int(visual[row]) * width }
    guard let source else { preconditionFailure("row \(row) is neither text nor visual") }
    (y.pointer + row * width).update(from: source, count: width)
  }
  return Variable(y, from: [table] + (visualTokens.map { [$0] } ?? [])) { dy in
    table.accumulate { dtable, beta in
      if beta == 0 { dtable.fill(0) }
      for row in tokens.indices where tokens[row] >= 0 {
        kernel_axpy(1, dy.pointer + row * width, dtable.pointer + Int(tokens[row]) * width, width)
      }
    }
    visualTokens?.accumulate { dvisual, beta in
      if beta == 0 { dvisual.fill(0) }
      for row in tokens.indices where tokens[row] < 0 {
        kernel_axpy(1, dy.pointer + row * width, dvisual.pointer + Int(visual[row]) * width, width)
      }
    }
  }
}

/// Cosines and sines of rotary position embedding for a list of positions: [T, half] each.
public struct RotaryTable {
  let cosines: Tensor
  let sines: Tensor

  /// Angle of pair i at position p: p · theta^(-i / half), as arXiv 2104.09864; angles in f32 as transformers has them.
  public init(positions: [Int32], half: Int, theta: Float) {
    cosines = Tensor(uninitialized: [positions.count, half])
    sines = Tensor(uninitialized: [positions.count, half])
    let frequencies = (0..<half).map { 1 / powf(theta, Float(2 * $0) / Float(2 * half)) }
    for (row, position) in positions.enumerated() {
      for i in 0..<half {
        let angle = Float(position) * frequencies[i]
        cosines.pointer[row * half + i] = cosf(angle)
        sines.pointer[row * half + i] = sinf(angle)
      }
    }
  }

  init(cosines: Tensor, sines: Tensor) {
    self.cosines = cosines
    self.sines = sines
  }

  /// The table of some of the rows.
  public func rows(_ indices: [Int]) -> RotaryTable {
    RotaryTable(
      cosines: gatherRows(Variable(cosines), indices).value, sines: gatherRows(Variable(sines), indices).value)
  }
}

/// Rotates every head of x.   x [T, heads·2·half]
public func rotary(_ x: Variable, _ table: RotaryTable) -> Variable {
  let half = table.cosines.columns
  let heads = x.columns / (2 * half)
  let y = x.value.copy()
  rotate(y, table, heads: heads, half: half, direction: 1)
  return Variable(y, from: [x]) { dy in
    let dx = dy.copy()
    rotate(dx, table, heads: heads, half: half, direction: -1)
    x.accumulate(dx)
  }
}

private func rotate(_ x: Tensor, _ table: RotaryTable, heads: Int, half: Int, direction: Int32) {
  inChunks(x.rows, size: 64) { range in
    let r = range.lowerBound
    kernel_rotary(
      x.pointer + r * x.columns, table.cosines.pointer + r * half, table.sines.pointer + r * half, direction,
      range.count, heads, half)
  }
}
