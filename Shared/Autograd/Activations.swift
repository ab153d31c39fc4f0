// SPDX-License-Identifier: MIT
import CKernels
import Tensors

/// GELU in the three forms that checkpoints name (arXiv 1606.08415).
public enum GELU: Int32, Sendable {
  case tanh = 0
  case erf = 1
  case quick = 2
}

/// GELU, elementwise.
public func gelu(_ x: Variable, _ kind: GELU) -> Variable {
  let y = Tensor(uninitialized: x.shape)
  inChunks(y.count, size: 1 << 14) {
    kernel_gelu(kind.rawValue, x.value.pointer + $0.lowerBound, y.pointer + $0.lowerBound, $0.count)
  }
  return Variable(y, from: [x]) { dy in
    let dx = Tensor(uninitialized: x.shape)
    inChunks(dx.count, size: 1 << 14) { range in
      let at = range.lowerBound
      kernel_gelu_backward(kind.rawValue, x.value.pointer + at, dy.pointer + at, dx.pointer + at, range.count)
    }
    x.accumulate(dx)
  }
}

/// SwiGLU (arXiv 2002.05202): silu(gate)·up, elementwise.   gate, up [T, M]  ->  [T, M]
///
/// Row by row: a kernel's last elements may round unlike those in the middle, and a row's bits must not depend on the rows
/// beside it.
public func swiglu(gate: Variable, up: Variable) -> Variable {
  let y = Tensor(uninitialized: gate.shape)
  let width = gate.columns
  func inRows(_ body: (_ start: Int) -> Void) {
    inChunks(gate.rows, size: max(1, (1 << 14) / max(1, width))) { range in
      for row in range { body(row * width) }
    }
  }
  inRows { kernel_swiglu(gate.value.pointer + $0, up.value.pointer + $0, y.pointer + $0, width) }
  return Variable(y, from: [gate, up]) { dy in
    let dgate = Tensor(uninitialized: gate.shape)
    let dup = Tensor(uninitialized: up.shape)
    inRows { at in
      kernel_swiglu_backward(
        gate.value.pointer + at, up.value.pointer + at, dy.pointer + at, dgate.pointer + at, dup.pointer + at, width)
    }
    gate.accumulate(dgate)
    up.accumulate(dup)
  }
}
