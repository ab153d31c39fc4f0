// SPDX-License-Identifier: MIT
// Four ways to fill the parameters that an architecture declares.
import Autograd
import Checkpoints
import Failures
import Tensors

/// A parameter as an architecture declares it: once, with everything that any source needs to know of it.
public struct Declaration: Sendable {
  /// Canonical.
  public let name: String
  public let shape: [Int]
  /// What it is before any training.
  public let initial: Initialization
  /// False for what a checkpoint holds and no pass of ours runs (the layers above the feature layer).
  public let runs: Bool
}

/// Where the values of declared parameters come from.
public protocol WeightSource {
  /// A vector, or a table that is added or looked up; nil where the source has none of that name.
  func variable(_ declaration: Declaration) throws -> Variable?
  /// The weight of a product; nil where the source has none of that name.
  func matrix(_ declaration: Declaration) throws -> (any Weight)?
  /// Whether a tensor that an architecture may have or not is there; nil: the source has no say.
  func has(_ name: String) -> Bool?
  /// Whether the values stored under two names are the same; nil: the source has no say.
  func areEqual(_ name: String, _ other: String) throws -> Bool?
}

/// Loads a checkpoint to train it: what learns is copied into own memory, frozen F32 stays in the mapped file, and all
/// arithmetic is f32.
public struct LoadedWeights: WeightSource {
  private let checkpoint: Checkpoint
  private let learns: (String) -> Bool

  /// - Parameter learns: which canonical names get gradients.
  public init(_ checkpoint: Checkpoint, learns: @escaping (String) -> Bool = { _ in false }) {
    (self.checkpoint, self.learns) = (checkpoint, learns)
  }

  public func variable(_ declaration: Declaration) throws -> Variable? {
    guard let stored = try checkpoint.checked(declaration) else { return nil }
    let values = try stored.floats()
    let learns = learns(declaration.name)
    return Variable(learns && !values.storage.isOwned ? values.copy() : values, requiresGradient: learns)
  }

  public func matrix(_ declaration: Declaration) throws -> (any Weight)? { try variable(declaration) }

  public func has(_ name: String) -> Bool? { checkpoint.tensor(canonical: name) != nil }

  public func areEqual(_ name: String, _ other: String) throws -> Bool? { checkpoint.areEqual(name, other) }
}

/// Maps a checkpoint to infer with it: a product reads its weight as it is stored, F32, F16 or BF16, and nothing learns.
public struct MappedWeights: WeightSource {
  private let checkpoint: Checkpoint

  public init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  public func variable(_ declaration: Declaration) throws -> Variable? {
    try checkpoint.checked(declaration).map { Variable(try $0.floats()) }
  }

  public func matrix(_ declaration: Declaration) throws -> (any Weight)? {
    try checkpoint.checked(declaration).map { FrozenWeight(try $0.matrix()) }
  }

  public func has(_ name: String) -> Bool? { checkpoint.tensor(canonical: name) != nil }

  public func areEqual(_ name: String, _ other: String) throws -> Bool? { checkpoint.areEqual(name, other) }
}

/// Gives no values: names and shapes alone are asked for, and are checked where there is a checkpoint.
public struct DeclaredWeights: WeightSource {
  private let checkpoint: Checkpoint?

  public init(_ checkpoint: Checkpoint? = nil) { self.checkpoint = checkpoint }

  public func variable(_ declaration: Declaration) throws -> Variable? {
    if let checkpoint, try checkpoint.checked(declaration) == nil { return nil }
    return Variable(Tensor(zeros: [0]))
  }

  public func matrix(_ declaration: Declaration) throws -> (any Weight)? { try variable(declaration) }

  public func has(_ name: String) -> Bool? { checkpoint.map { $0.tensor(canonical: name) != nil } }

  public func areEqual(_ name: String, _ other: String) throws -> Bool? { checkpoint.map { $0.areEqual(name, other) } }
}

/// New values, as a declaration says: an untrained model, or a head that a checkpoint lacks.
public struct FreshWeights: WeightSource {
  private let seed: UInt64
  private let learns: Bool

  public init(seed: UInt64, learns: Bool = false) { (self.seed, self.learns) = (seed, learns) }

  public func variable(_ declaration: Declaration) throws -> Variable? {
    let values = Tensor(uninitialized: declaration.shape)
    RandomValues(seed: seed, name: declaration.name).write(declaration.initial, 0..<values.count, to: values.pointer)
    return Variable(values, requiresGradient: learns)
  }

  public func matrix(_ declaration: Declaration) throws -> (any Weight)? { try variable(declaration) }

  public func has(_ name: String) -> Bool? { nil }

  public func areEqual(_ name: String, _ other: String) throws -> Bool? { nil }
}

extension Checkpoint {
  /// The tensor of a declaration; nil where there is none. Throws 65 where its shape or dtype is another.
  fileprivate func checked(_ declaration: Declaration) throws -> StoredTensor? {
    guard let stored = tensor(canonical: declaration.name) else { return nil }
    guard stored.shape == declaration.shape else {
      throw PlainFailure.badData(
        "\(path): key \(stored.name) has shape \(stored.shape), config.json makes it \(declaration.shape)")
    }
    guard stored.dtype.isFloatingPoint else {
      throw PlainFailure.badData("\(path): key \(stored.name) is \(stored.dtype.rawValue), expected F32, F16 or BF16")
    }
    return stored
  }

  fileprivate func areEqual(_ name: String, _ other: String) -> Bool {
    guard let a = tensor(canonical: name), let b = tensor(canonical: other) else { return false }
    return b.hasSameValues(as: a)
  }
}
