// SPDX-License-Identifier: MIT
// probe: what can be read from an encoder's features.
import ArgumentParser
import ComputeSupport
import Failures
import ToolSupport

@main struct Probe: Tool {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Measure what can be read from a vision encoder's features.",
    discussion: """
      Example: the linear probe of an encoder on a folder of classes
        imgtok --ckpt enc.bin --folder flowers/train |
          encode --ckpt enc.bin --drop patches | probe linear --split 0.2
      """,
    version: Version.computing,
    subcommands: [Linear.self])

  func run() throws {
    let names = Self.configuration.subcommands.compactMap { $0.configuration.commandName }
    throw PlainFailure.usage("name what to do: \(names.joined(separator: ", ")) (see probe --help)")
  }
}
