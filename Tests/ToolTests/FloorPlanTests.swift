// SPDX-License-Identifier: MIT
// The manifest is the floor plan: lowest floor first, and every arrow points down.
import StrictJSON
import TestSupport
import Testing

@Suite struct FloorPlanTests {
  @Test func everyArrowPointsDown() throws {
    try withTemporaryDirectory { scratch in
      // A scratch folder of its own: the build that runs the tests holds the lock of the usual one.
      let result = try runPipeline(
        "swift package --package-path '\(repositoryRoot)' --scratch-path '\(scratch)' dump-package")
      #expect(result.status == 0, "\(result.stderr)")
      let targets = try #require(try JSONValue.parse(result.stdout)["targets"]?.array)
      #expect(targets.count > 30)
      var seen: Set<String> = []
      for target in targets {
        let name = try #require(target["name"]?.string)
        for dependency in target["dependencies"]?.array ?? [] {
          // {"byName": [name, condition]}, {"target": [name, condition]}, {"product": [name, package, ...]}
          guard let used = (dependency["byName"] ?? dependency["target"])?.array?.first?.string else { continue }
          #expect(seen.contains(used), "\(name) uses \(used), which is not below it")
        }
        seen.insert(name)
        let path = try #require(target["path"]?.string)
        let kind = try #require(target["type"]?.string)
        #expect(["Shared", "Tools", "Tests"].contains(path.prefix { $0 != "/" }), "\(name) lies in \(path)")
        #expect(path.hasPrefix("Tools/") ? kind == "executable" : true, "\(name) is a \(kind)")
      }
    }
  }
}
