// SPDX-License-Identifier: MIT
import ArgumentParser
import Failures
import TensorStream
import ToolSupport

struct Select: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "select",
    abstract: "Pass on the frames that match.",
    discussion: """
      A frame matches if it has one of the ids, lies in one of the index ranges, and has all of the metadata asked for; \
      what is not asked for does not matter.

      Examples:
        frames select --id train1-000007-0 pairs | frames json --values
        frames select --where category=vision --index 0:1000 pairs > seen
        frames select --id train1-000007-0 --bare pairs > one.safetensors
      """)

  @Option(help: ArgumentHelp("An id; may be given several times.", valueName: "id"))
  var id: [String] = []

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Metadata a frame must have; may be given several times, and all must hold.", valueName: "key=value"))
  var conditions: [Condition] = []

  @Option(
    help: ArgumentHelp(
      "A number, or a range FIRST:END without END, counted from 0; either end may be left out. May be given several times.",
      valueName: "range"))
  var index: [IndexRange] = []

  @Flag(help: "Pass on the frames that do not match.")
  var invert = false

  @Flag(help: "Write the first frame that matches as a plain safetensors file, without number, checksum and end frame.")
  var bare = false

  @OptionGroup var stream: StreamOptions

  static let output = ToolIO.Output.frames

  mutating func run(_ io: ToolIO) throws {
    let ids = Set(id)
    // Behind the last index nothing can match any more, but what follows is still read: its end frame says all is well.
    var position = 0
    while let frame = try io.next() {
      let matches =
        (ids.isEmpty || ids.contains(frame.id)) && (index.isEmpty || index.contains { $0.contains(position) })
        && conditions.allSatisfy { frame.metadata[$0.key] == $0.value }
      position += 1
      guard matches != invert else { continue }
      if bare { return try io.writeBare(frame) }
      try io.write(frame)
    }
    if bare { throw PlainFailure.badData("none of \(position) frames matches, so there is none to write") }
    if io.writtenCount == 0 { Diagnostics.note("none of \(position) frames matches") }
  }
}

/// KEY=VALUE.
struct Condition: ExpressibleByArgument {
  let key: String
  let value: String

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
    key = String(argument[..<equals])
    value = String(argument[argument.index(after: equals)...])
  }
}

/// N, FIRST:END, FIRST: or :END.
struct IndexRange: ExpressibleByArgument {
  let first: Int
  let end: Int

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    func number(_ text: Substring, _ missing: Int) -> Int? {
      text.isEmpty ? missing : text.allSatisfy(\.isASCII) && text.allSatisfy(\.isNumber) ? Int(text) : nil
    }
    switch parts.count {
    case 1:
      guard let only = number(parts[0], -1), only >= 0, only < .max else { return nil }
      (first, end) = (only, only + 1)
    case 2:
      guard let first = number(parts[0], 0), let end = number(parts[1], .max), first <= end else { return nil }
      (self.first, self.end) = (first, end)
    default:
      return nil
    }
  }

  func contains(_ position: Int) -> Bool { position >= first && position < end }
}
