// SPDX-License-Identifier: MIT
// Which files a checkpoint under training consists of, generation by generation.

import Failures
import Glibc
import StrictJSON
import Tensors

/// The files of a checkpoint that is written: their names, sizes, the commit and the cleaning after it.
struct StoreFiles {
  private let path: String
  private let isDirectory: Bool
  private let base: Checkpoint
  /// Names of the tensors that change.
  private let trained: Set<String>
  /// Every name: the base's, and those that are added.
  private let names: [String]
  /// Shapes of the tensors among them that the base lacks.
  private let added: [String: [Int]]
  /// Directory: where each stored name lies now; empty before the first commit.
  private var home: [String: String] = [:]
  /// Directory: names that are written anew at every commit, by part.
  private let changing: [String: [String]]
  /// Directory: names that are written once, at the first commit, by part.
  private var once: [String: [String]]

  init(
    path: String, isDirectory: Bool, existing: Checkpoint?, base: Checkpoint, trained: Set<String>,
    added: [String: [Int]]
  ) throws {
    self.path = path
    self.isDirectory = isDirectory
    self.base = base
    self.trained = trained
    self.added = added
    names = (base.names + added.keys.filter { base.tensor($0) == nil }).sorted()
    guard isDirectory else {
      (changing, once) = (["": names], [:])
      return
    }
    let trainedParts = Set(trained.map { Self.partName($0, base) })
    let byPart = Dictionary(grouping: names) { Self.partName($0, base) }
    changing = byPart.filter { trainedParts.contains($0.key) }
    var unwritten = byPart.filter { !trainedParts.contains($0.key) }
    // A shard of the checkpoint that is there stays as it is if everything in it is frozen. (model.safetensors wins
    // over an index, so it cannot stay.)
    for shard in existing?.shards ?? [] where shard.name != WeightFiles.singleName {
      guard shard.tensors.allSatisfy({ !trainedParts.contains(Self.partName($0.name, base)) }) else { continue }
      let kept = Set(shard.tensors.map(\.name))
      for name in kept { home[name] = shard.name }
      unwritten = unwritten.mapValues { $0.filter { !kept.contains($0) } }
    }
    once = unwritten.filter { !$0.value.isEmpty }
  }

  /// What a stored name's shard is called after: its group, or "other".
  private static func partName(_ name: String, _ base: Checkpoint) -> String {
    base.canonicalName(ofStored: name).flatMap(base.naming.group) ?? "other"
  }

  // MARK: Sizes

  var bytesPerCommit: Int { bytes(of: changing) }
  var bytesWrittenOnce: Int { bytes(of: once) }

  private func bytes(of names: [String: [String]]) -> Int {
    names.values.joined().reduce(0) { sum, name in
      guard let tensor = base.tensor(name) else { return sum + 4 * (added[name]?.reduce(1, *) ?? 0) }
      return sum + (trained.contains(name) ? tensor.count * 4 : tensor.byteCount)
    }
  }

  // MARK: Names

  static func statePath(of path: String, isDirectory: Bool, _ generation: Int) -> String {
    isDirectory ? "\(path)/training-state-\(generation).safetensors" : "\(path).state-\(generation).safetensors"
  }

  private static func shardName(_ generation: Int, _ part: String) -> String {
    "model-\(generation)-\(part).safetensors"
  }

  /// True for a shard as transformers names it, which an earlier commit replaced: model-00002-of-00003.safetensors.
  private static func isPublishedShard(_ name: String) -> Bool {
    name.wholeMatch(of: /model-[0-9]{5}-of-[0-9]{5}\.safetensors/) != nil
  }

