// SPDX-License-Identifier: MIT
import ArgumentParser
import StrictJSON
import TensorStream
import ToolSupport

struct List: FrameConsumer {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "Print one line a frame: its number, its id, and its tensors with dtype and shape.",
    discussion: """
      The three columns are separated by tabs.

      Example:
        frames ls pairs | head -n 5
      """)

  @OptionGroup var input: InputOptions

  mutating func run(_ io: ToolIO) throws {
    var number = 0
    try io.forEach { frame in
      let tensors = frame.names.compactMap { name in frame.tensors[name].map { "\(printable(name)) \($0.summary)" } }
      try io.line("\(number)\t\(printable(frame.id))\t\(tensors.joined(separator: ", "))")
      number += 1
    }
  }
}

/// The text as it is; as a JSON string where it would break a line or a column.
func printable(_ text: String) -> String {
  text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? JSONValue.string(text).text() : text
}
