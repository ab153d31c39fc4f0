// SPDX-License-Identifier: MIT
// What a pass has computed, with the graph that its gradients go back through.
import Autograd
import Objectives
import Tensors

/// The outputs of one pass.
public struct PassVariables {
  private let variables: [(output: PassOutput, variable: Variable)]

  init(_ variables: [(output: PassOutput, variable: Variable)]) { self.variables = variables }

  /// Their numbers, as long as `body` runs.
  public func withValues<Result>(_ body: (PassOutputs) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(variables) {} }
    var outputs: PassOutputs = [:]
    for (output, variable) in variables {
      let values = UnsafeBufferPointer(start: UnsafePointer(variable.value.pointer), count: variable.value.count)
      outputs[output] = OutputRows(values, width: variable.shape.count == 1 ? 1 : variable.columns)
    }
    return try body(outputs)
  }

  /// Adds what `gradients` ask for to the gradients of all parameters. The graph is consumed.
  public func backward(_ gradients: OutputGradients) {
    let used = variables.filter { gradients[$0.output] != nil }
    let seed = used.flatMap { gradients[$0.output] ?? [] }
    if used.count == 1 {
      used[0].variable.backward(seed: Tensor(seed, shape: used[0].variable.shape))
    } else if !used.isEmpty {
      joined(used.map(\.variable)).backward(seed: Tensor(seed))
    }
  }
}
