// SPDX-License-Identifier: MIT
// Writes a checkpoint that is complete from the start: new, converted or cut out of another.

import Failures
import Glibc
import StrictJSON
import Tensors

/// A checkpoint to be written once, as one file or as a Hugging Face directory.
public struct NewCheckpoint {
  /// Tensors under the names to be stored.
  public var tensors: [OutgoingTensor]
  /// Text files by name, config.json among them.
  public var files: [String: String]

  public init(tensors: [OutgoingTensor], files: [String: String]) {
    precondition(files["config.json"] != nil, "a checkpoint without config.json")
    self.tensors = tensors
    self.files = files
  }

  /// Writes `path`: one file where the name ends in .bin or .safetensors, otherwise a directory. The weights (or their
  /// index) come last, so that a checkpoint is there whole or not at all.
  ///
  /// - Parameter shardSize: bytes of tensor data a shard of a directory may hold; one file where it is nil.
  /// - Throws: 73 where something is at `path` already, 74 where writing fails.
  public func write(to path: String, shardSize: Int? = nil) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if CheckpointStore.isDirectoryName(path) {
      try writeDirectory(path, shardSize)
    } else {
      guard access(path, F_OK) != 0 else { throw CheckpointError.cannotCreate(path: path, reason: "exists already") }
      let (directory, name) = AtomicFile.split(path)
      let lock = try WriterLock("\(directory)/.\(name).lock", target: path)
      defer { withExtendedLifetime(lock) {} }
      try WeightsWriter(metadata: files, tensors: tensors).write(to: path)
    }
  }

  private func writeDirectory(_ path: String, _ shardSize: Int?) throws {
    let isNew = mkdir(path, 0o777) == 0
    guard isNew || errno == EEXIST else {
      throw CheckpointError.system(path: path, action: "create", reason: systemReason(), status: .cannotCreate)
    }
    guard WeightFiles.isDirectory(path) else {
      throw CheckpointError.cannotCreate(path: path, reason: "exists already")
    }
    let lock = try WriterLock(path + "/.lock", target: path)
    defer { withExtendedLifetime(lock) {} }
    // What an interrupted earlier attempt left is what we write; anything else is not ours.
    for name in try SideFiles.entries(of: path) where name != ".lock" && !name.hasSuffix(AtomicFile.temporarySuffix) {
      let isSame = try files[name].map { try SideFiles.read(path + "/" + name) == $0 } ?? false
      guard isSame else {
        throw CheckpointError.cannotCreate(path: path, reason: "exists already and holds \"\(name)\"")
      }
    }
    do {
      for (name, text) in files.sorted(by: { $0.key < $1.key }) { try Self.write(text, to: path + "/" + name) }
      let shards = divide(shardSize)
      if shards.count <= 1 {
        try WeightsWriter(tensors: tensors).write(to: path + "/" + WeightFiles.singleName)
        return
      }
      var home: [String: String] = [:]
      for (index, shard) in shards.enumerated() {
        let name = "model-\(padded(index + 1))-of-\(padded(shards.count)).safetensors"
        try WeightsWriter(tensors: shard).write(to: path + "/" + name)
        for tensor in shard { home[tensor.name] = name }
      }
      let total = tensors.reduce(0) { $0 + $1.byteCount }
      try Self.write(
        ShardIndex.text(home: home, totalSize: total, generation: nil), to: path + "/" + WeightFiles.indexName)
    } catch {
      if isNew { Self.remove(path) }
      throw error
    }
  }

  /// Tensors in their order, cut where the next would not fit; a tensor larger than a shard has one of its own.
  private func divide(_ shardSize: Int?) -> [[OutgoingTensor]] {
    guard let shardSize else { return [tensors] }
    var shards: [[OutgoingTensor]] = []
    var room = 0
    for tensor in tensors {
      if shards.isEmpty || tensor.byteCount > room {
        shards.append([])
        room = shardSize
      }
      shards[shards.count - 1].append(tensor)
      room -= tensor.byteCount
    }
    return shards
  }

  private func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 5 - String(number).count)) + String(number)
  }

  private static func write(_ text: String, to path: String) throws {
    let file = try AtomicFile(replacing: path)
    try Array(text.utf8).withUnsafeBytes { try file.write($0) }
    try file.commit()
  }

  /// Removes a directory of plain files that this process made.
  private static func remove(_ path: String) {
    for name in (try? SideFiles.entries(of: path)) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
  }
}
