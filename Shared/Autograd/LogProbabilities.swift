// SPDX-License-Identifier: MIT
// The end of a language model: logits, their log-softmax and the targets' entries of it, in one operation that never holds
// [rows, vocabulary] logits. The derivation stands in docs/KERNELS.md.
import CKernels
import Glibc
import LinearAlgebra
import Tensors

/// logp[i] = log softmax(h[i]·Wᵀ)[targets[i]], in nats.   h [n, D], weight [V, D]  ->  [n]
///
/// The vocabulary is walked in chunks; each chunk's maximum and sum of exponentials are combined in chunk order, in f64. The
/// backward pass computes the logits again.
public func logProbabilities(_ h: Variable, weight: any Weight, targets: [Int32]) -> Variable {
  precondition(
    h.rows == targets.count && h.columns == weight.operand.columns,
    "logProbabilities: h \(h.shape), weight [\(weight.operand.rows), \(weight.operand.columns)]")
  let head = LanguageHead(h: h.value, weight: weight.operand, targets: targets)
  let result = Tensor(uninitialized: [targets.count])
  let lse = Tensor(uninitialized: [targets.count])
  head.forward(into: result, lse: lse)
  let learner = weight.variable.flatMap { $0.requiresGradient ? $0 : nil }
  return Variable(result, from: [h, learner].compactMap { $0 }) { g in
    h.accumulate { dh, dhBeta in
      if let learner {
        learner.accumulate { dw, dwBeta in head.backward(g, lse: lse, dh: dh, dhBeta: dhBeta, dw: dw, dwBeta: dwBeta) }
      } else {
        head.backward(g, lse: lse, dh: dh, dhBeta: dhBeta, dw: nil, dwBeta: 0)
      }
    }
    if !h.requiresGradient {
      learner?.accumulate { dw, dwBeta in head.backward(g, lse: lse, dh: nil, dhBeta: 0, dw: dw, dwBeta: dwBeta) }
    }
  }
}

private struct LanguageHead {
  let h: Tensor
  let weight: any MatrixOperand
  let targets: [Int32]

  /// Vocabulary entries a chunk, and rows a block: one buffer of logits is at most 2 MiB.
  private static let chunk = 1024
  private static let block = 512
  private var chunks: Int { (weight.rows + Self.chunk - 1) / Self.chunk }
  private func vocabulary(_ chunk: Int) -> Range<Int> {
    chunk * Self.chunk..<min(weight.rows, (chunk + 1) * Self.chunk)
  }

  private func logits(_ rows: Range<Int>, _ words: Range<Int>) -> Tensor {
    weight.rows(words).product(h.rows(rows), bias: nil, on: .caller)
  }

  func forward(into result: Tensor, lse: Tensor) {
    for start in stride(from: 0, to: h.rows, by: Self.block) {
      let rows = start..<min(h.rows, start + Self.block)
      let max = Tensor(uninitialized: [chunks, rows.count])
      let sum = Tensor(uninitialized: [chunks, rows.count])
      parallelFor(chunks: chunks) { chunk in
        let words = vocabulary(chunk)
        let logits = logits(rows, words)
        kernel_max_and_sum_exp(
          logits.pointer, max.pointer + chunk * rows.count, sum.pointer + chunk * rows.count, rows.count, words.count)
        for row in rows where words.contains(Int(targets[row])) {
          result.pointer[row] = logits.pointer[(row - start) * words.count + Int(targets[row]) - words.lowerBound]
        }
      }
      for row in rows {
        var best = -Float.infinity
        var total = 0.0
        for chunk in 0..<chunks { best = Swift.max(best, max.pointer[chunk * rows.count + row - start]) }
        for chunk in 0..<chunks {
          let at = chunk * rows.count + row - start
          total += Double(sum.pointer[at]) * exp(Double(max.pointer[at]) - Double(best))
        }
        let logSum = Double(best) + log(total)
        lse.pointer[row] = Float(logSum)
        result.pointer[row] = Float(Double(result.pointer[row]) - logSum)
      }
    }
  }

  /// dlogits = g·(onehot - softmax);  dh = dlogits·W,  dW = dlogitsᵀ·h.
  /// Chunks of the vocabulary own their rows of dW; dh is summed in a fixed number of groups of chunks, then over the groups.
  func backward(_ g: Tensor, lse: Tensor, dh: Tensor?, dhBeta: Float, dw: Tensor?, dwBeta: Float) {
    let groups = min(8, chunks)
    for start in stride(from: 0, to: h.rows, by: Self.block) {
      let rows = start..<min(h.rows, start + Self.block)
      let partial = Tensor(uninitialized: [dh == nil ? 0 : groups, rows.count, h.columns])
      parallelFor(chunks: groups) { group in
        let first = group * chunks / groups
        for chunk in first..<(group + 1) * chunks / groups {
          let words = vocabulary(chunk)
          let dlogits = logits(rows, words)
          kernel_log_softmax_backward(dlogits.pointer, lse.pointer + start, g.pointer + start, rows.count, words.count)
          for row in rows where words.contains(Int(targets[row])) {
            dlogits.pointer[(row - start) * words.count + Int(targets[row]) - words.lowerBound] += g.pointer[row]
          }
          if dh != nil {
            weight.rows(words).transposedProduct(
              dlogits, beta: chunk == first ? 0 : 1,
              into: partial.rows(group..<group + 1).reshaped([rows.count, h.columns]), on: .caller)
          }
          if let dw {
            multiply(
              Matrix(dlogits), Matrix(h.rows(rows)), .left, beta: start == 0 ? dwBeta : 1, into: Matrix(dw.rows(words)))
          }
        }
      }
      guard let dh else { continue }
      let target = dh.rows(rows)
      if dhBeta == 0 { target.fill(0) }
      for group in 0..<groups { target.add(partial.rows(group..<group + 1)) }
    }
  }
}
