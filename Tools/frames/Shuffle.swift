// SPDX-License-Identifier: MIT
import ArgumentParser
import Glibc
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
      order.swapAt(position, position + Int(random.next(below: UInt64(file.count - position))))
      do {
        try io.write(file.frame(order[position]))
      } catch let error as FrameError where error.isRecoverable {
        try io.leaveOut(error)
      }
    }
  }
}

/// Random numbers that are the same everywhere and for ever (SplitMix64, Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform below `bound` (Lemire, ACM TOMACS 2019, without the rejected fraction's bias).
  mutating func next(below bound: UInt64) -> UInt64 {
    var product = next().multipliedFullWidth(by: bound)
    let threshold = (0 &- bound) % bound
    while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    return product.high
  }
}
