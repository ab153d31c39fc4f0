// SPDX-License-Identifier: MIT
// From a path to its mapped, validated weights files: one file, model.safetensors, or shards and their index.

import Failures
import Glibc
import StrictJSON
import TensorStream
import Tensors

/// One mapped safetensors file.
struct Shard: Sendable {
  /// File name without its directory.
  let name: String
  let metadata: Metadata
  /// In the order of the data.
  let tensors: [StoredTensor]

  /// Maps and validates one file.
  init(path: String) throws {
    let file = try MappedFile(path)
    let size = file.bytes.count
    let prefix = SafetensorsHeader.prefixSize
    func refused(_ problem: String) -> CheckpointError {
      if let other = Self.guess(file.bytes) { return .notSafetensors(path: path, looksLike: other) }
      return .badHeader(path: path, problem: problem)
    }
    guard size >= prefix else { throw refused("has \(size) bytes, a safetensors file has at least 10") }
    let header: SafetensorsHeader
    let dataStart: Int
    do {
      let length = try SafetensorsHeader.length(prefix: file.bytes, limit: SafetensorsHeader.checkpointLimit)
      dataStart = prefix + length
      guard dataStart <= size else {
        throw refused("ends within its header (\(size) of \(dataStart) bytes); is the download complete?")
      }
      header = try SafetensorsHeader(parsing: UnsafeRawBufferPointer(rebasing: file.bytes[prefix..<dataStart]))
    } catch let error as HeaderError {
      throw refused(error.text)
    }
    guard size == dataStart + header.dataCount else {
      let what = size < dataStart + header.dataCount ? "; is the download complete?" : ""
      throw refused("has \(size) bytes, its header describes \(dataStart + header.dataCount)" + what)
    }
    name = AtomicFile.split(path).name
    metadata = header.metadata
    tensors = header.entries.map { entry in
      StoredTensor(
        name: entry.name, dtype: entry.dtype, shape: entry.shape, count: entry.shape.reduce(1, *),
        range: dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound, file: file)
    }
  }

  /// What a file that is not safetensors is, by its first bytes.
  private static func guess(_ bytes: UnsafeRawBufferPointer) -> String? {
    let known: [(magic: [UInt8], what: String)] = [
      (Array("PK\u{3}\u{4}".utf8), "a PyTorch pickle (zip archive)"),
      (Array("GGUF".utf8), "a GGUF file"),
      (Array("version https://git-lfs".utf8), "a Git LFS pointer (fetch the file with git lfs pull)"),
      ([0x80, 0x02], "a Python pickle"),
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
      ([0x1f, 0x8b], "a gzip file"),
    ]
    return known.first { bytes.starts(with: $0.magic) }?.what
  }
}

/// The weights files of a checkpoint.
struct WeightFiles {
  let isDirectory: Bool
  let shards: [Shard]
  let generation: Int?

  static let singleName = "model.safetensors", indexName = "model.safetensors.index.json"
  /// Metadata key of the generation, in a weights file or in the index.
  static let generationKey = "generation"

  /// Opens what lies at `path`. As in transformers, a directory's model.safetensors wins over an index.
  static func open(_ path: String) throws -> WeightFiles {
    guard isDirectory(path) else {
      let shard = try Shard(path: path)
      return WeightFiles(
        isDirectory: false, shards: [shard], generation: try generation(shard.metadata[generationKey], path))
    }
    if access(path + "/" + singleName, F_OK) == 0 {
      let shard = try Shard(path: path + "/" + singleName)
      return WeightFiles(
        isDirectory: true, shards: [shard], generation: try generation(shard.metadata[generationKey], shardPath(path)))
    }
    guard access(path + "/" + indexName, F_OK) == 0 else {
      let foreign = try SideFiles.entries(of: path).first { name in
        name.hasSuffix(".bin") || name.hasSuffix(".h5") || name.hasSuffix(".msgpack") || name.hasSuffix(".gguf")
      }
      throw CheckpointError.noWeights(directory: path, found: foreign)
    }
    return try openShards(path)
  }

