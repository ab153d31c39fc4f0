// SPDX-License-Identifier: MIT
// From what an architecture declares to a model's parameters, strictly: nothing missing, nothing left over, shapes right.
import Autograd
import Checkpoints
import Failures
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
  /// Whether weight decay applies: to matrices and embeddings, not to biases and norms.
  public let decays: Bool

  init(name: String, canonicalName: String, part: Part, variable: Variable, decays: Bool) {
    (self.name, self.canonicalName, self.part) = (name, canonicalName, part)
    (self.variable, self.decays) = (variable, decays)
  }

  public var isTrainable: Bool { variable.requiresGradient }
}

/// Hands out the parameters that an architecture declares, filled by a source, and remembers what was declared.
public final class Weights {
  /// In the order of the architecture's forward code.
  public private(set) var declarations: [Declaration] = []
  /// What has values and may learn.
  public private(set) var parameters: [Parameter] = []
  private let checkpoint: Checkpoint?
  private var source: any WeightSource
  private var runs = true
  private var isListed = true
  private var declared: Set<String> = []
  private var missing: [String] = []

  /// - Parameter checkpoint: what the names are looked up in; nil: there is none.
  public init(_ source: any WeightSource, of checkpoint: Checkpoint? = nil) {
    (self.source, self.checkpoint) = (source, checkpoint)
  }

  /// Every parameter that `architecture` declares, without values.
  public static func declarations(of architecture: (Weights) throws -> Void) rethrows -> [Declaration] {
    let weights = Weights(DeclaredWeights())
    try architecture(weights)
    return weights.declarations
  }

  // MARK: Declaring

  /// A vector (a bias, a norm's gain), or a table that is added or looked up.
  ///
  /// - Parameter decays: whether weight decay applies; nil: to what has more than one extent.
  public func variable(
    _ name: String, _ shape: [Int], _ initial: Initialization, decays: Bool? = nil
  ) throws -> Variable {
    let declaration = declare(name, shape, initial)
    guard let variable = try source.variable(declaration) else { return absent(name) }
    list(variable, name, decays: decays ?? (shape.count > 1))
    return variable
  }

  /// The weight of a product, [outputs, inputs] or any shape whose first extent is the outputs.
  public func matrix(_ name: String, _ shape: [Int], _ initial: Initialization) throws -> any Weight {
    let declaration = declare(name, shape, initial)
    guard let weight = try source.matrix(declaration) else { return absent(name) }
    if let variable = weight.variable { list(variable, name, decays: true) }
    return weight
  }

  /// A matrix that is another one where `isTied`, as transformers ties a head: one that is stored nevertheless is the same only
  /// if its values are.
  public func matrix(
    _ name: String, _ shape: [Int], _ initial: Initialization, tiedTo other: (name: String, weight: any Weight),
    where isTied: Bool
  ) throws -> any Weight {
    guard isTied else { return try matrix(name, shape, initial) }
    guard source.has(name) == true else { return other.weight }
    guard try source.areEqual(name, other.name) == true else { return try matrix(name, shape, initial) }
    try using(DeclaredWeights(checkpoint)) { _ = try matrix(name, shape, initial) }
    if let stored = checkpoint?.storedName(ofCanonical: name) {
      parameters.first { $0.variable === other.weight.variable }?.aliases.append(stored)
    }
    return other.weight
  }

  /// Declares what the architecture has and no pass runs: it must be in a checkpoint, and is kept.
  public func unused<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = runs
    runs = false
    defer { runs = before }
    return try using(DeclaredWeights(checkpoint), body)
  }

  /// Fills what `body` declares from another source.
  public func using<Result>(_ other: any WeightSource, _ body: () throws -> Result) rethrows -> Result {
    let (before, listed) = (source, isListed)
    (source, isListed) = (other, !(other is DeclaredWeights))
    defer { (source, isListed) = (before, listed) }
    return try body()
  }

  /// Whether a tensor that the architecture may have or not is there; nil where nobody knows.
  public func has(_ name: String) -> Bool? { source.has(name) }

  /// A name begins with its part's prefix: there is no other way to say whose it is.
  private func declare(_ name: String, _ shape: [Int], _ initial: Initialization) -> Declaration {
    precondition(Part(ofCanonical: name) != nil, "\(name) begins with the prefix of no part")
    let declaration = Declaration(name: name, shape: shape, initial: initial, runs: runs)
    declarations.append(declaration)
    declared.insert(name)
    return declaration
  }

  private func absent(_ name: String) -> Variable {
    missing.append(name)
    return Variable(Tensor(zeros: [0]))
  }

  private func list(_ variable: Variable, _ name: String, decays: Bool) {
    guard isListed, let part = Part(ofCanonical: name) else { return }
    parameters.append(
      Parameter(
        name: checkpoint?.storedName(ofCanonical: name) ?? name, canonicalName: name,
        part: part, variable: variable, decays: decays))
  }

  // MARK: The end

  /// Ends loading: throws 65 where a declared name is missing, or where a name of `parts` was not declared.
  public func finish(parts: Set<Part>) throws {
    guard let checkpoint else { return }
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
