// SPDX-License-Identifier: MIT
// Training replaces a checkpoint generation by generation; what it does not train keeps its bytes.

import Glibc
import Layers
import Models
import StrictJSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

/// Stored names of a part's tensors.
func names(_ checkpoint: Checkpoint, _ parts: Set<Part>) -> [String] {
  checkpoint.names.filter { checkpoint.part(ofStored: $0).map(parts.contains) ?? false }
}

/// A "training step": every trained value is `step` plus its place; moments follow.
func trained(_ base: Checkpoint, _ names: [String], step: Int) -> (weights: [String: Tensor], state: TrainingState) {
  var weights: [String: Tensor] = [:]
  for name in names {
    guard let stored = base.tensor(name) else { continue }
    weights[name] = Tensor((0..<stored.count).map { Float(step) + Float($0) / 64 }, shape: stored.shape)
  }
  var info = JSONObject()
  info["step"] = .int(step)
  return (weights, TrainingState(info: info, firstMoments: weights, secondMoments: weights.mapValues { $0.copy() }))
}

/// Opens OUT as a `*-step` does, starts it from `base` if it is not there, and commits each of `steps`.
func run(
  _ out: String, from base: String, parts: Set<Part>, steps: [Int],
  stage: @escaping (CheckpointStore.Stage) -> Void = { _ in }
)
  throws
{
  let store = try CheckpointStore(openingForWriting: out)
  store.onStage = stage
  let base = try store.existing ?? Checkpoint(opening: base)
  let names = names(base, parts)
  try store.begin(from: base, trained: names)
  for step in steps {
    let (weights, state) = trained(base, names, step: step)
    try store.commit(generation: step, weights: weights, state: state)
  }
}

/// A base in bf16 with an unused buffer, in a layout and with or without shards.
func writeBase(_ path: String, layout: Layout = .published, tied: Bool = true, shardSize: Int? = nil) throws {
  try withTemporaryDirectory { folder in
    let buffer = OutgoingTensor(
      name: layout.stored("vision_tower.vision_model.embeddings.position_ids"), dtype: .i64, shape: [1, 9]
    ) { sink in try (0..<9).map { Int64($0) }.withUnsafeBytes { try sink($0) } }
    var model = try tinyModel(tied: tied, layout: layout, extra: [buffer])
    model.files["config.json"] = tinyConfig(tied: tied).settingDType("bfloat16").text(pretty: true)
    try model.write(to: folder + "/f32")
    let wide = try Checkpoint(opening: folder + "/f32")
    model.tensors = wide.names.compactMap { wide.tensor($0).map { OutgoingTensor(converting: $0, to: .bf16) } }
    try model.write(to: path, shardSize: shardSize)
  }
}

@Suite struct StoreTests {
  private static let outs = ["enc.bin", "enc.safetensors", "enc"]

  @Test func trainedTensorsAreF32AndAllOthersKeepTheirBytes() throws {
    try withTemporaryDirectory { folder in
      forEvery("layout", Layout.allCases) { layout in
        forEvery("out", Self.outs) { out in
          let base = "\(folder)/base-\(layout)"
          let out = "\(folder)/\(layout)-\(out)"
          if access(base, F_OK) != 0 { try writeBase(base, layout: layout) }
          try run(out, from: base, parts: [.vision, .projector], steps: [3, 7])
          let before = try Checkpoint(opening: base)
          let after = try Checkpoint(opening: out)
          let names = names(before, [.vision, .projector])
          #expect(after.names == before.names)
          #expect(after.generation == 7)
          let (weights, _) = trained(before, names, step: 7)
          for name in after.names {
            let stored = try #require(after.tensor(name))
            if let tensor = weights[name] {
              #expect(stored.dtype == .f32 && stored.shape == tensor.shape)
              #expect(try stored.floats().values == tensor.values, "\(name)")
            } else {
              #expect(contents(after)[name] == contents(before)[name], "\(name)")
            }
          }
          for name in before.fileNames where name != "config.json" {
            #expect(try after.file(name) == before.file(name), "\(name)")
          }
          #expect(after.config == before.config.settingDType("float32"))
          #expect(after.config["torch_dtype"] == "float32")
        }
      }
    }
  }

