// SPDX-License-Identifier: MIT
// The support code that every other test here leans on.
import TestSupport
import Testing

@Suite struct RunnerTests {
  @Test func bothOutputsAreReadWhileTheChildRuns() throws {
    let result = try runPipeline("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3")
    #expect(result.stdout.count == 300_000)
    #expect(result.stderr.utf8.count == 300_000)
    #expect(result.status == 3)
  }

  @Test func aChildThatStopsReadingEndsNothingElse() throws {
    let result = try runPipeline("head -c 1", stdin: [UInt8](repeating: 7, count: 1 << 20))
    #expect(result.stdout == [7])
    #expect(result.status == 0)
  }

  @Test func aSignalIsReportedAsAShellDoes() throws {
    #expect(try runPipeline("kill -9 $$").status == 137)
  }

  @Test func aPipelineFailsWhereAnyStageFails() throws {
    #expect(try runPipeline("false | cat").status == 1)
  }

  @Test func aChildThatHangsIsKilled() throws {
    #expect(throws: (any Error).self) { try runPipeline("sleep 60", timeout: 0.2) }
  }

  @Test func aPipelineRunsInTheFolderAsked() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/a b", "text")
      #expect(try runPipeline("cat 'a b'", in: folder).text == "text")
      #expect(try runTool("frames", ["--help"], in: folder).status == 0)
    }
  }

  @Test func closenessRefusesNaNAndReportsTheWorst() throws {
    withKnownIssue { expectClose([1, .nan], [1, 2] as [Float], tolerance: 1) }
    withKnownIssue { expectClose([1, 2.1], [1, 2] as [Float], tolerance: 0.01) }
    withKnownIssue { expectClose([1], [1, 2] as [Float], tolerance: 1) }
    expectClose([1, 2.01], [1, 2] as [Float], tolerance: 0.01)
  }
}
