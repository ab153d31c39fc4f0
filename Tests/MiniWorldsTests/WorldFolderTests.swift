// SPDX-License-Identifier: MIT
// The folder that miniworld writes: complete, repeatable, all or nothing.

import Failures
import Glibc
import Imaging
import StrictJSON
import TestSupport
import Testing

@testable import MiniWorlds

@Suite struct WorldFolderTests {
  private func folder(_ scenes: Int, seed: UInt64 = 1, asked: Bool = false) -> WorldFolder {
    WorldFolder(
      world: MiniWorld(seed: seed, split: .train), sceneCount: scenes, questionCount: 3, masksAskedObjects: asked)
  }

  private func lines(_ path: String) throws -> [JSONValue] {
    let bytes = try readFile(path)
    #expect(bytes.last == UInt8(ascii: "\n"))
    return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONValue.parse(Array($0)) }
  }

  @Test func manifestsNameFilesThatShowTheScenes() throws {
    try withTemporaryDirectory { base in
      let root = base + "/world"
      let writer = folder(6, asked: true)
      let summary = try writer.write(to: root)
      #expect(summary.scenes == 6 && summary.questions <= 18)
      let keys = [
        "pairs": ["id", "image", "question", "chosen", "rejected", "category", "type", "mask"],
        "qa": ["id", "image", "question", "answer", "category", "type", "mask"],
        "choices": ["id", "image", "question", "choices", "gt", "category", "type", "mask"],
        "labels": ["id", "image", "label", "class"], "masks": ["id", "image", "mask"],
        "captions": ["id", "image", "answer"],
      ]
      for (name, expected) in keys {
        let found = try lines("\(root)/\(name).jsonl")
        #expect(found.count == (["labels", "masks", "captions"].contains(name) ? 6 : summary.questions))
        #expect(Set(found.compactMap { $0["id"]?.string }).count == found.count)
        for line in found {
          #expect(line.object?.keys == expected)
          #expect(try !readFile(root + "/" + (line["image"]?.string ?? "")).isEmpty)
        }
      }
      for (i, line) in try lines(root + "/masks.jsonl").enumerated() {
        let scene = writer.world.scene(i)
        let image = try Image.decode(readFile(root + "/" + #require(line["image"]?.string)))
        #expect(image == scene.image)
        let mask = try LabelImage.decode(readFile(root + "/" + #require(line["mask"]?.string)))
        #expect(mask.values == scene.classes.map(Int32.init))
      }
      for line in try lines(root + "/pairs.jsonl") {
        let mask = try LabelImage.decode(readFile(root + "/" + #require(line["mask"]?.string)))
        #expect(Set(mask.values).isSubset(of: [0, 1]))
      }
      let points = try lines(root + "/points.jsonl")
      #expect(points.allSatisfy { $0.object?.keys == ["id", "image", "answer"] })
      let expectedPoints: [String] = (0..<6).flatMap { (index: Int) -> [String] in
        writer.world.points(8, of: writer.world.scene(index), index).map(\.text)
      }
      #expect(points.compactMap { $0["answer"]?.string } == expectedPoints)
      for line in try lines(root + "/labels.jsonl") {
        #expect(line["class"]?.string == Shape.allCases[try #require(line["label"]?.int)].rawValue)
      }
      for line in try lines(root + "/choices.jsonl") {
        #expect(line["choices"]?.array?.contains(try #require(line["gt"])) == true)
      }
    }
  }

  @Test func theSameOptionsGiveTheSameBytesAndMoreScenesKeepTheFirst() throws {
    try withTemporaryDirectory { base in
      for (name, count) in [("a", 4), ("b", 4), ("c", 6)] { _ = try folder(count).write(to: "\(base)/\(name)") }
      for file in ["pairs", "qa", "choices", "labels", "masks", "captions", "points"].map({ $0 + ".jsonl" }) {
        let a = try readFile("\(base)/a/\(file)")
        #expect(try a == readFile("\(base)/b/\(file)"))
        #expect(try readFile("\(base)/c/\(file)").starts(with: a))
      }
      for file in ["images/000003.png", "masks/000003.png"] {
        let a = try readFile("\(base)/a/\(file)")
        #expect(try a == readFile("\(base)/b/\(file)"))
        #expect(try a == readFile("\(base)/c/\(file)"))
      }
      _ = try folder(4, seed: 2).write(to: base + "/d")
      #expect(try readFile(base + "/a/pairs.jsonl") != readFile(base + "/d/pairs.jsonl"))
    }
  }

  @Test func aFolderThatHoldsSomethingIsLeftAlone() throws {
    try withTemporaryDirectory { base in
      try writeFile(base + "/mine", "precious")
      let error = #expect(throws: PlainFailure.self) { try folder(1).write(to: base) }
      #expect(error?.exitStatus == .cannotCreate)
      #expect(error?.description == "\(base): the folder is not empty; name a new one or remove it")
      #expect(try readFile(base + "/mine") == Array("precious".utf8))

      let file = #expect(throws: PlainFailure.self) { try folder(1).write(to: base + "/mine") }
      #expect(file?.description == "\(base)/mine: cannot be a folder: Not a directory")
      let nowhere = #expect(throws: PlainFailure.self) { try folder(1).write(to: base + "/no/where") }
      #expect(nowhere?.description.hasSuffix(": cannot be created: No such file or directory") == true)
    }
  }

  @Test func anEmptyFolderIsFilledAndAnInterruptedOneLeavesNothing() throws {
    struct Interruption: Error {}
    try withTemporaryDirectory { base in
      #expect(mkdir(base + "/empty", 0o777) == 0)
      #expect(throws: Interruption.self) {
        try folder(5).write(to: base + "/empty/") { if $0 == 3 { throw Interruption() } }
      }
      _ = try folder(1).write(to: base + "/empty/")
      #expect(try !readFile(base + "/empty/pairs.jsonl").isEmpty)
      #expect(throws: Interruption.self) { try folder(5).write(to: base + "/gone") { _ in throw Interruption() } }
      let left = try #require(opendir(base))
      defer { closedir(left) }
      var names: [String] = []
      while let entry = readdir(left) {
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
          })
      }
      #expect(Set(names) == [".", "..", "empty"])
    }
  }

  @Test func noScenesAreAValidWorld() throws {
    try withTemporaryDirectory { base in
      let summary = try folder(0).write(to: base + "/none")
      #expect(summary == WorldFolder.Summary())
      #expect(try readFile(base + "/none/pairs.jsonl").isEmpty)
    }
  }
}
