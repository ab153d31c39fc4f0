// SPDX-License-Identifier: MIT
// Memory is flat in a stream's length.
import TestSupport
import Testing

@Suite(.serialized) struct FramesMemoryTests {
  /// `long` is 20 MB: six times that must not take noticeably more memory. A leak of one frame in three would show.
  @Test(arguments: [
    "frames cat --verbose", "frames cat --verbose --gzip=1", "frames shuf --verbose", "frames head --verbose -n 100000",
    "frames json --verbose", "frames cat --verbose /dev/stdin", "frames split --verbose --parts 3 --out 'part-%'",
  ])
  func aLongStreamTakesNoMoreMemoryThanAShortOne(_ tool: String) throws {
    try withStreams(long: true) { (folder) throws in
      let short = try peak("cat long | \(tool)", folder)
      let long = try peak("for i in {1..6}; do cat long; done | \(tool)", folder)
      #expect(short > 1 && short < 200, "\(short) MB")
      #expect(long <= short + 30, "\(long) MB for 120 MB of stream, \(short) MB for 20 MB")
    }
  }

  @Test func aLongFileIsMappedWithoutFillingMemory() throws {
    try withStreams(long: true) { (folder) throws in
      let short = try peak("frames cat --verbose long", folder)
      let long = try peak("for i in {1..6}; do cat long; done > longer; frames cat --verbose longer", folder)
      #expect(long <= short + 30, "\(long) MB for a file of 120 MB, \(short) MB for 20 MB")
      let packed = try peak("frames cat --gzip=1 longer | frames cat --verbose", folder)
      #expect(packed <= short + 30, "\(packed) MB for 120 MB of compressed stream")
    }
  }

  /// The peak memory in MB that the last command with --verbose reports.
  private func peak(_ line: String, _ folder: String) throws -> Double {
    let result = try runPipeline("\(line) > /dev/null", in: folder)
    #expect(result.status == 0, "\(line): \(result.ending)")
    let words = result.stderr.split(separator: " ")
    let position = try #require(words.firstIndex(of: "memory"), "\(result.stderr)")
    return try #require(Double(words[position + 1]))
  }
}
