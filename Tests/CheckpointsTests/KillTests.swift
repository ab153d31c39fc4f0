// SPDX-License-Identifier: MIT
// kill -9 at random moments never leaves a checkpoint that cannot be read, or one without its training state; and a
// reader at any moment sees one whole generation.

import Glibc
import Models
import TestSupport
import Testing

@testable import Checkpoints

/// A started commit-loop.
private struct Loop {
  let child: pid_t

  init(out: String, base: String) throws {
    let program = productsFolder + "/commit-loop"
    let arguments: [UnsafeMutablePointer<CChar>?] =
      [program, out, base, "vision"].map { $0.withCString { strdup($0) } } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, program, nil, nil, arguments, environ)
    try #require(code == 0, "\(program): \(systemReason(code))")
    self.child = child
  }

  /// Ends it; true where it was still running.
  func kill() -> Bool {
    Glibc.kill(child, SIGKILL)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7f == SIGKILL
  }
}

@Suite struct KillTests {
  /// Every value of the trained part, which must be the generation, and every other byte, which must be the base's.
  private static func check(_ checkpoint: Checkpoint, _ frozen: [String: [UInt8]]) throws {
    let generation = try #require(checkpoint.generation)
    for name in checkpoint.names {
      let tensor = try #require(checkpoint.tensor(name))
      if checkpoint.part(ofStored: name) == .vision {
        let values = Set(try tensor.floats().values)
        #expect(values == [Float(generation)], "\(name) of generation \(generation)")
      } else {
        let bytes = tensor.withUnsafeBytes { Array($0) }
        #expect(bytes == frozen[name], "\(name)")
      }
    }
    #expect(Set(checkpoint.names) == Set(frozen.keys))
  }

  private static func bytes(_ path: String) throws -> [String: [UInt8]] {
    let base = try Checkpoint(opening: path)
    return Dictionary(
      uniqueKeysWithValues: base.names.compactMap { name in
        base.tensor(name).map { (name, $0.withUnsafeBytes { Array($0) }) }
      })
  }

  @Test(arguments: ["enc.bin", "enc"]) func aKilledWriterLeavesAWholeCheckpoint(out: String) throws {
    try withTemporaryDirectory { folder in
      let base = folder + "/base"
      let out = folder + "/" + out
      let isDirectory = CheckpointStore.isDirectoryName(out)
      try writeBase(base)
      let frozen = try Self.bytes(base)
      var random = SeededGenerator(seed: 11)
      var generations: [Int] = []
      let lock = isDirectory ? out + "/.lock" : folder + "/.enc.bin.lock"
      for round in 0..<25 {
        unlink(lock)
        let loop = try Loop(out: out, base: base)
        for _ in 0..<50_000 where access(lock, F_OK) != 0 { usleep(200) }
        usleep(UInt32.random(in: 0...60_000, using: &random))
        #expect(loop.kill(), "round \(round): the writer ended by itself")
        let weights = isDirectory ? out + "/model.safetensors.index.json" : out
        guard access(weights, F_OK) == 0 else {
          #expect(generations.isEmpty, "round \(round): a checkpoint is gone")
          continue
        }
        let checkpoint = try Checkpoint(opening: out)
        try Self.check(checkpoint, frozen)
        let generation = try #require(checkpoint.generation)
        #expect(generation >= generations.last ?? 0)
        generations.append(generation)
        let path = StoreFiles.statePath(of: out, isDirectory: isDirectory, generation)
        let state = try StateFile.read(path, generation: generation, weights: out)
        #expect(state.info["step"] == .int(generation))
        let moments = Set(state.firstMoments.values.flatMap(\.values) + state.secondMoments.values.flatMap(\.values))
        #expect(moments == [Float(generation)])
      }
      #expect((generations.last ?? 0) > 5, "the loop must have got somewhere: \(generations)")
      // The next writer finds a clean place.
      do { _ = try CheckpointStore(openingForWriting: out) }
      let files = try listing(isDirectory ? out : folder)
      #expect(!files.contains { $0.hasPrefix(".") }, "\(files)")
      #expect(files.count == (isDirectory ? 10 : 3), "\(files)")
    }
  }

  @Test(arguments: ["enc.bin", "enc"]) func aFullDiskLeavesTheOldCheckpointAndNothingElse(out: String) throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      try run(folder + "/" + out, from: folder + "/base", parts: [.projector], steps: [1])
      let before = try runPipeline("ls -R; sha256sum \(out) \(out)/* \(out).state* 2>&1", in: folder).text
      // No file may be larger than 6 kB: the training state fits, the new weights do not (a directory's shard does, so
      // there nothing may be larger than 1 kB).
      let limit = out == "enc" ? 1 : 6
      let failed = try runPipeline("trap '' XFSZ; ulimit -f \(limit); commit-loop \(out) base projector", in: folder)
      #expect(failed.status != 0 && failed.stderr.contains("File too large"), "\(failed.status) \(failed.stderr)")
      let after = try runPipeline("ls -R; sha256sum \(out) \(out)/* \(out).state* 2>&1", in: folder).text
      #expect(after == before)
      #expect(try Checkpoint(opening: folder + "/" + out).generation == 1)
    }
  }

  @Test(arguments: ["enc.bin", "enc"]) func aReaderSeesOneWholeGeneration(out: String) throws {
    try withTemporaryDirectory { folder in
      let base = folder + "/base"
      let out = folder + "/" + out
      try writeBase(base)
      let frozen = try Self.bytes(base)
      let loop = try Loop(out: out, base: base)
      defer { _ = loop.kill() }
      var seen: Set<Int> = []
      // Many openings, for the moment between the index and its shards is short.
      for _ in 0..<600 {
        do {
          let checkpoint = try Checkpoint(opening: out)
          try Self.check(checkpoint, frozen)
          seen.insert(checkpoint.generation ?? -1)
          if seen.count > 400 { break }
        } catch let error as CheckpointError where error.exitStatus == .missingInput && seen.isEmpty {
          usleep(1000)  // not there yet
        }
      }
      #expect(seen.count >= 10)
    }
  }
}
