// SPDX-License-Identifier: MIT
import ArgumentParser
import TensorStream
import ToolSupport

struct Cat: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "cat",
    abstract: "Join streams into one, numbered anew, and check them on the way.",
    discussion: """
      Frames from elsewhere (plain safetensors files, say) get numbers and checksums. With --gzip the output is compressed; \
      compressed input is recognised.

      Example: two files as one, without the pictures
        frames cat --drop patches --gzip a.frames b.frames > both.frames.gz
      """)

  @OptionGroup var stream: StreamOptions

  mutating func run(_ io: ToolIO) throws {
    try io.forEach { try io.write($0) }
  }
}
