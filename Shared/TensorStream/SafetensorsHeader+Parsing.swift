// SPDX-License-Identifier: MIT
// Parsing trusts nothing: see THREATS.md.
import StrictJSON
import Tensors

extension SafetensorsHeader {
  /// Parses the JSON of a header.
  ///
  /// Every tensor must have a known dtype, a shape whose bytes fit its range, and exactly these two and the range; the
  /// ranges must follow one another from 0 without gap or overlap. Whether the data behind the header are complete is
  /// for the caller to see (`dataCount`).
  public init(parsing bytes: UnsafeRawBufferPointer) throws(HeaderError) {
    do {
      try self.init(scanning: bytes)
    } catch let error as JSONError {
      throw .notJSON(message: error.message, offset: error.offset)
    } catch let error as HeaderError {
      throw error
    } catch {
      preconditionFailure("\(error)")  // nothing else is thrown here
    }
  }

  private init(scanning bytes: UnsafeRawBufferPointer) throws {
    var metadata: [Metadata.Entry]?
    var checksumOffset: Int?
    var entries: [Entry] = []
    var scanner = JSONScanner(bytes)
    var isFirst = true
    while let name = try scanner.nextKey(&isFirst) {
      if name == "__metadata__" {
        if metadata != nil { throw HeaderError.metadata(key: nil, problem: "occurs twice") }
        metadata = try Self.metadata(&scanner, &checksumOffset)
      } else {
        entries.append(try Self.entry(name, &scanner))
      }
    }
    try scanner.end()
    if let name = firstRepeated(entries.lazy.map(\.name)) {
      throw HeaderError.tensor(name: name, problem: "occurs twice")
    }
    try Self.arrange(&entries)
    self.init(metadata: Metadata(unique: metadata ?? []), entries: entries, checksumOffset: checksumOffset)
  }

  /// Puts the entries in the order of their bytes, which must follow one another from 0.
  private static func arrange(_ entries: inout [Entry]) throws {
    func isInOrder(_ a: Entry, _ b: Entry) -> Bool {
      (a.range.lowerBound, a.range.upperBound) < (b.range.lowerBound, b.range.upperBound)
    }
    if !zip(entries, entries.dropFirst()).allSatisfy({ !isInOrder($1, $0) }) { entries.sort(by: isInOrder) }
    var start = 0
    for entry in entries {
      guard entry.range.lowerBound == start else {
        throw HeaderError.tensor(
          name: entry.name,
          problem: "starts at byte \(entry.range.lowerBound) of the data, expected \(start) (no gap, no overlap)")
      }
      start = entry.range.upperBound
    }
  }

  private static func metadata(
    _ scanner: inout JSONScanner, _ checksumOffset: inout Int?
  ) throws -> [Metadata.Entry] {
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw HeaderError.metadata(key: nil, problem: "is not an object of strings")
    }
    var entries: [Metadata.Entry] = []
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      guard scanner.peek() == UInt8(ascii: "\"") else {
        throw HeaderError.metadata(
          key: key, problem: "is not a string; everything that is no tensor travels as strings")
      }
      let start = scanner.offset + 1
      let value = try scanner.string()
      if key == MetadataKey.checksum.description {
        // In lower case only, so that no flipped bit can go unnoticed.
        let isPlain = scanner.offset == start + 9 && value.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        guard isPlain, value.utf8.count == 8 else {
          throw HeaderError.metadata(
            key: key, problem: "is \(quoted(value)), expected eight hexadecimal digits in lower case")
        }
        checksumOffset = start
      }
      entries.append((key, value))
    }
    if let key = firstRepeated(entries.lazy.map(\.key)) {
      throw HeaderError.metadata(key: key, problem: "occurs twice")
    }
    return entries
  }

  private static func entry(_ name: String, _ scanner: inout JSONScanner) throws -> Entry {
    func wrong(_ problem: String) -> HeaderError { .tensor(name: name, problem: problem) }
    guard scanner.peek() == UInt8(ascii: "{") else { throw wrong("is not described by an object") }
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      switch key {
      case "dtype" where dtype == nil:
        guard scanner.peek() == UInt8(ascii: "\"") else { throw wrong("has a dtype that is not a string") }
        let text = try scanner.string()
        guard let known = DType(rawValue: text) else {
          throw wrong(
            "has the unknown dtype \(quoted(text)), expected one of \(DType.allCases.map(\.rawValue).joined(separator: " "))"
          )
        }
        dtype = known
      case "shape" where shape == nil: shape = try naturals(&scanner, "shape", wrong)
      case "data_offsets" where offsets == nil: offsets = try naturals(&scanner, "data_offsets", wrong)
      case "dtype", "shape", "data_offsets": throw wrong("has \(quoted(key)) twice")
      default: throw wrong("has the unknown key \(quoted(key)), expected dtype, shape and data_offsets")
      }
    }
    guard let dtype else { throw wrong("has no dtype") }
    guard let shape else { throw wrong("has no shape") }
    guard let offsets else { throw wrong("has no data_offsets") }
    guard offsets.count == 2 else { throw wrong("has \(offsets.count) data_offsets, expected [start, end]") }
    guard offsets[0] <= offsets[1] else { throw wrong("has data_offsets \(offsets), expected start <= end") }
    guard shape.count <= rankLimit else {
      throw wrong("has \(shape.count) dimensions, expected at most \(rankLimit)")
    }
    var size = dtype.size
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      if overflow { throw wrong("has the shape \(shape), which overflows") }
      size = product
    }
    guard offsets[1] - offsets[0] == size else {
      throw wrong(
        "spans \(offsets[1] - offsets[0]) bytes (\(offsets[0])..\(offsets[1])), expected \(size) for \(dtype.rawValue) \(shape)"
      )
    }
    return Entry(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// An array of integers from 0 on.
  private static func naturals(
    _ scanner: inout JSONScanner, _ key: String, _ wrong: (String) -> HeaderError
  ) throws -> [Int] {
    guard scanner.peek() == UInt8(ascii: "[") else { throw wrong("has a \(key) that is not an array") }
    var values: [Int] = []
    var isNatural = true
    var isFirst = true
    while try scanner.nextElement(&isFirst) {
      if case .int(let value) = try scanner.number(), value >= 0 { values.append(value) } else { isNatural = false }
    }
    guard isNatural else { throw wrong("has a \(key) with a number that is negative, fractional or too large") }
    return values
  }
}

private let rankLimit = 32

private func firstRepeated(_ names: some Collection<String>) -> String? {
  var seen: Set<String> = []
  if names.count > 1 { seen.reserveCapacity(names.count) }
  return names.first { !seen.insert($0).inserted }
}
