// SPDX-License-Identifier: MIT
// The pipelines at a small size: killed at any moment, they end with the bytes of a run that nobody disturbed.
import TestSupport
import Testing

@Suite struct PipelineTests {
  /// Runs a line of bash in `folder` with the built tools, and `$pipelines` for the folder of the scripts.
  private func run(_ line: String, in folder: String, _ environment: [String: String]) throws -> ToolResult {
    var environment: [String: String?] = environment.mapValues { $0 }
    environment["PIVOT_BIN"] = productsFolder
    environment["pipelines"] = repositoryRoot + "/pipelines"
    return try runPipeline(line, environment: environment, in: folder)
  }

  /// Kills a pipeline and everything that it started after each of these times, then lets it run to its end.
  private func killed(_ script: String, _ folder: String, after seconds: [String]) -> String {
    """
    for t in \(seconds.joined(separator: " ")); do
      setsid "$pipelines/\(script)" \(folder) >/dev/null 2>&1 & p=$!
      sleep $t; kill -KILL -- -$p 2>/dev/null; wait $p 2>/dev/null
    done
    "$pipelines/\(script)" \(folder)
    """
  }

  @Test func aBaseRunThatWasKilledEndsWithTheSameBytes() throws {
    let sizes = [
      "BATCH": "24", "CALL": "2", "SCENES": "12", "POINT_STEPS": "4", "ANSWER_STEPS": "5", "TEST_SCENES": "4",
    ]
    try withTemporaryDirectory { folder in
      let whole = try run("\"$pipelines/base\" a", in: folder, sizes)
      #expect(whole.status == 0, "\(whole.stderr)")
      #expect(whole.lines.first?.hasPrefix("type") == true && whole.lines.last?.hasPrefix("all") == true)
      let interrupted = try run(killed("base", "b", after: ["0.4", "0.7", "1.1", "1.6"]), in: folder, sizes)
      #expect(interrupted.status == 0, "\(interrupted.stderr)")
      let same = try runPipeline(
        """
        cmp a/base.safetensors b/base.safetensors && cmp a/points.bin b/points.bin && wc -l < b/points.jsonl &&
        wc -l < b/base.jsonl && diff a/accuracy.txt b/accuracy.txt && ls b
        """, in: folder)
      #expect(same.status == 0, "\(same.stderr)")
      #expect(same.lines.prefix(2) == ["4", "5"])
      #expect(!same.lines.contains { $0.hasSuffix(".frames") }, "\(same.lines)")
    }
  }
}
