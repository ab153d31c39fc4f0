// SPDX-License-Identifier: MIT
// The write side: a checkpoint that is trained is replaced generation by generation, each as one whole.
//
// Commit of generation g                         one file                        directory
//   1  training state, its own file              enc.bin.state-g.safetensors     training-state-g.safetensors
//   2  weights that changed                      –                               model-g-<part>.safetensors
//   3  the commit: one rename                    enc.bin (names g)               model.safetensors.index.json (names g)
//   4  what generation g-1 alone needed is removed
//
// Every file is built beside its place under a name of its own, flushed, renamed, and the directory flushed. A process
// that dies before 3 leaves the old generation, after 3 the new one; its remains are removed by the next writer.

import Failures
import Glibc
import StrictJSON
import Tensors

/// A checkpoint opened for writing, by one process at a time.
///
///     let store = try CheckpointStore(openingForWriting: "enc.bin")
///     let base = try store.existing ?? Checkpoint(opening: initial)
///     let state = store.hasState ? try store.loadState() : nil
///     try store.begin(from: base, trained: names)            // checks free space, writes nothing
///     try store.commit(generation: step, weights: tensors, state: …)
///
/// Trained tensors are stored as F32; every other tensor keeps its bytes, and all keep their names.
public final class CheckpointStore {
  /// As given.
  public let path: String
  /// A name that ends in .bin or .safetensors is one file, any other a Hugging Face directory.
  public let isDirectory: Bool
  /// The checkpoint that was there when the store was opened; nil where there was none.
  public let existing: Checkpoint?
  /// Generation that is on the disk now.
  public private(set) var generation: Int?

  /// Called at each stage of a commit, so that tests can stop there.
  var onStage: (Stage) -> Void = { _ in }
  enum Stage: Equatable {
    case stateWritten
    case weightsWritten(String)
    case indexWritten, committed, cleaned
  }

  private let naming: (JSONValue) -> any KeyNaming
  private let lock: WriterLock
  private let directory: String
  private let createdDirectory: Bool
  private var plan: Plan?
  /// What the last commit of this process was asked to write.
  private var committedStep: Int?

  private struct Plan {
    let base: Checkpoint
    let trained: Set<String>
    /// Shapes of what the base lacks.
    let added: [String: [Int]]
    /// Stored names whose values follow another tensor's: a stored lm_head that is tied to the embeddings.
    let copies: [String: String]
    var files: StoreFiles
  }

  /// True where `path` names a directory: anything that does not end in .bin or .safetensors.
  public static func isDirectoryName(_ path: String) -> Bool {
    !path.hasSuffix(".bin") && !path.hasSuffix(".safetensors")
  }

  /// Locks `path` for writing, removes what a killed writer left, and opens what is there.
  ///
  /// Throws 73 where `path` cannot be created or another process writes to it, and what `Checkpoint(opening:)` throws
  /// where a checkpoint is there but damaged.
  public init(openingForWriting path: String, naming: @escaping (JSONValue) -> any KeyNaming) throws {
    self.naming = naming
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = path
    isDirectory = WeightFiles.isDirectory(path) || Self.isDirectoryName(path)
    if isDirectory {
      createdDirectory = mkdir(path, 0o777) == 0
      guard createdDirectory || errno == EEXIST, WeightFiles.isDirectory(path) else {
        throw CheckpointError.system(
          path: path, action: "create", reason: systemReason(errno == EEXIST ? ENOTDIR : errno), status: .cannotCreate)
      }
      directory = path
      lock = try WriterLock(path + "/.lock", target: path)
    } else {
      createdDirectory = false
      let (directory, name) = AtomicFile.split(path)
      self.directory = directory
      lock = try WriterLock(directory + "/." + name + ".lock", target: path)
    }
    existing = try Self.open(path, isDirectory: isDirectory, naming)
    generation = existing?.generation
    try StoreFiles.removeLeftovers(of: path, isDirectory: isDirectory, checkpoint: existing)
  }

  deinit {
    if createdDirectory && committedStep == nil {
      unlink(path + "/.lock")
      rmdir(path)
    }
  }

  private static func open(
    _ path: String, isDirectory: Bool, _ naming: (JSONValue) -> any KeyNaming
  ) throws -> Checkpoint? {
    if isDirectory {
      let names = [WeightFiles.singleName, WeightFiles.indexName]
      guard names.contains(where: { access(path + "/" + $0, F_OK) == 0 }) else { return nil }
    } else if access(path, F_OK) != 0 {
      return nil
    }
    return try Checkpoint(opening: path, naming: naming)
  }

  // MARK: Training state

  /// True where the weights that are there name a generation, so that their training state should be there too.
  public var hasState: Bool { existing?.generation != nil }

  /// The training state of the weights that are there. Throws 65 where it is missing or damaged.
  public func loadState() throws -> TrainingState {
    guard let generation = existing?.generation else {
      throw CheckpointError.badState(path: path, problem: "has weights but no training state")
    }
    return try StateFile.read(
      StoreFiles.statePath(of: path, isDirectory: isDirectory, generation), generation: generation, weights: path)
  }

  // MARK: Committing

