// SPDX-License-Identifier: MIT
// The manifest is the floor plan: lowest floor first, and every arrow points down.
import StrictJSON
import TestSupport
import Testing

@Suite struct FloorPlanTests {
  private struct Floor {
    let name: String
    let path: String
    let kind: String
    let uses: [String]
  }

  /// The manifest's targets in their order.
  private static let floors = Result {
    try withTemporaryDirectory { scratch in
      // A scratch folder of its own: the build that runs the tests holds the lock of the usual one.
      let result = try runPipeline(
        "swift package --package-path '\(repositoryRoot)' --scratch-path '\(scratch)' dump-package")
      #expect(result.status == 0, "\(result.stderr)")
      let targets = try #require(try JSONValue.parse(result.stdout)["targets"]?.array)
      return try targets.map { target in
        Floor(
          name: try #require(target["name"]?.string), path: try #require(target["path"]?.string),
          kind: try #require(target["type"]?.string),
          // {"byName": [name, condition]}, {"target": [name, condition]}, {"product": [name, package, ...]}
          uses: (target["dependencies"]?.array ?? []).compactMap {
            ($0["byName"] ?? $0["target"])?.array?.first?.string
          })
      }
    }
  }

  @Test func everyArrowPointsDown() throws {
    let floors = try Self.floors.get()
    #expect(floors.count > 30)
    var seen: Set<String> = []
    for floor in floors {
      for used in floor.uses { #expect(seen.contains(used), "\(floor.name) uses \(used), which is not below it") }
      seen.insert(floor.name)
      #expect(
        ["Shared", "Tools", "Tests"].contains(floor.path.prefix { $0 != "/" }), "\(floor.name) lies in \(floor.path)")
      #expect(floor.path.hasPrefix("Tools/") ? floor.kind == "executable" : true, "\(floor.name) is a \(floor.kind)")
    }
  }

  @Test(arguments: ["frames", "reward", "miniworld"])
  func whatMultipliesNothingLinksNoBLAS(tool: String) throws {
    let uses = Dictionary(uniqueKeysWithValues: try Self.floors.get().map { ($0.name, $0.uses) })
    var below: Set<String> = []
    var open = [tool]
    while let name = open.popLast() {
      if below.insert(name).inserted { open += uses[name] ?? [] }
    }
    #expect(below.contains("TensorStream") && uses["LinearAlgebra"]?.contains("COpenBLAS") == true)
    #expect(!below.contains("COpenBLAS"))
  }

  /// The table of floors in CONTRIBUTING.md: the manifest's, in its order.
  @Test func theHouseIsDescribedAsItStands() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/CONTRIBUTING.md"), as: UTF8.self)
    let table = page.split(separator: "\n").drop { !$0.hasPrefix("| floor |") }.dropFirst(2).prefix {
      $0.hasPrefix("|")
    }
    let named = table.flatMap { line -> [String] in
      let first = line.split(separator: "|")[0]
      return first.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
    let shared = try Self.floors.get().filter { $0.path.hasPrefix("Shared/") }.map(\.name)
    #expect(named.filter { !$0.hasPrefix("Tools/") } == shared)
  }
}
