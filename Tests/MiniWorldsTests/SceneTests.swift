// SPDX-License-Identifier: MIT
// Pictures show what a scene says, and the same seed shows the same.

import Imaging
import TestSupport
import Testing

@testable import MiniWorlds

/// Some scenes to look at.
let someScenes = (0..<150).map { MiniWorld(seed: 3, split: .test).scene($0) }

@Suite struct SceneTests {
  @Test func aSceneDependsOnSeedSplitAndNumberOnly() {
    let world = MiniWorld(seed: 5, split: .val)
    #expect(world.scene(7) == MiniWorld(seed: 5, split: .val).scene(7))
    var seen: [[UInt8]] = [world.scene(7).image.pixels]
    for other in [
      MiniWorld(seed: 6, split: .val).scene(7), MiniWorld(seed: 5, split: .test).scene(7), world.scene(8),
      MiniWorld(seed: 0, split: .train).scene(0), MiniWorld(seed: 0, split: .val).scene(0),
    ] {
      #expect(!seen.contains(other.image.pixels))
      seen.append(other.image.pixels)
    }
  }

  @Test func pixelsStayWhatTheyWere() {
    // FNV-1a over a scene's pixels and owners, recorded: data sets of one version can be drawn again by the next.
    func hash(_ scene: Scene) -> UInt64 {
      (scene.image.pixels + scene.owners).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    #expect(hash(MiniWorld(seed: 1, split: .train).scene(0)) == 5_019_169_766_458_151_062)
    #expect(hash(MiniWorld(seed: 2, split: .test).scene(1234)) == 3_940_583_514_979_914_196)
  }

  @Test func objectCountsFollowTheSplit() {
    for split in Split.allCases {
      let counts = (0..<200).map { MiniWorld(seed: 1, split: split).scene($0).objects.count }
      #expect(counts.allSatisfy { $0 >= 1 && $0 <= split.objectCounts.upperBound })
      #expect(Set(counts).isSuperset(of: split.objectCounts))
    }
  }

  @Test func colorsOfASceneDifferAndObjectsKeepTheirDistance() {
    for scene in someScenes {
      #expect(Set(scene.objects.map(\.color)).count == scene.objects.count)
      for (i, a) in scene.objects.enumerated() {
        #expect(a.x - a.radius >= 0 && a.x + a.radius <= 48 && a.y - a.radius >= 0 && a.y + a.radius <= 48)
        #expect((5..<10.5).contains(a.radius))
        for b in scene.objects.dropFirst(i + 1) {
          let distance = ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
          #expect(distance >= 0.9 * (a.radius + b.radius))
        }
      }
    }
  }

  /// Red, green and blue as shares of their sum, averaged over pixels that are neither ink nor nearly black.
  private func hue(_ scene: Scene, owner: UInt8) -> RGB {
    var sum = RGB(repeating: 0)
    for (i, found) in scene.owners.enumerated() where found == owner {
      let rgb = RGB((0..<3).map { Double(scene.image.pixels[i * 3 + $0]) })
      if rgb.max() < 60 || rgb.min() > 190 { continue }
      sum += rgb / rgb.sum()
    }
    return sum / sum.sum()
  }

  @Test func objectsShowTheirColor() {
    for scene in someScenes {
      for (i, object) in scene.objects.enumerated() {
        let seen = hue(scene, owner: UInt8(i + 1))
        func distance(_ color: ObjectColor) -> Double {
          let difference = color.rgb / color.rgb.sum() - seen
          return (difference * difference).sum()
        }
        let nearest = ObjectColor.allCases.min { distance($0) < distance($1) }
        #expect(nearest == object.color)
      }
    }
  }

  @Test func objectsShowTheirShape() {
    // Of all shapes, the object's own agrees best with its pixels (where no digit lies over them).
    for scene in someScenes {
      for (i, object) in scene.objects.enumerated() {
        func agreement(_ shape: Shape) -> Int {
          scene.owners.indices.count {
            let (dx, dy) = (Double($0 % 48) - object.x, Double($0 / 48) - object.y)
            if object.digit != nil && dx.magnitude <= 4 && dy.magnitude <= 6 { return false }
            return shape.contains(dx, dy, radius: object.radius) == (scene.owners[$0] == UInt8(i + 1))
          }
        }
        let own = agreement(object.shape)
        #expect(Shape.allCases.allSatisfy { agreement($0) <= own })
      }
    }
  }

  @Test func stripedObjectsAreStriped() {
    for scene in someScenes {
      for (i, object) in scene.objects.enumerated() {
        // Brightness of rows and of columns of pixel pairs, even against odd, without the digit's ink.
        let pixels = scene.owners.indices.filter { index in
          let rgb = (0..<3).map { scene.image.pixels[index * 3 + $0] }
          return scene.owners[index] == UInt8(i + 1) && (rgb.min() ?? 0) < 190 && (rgb.max() ?? 0) > 60
        }
        func contrast(_ coordinate: (Int) -> Int) -> Double {
          func mean(_ parity: Int) -> Double {
            let chosen = pixels.filter { coordinate($0) / 2 % 2 == parity }
            let sum = chosen.reduce(0.0) { total, index in
              total + (0..<3).reduce(0.0) { $0 + Double(scene.image.pixels[index * 3 + $1]) }
            }
            return sum / Double(max(1, chosen.count))
          }
          return mean(1) / max(1, mean(0))
        }
        let strongest = max(contrast { $0 % 48 }, contrast { $0 / 48 })
        #expect((strongest > 1.3) == object.isStriped, "contrast \(strongest)")
      }
    }
  }

  @Test func flagsShowTheirStripes() {
    var seen: Set<Country> = []
    for scene in someScenes {
      let flag = scene.owners.indices.filter { scene.owners[$0] == Scene.flagOwner }
      guard let country = scene.flag else {
        #expect(flag.isEmpty)
        continue
      }
      #expect(flag.count == 14 * 9)
      seen.insert(country)
      let corner = flag[0]
      for (k, expected) in country.stripes.enumerated() {
        var sum = RGB(repeating: 0)
        for y in 1..<8 {
          for x in (1 + 4 * k)..<(5 + 4 * k) {
            let index = corner + y * 48 + x
            sum += RGB((0..<3).map { Double(scene.image.pixels[index * 3 + $0]) }) / 255
          }
        }
        let difference = sum / 28 - expected
        #expect((difference * difference).sum().squareRoot() <= 0.06)
      }
    }
    #expect(seen.count == Country.allCases.count)
    for country in Country.allCases { #expect(country.mirror.stripes == country.stripes.reversed()) }
  }

  @Test func classesAreTheShapesOfTheOwners() {
    for scene in someScenes {
      let expected = scene.owners.map { owner in
        switch owner {
        case 0: "background"
        case Scene.flagOwner: "flag"
        default: scene.objects[Int(owner) - 1].shape.rawValue
        }
      }
      #expect(scene.classes.map { Scene.classNames[Int($0)] } == expected)
      #expect(scene.objects.allSatisfy { $0.radius <= scene.largest.radius })
    }
  }
}

@Suite struct WorldGeneratorTests {
  @Test func numbersHaveTheRightMoments() {
    var generator = WorldGenerator([1, 2, 3])
    let count = 200_000
    let uniform = (0..<count).map { _ in generator.uniform() }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect((uniform.reduce(0, +) / Double(count) - 0.5).magnitude <= 0.003)
    let normal = (0..<count).map { _ in generator.normal() }
    #expect((normal.reduce(0, +) / Double(count)).magnitude <= 0.01)
    #expect((normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1).magnitude <= 0.02)
    #expect((normal.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count) - 3).magnitude <= 0.15)
    var hits = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { hits[generator.below(7)] += 1 }
    #expect(hits.allSatisfy { ($0 - 10_000).magnitude <= 500 })
  }

  @Test func shufflingKeepsEveryElementAndReachesEveryPlace() {
    var generator = WorldGenerator([4])
    var first: Set<Int> = []
    for _ in 0..<100 {
      let order = generator.shuffled([0, 1, 2, 3])
      #expect(order.sorted() == [0, 1, 2, 3])
      first.insert(order[0])
    }
    #expect(first.count == 4)
  }

  @Test func everyPartOfTheKeyCounts() {
    var seen: Set<UInt64> = []
    for key in [[0], [1], [0, 0], [0, 1], [1, 0], [0, 0, 0]] as [[UInt64]] {
      var generator = WorldGenerator(key)
      seen.insert(generator.next())
    }
    #expect(seen.count == 6)
  }
}
