// SPDX-License-Identifier: MIT
// Reverse-mode differentiation: a graph of variables, each knowing how to hand its gradient to its inputs.
import Tensors

/// A tensor in a computation, with the gradient of the scalar that `backward` is asked about.
///
/// An operation makes a variable from its inputs. Where no input requires a gradient nothing is recorded, so inference keeps
/// no activations. Not Sendable: a graph is built and walked on one thread; only the kernels inside are parallel.
public final class Variable {
  public let value: Tensor
  public let requiresGradient: Bool
  /// Accumulated gradient, the shape of `value`; nil until something arrives.
  public private(set) var gradient: Tensor?

  private var inputs: [Variable]
  private var propagate: ((Tensor) -> Void)?
  /// A leaf's old gradient memory, used again by the next step.
  private var spare: Tensor?
  private var isListed = false

  /// A leaf: data, or a parameter that learns.
  public init(_ value: Tensor, requiresGradient: Bool = false) {
    self.value = value
    self.requiresGradient = requiresGradient
    self.inputs = []
  }

  /// The result of an operation. `propagate` receives dL/dvalue and accumulates into the inputs.
  init(_ value: Tensor, from inputs: [Variable], propagate: @escaping (Tensor) -> Void) {
    self.value = value
    self.requiresGradient = inputs.contains { $0.requiresGradient }
    self.inputs = requiresGradient ? inputs.filter(\.requiresGradient) : []
    self.propagate = requiresGradient ? propagate : nil
  }

  public var shape: [Int] { value.shape }
  public var rows: Int { value.rows }
  public var columns: Int { value.columns }

  /// Walks the graph from this variable, whose gradient is `seed`, and accumulates the gradients of all leaves.
  /// The graph is consumed: memory of activations is released on the way.
  public func backward(seed: Tensor) {
    precondition(seed.count == value.count, "the seed of backward needs shape \(value.shape)")
    guard requiresGradient else { return }
    accumulate(seed)
    var order = topologicalOrder()
    while let variable = order.popLast() {  // popped: its activations are freed as soon as nobody needs them
      guard let propagate = variable.propagate else { continue }
      variable.propagate = nil
      variable.inputs = []
      guard let gradient = variable.gradient else { continue }
      variable.gradient = nil
      propagate(gradient)
    }
  }

  /// Inputs before outputs; iterative, since a deep model would overflow the stack.
  private func topologicalOrder() -> [Variable] {
    var order: [Variable] = []
    var stack: [(variable: Variable, next: Int)] = [(self, 0)]
    isListed = true
    while let (variable, next) = stack.last {
      if next == variable.inputs.count {
        order.append(variable)
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].next += 1
      let input = variable.inputs[next]
      if input.propagate != nil, !input.isListed {  // a leaf has nothing to propagate
        input.isListed = true
        stack.append((input, 0))
      }
    }
    for variable in order { variable.isListed = false }
    return order
  }

  /// gradient += g. Takes `g` over without copying where nothing has arrived yet.
  func accumulate(_ g: Tensor) {
    guard requiresGradient else { return }
    guard var own = gradient else {
      gradient = g
      return
    }
    gradient = nil  // so that uniqueness is told by this one reference
    if !own.isUniquelyReferenced() { own = own.copy() }
    own.add(g)
    gradient = own
  }

  /// Lets an operation write its share of the gradient in place: `body(target, beta)` must compute
  /// target = beta · target + share, with beta 0 where the old contents are undefined.
  func accumulate(_ body: (_ target: Tensor, _ beta: Float) -> Void) {
    guard requiresGradient else { return }
    if var own = gradient {
      gradient = nil
      if !own.isUniquelyReferenced() { own = own.copy() }
      body(own, 1)
      gradient = own
    } else {
      let target = spare ?? Tensor(uninitialized: value.shape)
      spare = nil
      body(target, 0)
      gradient = target
    }
  }

  /// Forgets a leaf's gradient but keeps its memory for the next step.
  public func clearGradient() {
    if var old = gradient {
      gradient = nil
      if old.isUniquelyReferenced() { spare = old }
    }
  }
}
