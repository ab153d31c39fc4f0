// SPDX-License-Identifier: MIT
// Strings: the quick path for those without escapes, and the escapes.

extension JSONScanner {
  /// Reads a string, which must come next.
  public mutating func string() throws(JSONError) -> String {
    try expect(UInt8(ascii: "\""))
    let start = offset
    var end = start
    while end < bytes.count, isPlain(bytes[end]) { end += 1 }
    guard end < bytes.count else { throw unterminated(start) }
    if bytes[end] == UInt8(ascii: "\"") {
      guard let text = validated(start..<end) else { throw invalid(start..<end) }
      advance(to: end + 1)
      return text
    }
    return try escapedString(from: start, firstStop: end)
  }

  private func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  /// The rest of a string from its first escape, end or control character on.
  private mutating func escapedString(from start: Int, firstStop: Int) throws(JSONError) -> String {
    var text: [UInt8] = []
    var runStart = start
    var at = firstStop
    while true {
      guard at < bytes.count else { throw unterminated(start) }
      let byte = bytes[at]
      if isPlain(byte) {
        at += 1
        continue
      }
      text.append(contentsOf: bytes[runStart..<at])
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 {
        throw JSONError("a raw control character 0x\(hex(byte)) in a string, expected \\u00\(hex(byte))", at: at)
      }
      at = try unescape(at, into: &text)
      runStart = at
    }
    guard let result = String(validating: text, as: UTF8.self) else { throw invalid(start..<at) }
    advance(to: at + 1)
    return result
  }

  /// Decodes the escape at `at`; returns the offset after it.
  private func unescape(_ at: Int, into text: inout [UInt8]) throws(JSONError) -> Int {
    guard at + 1 < bytes.count else { throw unterminated(at) }
    switch bytes[at + 1] {
    case UInt8(ascii: "\""): text.append(0x22)
    case UInt8(ascii: "\\"): text.append(0x5C)
    case UInt8(ascii: "/"): text.append(0x2F)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      let unit = try codeUnit(at + 2)
      guard unit & 0xF800 == 0xD800 else {
        append(UInt32(unit), to: &text)
        return at + 6
      }
      guard unit < 0xDC00, at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"),
        bytes[at + 7] == UInt8(ascii: "u"),
        case let low = try codeUnit(at + 8), low & 0xFC00 == 0xDC00
      else { throw JSONError("half of a surrogate pair (\\u\(String(unit, radix: 16))) alone", at: at) }
      append(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF)), to: &text)
      return at + 12
    default:
      throw JSONError("an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: at)
    }
    return at + 2
  }

  /// Four hexadecimal digits.
  private func codeUnit(_ at: Int) throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for index in at..<at + 4 {
      guard index < bytes.count, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue, bytes[index] < 0x80
      else { throw JSONError("\\u without four hexadecimal digits", at: at - 2) }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// Appends a scalar that is known not to be a surrogate.
  private func append(_ value: UInt32, to text: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(value) else { preconditionFailure("surrogate \(value)") }
    text.append(contentsOf: scalar.utf8)
  }

  private func validated(_ range: Range<Int>) -> String? {
    String(
      validating: UnsafeRawBufferPointer(rebasing: bytes[range]).assumingMemoryBound(to: UInt8.self), as: UTF8.self)
  }

  private func unterminated(_ start: Int) -> JSONError { JSONError("a string without its closing quote", at: start) }

  /// The error for a string that is not UTF-8, at its first bad byte.
  private func invalid(_ range: Range<Int>) -> JSONError {
    var low = range.lowerBound
    while low < range.upperBound {
      let byte = bytes[low]
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      guard low + length <= range.upperBound, validated(low..<low + length) != nil else { break }
      low += length
    }
    return JSONError("a string that is not UTF-8", at: low)
  }
}