  @Test func onlyTheNewestGenerationRemains() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      try run(folder + "/enc.bin", from: folder + "/base", parts: [.vision], steps: [1, 2, 5])
      #expect(try listing(folder) == ["base", "enc.bin", "enc.bin.state-5.safetensors"])
      try run(folder + "/enc", from: folder + "/base", parts: [.vision], steps: [1, 2, 5])
      #expect(
        try listing(folder + "/enc") == [
          "chat_template.jinja", "config.json", "model-0-llm.safetensors", "model-0-other.safetensors",
          "model-0-projector.safetensors", "model-5-vision.safetensors", "model.safetensors.index.json",
          "preprocessor_config.json", "tokenizer.json", "training-state-5.safetensors",
        ])
    }
  }

  @Test func frozenPartsOfADirectoryAreNotRewritten() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      func inode(_ name: String) -> UInt {
        var status = stat()
        return stat(folder + "/enc/" + name, &status) == 0 ? UInt(status.st_ino) : 0
      }
      try run(folder + "/enc", from: folder + "/base", parts: [.vision], steps: [1])
      let before = inode("model-0-llm.safetensors")
      try run(folder + "/enc", from: folder + "/base", parts: [.vision], steps: [2, 3])
      #expect(before != 0 && inode("model-0-llm.safetensors") == before)
      // Another part trained afterwards: now this one is written, and the first one stays.
      let vision = inode("model-3-vision.safetensors")
      try run(folder + "/enc", from: folder + "/base", parts: [.llm], steps: [4])
      #expect(vision != 0 && inode("model-3-vision.safetensors") == vision)
      #expect(try listing(folder + "/enc").contains("model-4-llm.safetensors"))
      #expect(try !listing(folder + "/enc").contains("model-0-llm.safetensors"))
    }
  }

  @Test func aRunThatWasInterruptedEndsWithTheSameBytes() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        try run(folder + "/once-" + out, from: folder + "/base", parts: [.vision, .llm], steps: [6])
        try run(folder + "/twice-" + out, from: folder + "/base", parts: [.vision, .llm], steps: [2, 3])
        try run(folder + "/twice-" + out, from: folder + "/base", parts: [.vision, .llm], steps: [6])
      }
      for (a, b) in [
        ("once-enc.bin", "twice-enc.bin"), ("once-enc.bin.state-6.safetensors", "twice-enc.bin.state-6.safetensors"),
      ] {
        #expect(try readFile(folder + "/" + a) == readFile(folder + "/" + b), "\(a)")
      }
      let files = try listing(folder + "/once-enc")
      #expect(try listing(folder + "/twice-enc") == files)
      for name in files {
        #expect(try readFile(folder + "/once-enc/" + name) == readFile(folder + "/twice-enc/" + name), "\(name)")
      }
    }
  }

  @Test func inPlaceInEveryKindOfDirectory() throws {
    try withTemporaryDirectory { folder in
      for shardSize in [nil, 2000, 100_000] {
        let out = "\(folder)/\(shardSize ?? 0)"
        try writeBase(out, shardSize: shardSize)
        let before = contents(try Checkpoint(opening: out))
        try run(out, from: "", parts: [.projector], steps: [4, 5])
        let after = try Checkpoint(opening: out)
        #expect(after.generation == 5)
        #expect(Set(after.names) == Set(before.keys))
        for name in after.names where after.part(ofStored: name) != .projector {
          #expect(contents(after)[name] == before[name], "\(name)")
        }
        #expect(access(out + "/model.safetensors", F_OK) != 0)
        for name in try listing(out) where name.hasSuffix(".safetensors") {
          #expect(after.shards.contains { $0.name == name } || name == "training-state-5.safetensors", "\(name)")
        }
      }
    }
  }

  @Test func aDirectoryTakenOverIsWholeAtEveryStage() throws {
    try withTemporaryDirectory { folder in
      for shardSize in [nil, 2000] {
        let out = "\(folder)/\(shardSize ?? 0)"
        try writeBase(out, shardSize: shardSize)
        let before = contents(try Checkpoint(opening: out))
        var number = 0
        try run(out, from: "", parts: [.vision], steps: [1]) { stage in
          // What a kill at this stage leaves: readable as it is, and again after the next writer has cleaned up.
          number += 1
          let copy = "\(out)-\(number)"
          let copied = try? runPipeline("cp -r \(out) \(copy) && rm -f \(copy)/.lock").status
          let isNew = stage == .committed || stage == .cleaned || (stage == .indexWritten && shardSize != nil)
          for _ in 0..<2 {
            let now = try? Checkpoint(opening: copy)
            #expect(copied == 0 && now?.generation == (isNew ? 1 : nil), "\(stage)")
            #expect(isNew || now.map(contents) == before, "\(stage)")
            #expect(now?.names.count == before.count)
            do { _ = try? CheckpointStore(openingForWriting: copy) }
          }
          let files = (try? listing(copy)) ?? []
          let shards = (try? Checkpoint(opening: copy))?.shards.map(\.name) ?? []
          #expect(files.filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") } == shards.sorted(), "\(stage)")
          #expect(files.contains("training-state-1.safetensors") == isNew, "\(stage): \(files)")
        }
        #expect(number >= 5)
      }
    }
  }

  @Test func aNewRunAtTheSameStepIsAnotherGeneration() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        try run(folder + "/" + out, from: folder + "/base", parts: [.vision], steps: [1])
        try run(folder + "/" + out, from: folder + "/base", parts: [.vision], steps: [1])
        #expect(try Checkpoint(opening: folder + "/" + out).generation == 2)
        #expect(try CheckpointStore(openingForWriting: folder + "/" + out).loadState().info["step"] == 1)
      }
    }
  }

  @Test func aSecondSaveOfAStepReplacesTheStateAlone() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        let path = folder + "/" + out
        let base = try Checkpoint(opening: folder + "/base")
        do {
          let store = try CheckpointStore(openingForWriting: path)
          let names = names(base, [.vision])
          try store.begin(from: base, trained: names)
          var (weights, state) = trained(base, names, step: 3)
          for step in [2, 3, 3, 4, 4] {
            state.info["finished"] = .bool(step == 4)
            (weights, _) = trained(base, names, step: step)
            #expect(try store.commit(generation: step, weights: weights, state: state) == step)
          }
        }
        #expect(try Checkpoint(opening: path).generation == 4)
        #expect(try CheckpointStore(openingForWriting: path).loadState().info["finished"] == true)
      }
      // Steps go on after a generation that had to move.
      try run(folder + "/moved.bin", from: folder + "/base", parts: [.vision], steps: [1])
      try run(folder + "/moved.bin", from: "", parts: [.vision], steps: [1, 2, 2])
      let moved = try Checkpoint(opening: folder + "/moved.bin")
      #expect(moved.generation == 3)
      let name = try #require(names(moved, [.vision]).first)
      #expect(try moved.tensor(name)?.floats().values.first == 2)
    }
  }

  @Test func aTiedHeadThatIsStoredFollowsTheEmbeddings() throws {
    try withTemporaryDirectory { folder in
      let embeddings = "language_model.model.embed_tokens.weight"
      let head = "language_model.lm_head.weight"
      var model = try tinyModel()
      let source = try #require(model.tensors.first { $0.name == embeddings })
      model.tensors.append(source.renamed(head))
      try model.write(to: folder + "/base")
      let base = try Checkpoint(opening: folder + "/base")
      let store = try CheckpointStore(openingForWriting: folder + "/enc.bin")
      let names = names(base, [.llm]).filter { $0 != head }
      try store.begin(from: base, trained: names)
      let (weights, state) = trained(base, names, step: 1)
      try store.commit(generation: 1, weights: weights, state: state)
      let after = try Checkpoint(opening: folder + "/enc.bin")
      #expect(try after.tensor(head)?.floats().values == weights[embeddings]?.values)
    }
  }

  // MARK: Training state

  @Test func stateComesBackAsItWas() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        let path = folder + "/" + out
        let empty = try CheckpointStore(openingForWriting: path)
        #expect(empty.existing == nil && !empty.hasState)
      }
      #expect(try listing(folder) == ["base"])  // opening alone leaves nothing
      for out in Self.outs {
        let path = folder + "/" + out
        try run(path, from: folder + "/base", parts: [.projector], steps: [9])
        let store = try CheckpointStore(openingForWriting: path)
        #expect(store.hasState)
        let state = try store.loadState()
        #expect(state.info["step"] == 9)
        let base = try Checkpoint(opening: folder + "/base")
        let (weights, _) = trained(base, names(base, [.projector]), step: 9)
        #expect(state.firstMoments.mapValues(\.values) == weights.mapValues(\.values))
        #expect(state.secondMoments.mapValues(\.values) == weights.mapValues(\.values))
        let isOwned = state.firstMoments.values.allSatisfy { $0.storage.isOwned }
        #expect(isOwned)
      }
    }
  }

  @Test func weightsWithoutStateSaySo() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/a.bin")
      let store = try CheckpointStore(openingForWriting: folder + "/a.bin")
      #expect(store.existing != nil && !store.hasState)
      #expect(
        refusal { _ = try store.loadState() } == "65 \(folder)/a.bin: has weights but no training state")
    }
  }

  @Test func missingOrDamagedStateIsRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/enc.bin"
      let file = path + ".state-2.safetensors"
      try writeBase(folder + "/base")
      try run(path, from: folder + "/base", parts: [.projector], steps: [2])
      let good = try readFile(file)
      func load(_ bytes: [UInt8]?) throws -> String {
        unlink(file)
        if let bytes { try writeFile(file, bytes) }
        return refusal { _ = try CheckpointStore(openingForWriting: path).loadState() }.replacing(folder, with: "F")
      }
      #expect(try load(good) == "(no error)")
      let goesOn = "--in-place goes on without it"
      #expect(try load(nil) == "65 F/enc.bin.state-2.safetensors: missing, but F/enc.bin is of generation 2; \(goesOn)")
      #expect(
        try load(Array(good.dropLast(4)))
          == "65 F/enc.bin.state-2.safetensors: has \(good.count - 4) bytes, its header describes \(good.count); "
          + "is the download complete?"
      )
      let weights = try readFile(path)
      #expect(
        try load(weights) == "65 F/enc.bin.state-2.safetensors: not a training state: its metadata has no \"state\"")
      // Any flipped bit is noticed, in the moments as in the metadata, but in the one word that nobody reads.
      let word = Array(#""format":"pt""#.utf8)
      let start = try #require(good.indices.first { good[$0...].starts(with: word) })
      let unread = start..<start + word.count
      var random = SeededGenerator(seed: 5)
      for _ in 0..<200 {
        var damaged = good
        let place = Int.random(in: 0..<good.count, using: &random)
        damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        if unread.contains(place) { continue }
        #expect(try load(damaged).hasPrefix("65 F/enc.bin.state-2.safetensors: "), "byte \(place)")
      }
    }
  }

  // MARK: Trouble

  @Test func aFailedCommitLeavesTheOldCheckpointWhole() throws {
    struct Stop: Error {}
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        let path = folder + "/" + out
        try run(path, from: folder + "/base", parts: [.vision], steps: [1])
        let before = contents(try Checkpoint(opening: path))
        let store = try CheckpointStore(openingForWriting: path)
        let base = try #require(store.existing)
        // The disk fails while the new weights are written.
        var broken = names(base, [.vision]).compactMap { base.tensor($0) }.map { OutgoingTensor(copying: $0) }
        broken.append(OutgoingTensor(name: "broken", dtype: .u8, shape: [1]) { _ in throw Stop() })
        let target = out == "enc" ? path + "/model-2-vision.safetensors" : path
        let writer = WeightsWriter(tensors: broken)
        #expect(throws: Stop.self) { try writer.write(to: target) }
        let after = try Checkpoint(opening: path)
        #expect(contents(after) == before && after.generation == 1)
        let files = try listing(out == "enc" ? path : folder)
        let partial = files.filter { $0.hasSuffix(".partial") }
        #expect(partial == [])
      }
    }
  }

  @Test func remainsOfAKilledWriterAreRemoved() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        let path = folder + "/" + out
        let isDirectory = out == "enc"
        try run(path, from: folder + "/base", parts: [.vision], steps: [2])
        let clean = try listing(isDirectory ? path : folder)
        let remains =
          isDirectory
          ? [
            ".model-3-vision.safetensors.partial", "training-state-3.safetensors", "model-3-vision.safetensors",
            ".lock",
          ]
          : [".\(out).partial", "\(out).state-3.safetensors", ".\(out).state-4.safetensors.partial", ".\(out).lock"]
        for name in remains { try writeFile((isDirectory ? path : folder) + "/" + name, "left over") }
        let mine =
          isDirectory
          ? ["notes.txt", "model-x-vision.safetensors"] : ["\(out).state-x.safetensors", ".other.bin.partial"]
        for name in mine { try writeFile((isDirectory ? path : folder) + "/" + name, "not ours") }
        do { _ = try CheckpointStore(openingForWriting: path) }
        #expect(try Set(listing(isDirectory ? path : folder)) == Set(clean + mine))
        for name in mine { unlink((isDirectory ? path : folder) + "/" + name) }
        #expect(try Checkpoint(opening: path).generation == 2)
      }
    }
  }

  @Test func oneWriterAtATime() throws {
    try withTemporaryDirectory { folder in
      for out in ["a.bin", "a"] {
        let path = folder + "/" + out
        let first = try CheckpointStore(openingForWriting: path)
        #expect(
          refusal { _ = try CheckpointStore(openingForWriting: path) }
            == "73 \(path): cannot write: another process is writing to it")
        withExtendedLifetime(first) {}
      }
      _ = try CheckpointStore(openingForWriting: folder + "/a.bin")
    }
  }

  @Test func outputsThatCannotBeCreatedAreRefused() throws {
    try withTemporaryDirectory { folder in
      #expect(
        refusal { _ = try CheckpointStore(openingForWriting: folder + "/no/enc.bin") }
          == "73 \(folder)/no/enc.bin: cannot create: No such file or directory")
      #expect(
        refusal { _ = try CheckpointStore(openingForWriting: folder + "/no/enc") }
          == "73 \(folder)/no/enc: cannot create: No such file or directory")
      try writeFile(folder + "/file", "x")
      #expect(
        refusal { _ = try CheckpointStore(openingForWriting: folder + "/file") }
          == "73 \(folder)/file: cannot create: Not a directory")
      // A directory that holds something else is not filled with a model.
      try writeBase(folder + "/base")
      mkdir(folder + "/project", 0o777)
      try writeFile(folder + "/project/package.json", "{}")
      #expect(
        refusal { try run(folder + "/project", from: folder + "/base", parts: [.vision], steps: [1]) }
          == "73 \(folder)/project: holds \"package.json\" of something else; choose a new directory")
      #expect(try listing(folder + "/project") == ["package.json"])
      // One that holds, say, the run's own log is.
      mkdir(folder + "/logs", 0o777)
      try writeFile(folder + "/logs/log.jsonl", "{}\n")
      try run(folder + "/logs", from: folder + "/base", parts: [.vision], steps: [1])
      #expect(try Checkpoint(opening: folder + "/logs").generation == 1)
    }
  }

  @Test func freeSpaceIsCheckedBeforeTheFirstStep() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      let base = try Checkpoint(opening: folder + "/base")
      let store = try CheckpointStore(openingForWriting: folder + "/enc.bin")
      let line = refusal {
        try store.begin(from: base, trained: names(base, [.vision]), stateValues: 1 << 50)
      }
      #expect(line.hasPrefix("73 \(folder)/enc.bin: needs 9007199256."), "\(line)")
      #expect(line.hasSuffix(" MB are free"))
    }
  }

  @Test func stagesComeInTheOrderThatKeepsACheckpointWhole() throws {
    try withTemporaryDirectory { folder in
      try writeBase(folder + "/base")
      for out in Self.outs {
        let path = folder + "/" + out
        try run(path, from: folder + "/base", parts: [.vision], steps: [1])
        var seen: [CheckpointStore.Stage] = []
        try run(path, from: "", parts: [.vision], steps: [2]) { stage in
          seen.append(stage)
          // At every stage a reader sees a whole checkpoint, and its training state is there.
          let expected = [.indexWritten, .committed, .cleaned].contains(stage) ? 2 : 1
          let now = try? Checkpoint(opening: path)
          #expect(now?.generation == expected, "\(stage)")
          let state = StoreFiles.statePath(of: path, isDirectory: out == "enc", expected)
          #expect(
            (try? StateFile.read(state, generation: expected, weights: path))?.info["step"] == .int(expected),
            "\(stage)")
        }
        #expect(
          seen == [.stateWritten] + (out == "enc" ? [.weightsWritten("vision"), .indexWritten] : []) + [
            .committed, .cleaned,
          ])
      }
    }
  }
}
