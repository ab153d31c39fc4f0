// SPDX-License-Identifier: MIT
// config.json, read strictly: every value that is there has the right type and a possible size, or one line says which not.
import Failures
import StrictJSON

/// One object of config.json, with the path to it for error messages.
public struct ConfigReader: Sendable {
  public let file: String
  let path: String
  public let object: JSONValue
  /// What transformers takes for keys that are missing.
  private var defaults = JSONObject()

  /// The whole of config.json; `file` names it in messages.
  public init(_ object: JSONValue, file: String) {
    self.init(file: file, path: "", object: object)
  }

  private init(file: String, path: String, object: JSONValue) {
    self.file = file
    self.path = path
    self.object = object
  }

  public func failure(_ key: String, _ problem: String) -> PlainFailure {
    .badData("\(file): \(path)\(key) \(problem)")
  }

  /// The same object, read with an architecture's defaults.
  public func reading(defaults: JSONObject) -> ConfigReader {
    var reader = self
    reader.defaults = defaults
    return reader
  }

  /// The value of the first of `keys` that is there and not null; else its default.
  private func value(_ keys: [String]) -> (key: String, value: JSONValue)? {
    for key in keys {
      if let value = object[key], value != .null { return (key, value) }
    }
    for key in keys {
      if let value = defaults[key], value != .null { return (key, value) }
    }
    return nil
  }

  private func required<Value>(_ keys: [String], _ fallback: Value?) throws -> Value {
    guard let fallback else { throw failure(keys[0], "is missing") }
    return fallback
  }

  /// A whole number of at least `minimum`; `keys` are its spellings over the years, newest first.
  public func int(_ keys: String..., or fallback: Int? = nil, minimum: Int = 1) throws -> Int {
    guard let (key, value) = value(keys) else { return try required(keys, fallback) }
    guard let number = value.int else { throw failure(key, "is \(value.text()), expected a whole number") }
    guard number >= minimum else { throw failure(key, "is \(number), expected \(minimum) or more") }
    guard number <= 1 << 30 else { throw failure(key, "is \(number), expected \(1 << 30) or less") }
    return number
  }

  /// How many layers there are: far above any model, and low enough that nobody runs on for ever.
  public func layerCount(_ key: String) throws -> Int {
    let limit = 1 << 12
    if let number = value([key])?.value.int, number > limit {
      throw failure(key, "is \(number), expected \(limit) or less")
    }
    return try int(key)
  }

  /// Whole numbers of at least 1; nil where there is no list.
  public func sizes(_ key: String) throws -> [Int]? {
    guard let (_, value) = value([key]) else { return nil }
    let numbers = (value.array ?? []).compactMap(\.int).filter { (1...1 << 24).contains($0) }
    guard !numbers.isEmpty, numbers.count <= 128, numbers.count == value.array?.count else {
      throw failure(key, "is \(value.text()), expected a list of whole numbers from 1")
    }
    return numbers
  }

  public func positive(_ keys: String..., or fallback: Double? = nil) throws -> Double {
    guard let (key, value) = value(keys) else { return try required(keys, fallback) }
    guard let number = value.double, number > 0, number.isFinite else {
      throw failure(key, "is \(value.text()), expected a positive number")
    }
    guard Float(number) > 0, Float(number).isFinite else {
      throw failure(key, "is \(value.text()), too small or too large for F32")
    }
    return number
  }

  public func bool(_ key: String, or fallback: Bool? = nil) throws -> Bool {
    guard let (_, value) = value([key]) else { return try required([key], fallback) }
    guard let flag = value.bool else { throw failure(key, "is \(value.text()), expected true or false") }
    return flag
  }

  public func string(_ key: String, or fallback: String? = nil) throws -> String {
    guard let (_, value) = value([key]) else { return try required([key], fallback) }
    guard let text = value.string else { throw failure(key, "is \(value.text()), expected a string") }
    return text
  }

  /// A nested object; nil where it is missing or null.
  public func section(_ key: String) throws -> ConfigReader? {
    guard let (_, value) = value([key]) else { return nil }
    guard value.object != nil else { throw failure(key, "is \(value.text()), expected an object") }
    return ConfigReader(file: file, path: path + key + ".", object: value)
  }

  /// Raw access for values of several legal types.
  public func raw(_ key: String) -> JSONValue? { value([key])?.value }
}
