// SPDX-License-Identifier: MIT
// The read side: a Hugging Face directory or one safetensors file, mapped, validated, and looked up by name.

import Failures
import Glibc
import StrictJSON
import Tensors

/// A checkpoint opened for reading. Weights are memory-mapped: opening costs the headers only, and a checkpoint that is
/// replaced or removed while it is open stays readable here.
public final class Checkpoint: Sendable {
  /// As given.
  public let path: String
  /// A Hugging Face directory; otherwise one file that carries its JSON files in its metadata.
  public let isDirectory: Bool
  /// config.json.
  public let config: JSONValue
  /// `model_type` of config.json; "" where it has none.
  public let modelType: String
  /// The generation these weights name (see `CheckpointStore`); nil for weights that no training run of ours wrote.
  public let generation: Int?
  /// Stored names, sorted.
  public let names: [String]
  /// Canonical names of every tensor that has one, sorted.
  public let canonicalNames: [String]
  /// Stored names that are nothing to the architecture that config.json names, sorted.
  public let unknownNames: [String]
  /// Names of the JSON files and templates that travel with the weights, sorted.
  public let fileNames: [String]

  /// What stored names mean.
  public let naming: any KeyNaming
  /// The weights files, in the order of the index.
  let shards: [Shard]
  private let table: [String: StoredTensor]
  private let storedNames: [String: String]
  private let embeddedFiles: [String: String]

  /// Opens `path`, reads and checks every header. Throws `CheckpointError` (65 or 66).
  ///
  /// - Parameter naming: what the names mean under this config.json.
  public convenience init(opening path: String, naming: (JSONValue) -> any KeyNaming) throws {
    // A training run may commit while we read its index: then the shards that the index named are gone, and the new
    // index is there. Anything else that is wrong stays wrong.
    var attempt = 0
    while true {
      let before = WeightFiles.signature(path)
      do {
        try self.init(weights: WeightFiles.open(path), path: path, naming: naming)
        return
      } catch let error as CheckpointError {
        attempt += 1
        if attempt > 100 || WeightFiles.signature(path) == before { throw error }
      }
    }
  }

  private init(weights: WeightFiles, path: String, naming: (JSONValue) -> any KeyNaming) throws {
    self.path = path
    isDirectory = weights.isDirectory
    shards = weights.shards
    generation = weights.generation

    var table: [String: StoredTensor] = [:]
    for tensor in shards.lazy.flatMap(\.tensors) { table[tensor.name] = tensor }
    self.table = table
    names = table.keys.sorted()

    if weights.isDirectory {
      embeddedFiles = [:]
      fileNames = try SideFiles.names(in: path)
    } else {
      embeddedFiles = Dictionary(
        uniqueKeysWithValues: (shards.first?.metadata.entries ?? []).lazy.filter { SideFiles.travels($0.key) }
          .map { ($0.key, $0.value) })
      fileNames = embeddedFiles.keys.sorted()
    }
    guard let text = try isDirectory ? SideFiles.read(path + "/config.json") : embeddedFiles["config.json"] else {
      throw CheckpointError.noConfig(path: path, isDirectory: weights.isDirectory)
    }
    config = try Self.parse(text, path: path, file: "config.json")
    guard config.object != nil else {
      throw CheckpointError.badJSON(path: path, file: "config.json", problem: "expected an object")
    }
    modelType = config["model_type"]?.string ?? ""
    self.naming = naming(config)

    var storedNames: [String: String] = [:]
    var unknown: [String] = []
    for name in names {
      switch self.naming.role(of: name) {
      case .ignored: continue
      case .unknown: unknown.append(name)
      case .parameter(let canonical):
        if let other = storedNames.updateValue(name, forKey: canonical) {
          throw CheckpointError.ambiguous(path: path, canonical: canonical, first: other, second: name)
        }
      }
    }
    unknownNames = unknown
    self.storedNames = storedNames
    canonicalNames = storedNames.keys.sorted()
  }

  /// The tensor of a stored name.
  public func tensor(_ name: String) -> StoredTensor? { table[name] }

  /// The tensor of a canonical name.
  public func tensor(canonical: String) -> StoredTensor? { storedNames[canonical].flatMap { table[$0] } }

  /// The name under which a canonical name is stored.
  public func storedName(ofCanonical canonical: String) -> String? { storedNames[canonical] }

  /// The canonical name of a stored name; nil where the tensor belongs to no part of the model.
  public func canonicalName(ofStored name: String) -> String? {
    if case .parameter(let canonical) = naming.role(of: name) { canonical } else { nil }
  }

  /// The text of a file that travels with the weights ("tokenizer.json"); nil where there is none.
  public func file(_ name: String) throws -> String? {
    if isDirectory { return SideFiles.travels(name) ? try SideFiles.read(path + "/" + name) : nil }
    return embeddedFiles[name]
  }

  /// A JSON file that travels with the weights, parsed; nil where there is none. Throws 65 where it does not parse.
  public func json(_ name: String) throws -> JSONValue? {
    try file(name).map { try Self.parse($0, path: path, file: name) }
  }

  private static func parse(_ text: String, path: String, file: String) throws -> JSONValue {
    do {
      return try JSONValue.parse(text)
    } catch {
      throw CheckpointError.badJSON(path: path, file: file, problem: "\(error)")
    }
  }
}
