// SPDX-License-Identifier: MIT
// What docs/STREAM.md shows is what happens.
import TestSupport
import Testing

@Suite struct StreamPageTests {
  /// Runs each line after "    $ " with the committed example as `pairs`, and compares what it prints with the lines below.
  /// Lines with python3 are run where its safetensors package is.
  @Test func theCommandsOfThePagePrintWhatThePageSays() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/STREAM.md"), as: UTF8.self)
    let hasPython = try runPipeline("python3 -c 'import numpy, safetensors'").status == 0
    try withTemporaryDirectory { (folder) throws in
      try writeFile(folder + "/pairs", readFile(fixture("stream/example.frames")))
      let programs = page.split(separator: "```python\n").dropFirst().map {
        $0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex)
      }
      try #require(programs.count == 2)
      for (name, program) in zip(["read.py", "write.py"], programs) {
        try writeFile(folder + "/" + name, String(program))
      }

      var commands: [(line: String, expected: [String])] = []
      var isOutput = false
      for line in page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
        if line.hasPrefix("    $ ") {
          commands.append((String(line.dropFirst(6)), []))
          isOutput = true
        } else if isOutput, line.hasPrefix("    ") {
          commands[commands.count - 1].expected.append(String(line.dropFirst(4)))
        } else {
          isOutput = false
        }
      }
      #expect(commands.count == 5)
      for (line, expected) in commands where hasPython || !line.contains("python3") {
        let result = try runPipeline(line, in: folder)
        #expect(result.status == 0, "\(line): \(result.ending)")
        #expect(result.lines == expected, "\(line)")
      }
    }
  }
}