  /// The generation in a state file's or one of our shards' names; nil for any other name.
  private static func generation(in name: String, prefix: String, isShard: Bool) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(".safetensors") else { return nil }
    let middle = name.dropFirst(prefix.count).dropLast(".safetensors".count)
    let fields = middle.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard fields.count == (isShard ? 2 : 1), let digits = fields.first, !digits.isEmpty,
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    if isShard, !fields[1].utf8.allSatisfy({ (0x61...0x7A).contains($0) }) { return nil }
    return Int(digits)
  }

  // MARK: Side files

  /// A side file as it is written with trained weights: config.json says F32, so that transformers does not round
  /// what was trained back to what the model was published in.
  static func sideFile(_ name: String, of base: Checkpoint) throws -> String? {
    guard name == "config.json" else { return try base.file(name) }
    let config = base.config.settingDType("float32")
    return config == base.config ? try base.file(name) : config.text(pretty: true) + "\n"
  }

  // MARK: Commit

  /// Writes and renames; `tensor` gives what is to be written under a stored name.
  mutating func commit(
    generation: Int, onStage: (CheckpointStore.Stage) -> Void, tensor: (String) -> OutgoingTensor?
  ) throws {
    if isDirectory {
      try commitDirectory(generation, onStage, tensor)
    } else {
      var writer = WeightsWriter()
      for name in base.fileNames { writer.metadata[name] = try Self.sideFile(name, of: base) }
      writer.metadata[WeightFiles.generationKey] = String(generation)
      writer.tensors = changing.values.joined().compactMap(tensor)
      try writer.write(to: path)
    }
  }

  private mutating func commitDirectory(
    _ generation: Int, _ onStage: (CheckpointStore.Stage) -> Void, _ tensor: (String) -> OutgoingTensor?
  ) throws {
    for name in base.fileNames {
      guard let text = try Self.sideFile(name, of: base) else { continue }
      if try SideFiles.read(path + "/" + name) == text { continue }
      let file = try AtomicFile(replacing: path + "/" + name)
      try Array(text.utf8).withUnsafeBytes { try file.write($0) }
      try file.commit()
    }
    for (part, names) in once.sorted(by: { $0.key < $1.key }) {
      // Generation 0, so that the files of a run do not depend on when it was first saved.
      let taken = Set(home.values)
      let name = Self.shardName(taken.contains(Self.shardName(0, part)) ? generation : 0, part)
      try writeShard(name, names, tensor)
      onStage(.weightsWritten(part))
    }
    once = [:]
    for (part, names) in changing.sorted(by: { $0.key < $1.key }) {
      try writeShard(Self.shardName(generation, part), names, tensor)
      onStage(.weightsWritten(part))
    }
    var total = 0
    for name in names { total += tensor(name)?.byteCount ?? 0 }
    let index = ShardIndex.text(home: home, totalSize: total, generation: generation)
    let file = try AtomicFile(replacing: path + "/" + WeightFiles.indexName)
    try Array(index.utf8).withUnsafeBytes { try file.write($0) }
    try file.commit()
    onStage(.indexWritten)
    // A directory that came with model.safetensors: removing it is the commit, for until then it wins.
    if unlink(path + "/" + WeightFiles.singleName) == 0 { try syncDirectory(path) }
  }

  private mutating func writeShard(_ name: String, _ names: [String], _ tensor: (String) -> OutgoingTensor?) throws {
    var writer = WeightsWriter()
    writer.tensors = names.compactMap(tensor)
    try writer.write(to: path + "/" + name)
    for key in names { home[key] = name }
  }

  // MARK: Cleaning

  /// Removes what only older generations needed.
  func removeObsolete(keeping statePath: String) throws {
    try Self.clean(path, isDirectory: isDirectory, keep: Set(home.values), state: AtomicFile.split(statePath).name)
  }

  /// Removes what a killed writer left: files under construction, and files of generations that were never committed
  /// or not yet removed.
  static func removeLeftovers(of path: String, isDirectory: Bool, checkpoint: Checkpoint?) throws {
    let state = checkpoint?.generation.map { AtomicFile.split(statePath(of: path, isDirectory: isDirectory, $0)).name }
    if isDirectory, let checkpoint, checkpoint.shards.first?.name == WeightFiles.singleName {
      // An index of ours beside model.safetensors was never committed: it goes before the shards it names.
      let index = path + "/" + WeightFiles.indexName
      if let stale = try? ShardIndex(reading: index), stale.generation != nil {
        unlink(index)
        try syncDirectory(path)
      }
    }
    try clean(path, isDirectory: isDirectory, keep: Set(checkpoint?.shards.map(\.name) ?? []), state: state)
  }

  /// Removes partial files, shards outside `keep` (published ones only beside a generation of ours) and training states
  /// other than `state`.
  private static func clean(_ path: String, isDirectory: Bool, keep: Set<String>, state: String?) throws {
    let (directory, name) = isDirectory ? (path, "") : AtomicFile.split(path)
    let statePrefix = isDirectory ? "training-state-" : name + ".state-"
    for entry in try SideFiles.entries(of: directory) {
      let isPartial = entry.hasPrefix("." + name) && entry.hasSuffix(AtomicFile.temporarySuffix)
      let isOwnPartial =
        isPartial
        && (isDirectory || entry == "." + name + AtomicFile.temporarySuffix || entry.hasPrefix("." + statePrefix))
      let isState = generation(in: entry, prefix: statePrefix, isShard: false) != nil && entry != state
      let isShard =
        isDirectory && !keep.contains(entry)
        && (generation(in: entry, prefix: "model-", isShard: true) != nil || (state != nil && isPublishedShard(entry)))
      if isOwnPartial || isState || isShard { unlink(directory + "/" + entry) }
    }
  }
}

extension ShardIndex {
  /// The text of an index: keys sorted, as transformers writes it, and the generation.
  static func text(home: [String: String], totalSize: Int, generation: Int?) -> String {
    var metadata = JSONObject()
    var map = JSONObject()
    var index = JSONObject()
    if let generation { metadata[WeightFiles.generationKey] = .string(String(generation)) }
    metadata["total_size"] = .int(totalSize)
    for (key, shard) in home.sorted(by: { $0.key < $1.key }) { map[key] = .string(shard) }
    index["metadata"] = .object(metadata)
    index["weight_map"] = .object(map)
    return JSONValue.object(index).text(pretty: true) + "\n"
  }
}
