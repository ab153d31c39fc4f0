// SPDX-License-Identifier: MIT
// Reads JSON token by token. JSONValue.parse builds a tree with it; readers of known formats (the header of a
// safetensors file) use it directly and build no tree.

/// A cursor over JSON text. The bytes must outlive it.
public struct JSONScanner {
  public let bytes: UnsafeRawBufferPointer
  /// The next byte to read.
  public private(set) var offset = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next byte that is no white space; nil at the end.
  public mutating func peek() -> UInt8? {
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return byte }
      offset += 1
    }
    return nil
  }

  /// Consumes `byte` where it comes next (after white space).
  public mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    offset += 1
    return true
  }

  /// Consumes `byte`, which must come next (after white space).
  public mutating func expect(_ byte: UInt8) throws(JSONError) {
    if !take(byte) { throw unexpected("\"\(Character(Unicode.Scalar(byte)))\"") }
  }

  /// Demands that only white space is left.
  public mutating func end() throws(JSONError) {
    if peek() != nil { throw unexpected("the end of the text") }
  }

  /// The next key of an object, whose value must be read next; nil behind the last. `isFirst` starts as true; the first
  /// call reads the opening brace.
  public mutating func nextKey(_ isFirst: inout Bool) throws(JSONError) -> String? {
    guard try hasNext(&isFirst, UInt8(ascii: "{"), UInt8(ascii: "}"), "\",\" or \"}\"") else { return nil }
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
    let key = try string()
    try expect(UInt8(ascii: ":"))
    return key
  }

  /// Whether an array has a next element, which must be read next. `isFirst` starts as true; the first call reads the
  /// opening bracket.
  public mutating func nextElement(_ isFirst: inout Bool) throws(JSONError) -> Bool {
    try hasNext(&isFirst, UInt8(ascii: "["), UInt8(ascii: "]"), "\",\" or \"]\"")
  }

  private mutating func hasNext(
    _ isFirst: inout Bool, _ open: UInt8, _ close: UInt8, _ expected: String
  ) throws(JSONError) -> Bool {
    if isFirst {
      try expect(open)
      isFirst = false
      return !take(close)
    }
    if take(close) { return false }
    if !take(UInt8(ascii: ",")) { throw unexpected(expected) }
    return true
  }

  /// Reads any value.
  public mutating func value(maxDepth: Int = 64) throws(JSONError) -> JSONValue {
    switch peek() {
    case UInt8(ascii: "\""):
      return .string(try string())
    case UInt8(ascii: "{"):
      if maxDepth == 0 { throw tooDeep }
      var object = JSONObject()
      var isFirst = true
      while let key = try nextKey(&isFirst) {
        let start = offset
        if !object.appendUnique(key, try value(maxDepth: maxDepth - 1)) {
          throw JSONError("the key \(quoted(key)) occurs twice", at: start)
        }
      }
      return .object(object)
    case UInt8(ascii: "["):
      if maxDepth == 0 { throw tooDeep }
      var values: [JSONValue] = []
      var isFirst = true
      while try nextElement(&isFirst) { values.append(try value(maxDepth: maxDepth - 1)) }
      return .array(values)
    case UInt8(ascii: "t") where word("true"): return .bool(true)
    case UInt8(ascii: "f") where word("false"): return .bool(false)
    case UInt8(ascii: "n") where word("null"): return .null
    case let byte? where byte == UInt8(ascii: "-") || (byte &- UInt8(ascii: "0")) < 10: return try number()
    case UInt8(ascii: "N") where word("NaN"), UInt8(ascii: "I") where word("Infinity"):
      throw JSONError("NaN and Infinity are not JSON, expected a number or null", at: offset)
    default: throw unexpected("a value")
    }
  }

  /// An error at the next token: what was found, and what was expected instead.
  public mutating func unexpected(_ expected: String) -> JSONError {
    guard let byte = peek() else { return JSONError("the text ends, expected \(expected)", at: offset) }
    if offset == 0, bytes.count >= 3, bytes.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) {
      return JSONError("the text starts with a byte order mark; save it as UTF-8 without one", at: 0)
    }
    let found =
      byte == UInt8(ascii: "\"")
      ? "a string"
      : byte >= 0x20 && byte < 0x7F
        ? "\"\(Character(Unicode.Scalar(byte)))\"" : "the byte 0x\(hex(byte))"
    return JSONError("\(found), expected \(expected)", at: offset)
  }

  private var tooDeep: JSONError { JSONError("nested too deeply", at: offset) }

  private mutating func word(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count - offset >= count,
      UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
        .elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
    else { return false }
    offset += count
    return true
  }

  mutating func advance(to offset: Int) { self.offset = offset }
}

func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }

/// A string in double quotes with JSON's escapes, shortened where it is long.
func quoted(_ text: String) -> String {
  let limit = 60
  let scalars = text.unicodeScalars
  let shown = scalars.count > limit ? String(String.UnicodeScalarView(scalars.prefix(limit))) + "…" : text
  return JSONValue.string(shown).text()
}