  private static func shardPath(_ directory: String) -> String { directory + "/" + singleName }

  private static func openShards(_ directory: String) throws -> WeightFiles {
    let indexPath = directory + "/" + indexName
    let index = try ShardIndex(reading: indexPath)
    var shards: [Shard] = []
    var home: [String: String] = [:]
    for (name, firstKey) in index.shards {
      guard access(directory + "/" + name, F_OK) == 0 else {
        throw CheckpointError.missingShard(path: indexPath, shard: name, key: firstKey)
      }
      let shard = try Shard(path: directory + "/" + name)
      for tensor in shard.tensors {
        if let other = home.updateValue(name, forKey: tensor.name) {
          throw CheckpointError.duplicate(directory: directory, key: tensor.name, first: other, second: name)
        }
      }
      shards.append(shard)
    }
    for (key, name) in index.entries where home[key] != name {
      throw CheckpointError.keyNotInShard(path: indexPath, shard: name, key: key)
    }
    for shard in shards {
      for tensor in shard.tensors where index.shard(of: tensor.name) == nil {
        throw CheckpointError.keyNotInIndex(path: indexPath, shard: shard.name, key: tensor.name)
      }
    }
    return WeightFiles(isDirectory: true, shards: shards, generation: index.generation)
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func generation(_ text: String?, _ path: String) throws -> Int? {
    guard let text else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw CheckpointError.badHeader(
        path: path, problem: "metadata \"\(generationKey)\" is \"\(text)\", expected a number")
    }
    return number
  }

  /// What changes when a checkpoint in a directory is committed: the identity of its model.safetensors and index.
  static func signature(_ path: String) -> [Int] {
    [path, path + "/" + singleName, path + "/" + indexName].flatMap { file -> [Int] in
      var status = stat()
      guard stat(file, &status) == 0 else { return [0] }
      if status.st_mode & S_IFMT == S_IFDIR { return [1] }
      return [Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    }
  }
}

/// model.safetensors.index.json: which shard holds which key.
struct ShardIndex {
  /// (key, shard) in the order of the file.
  let entries: [(key: String, shard: String)]
  /// (shard, its first key), each shard once, in the order of first use.
  let shards: [(name: String, firstKey: String)]
  let generation: Int?
  private let homes: [String: String]

  func shard(of key: String) -> String? { homes[key] }

  init(reading path: String) throws {
    let json: JSONValue
    do {
      guard let text = try SideFiles.read(path) else { throw CheckpointError.missing(path: path) }
      json = try JSONValue.parse(text)
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError.badIndex(path: path, problem: "\(error)")
    }
    guard let map = json["weight_map"]?.object else {
      throw CheckpointError.badIndex(path: path, problem: "has no object \"weight_map\"")
    }
    var entries: [(key: String, shard: String)] = []
    var shards: [(name: String, firstKey: String)] = []
    var homes: [String: String] = [:]
    var seen: Set<String> = []
    for (key, value) in map {
      guard let shard = value.string, !shard.isEmpty, !shard.contains("/"), shard != "..", shard != "." else {
        throw CheckpointError.badIndex(
          path: path, problem: "weight_map[\"\(key)\"] is \(value.text()), expected the name of a file beside the index"
        )
      }
      entries.append((key, shard))
      homes[key] = shard
      if seen.insert(shard).inserted { shards.append((shard, key)) }
    }
    self.entries = entries
    self.shards = shards
    self.homes = homes
    switch json["metadata"]?[WeightFiles.generationKey] {
    case nil, .null?: generation = nil
    case let value?:
      guard let number = value.string.flatMap({ Int($0) }) ?? value.int, number >= 0 else {
        throw CheckpointError.badIndex(
          path: path, problem: "metadata \"generation\" is \(value.text()), expected a number")
      }
      generation = number
    }
  }
}
