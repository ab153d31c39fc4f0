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

/// One row in front of every `period` rows of x: a class token before each image's patches.
/// row [D], x [n·period, D]  ->  [n·(period + 1), D]
public func prepend(_ row: Variable, to x: Variable, every period: Int) -> Variable {
  let width = x.columns
  precondition(row.value.count == width && x.rows % period == 0, "prepend: row \(row.shape), x \(x.shape)")
  let images = x.rows / period
  let y = Tensor(uninitialized: [images * (period + 1), width])
  for image in 0..<images {
    let target = y.pointer + image * (period + 1) * width
    target.update(from: row.value.pointer, count: width)
    (target + width).update(from: x.value.pointer + image * period * width, count: period * width)
  }
  return Variable(y, from: [row, x]) { dy in
    row.accumulate { drow, beta in
      if beta == 0 { drow.fill(0) }
      for image in 0..<images { kernel_axpy(1, dy.pointer + image * (period + 1) * width, drow.pointer, width) }
    }
    x.accumulate { dx, beta in
      if beta == 0 { dx.fill(0) }
      for image in 0..<images {
        kernel_axpy(
          1, dy.pointer + (image * (period + 1) + 1) * width, dx.pointer + image * period * width, period * width)
      }
    }
  }
}

/// The input of the LLM: token embeddings with visual tokens in the image's place.
/// tokens [T], -1 where the row is visual; visual [T], the row of `visualTokens` there, -1 on text rows.
/// table [V, D], visualTokens [P, D] or nil for text alone  ->  [T, D]
public func embed(tokens: [Int32], table: any Weight, visual: [Int32], visualTokens: Variable?) -> Variable {
  let operand = table.operand
  let width = operand.columns
  precondition(visualTokens == nil || visualTokens?.columns == width, "visual tokens are not as wide as the embeddings")
  let y = Tensor(uninitialized: [tokens.count, width])
  for row in tokens.indices {
    let target = y.pointer + row * width
    if tokens[row] >= 0 {
      operand.copyRow(Int(tokens[row]), to: target)
    } else if let visualTokens {
      target.update(from: visualTokens.value.pointer + Int(visual[row]) * width, count: width)
    } else {
      preconditionFailure("row \(row) is neither text nor visual")
    }
  }
  return Variable(y, from: [table.variable, visualTokens].compactMap { $0 }) { dy in
    table.variable?.accumulate { dtable, beta in
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

/// Where rows stand, on one axis or several: a picture may have three (time, height, width). One axis stands for all where a
/// model has several: text moves on all of them alike.
public struct Positions: Sendable, Equatable {
  /// [axes][rows], at least one axis.
  public let axes: [[Int32]]

  public init(_ line: [Int32]) { axes = [line] }

  public init(axes: [[Int32]]) {
    precondition(axes.allSatisfy { $0.count == axes[0].count }, "positions: axes of different lengths")
    self.axes = axes
  }

  public var count: Int { axes[0].count }
}

/// The angles of rotary position embedding: pair i of a head turns by position · frequencies[i].
public struct RotaryFrequencies: Sendable, Equatable {
  /// Radians a position, one for each pair of a head's values.
  public let values: [Float]
  /// The axis of the positions that each pair follows (the sections of M-RoPE, arXiv 2409.12191); one axis: all 0.
  public let axes: [Int]

  public init(_ values: [Float], axes: [Int]? = nil) {
    self.values = values
    self.axes = axes ?? values.map { _ in 0 }
    precondition(self.axes.count == values.count, "rotary: an axis for each pair")
  }

  /// theta^(-i / half), as arXiv 2104.09864; in f32 as transformers has them.
  public init(half: Int, theta: Float) {
    self.init((0..<half).map { 1 / powf(theta, Float(2 * $0) / Float(2 * half)) })
  }
}

/// Cosines and sines of rotary position embedding for a list of positions: [T, half] each.
public struct RotaryTable {
  let cosines: Tensor
  let sines: Tensor

  public init(_ positions: Positions, _ frequencies: RotaryFrequencies) {
    let half = frequencies.values.count
    cosines = Tensor(uninitialized: [positions.count, half])
    sines = Tensor(uninitialized: [positions.count, half])
    for row in 0..<positions.count {
      for i in 0..<half {
        let axis = positions.axes.count == 1 ? 0 : frequencies.axes[i]
        let angle = Float(positions.axes[axis][row]) * frequencies.values[i]
        cosines.pointer[row * half + i] = cosf(angle)
        sines.pointer[row * half + i] = sinf(angle)
      }
    }
  }

  /// One axis, and the angles of arXiv 2104.09864.
  public init(positions: [Int32], half: Int, theta: Float) {
    self.init(Positions(positions), RotaryFrequencies(half: half, theta: theta))
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
