// SPDX-License-Identifier: MIT
// A new, untrained model: what its architectures declare, filled as they say.
import Checkpoints
import Failures
import Layers
import Models
import StrictJSON
import Tensors

/// The tensors of an untrained multimodal LLM under their published names.
public struct FreshModel {
  public let config: JSONValue
  public let seed: UInt64
  private let whole: MultimodalCard?
  /// What the config asks for, in the order of the model.
  let parameters: [Declaration]

  /// Throws 65 where the config is not that of a model that is known here.
  public init(config: JSONValue, seed: UInt64) throws {
    self.config = config
    self.seed = seed
    let model = try MultimodalConfig(config, anatomy: Anatomy(config), file: "config.json")
    whole = model.anatomy.whole
    parameters = try Weights.declarations { try model.declare($0) }
  }

  /// The tensors, made while they are written. The same config and seed give the same values, whatever the threads.
  public var tensors: [OutgoingTensor] {
    parameters.map { OutgoingTensor(fresh: $0, as: whole?.storedName(ofCanonical: $0.name) ?? $0.name, seed: seed) }
  }
}

extension OutgoingTensor {
  /// What a declaration is before any training.
  init(fresh declaration: Declaration, as name: String, seed: UInt64) {
    let numbers = RandomValues(seed: seed, name: declaration.name)
    self.init(name: name, shape: declaration.shape) { range, target in
      numbers.write(declaration.initial, range, to: target)
    }
  }
}
