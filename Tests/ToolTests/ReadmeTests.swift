// SPDX-License-Identifier: MIT
// The README's main job, pasted as it stands.
import TestSupport
import Testing

@Suite struct ReadmeTests {
  @Test func theMainJobWorksWhenPasted() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/README.md"), as: UTF8.self)
    let section = try #require(page.split(separator: "## ").first { $0.hasPrefix("The main job, joint by joint") })
    // PATH is the runner's business; every other indented line is a command.
    let commands = section.split(separator: "\n").filter { $0.hasPrefix("    ") && !$0.contains("export PATH") }.map {
      $0.dropFirst(4)
    }
    #expect(commands.count == 13)
    try withTemporaryDirectory { folder in
      let result = try runPipeline("set -e\n" + commands.joined(separator: "\n"), in: folder)
      #expect(result.status == 0, "\(result.stderr)")
      #expect(result.lines.count > 5 && result.stderr.contains("dpo-loss"))
    }
  }
}
