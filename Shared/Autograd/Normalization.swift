// SPDX-License-Identifier: MIT
import CKernels
import Tensors

/// Rows a chunk in the norms' backward pass; gains' partial gradients are added in chunk order.
private let rowsPerChunk = 64

/// Layer norm (arXiv 1607.06450) over the last extent.   x [T, D], gain, bias [D]  ->  [T, D]
public func layerNorm(_ x: Variable, gain: Variable, bias: Variable, epsilon: Float) -> Variable {
  let rows = x.rows
  let width = x.columns
  let y = Tensor(uninitialized: x.shape)
  let mean = Tensor(uninitialized: [rows])
  let rstd = Tensor(uninitialized: [rows])
  inChunks(rows, size: rowsPerChunk) { range in
    let r = range.lowerBound
    kernel_layer_norm(
      x.value.pointer + r * width, gain.value.pointer, bias.value.pointer, epsilon, y.pointer + r * width,
      mean.pointer + r, rstd.pointer + r, range.count, width)
  }
  return Variable(y, from: [x, gain, bias]) { dy in
    let dx = Tensor(uninitialized: x.shape)
    let chunks = (rows + rowsPerChunk - 1) / rowsPerChunk
    let learns = gain.requiresGradient || bias.requiresGradient
    let partial = Tensor(zeros: [learns ? chunks : 0, 2, width])
    inChunks(rows, size: rowsPerChunk) { range in
      let r = range.lowerBound
      let sums = learns ? partial.pointer + r / rowsPerChunk * 2 * width : nil
      kernel_layer_norm_backward(
        x.value.pointer + r * width, gain.value.pointer, mean.pointer + r, rstd.pointer + r, dy.pointer + r * width,
        dx.pointer + r * width, sums, sums.map { $0 + width }, range.count, width)
    }
    x.accumulate(dx)
    addPartials(partial, part: 0, of: 2, to: gain)
    addPartials(partial, part: 1, of: 2, to: bias)
  }
}

/// RMS norm (arXiv 1910.07467) over the last extent.   x [T, D], gain [D]  ->  [T, D]
public func rmsNorm(_ x: Variable, gain: Variable, epsilon: Float) -> Variable {
  let rows = x.rows
  let width = x.columns
  let y = Tensor(uninitialized: x.shape)
  let rstd = Tensor(uninitialized: [rows])
  inChunks(rows, size: rowsPerChunk) { range in
    let r = range.lowerBound
    kernel_rms_norm(
      x.value.pointer + r * width, gain.value.pointer, epsilon, y.pointer + r * width, rstd.pointer + r, range.count,
      width)
  }
  return Variable(y, from: [x, gain]) { dy in
    let dx = Tensor(uninitialized: x.shape)
    let chunks = (rows + rowsPerChunk - 1) / rowsPerChunk
    let partial = Tensor(zeros: [gain.requiresGradient ? chunks : 0, 1, width])
    inChunks(rows, size: rowsPerChunk) { range in
      let r = range.lowerBound
      kernel_rms_norm_backward(
        x.value.pointer + r * width, gain.value.pointer, rstd.pointer + r, dy.pointer + r * width,
        dx.pointer + r * width,
        gain.requiresGradient ? partial.pointer + r / rowsPerChunk * width : nil, range.count, width)
    }
    x.accumulate(dx)
    addPartials(partial, part: 0, of: 1, to: gain)
  }
}

/// partial [chunks, parts, D]: adds one part to a parameter's gradient, chunk by chunk.
private func addPartials(_ partial: Tensor, part: Int, of parts: Int, to parameter: Variable) {
  let width = parameter.value.count
  parameter.accumulate { target, beta in
    if beta == 0 { target.fill(0) }
    for chunk in 0..<partial.rows {
      kernel_axpy(1, partial.pointer + (chunk * parts + part) * width, target.pointer, width)
    }
  }
}
