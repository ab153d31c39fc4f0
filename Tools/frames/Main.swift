// SPDX-License-Identifier: MIT
// frames: looks into streams of frames, and cuts, joins, shuffles, splits and selects them.
import ArgumentParser
import Failures
import ToolSupport

@main struct Frames: Tool {
  static let configuration = CommandConfiguration(
    commandName: "frames",
    abstract: "Look into streams of frames; cut, join, shuffle, split and select them.",
    discussion: """
      A stream is a sequence of frames, one example each; a frame is a safetensors blob (docs/STREAM.md).

      Example: what are the first three examples?
        frames head -n 3 pairs | frames json
      """,
    version: Version.text,
    subcommands: [
      List.self, Head.self, Cat.self, Shuffle.self, Split.self, Select.self, Stats.self, JSONLines.self, Pictures.self,
    ])

  func run() throws {
    let names = Self.configuration.subcommands.compactMap { $0.configuration.commandName }
    throw PlainFailure.usage("name what to do: \(names.joined(separator: ", ")) (see frames --help)")
  }
}
