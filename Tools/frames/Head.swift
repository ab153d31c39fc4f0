// SPDX-License-Identifier: MIT
import ArgumentParser
import TensorStream
import ToolSupport

struct Head: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "head",
    abstract: "Pass on the first frames.",
    discussion: """
      Reading stops there: what comes behind is not checked.

      Example: a hundred examples to try something with
        imgtok --ckpt base < pairs.jsonl | frames head -n 100 > few
      """)

  @Option(name: [.customShort("n"), .customLong("count")], help: ArgumentHelp("Frames to pass on.", valueName: "n"))
  var count = 10

  @OptionGroup var stream: StreamOptions

  func validate() throws {
    if count < 0 { throw ValidationError("-n \(count): must be 0 or more") }
  }

  mutating func run(_ io: ToolIO) throws {
    var left = count
    while left > 0, let frame = try io.next() {
      try io.write(frame)
      left -= 1
    }
  }
}
