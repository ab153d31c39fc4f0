// SPDX-License-Identifier: MIT
// Whether the parts of a new model are whole: the same names and shapes that its config.json asks for.

import Checkpoints
import Failures
import Layers
import Models
import StrictJSON

extension Reattachment {
  /// Every tensor that the config asks for is there, in its shape, and no other. Names the first that is not.
  func check(
    _ joined: [(name: String, tensor: StoredTensor)], _ language: [(name: String, tensor: StoredTensor)],
    grownTo rows: Int?, against config: JSONValue
  ) throws {
    var expected: [String: [Int]] = [:]
    let parameters: [Declaration]
    do {
      parameters = try FreshModel(config: config, seed: 0).parameters
    } catch let failure as PlainFailure {
      let source = failure.description.contains("vision_config") ? vision : llm
      throw PlainFailure(failure.exitStatus, "\(source.path): \(failure)")
    }
    for parameter in parameters { expected[parameter.name] = parameter.shape }
    if let (head, embedding) = llm.anatomy.head, expected[head] == nil {
      expected[head] = expected[embedding]  // tied, and perhaps stored nevertheless
    }
    for (name, tensor) in joined + language {
      guard var shape = expected[name] else {
        throw CheckpointError.badHeader(
          path: tensor.path, problem: "key \"\(tensor.name)\" is left over: config.json describes a model without it")
      }
      if let rows, shape[0] == rows, isVocabulary(name) {
        shape[0] = try vocabularySize(textConfig())
      }
      guard tensor.shape == shape else {
        throw CheckpointError.badHeader(
          path: tensor.path, problem: "key \"\(tensor.name)\" has shape \(tensor.shape), config.json makes it \(shape)")
      }
      guard tensor.dtype.isFloatingPoint else {
        throw CheckpointError.notFloat(path: tensor.path, key: tensor.name, dtype: tensor.dtype.rawValue)
      }
    }
    let found = Set((joined + language).map(\.name))
    for (part, source) in [(Part.vision, vision), (.llm, llm)] {
      if let missing = parameters.first(where: { Part(ofCanonical: $0.name) == part && !found.contains($0.name) }) {
        throw CheckpointError.missingKey(path: source.path, key: missing.name)
      }
      if let unknown = source.unknownNames.first {
        throw CheckpointError.badHeader(
          path: source.path, problem: "key \"\(unknown)\" is no part of this architecture")
      }
    }
  }
}
