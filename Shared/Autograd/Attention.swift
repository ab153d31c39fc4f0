// SPDX-License-Identifier: MIT
// Scaled dot-product attention (arXiv 1706.03762) over a forest of segments, with grouped queries (arXiv 2305.13245).
import CKernels
import LinearAlgebra
import Tensors

/// softmax(q·kᵀ/√d)·v for each head, each query seeing what `layout` grants it.
///
/// q [queries, heads·d], k, v [rows, keyHeads·d]  ->  [queries, heads·d];  heads is a multiple of keyHeads.
/// Probabilities are not kept: the backward pass computes them again from the saved log-sum-exp of each query.
public func attention(
  _ q: Variable, _ k: Variable, _ v: Variable, _ layout: AttentionLayout, heads: Int, keyHeads: Int
) -> Variable {
  let pass = AttentionPass(q: q.value, k: k.value, v: v.value, layout: layout, heads: heads, keyHeads: keyHeads)
  let out = Tensor(uninitialized: q.shape)
  let lse = Tensor(uninitialized: [heads, layout.queryRows])
  pass.forward(into: out, lse: lse)
  return Variable(out, from: [q, k, v]) { dy in
    let dq = Tensor(uninitialized: q.shape)
    let dk = Tensor(zeros: k.shape)
    let dv = Tensor(zeros: v.shape)
    pass.backward(dy, out: out, lse: lse, dq: dq, dk: dk, dv: dv)
    q.accumulate(dq)
    k.accumulate(dk)
    v.accumulate(dv)
  }
}

private struct AttentionPass {
  let q, k, v: Tensor
  let layout: AttentionLayout
  let heads, keyHeads, width: Int
  let scale: Float

  init(q: Tensor, k: Tensor, v: Tensor, layout: AttentionLayout, heads: Int, keyHeads: Int) {
    precondition(
      heads % keyHeads == 0 && q.columns % heads == 0, "attention: \(heads) heads over \(keyHeads) key heads")
    precondition(
      q.rows == layout.queryRows && k.rows == layout.keyRows && v.rows == k.rows,
      "attention: rows differ from the layout")
    (self.q, self.k, self.v, self.layout, self.heads, self.keyHeads) = (q, k, v, layout, heads, keyHeads)
    width = q.columns / heads
    precondition(k.columns == keyHeads * width && v.columns == k.columns, "attention: key heads of another width")
    scale = 1 / Float(width).squareRoot()
  }

  private func head(_ tensor: Tensor, _ rows: Range<Int>, _ head: Int) -> Matrix {
    Matrix(
      tensor.pointer + rows.lowerBound * tensor.columns + head * width, rows: rows.count, columns: width,
      stride: tensor.columns)
  }

  /// Columns `range` of a block's scores.
  private func columns(_ scores: Tensor, _ block: AttentionLayout.Block, _ range: Range<Int>) -> Matrix {
    Matrix(scores.pointer + range.lowerBound, rows: block.queries.count, columns: range.count, stride: block.keyCount)
  }

  /// Runs of keys with the columns of the score matrix that they fill.
  private func runs(_ block: AttentionLayout.Block, _ body: (_ keys: Range<Int>, _ columns: Range<Int>) -> Void) {
    var at = 0
    for keys in block.keys {
      body(keys, at..<at + keys.count)
      at += keys.count
    }
  }

  func forward(into out: Tensor, lse: Tensor) {
    let group = heads / keyHeads
    parallelFor(chunks: layout.blocks.count * heads) { task in
      let block = layout.blocks[task / heads]
      let h = task % heads
      let scores = Tensor(uninitialized: [block.queries.count, block.keyCount])
      runs(block) { keys, columns in
        multiply(
          head(q, block.queries, h), head(k, keys, h / group), .right, scale: scale,
          into: self.columns(scores, block, columns))
      }
      layout.visible.withUnsafeBufferPointer { visible in
        kernel_softmax_visible(
          scores.pointer, block.keyCount, visible.baseAddress.map { $0 + block.visibleStart },
          lse.pointer + h * layout.queryRows + block.queries.lowerBound, block.queries.count, block.keyCount)
      }
      runs(block) { keys, columns in
        multiply(
          self.columns(scores, block, columns), head(v, keys, h / group), beta: columns.lowerBound == 0 ? 0 : 1,
          into: head(out, block.queries, h))
      }
    }
  }

  /// With P the probabilities, dP = dO·Vᵀ and δ = rowsum(dO∘O):  dS = P∘(dP - δ)/√d,  dV = Pᵀ·dO,  dQ = dS·K,  dK = dSᵀ·Q.
  /// One task a tree and key head: all that adds to the same dk, dv happens in one task, in order.
  func backward(_ dy: Tensor, out: Tensor, lse: Tensor, dq: Tensor, dk: Tensor, dv: Tensor) {
    let group = heads / keyHeads
    parallelFor(chunks: layout.trees.count * keyHeads) { task in
      let keyHead = task % keyHeads
      for block in layout.blocks[layout.trees[task / keyHeads]] {
        let queries = block.queries
        let p = Tensor(uninitialized: [queries.count, block.keyCount])
        let ds = Tensor(uninitialized: p.shape)
        let delta = Tensor(uninitialized: [queries.count])
        for h in keyHead * group..<(keyHead + 1) * group {
          let dOut = head(dy, queries, h)
          runs(block) { keys, columns in
            multiply(
              head(q, queries, h), head(k, keys, keyHead), .right, scale: scale, into: self.columns(p, block, columns))
            multiply(dOut, head(v, keys, keyHead), .right, into: self.columns(ds, block, columns))
          }
          layout.visible.withUnsafeBufferPointer { visible in
            kernel_softmax_from_lse(
              p.pointer, block.keyCount, visible.baseAddress.map { $0 + block.visibleStart },
              lse.pointer + h * layout.queryRows + queries.lowerBound, queries.count, block.keyCount)
          }
          let o = head(out, queries, h)
          kernel_row_dots(dOut.pointer, dOut.stride, o.pointer, o.stride, delta.pointer, 1, queries.count, width)
          kernel_softmax_backward(
            p.pointer, ds.pointer, block.keyCount, delta.pointer, scale, queries.count, block.keyCount)
          runs(block) { keys, columns in
            multiply(self.columns(p, block, columns), dOut, .left, beta: 1, into: head(dv, keys, keyHead))
            multiply(
              self.columns(ds, block, columns), head(q, queries, h), .left, beta: 1, into: head(dk, keys, keyHead))
            multiply(
              self.columns(ds, block, columns), head(k, keys, keyHead), beta: columns.lowerBound == 0 ? 0 : 1,
              into: head(dq, queries, h))
          }
        }
      }
    }
  }
}
