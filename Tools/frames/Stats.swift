// SPDX-License-Identifier: MIT
import ArgumentParser
import Failures
import StrictJSON
import TensorStream
import ToolSupport

struct Stats: Tool {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count frames, tensors and bytes; check that streams are whole.",
    discussion: """
      Every frame is read and checked. A file that is damaged or cut is named, the next one is read all the same, and the \
      exit status is 65 then, 66 where a file is not there: with --check this is a quick test of many files.

      Example:
        frames stats pairs
        frames stats --check *.frames && echo all whole
      """)

  @Flag(help: "Print only a line a file: its frames, or what is wrong with it (on standard error).")
  var check = false

  @Flag(help: "Print the statistics as one line of JSON.")
  var json = false

  @Argument(help: "Files to read (default: standard input).")
  var files: [String] = []

  @OptionGroup var messages: MessageOptions

  mutating func run() throws {
    messages.apply()
    let output = TextOutput()
    var statistics = Statistics()
    var worst: ExitStatus?
    for file in files.isEmpty ? ["-"] : files {
      do {
        let before = statistics.frames
        let reader = try FrameReader(paths: [file])
        let progress = Progress(unit: "frames")
        while let frame = try reader.next() {
          statistics.add(frame)
          progress.update(reader.count, fraction: reader.fraction)
        }
        progress.end()
        statistics.skipped += reader.skippedUpstream
        statistics.foreign += reader.foreignCount
        if check { try output.line("\(file == "-" ? "stdin" : file): \(verdict(statistics.frames - before, reader))") }
      } catch let failure as any Failure where failure.exitStatus != .usage {
        Diagnostics.error(failure.description)
        worst = worst ?? failure.exitStatus
      }
    }
    if !check { for line in json ? [statistics.json.text()] : statistics.lines { try output.line(line) } }
    try output.close()
    if let worst { throw ExitCode(worst.rawValue) }
  }

  private func verdict(_ frames: Int, _ reader: FrameReader) -> String {
    let foreign = reader.foreignCount
    return "\(frames) frames, "
      + (foreign == 0 ? "whole" : "\(foreign) of them without numbers: nobody can tell whether all are there")
  }
}

/// What `frames stats` counts.
struct Statistics {
  /// Tensors of one name and dtype.
  struct TensorKind: Hashable {
    let name: String
    let dtype: String
    let rank: Int
  }
  struct Extent {
    var frames = 0
    var bytes = 0
    /// The smallest and largest extent of each dimension.
    var shape: [ClosedRange<Int>] = []
  }
  struct Key {
    var frames = 0
    /// The distinct values while they are few.
    var values: Set<String>? = []

    mutating func add(_ value: String, limit: Int) {
      frames += 1
      values?.insert(value)
      if let values, values.count > limit { self.values = nil }
    }
  }

  var frames = 0
  var bytes = 0
  var skipped = 0
  var foreign = 0
  var tensors: [TensorKind: Extent] = [:]
  var metadata: [String: Key] = [:]

  private static let fewValues = 12

  mutating func add(_ frame: Frame) {
    frames += 1
    for (name, tensor) in frame.tensors {
      bytes += tensor.byteCount
      let kind = TensorKind(name: name, dtype: tensor.dtype.rawValue, rank: tensor.shape.count)
      var extent = tensors[kind] ?? Extent(shape: tensor.shape.map { $0...$0 })
      extent.frames += 1
      extent.bytes += tensor.byteCount
      extent.shape = zip(extent.shape, tensor.shape).map { min($0.lowerBound, $1)...max($0.upperBound, $1) }
      tensors[kind] = extent
    }
    for (key, value) in frame.metadata { metadata[key, default: Key()].add(value, limit: Self.fewValues) }
  }

  private var sortedTensors: [(TensorKind, Extent)] {
    tensors.sorted { ($0.key.name, $0.key.dtype, $0.key.rank) < ($1.key.name, $1.key.dtype, $1.key.rank) }
      .map { ($0.key, $0.value) }
  }

  /// Tab-separated lines for people.
  var lines: [String] {
    var lines = ["frames\t\(frames)", "tensor bytes\t\(bytes)"]
    if skipped > 0 { lines.append("left out upstream\t\(skipped)") }
    if foreign > 0 { lines.append("without numbers\t\(foreign)") }
    for (kind, extent) in sortedTensors {
      let shape = extent.shape.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)..\($0.upperBound)" }
      lines.append(
        "tensor\t\(printable(kind.name))\t\(kind.dtype) [\(shape.joined(separator: ", "))]\tin \(extent.frames)\t\(extent.bytes) bytes"
      )
    }
    for (key, entry) in metadata.sorted(by: { $0.key < $1.key }) {
      let values =
        entry.values.map { $0.sorted().map(short).joined(separator: ", ") } ?? "more than \(Self.fewValues) values"
      lines.append("metadata\t\(printable(key))\t\(values)\tin \(entry.frames)")
    }
    return lines
  }

  private func short(_ text: String) -> String {
    let quoted = JSONValue.string(text.count > 30 ? text.prefix(29) + "…" : text).text()
    return quoted
  }

  var json: JSONValue {
    var result: JSONObject = JSONObject()
    result["frames"] = .int(frames)
    result["tensor_bytes"] = .int(bytes)
    result["skipped"] = .int(skipped)
    result["without_numbers"] = .int(foreign)
    result["tensors"] = .array(
      sortedTensors.map { kind, extent in
        [
          "name": .string(kind.name), "dtype": .string(kind.dtype), "frames": .int(extent.frames),
          "bytes": .int(extent.bytes), "shape_min": .array(extent.shape.map { .int($0.lowerBound) }),
          "shape_max": .array(extent.shape.map { .int($0.upperBound) }),
        ]
      })
    result["metadata"] = .array(
      metadata.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "frames": .int($0.value.frames)] })
    return .object(result)
  }
}
