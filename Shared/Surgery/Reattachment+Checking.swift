// SPDX-License-Identifier: MIT
// Whether the parts of a new model are whole: the same names and shapes that its config.json asks for.

import Checkpoints
import Failures
import Layers
import Models
import StrictJSON

/// Tensors that are taken over, under their canonical names.
struct StoredParts {
  /// The encoder's, and behind them those that are kept of a projector.
  let vision: [(name: String, tensor: StoredTensor)]
  let llm: [(name: String, tensor: StoredTensor)]
}

extension Reattachment {
  /// Every tensor that the config asks for is there, in its shape, and no other. Names the first that is not.
  ///
  /// - Parameter grown: rows of the embedding table as it is stored, and as the config has it; nil: they are the same.
  func check(_ stored: StoredParts, _ declared: [Declaration], grown: (from: Int, to: Int)?) throws {
    var expected: [String: [Int]] = [:]
    for declaration in declared { expected[declaration.name] = declaration.shape }
    if let (head, embedding) = llm.anatomy.head, expected[head] == nil {
      expected[head] = expected[embedding]  // tied, and perhaps stored nevertheless
    }
    for (name, tensor) in stored.vision + stored.llm {
      guard var shape = expected[name] else {
        throw CheckpointError.badHeader(
          path: tensor.path, problem: "key \"\(tensor.name)\" is left over: config.json describes a model without it")
      }
      if let grown, shape[0] == grown.to, isVocabulary(name) { shape[0] = grown.from }
      guard tensor.shape == shape else {
        throw CheckpointError.badHeader(
          path: tensor.path, problem: "key \"\(tensor.name)\" has shape \(tensor.shape), config.json makes it \(shape)")
      }
      guard tensor.dtype.isFloatingPoint else {
        throw CheckpointError.notFloat(path: tensor.path, key: tensor.name, dtype: tensor.dtype.rawValue)
      }
    }
    let found = Set((stored.vision + stored.llm).map(\.name))
    for (part, source) in [(Part.vision, vision), (.llm, llm)] {
      if let missing = declared.first(where: { Part(ofCanonical: $0.name) == part && !found.contains($0.name) }) {
        throw CheckpointError.missingKey(path: source.path, key: missing.name)
      }
      if let unknown = source.unknownNames.first {
        throw CheckpointError.badHeader(
          path: source.path, problem: "key \"\(unknown)\" is no part of this architecture")
      }
    }
  }
}
