// SPDX-License-Identifier: MIT
import ArgumentParser
import StrictJSON
import TensorStream
import Tensors
import ToolSupport

struct JSONLines: FrameConsumer {
  static let configuration = CommandConfiguration(
    commandName: "json",
    abstract: "Print one line of JSON a frame: metadata, and tensors with dtype and shape.",
    discussion: """
      NaN and infinity, which JSON lacks, are printed as null.

      Example: the questions of a stream
        frames json pairs | grep -o '"question":"[^"]*"'
      """)

  @Flag(help: "Print the values of small tensors too, row by row in one list.")
  var values = false

  @Option(help: ArgumentHelp("With --values: the most elements a small tensor has.", valueName: "n"))
  var maxValues = 64

  @OptionGroup var input: InputOptions

  func validate() throws {
    if maxValues < 0 { throw ValidationError("--max-values \(maxValues): must be 0 or more") }
  }

  mutating func run(_ io: ToolIO) throws {
    var number = 0
    try io.forEach { frame in
      var metadata = JSONObject()
      for (key, value) in frame.metadata { metadata[key] = .string(value) }
      var tensors = JSONObject()
      for name in frame.names {
        guard let tensor = frame.tensors[name] else { continue }
        var described: JSONObject = JSONObject()
        described["dtype"] = .string(tensor.dtype.rawValue)
        described["shape"] = .array(tensor.shape.map { .int($0) })
        if values, tensor.count <= maxValues { described["values"] = .array(elements(tensor)) }
        tensors[name] = .object(described)
      }
      try io.line(["number": .int(number), "metadata": .object(metadata), "tensors": .object(tensors)])
      number += 1
    }
  }
}

private func elements(_ tensor: RawTensor) -> [JSONValue] {
  func integers<Element: FixedWidthInteger & BitwiseCopyable>(_: Element.Type) -> [JSONValue] {
    tensor.withUnsafeBytes { bytes in
      (0..<tensor.count).map { index in
        let value = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
        return Int(exactly: value).map { .int($0) } ?? .double(Double(value))
      }
    }
  }
  return switch tensor.dtype {
  case .f64:
    tensor.withUnsafeBytes { bytes in
      (0..<tensor.count).map { .double(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self)) }
    }
  // The shortest text of the 32-bit value, not of the double next to it.
  case .f32, .f16, .bf16: ((try? tensor.floats()) ?? []).map { .double(Double($0.description) ?? .nan) }
  case .i64: integers(Int64.self)
  case .i32: integers(Int32.self)
  case .i16: integers(Int16.self)
  case .i8: integers(Int8.self)
  case .u64: integers(UInt64.self)
  case .u32: integers(UInt32.self)
  case .u16: integers(UInt16.self)
  case .u8: integers(UInt8.self)
  case .bool: tensor.withUnsafeBytes { $0.map { .bool($0 != 0) } }
  }
}
