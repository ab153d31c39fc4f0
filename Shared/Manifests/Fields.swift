// SPDX-License-Identifier: MIT
// Typed access to the keys of one example; what has another type is refused by name, null counts as absent.

import StrictJSON

struct Fields {
  let object: JSONObject
  var place: ManifestPlace

  func error(_ problem: String) -> ManifestError { ManifestError(place, problem) }

  /// A value for a message, cut where it is long.
  static func quote(_ value: JSONValue) -> String {
    let text = value.text()
    return text.count > 60 ? text.prefix(57) + "..." : text
  }

  func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  func mismatch(_ key: String, _ value: JSONValue, expected: String) -> ManifestError {
    error("\"\(key)\" is \(value.kind) (\(Self.quote(value))), expected \(expected)")
  }

  func text(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw mismatch(key, value, expected: "a string") }
    return text
  }

  /// The one key of `keys` that is there.
  func oneOf(_ keys: [String]) throws -> String? {
    let found = keys.filter { value($0) != nil }
    guard found.count <= 1 else { throw error("has both \"\(found[0])\" and \"\(found[1])\", expected one of them") }
    return found.first
  }

  /// A whole number from 0 that fits a label.
  func label(_ key: String) throws -> Int32? {
    guard let value = value(key) else { return nil }
    guard let number = value.int, let label = Int32(exactly: number), label >= 0 else {
      let hint = value.string == nil ? "" : "; a name goes under \"class\""
      throw mismatch(key, value, expected: "a whole number from 0\(hint)")
    }
    return label
  }

  /// At most one path: a string, or an array of one.
  func path(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    var path = value.string
    if let list = value.array {
      if list.isEmpty { return nil }
      guard list.count == 1 else {
        throw error("\"\(key)\" names \(list.count) images; an example may have one so far")
      }
      path = list[0].string
    }
    guard let path else { throw mismatch(key, value, expected: "a path") }
    guard !path.isEmpty else { throw error("\"\(key)\" is empty, expected a path") }
    guard !path.utf8.contains(0) else { throw error("\"\(key)\" holds a zero byte, expected a path") }
    return path
  }
}
