// SPDX-License-Identifier: MIT
// JSON as RFC 8259 has it, and nothing beyond: what a careless parser would let through in silence is refused.

/// A JSON value.
///
/// Numbers without fraction and exponent are `.int` where they fit 64 bits, and `.double` otherwise (tokenizer
/// configurations carry 10³⁰ as "no limit").
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

extension JSONValue {
  /// Parses one complete JSON text.
  ///
  /// Refused: duplicate keys, invalid UTF-8, lone surrogates, raw control characters, numbers beyond a double's range,
  /// nesting deeper than `maxDepth`, a byte order mark, and anything after the value.
  public static func parse(_ bytes: UnsafeRawBufferPointer, maxDepth: Int = 64) throws(JSONError) -> JSONValue {
    do {
      var scanner = JSONScanner(bytes)
      let value = try scanner.value(maxDepth: maxDepth)
      try scanner.end()
      return value
    } catch {
      throw error.located(in: bytes)
    }
  }

  public static func parse(_ bytes: [UInt8], maxDepth: Int = 64) throws(JSONError) -> JSONValue {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(JSONError) in try parse(bytes, maxDepth: maxDepth) }
    }
    return try result.get()
  }

  public static func parse(_ text: String, maxDepth: Int = 64) throws(JSONError) -> JSONValue {
    var text = text
    let result = text.withUTF8 { bytes in
      Result { () throws(JSONError) in try parse(UnsafeRawBufferPointer(bytes), maxDepth: maxDepth) }
    }
    return try result.get()
  }
}

extension JSONValue {
  /// An object's member; nil where this is no object or has no such key.
  public subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  public var isNull: Bool { self == .null }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number, where it is written without fraction and exponent.
  public var int: Int? {
    if case .int(let value) = self { value } else { nil }
  }

  /// The number; an integer is converted.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var array: [JSONValue]? {
    if case .array(let values) = self { values } else { nil }
  }

  public var object: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// What kind of value this is, for messages: "a string", "an object"...
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}