  /// Prepares to replace the tensors `trained` (stored names) of `base`: the checkpoint that is there, or the one it
  /// starts from. Checks that the disk has room for two generations; writes nothing.
  ///
  /// - Parameters:
  ///   - added: tensors that are trained beside those of the base, with their shapes: a value head, an adapter. They are
  ///     stored under these names; a base that has one already must have it in this shape.
  ///   - stateValues: f32 values of the training state; two moments for each trained value unless given.
  public func begin(
    from base: Checkpoint, trained: some Sequence<String>, adding added: [String: [Int]] = [:], stateValues: Int? = nil
  ) throws {
    let trained = Set(trained).union(added.keys)
    for name in trained {
      precondition(base.tensor(name) != nil || added[name] != nil, "no tensor \(name) in \(base.path)")
    }
    for (name, shape) in added {
      guard let stored = base.tensor(name), stored.shape != shape else { continue }
      throw CheckpointError.badHeader(
        path: base.path, problem: "key \"\(name)\" has shape \(stored.shape), expected \(shape)")
    }
    let copies = Self.copies(base, trained: trained)
    let files = try StoreFiles(
      path: path, isDirectory: isDirectory, existing: existing, base: base, trained: trained.union(copies.keys),
      added: added)
    plan = Plan(base: base, trained: trained, added: added, copies: copies, files: files)
    if isDirectory && existing == nil { try checkForeignFiles(base) }

    let trainedValues = trained.reduce(0) { $0 + (base.tensor($1)?.count ?? added[$1]?.reduce(1, *) ?? 0) }
    let state = 4 * (stateValues ?? 2 * trainedValues) + 1_000_000
    let needed = files.bytesWrittenOnce + 2 * files.bytesPerCommit + (existing == nil ? 2 : 1) * state
    let free = try freeBytes(in: directory)
    if free < needed { throw CheckpointError.diskFull(path: path, needed: needed, free: free) }
  }

  /// Says that the weights on the disk are those that step `step` ended with, since a run goes on from them: a commit of
  /// that step replaces the training state alone.
  public func goOn(fromStep step: Int) { committedStep = step }

  /// Writes generation `generation` (the optimizer step) and makes it the checkpoint. Asked again for the step of its
  /// last commit, it replaces the training state alone: the weights are the same, so the files of a run do not depend on
  /// how often it was saved.
  ///
  /// - Parameters:
  ///   - weights: every trained tensor by stored name, in the shape of the base.
  ///   - state: the training state that belongs to them.
  /// - Returns: the generation written: `generation`, or one more where that is on the disk already (a new run that
  ///   happens to be at the same step).
  @discardableResult
  public func commit(generation wanted: Int, weights: [String: Tensor], state: TrainingState) throws -> Int {
    guard var plan else { preconditionFailure("commit before begin") }
    precondition(Set(weights.keys) == plan.trained, "commit: not the tensors that begin was told of")
    for (name, tensor) in weights {
      precondition(tensor.shape == plan.base.tensor(name)?.shape ?? plan.added[name], "\(name): another shape")
    }
    if wanted == committedStep, let generation {
      try StateFile.write(
        state, generation: generation, to: StoreFiles.statePath(of: path, isDirectory: isDirectory, generation))
      onStage(.stateWritten)
      return generation
    }
    let next = wanted == generation ? wanted + 1 : wanted

    let statePath = StoreFiles.statePath(of: path, isDirectory: isDirectory, next)
    let copies = plan.copies
    let base = plan.base
    do {
      try StateFile.write(state, generation: next, to: statePath)
      onStage(.stateWritten)
      try plan.files.commit(generation: next, onStage: onStage) { name in
        if let tensor = weights[name] ?? copies[name].flatMap({ weights[$0] }) {
          return OutgoingTensor(tensor, as: name)
        }
        return base.tensor(name).map { OutgoingTensor(copying: $0) }
      }
    } catch {
      // A full disk: what was written for the new generation must not stay and fill it.
      if let now = try? Self.open(path, isDirectory: isDirectory, naming) {
        try? StoreFiles.removeLeftovers(of: path, isDirectory: isDirectory, checkpoint: now)
      }
      throw error
    }
    committedStep = wanted
    generation = next
    self.plan = plan
    onStage(.committed)

    try plan.files.removeObsolete(keeping: statePath)
    onStage(.cleaned)
    return next
  }

  /// Stored tensors that must follow a trained one: an lm_head beside embeddings it is tied to.
  private static func copies(_ base: Checkpoint, trained: Set<String>) -> [String: String] {
    var copies: [String: String] = [:]
    for (follower, leader) in base.naming.ties {
      guard let head = base.storedName(ofCanonical: follower), !trained.contains(head),
        let embeddings = base.storedName(ofCanonical: leader), trained.contains(embeddings)
      else { continue }
      copies[head] = embeddings
    }
    return copies
  }

  /// Refuses to mix a new checkpoint into a directory that holds another model's files.
  private func checkForeignFiles(_ base: Checkpoint) throws {
    for name in try SideFiles.entries(of: path) where SideFiles.travels(name) || name.hasPrefix("pytorch_model") {
      guard let mine = try StoreFiles.sideFile(name, of: base), try SideFiles.read(path + "/" + name) == mine else {
        throw CheckpointError.cannotCreate(
          path: path, reason: "holds \"\(name)\" of something else; choose a new directory")
      }
    }
  }
}
