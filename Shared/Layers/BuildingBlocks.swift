// SPDX-License-Identifier: MIT
// The building blocks of every architecture, each declared beside its keys.
import Autograd

/// y = x·Wᵀ + b.   x [T, inputs]  ->  [T, outputs];  keys NAME.weight, NAME.bias
public struct Linear {
  let weight: any Weight
  let bias: Variable?

  /// - Parameter bias: what it is before any training; nil: there is none.
  public init(
    _ weights: Weights, _ name: String, _ inputs: Int, _ outputs: Int, _ initial: Initialization,
    bias: Initialization? = .zeros
  ) throws {
    weight = try weights.matrix(name + ".weight", [outputs, inputs], initial)
    self.bias = try bias.map { try weights.variable(name + ".bias", [outputs], $0) }
  }

  public func callAsFunction(_ x: Variable) -> Variable { linear(x, weight: weight, bias: bias) }
}

/// Layer norm over the last extent.   x [T, width]  ->  [T, width]
public struct LayerNorm {
  let gain: Variable
  let bias: Variable
  let epsilon: Float

  public init(_ weights: Weights, _ name: String, _ width: Int, epsilon: Double) throws {
    gain = try weights.variable(name + ".weight", [width], .ones)
    bias = try weights.variable(name + ".bias", [width], .zeros)
    self.epsilon = Float(epsilon)
  }

  public func callAsFunction(_ x: Variable) -> Variable { layerNorm(x, gain: gain, bias: bias, epsilon: epsilon) }
}

/// RMS norm over the last extent.   x [T, width]  ->  [T, width]
public struct RMSNorm {
  let gain: Variable
  let epsilon: Float

  public init(_ weights: Weights, _ name: String, _ width: Int, epsilon: Double) throws {
    gain = try weights.variable(name + ".weight", [width], .ones)
    self.epsilon = Float(epsilon)
  }

  public func callAsFunction(_ x: Variable) -> Variable { rmsNorm(x, gain: gain, epsilon: epsilon) }
}

extension GELU {
  /// The activation that a config names.
  public init(_ name: String, _ reader: ConfigReader, key: String) throws {
    switch name {
    case "gelu", "gelu_python": self = .erf
    case "gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate": self = .tanh
    case "quick_gelu": self = .quick
    default: throw reader.failure(key, "is \"\(name)\", expected gelu, gelu_pytorch_tanh or quick_gelu")
    }
  }
}
