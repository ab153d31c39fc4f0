// SPDX-License-Identifier: MIT
import ArgumentParser
import Glibc
import Randomness
import TensorStream
import ToolSupport

struct Shuffle: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "shuf",
    abstract: "Pass the frames on in random order.",
    discussion: """
      One uncompressed file is read where it lies. Anything else is first collected in a temporary file in $TMPDIR (/tmp), \
      which takes as much space as the stream. Memory holds only positions.

      Example: a thousand examples drawn at random
        frames shuf --seed 7 -n 1000 pairs > sample
      """)

  @Option(
    name: [.customShort("n"), .customLong("count")],
    help: ArgumentHelp("Frames to pass on, drawn without replacement (default: all).", valueName: "n"))
  var count: Int?

  @OptionGroup var seed: SeedOption
  @OptionGroup var stream: StreamOptions

  func validate() throws {
    if let count, count < 0 { throw ValidationError("-n \(count): must be 0 or more") }
  }

  mutating func run(_ io: ToolIO) throws {
    let file: FrameFile
    if stream.files.count == 1, FrameFile.isPossible(stream.files[0]) {
      file = try FrameFile(path: stream.files[0], keepsDamaged: stream.skipBad)
    } else {
      file = try FrameFile(spooling: io.next)
    }
    var order = Array(0..<file.count)
    var random = SplitMix64(state: seed.seed)
    let wanted = min(count ?? file.count, file.count)
    for position in 0..<wanted {
      order.swapAt(position, position + random.next(below: file.count - position))
      do {
        try io.write(file.frame(order[position]))
      } catch let error as FrameError where error.isRecoverable {
        try io.leaveOut(error)
      }
    }
  }
}
