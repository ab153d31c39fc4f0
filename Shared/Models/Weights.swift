// SPDX-License-Identifier: MIT
// From a checkpoint's tensors to a model's parameters, strictly: nothing missing, nothing left over, shapes right.
import Autograd
import Checkpoints
import Failures
import Glibc
import Tensors

/// A named tensor of a model that ran from a checkpoint.
public final class Parameter {
  /// The name in the checkpoint that was read; what is written keeps it.
  public let name: String
  /// Other names under which the checkpoint stores the same values (a tied head that was stored nevertheless).
  public fileprivate(set) var aliases: [String] = []
  public let canonicalName: String
  public let part: Part
  public let variable: Variable

  init(name: String, canonicalName: String, part: Part, variable: Variable) {
    self.name = name
    self.canonicalName = canonicalName
    self.part = part
    self.variable = variable
  }

  public var isTrainable: Bool { variable.requiresGradient }
}

/// Hands out the parameters that a model declares and remembers what nobody asked for.
final class Weights {
  let checkpoint: Checkpoint
  private let trainable: Set<Part>
  /// Names of a trainable part that stay as they are nevertheless.
  private let isFrozen: (String) -> Bool
  private(set) var parameters: [Parameter] = []
  /// Checks names and shapes and reads no value: what is declared now may never run.
  var onlyDeclares = false
  private var declared: Set<String> = []
  private var missing: [String] = []

  init(_ checkpoint: Checkpoint, trainable: Set<Part>, isFrozen: @escaping (String) -> Bool = { _ in false }) {
    self.checkpoint = checkpoint
    self.trainable = trainable
    self.isFrozen = isFrozen
  }

  /// The parameter of a canonical name. What is trainable is copied into own memory; frozen F32 stays in the mapped file.
  func parameter(_ name: String, _ shape: [Int]) throws -> Variable {
    guard let stored = try stored(name, shape), !onlyDeclares else { return Variable(Tensor(zeros: [0])) }
    let part = Part(ofCanonical: name) ?? .llm
    let learns = trainable.contains(part) && !isFrozen(name)
    let values = try stored.floats()
    let variable = Variable(learns && !values.storage.isOwned ? values.copy() : values, requiresGradient: learns)
    parameters.append(Parameter(name: stored.name, canonicalName: name, part: part, variable: variable))
    return variable
  }

  /// A tensor that the architecture has but that never runs (a layer above the feature layer): it must be there and is kept.
  func unused(_ name: String, _ shape: [Int]) throws { _ = try stored(name, shape) }

  /// True where the checkpoint has the canonical name.
  func has(_ name: String) -> Bool { checkpoint.tensor(canonical: name) != nil }

  /// True where the values stored under `name` are those of `variable`, bit for bit.
  func isEqual(_ name: String, to variable: Variable) throws -> Bool {
    guard let stored = checkpoint.tensor(canonical: name), stored.shape == variable.shape else { return false }
    let values = try stored.floats()
    return memcmp(values.pointer, variable.value.pointer, values.count * 4) == 0
  }

  /// Declares that `name` holds the same values as `parameter` and is to be written with it.
  func alias(_ name: String, of variable: Variable) throws {
    guard let stored = try stored(name, variable.shape) else { return }
    parameters.first { $0.variable === variable }?.aliases.append(stored.name)
  }

  /// The tensor of a canonical name; nil, to be told by `finish`, where the checkpoint has none.
  func stored(_ name: String, _ shape: [Int]) throws -> StoredTensor? {
    declared.insert(name)
    guard let stored = checkpoint.tensor(canonical: name) else {
      missing.append(name)
      return nil
    }
    guard stored.shape == shape else {
      throw PlainFailure.badData(
        "\(checkpoint.path): key \(stored.name) has shape \(stored.shape), config.json makes it \(shape)")
    }
    guard stored.dtype.isFloatingPoint else {
      throw PlainFailure.badData(
        "\(checkpoint.path): key \(stored.name) is \(stored.dtype.rawValue), expected F32, F16 or BF16")
    }
    return stored
  }

  /// Ends loading: throws where a declared name is missing, or where a name of `parts` was not declared.
  func finish(parts: Set<Part>) throws {
    if let first = missing.first {
      throw PlainFailure.badData(
        "\(checkpoint.path): key \(first) is missing (\(declared.count - missing.count) of \(declared.count) found)")
    }
    let unknown = Set(checkpoint.unknownNames)
    let left = checkpoint.names.filter { name in
      guard let canonical = checkpoint.canonicalName(ofStored: name) else { return unknown.contains(name) }
      return !declared.contains(canonical) && Part(ofCanonical: canonical).map(parts.contains) ?? true
    }
    if let first = left.first {
      let more = left.count > 1 ? " and \(left.count - 1) more" : ""
      throw PlainFailure.badData(
        "\(checkpoint.path): key \(first)\(more) is left over: config.json describes a model without it; check its layer counts"
      )
    }
  }
}

// MARK: - Building blocks, each declared beside its keys

/// y = x·Wᵀ + b
struct LinearLayer {
  let weight: Variable
  let bias: Variable?

  init(_ weights: Weights, _ prefix: String, _ inputs: Int, _ outputs: Int, bias: Bool = true) throws {
    weight = try weights.parameter(prefix + ".weight", [outputs, inputs])
    self.bias = bias ? try weights.parameter(prefix + ".bias", [outputs]) : nil
  }

  func callAsFunction(_ x: Variable) -> Variable { linear(x, weight: weight, bias: bias) }
}

struct LayerNorm {
  let gain: Variable
  let bias: Variable
  let epsilon: Float

  init(_ weights: Weights, _ prefix: String, _ width: Int, epsilon: Double) throws {
    gain = try weights.parameter(prefix + ".weight", [width])
    bias = try weights.parameter(prefix + ".bias", [width])
    self.epsilon = Float(epsilon)
  }

  func callAsFunction(_ x: Variable) -> Variable { layerNorm(x, gain: gain, bias: bias, epsilon: epsilon) }
}

struct RMSNorm {
  let gain: Variable
  let epsilon: Float

  init(_ weights: Weights, _ prefix: String, _ width: Int, epsilon: Double) throws {
    gain = try weights.parameter(prefix + ".weight", [width])
    self.epsilon = Float(epsilon)
  }

  func callAsFunction(_ x: Variable) -> Variable { rmsNorm(x, gain: gain, epsilon: epsilon) }
}

extension GELU {
  /// The activation that a config names.
  init(_ name: String, _ reader: ConfigReader, key: String) throws {
    switch name {
    case "gelu", "gelu_python": self = .erf
    case "gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate": self = .tanh
    case "quick_gelu": self = .quick
    default: throw reader.failure(key, "is \"\(name)\", expected gelu, gelu_pytorch_tanh or quick_gelu")
    }
  }
}
