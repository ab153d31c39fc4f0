// SPDX-License-Identifier: MIT
// Captions say what is painted: each point by its pixels, each scene object by object.

import Failures
import Foundation
import TestSupport
import Testing

@testable import MiniWorlds

@Suite struct CaptionTests {
  /// Who owns the 36 pixels of a cell.
  private func pixels(_ cell: Int, _ scene: Scene) -> [UInt8] {
    let (top, left) = (cell / 8 * 6, cell % 8 * 6)
    var owners: [UInt8] = []
    for y in top..<top + 6 {
      for x in left..<left + 6 { owners.append(scene.owners[48 * y + x]) }
    }
    return owners
  }

  @Test func aPointSaysWhatCoversItsCell() {
    var flags = 0
    for (i, scene) in someScenes.enumerated() {
      var generator = WorldGenerator([UInt64(i)])
      let points = scene.points(64, using: &generator)
      #expect(Set(points.map(\.cell)).count == points.count)
      for point in points {
        let words = point.text.split(separator: " ").map(String.init)
        let row = Int(words[0].utf8.first ?? 0) - 97
        let column = Int(words[0].utf8.last ?? 0) - 97
        #expect(point.cell == 8 * row + column)
        var owners: [UInt8: Int] = [:]
        for owner in pixels(point.cell, scene) { owners[owner, default: 0] += 1 }
        #expect(owners[point.owner] ?? 0 > 5)
        #expect(owners.filter { $0.key > 0 }.values.max() == owners[point.owner])
        if point.owner == Scene.flagOwner {
          flags += 1
          let expected: [String] = ["flag", scene.flag?.rawValue ?? ""]
          #expect(Array(words.dropFirst()) == expected)
        } else {
          let object = scene.objects[Int(point.owner) - 1]
          let texture = object.isStriped ? "striped" : "plain"
          let size = object.radius > 7.7 ? "big" : "small"
          let expected: [String] = [
            object.color.rawValue, object.shape.rawValue, texture, object.digit?.rawValue ?? "none", size,
          ]
          #expect(Array(words.dropFirst()) == expected)
        }
      }
      let covered = (0..<64).filter { (cell: Int) -> Bool in
        let owners = pixels(cell, scene)
        return (1...9).contains { (owner: UInt8) -> Bool in owners.filter { $0 == owner }.count > 5 }
      }
      #expect(points.map(\.cell).sorted() == covered)
    }
    #expect(flags > 50)
  }

  @Test func fewerPointsAreTheFirstOfMore() {
    let world = MiniWorld(seed: 5, split: .train)
    let scene = world.scene(3)
    #expect(world.points(3, of: scene, 3) == Array(world.points(9, of: scene, 3).prefix(3)))
    #expect(world.points(0, of: scene, 3).isEmpty)
  }

  @Test func aSceneCaptionNamesEveryObjectOnceRowByRow() {
    for scene in someScenes {
      let parts = scene.caption.components(separatedBy: " ; ")
      #expect(parts.count == scene.objects.count + (scene.flag == nil ? 0 : 1))
      if let flag = scene.flag { #expect(parts.last == "flag " + flag.rawValue) }
      var rows: [Int] = []
      for part in parts.prefix(scene.objects.count) {
        let words = part.split(separator: " ").map(String.init)
        let object = scene.objects.first { words.contains($0.color.rawValue) }
        #expect(object?.place == words[0] + " " + words[1])
        if let object { #expect(Set([object.shape.rawValue, object.texture, object.size]).isSubset(of: words)) }
        #expect(object?.digit?.rawValue == (words.count == 7 ? words[6] : nil))
        rows.append(["top", "middle", "bottom"].firstIndex(of: words[0]) ?? -1)
      }
      #expect(rows == rows.sorted())
    }
  }

  // MARK: Mistakes of a model

  @Test func aMistakeIsDrawnAsTheModelDrawsItAndNeverTheTruth() throws {
    // p = .1 truth, .6, .3: among the wrong ones 2 to 1.
    let mistakes = Mistakes(logps: ["q": [-2.302585, -0.510826, -1.203973]])
    var drawn: [String: Int] = [:]
    for i in 0..<3000 {
      var generator = WorldGenerator([UInt64(i)])
      if let word = try mistakes.draw("q", candidates: ["a", "b", "c"], truth: "a", using: &generator) {
        drawn[word, default: 0] += 1
      }
    }
    #expect(drawn["a"] == nil && drawn.values.reduce(0, +) == 3000)
    let deviation = Double((drawn["b"] ?? 0) - 2000).magnitude
    #expect(deviation <= 103, "4 standard deviations of 3000 draws at 2/3")
  }

  @Test func aQuestionThatTheModelIsSureOfIsLeftOut() throws {
    // 1 - .95⁸ = .3366
    let mistakes = Mistakes(logps: ["q": [-0.0512933, -2.995732]])
    var kept = 0
    for i in 0..<3000 {
      var generator = WorldGenerator([UInt64(i)])
      kept += try mistakes.draw("q", candidates: ["a", "b"], truth: "a", using: &generator) == nil ? 0 : 1
    }
    let deviation = (Double(kept) - 1009.8).magnitude
    #expect(deviation <= 104, "4 standard deviations")
  }

  @Test func unknownQuestionsAndOtherChoicesAreRefused() {
    var generator = WorldGenerator([1])
    let mistakes = Mistakes(logps: ["q": [-1, -2], "nan": [.nan, .nan]])
    let unknown = #expect(throws: PlainFailure.self) {
      _ = try mistakes.draw("r", candidates: ["a", "b"], truth: "a", using: &generator)
    }
    #expect(unknown?.exitStatus == .badData && unknown?.description.contains("no scored frame has the id r") == true)
    for id in ["q", "nan"] {
      let other = #expect(throws: PlainFailure.self) {
        _ = try mistakes.draw(id, candidates: ["a", "b", "c"], truth: "a", using: &generator)
      }
      #expect(other?.description.contains("do not belong to the question's 3 candidates") == true)
    }
  }
}
