// SPDX-License-Identifier: MIT
// What the value of an option may be.
import StrictJSON

/// A value that a user types, that a training state keeps, and that a help text shows.
public protocol OptionValue: Sendable, Equatable {
  /// From what a user types; nil: that is none.
  init?(text: String)
  /// What may be typed, where that can be listed; empty: it cannot.
  static var texts: [String] { get }
  /// As the training state keeps it.
  var json: JSONValue { get }
  /// As a help text says it.
  var helpText: String { get }
}

extension OptionValue {
  public static var texts: [String] { [] }
  public var helpText: String { json.string ?? json.text() }
}

extension OptionValue where Self: LosslessStringConvertible {
  public init?(text: String) { self.init(text) }
}

extension Bool: OptionValue {
  public var json: JSONValue { .bool(self) }
  public var helpText: String { self ? "yes" : "no" }
}

extension Int: OptionValue {
  public var json: JSONValue { .int(self) }
}

/// As text: a JSON number holds no 64 bits everywhere.
extension UInt64: OptionValue {
  public var json: JSONValue { .string("\(self)") }
}

extension Double: OptionValue {
  public var json: JSONValue { .double(self) }

  /// "0.1", "0", "1e-4".
  public var helpText: String {
    if let whole = Int(exactly: self) { return "\(whole)" }
    for power in 3..<20 where abs(self) < 0.01 {
      var scaled = self
      for _ in 0..<power { scaled *= 10 }
      if let whole = Int(exactly: scaled.rounded()), (1...9).contains(abs(whole)), abs(scaled - Double(whole)) < 1e-9 {
        return "\(whole)e-\(power)"
      }
    }
    return "\(self)"
  }
}

/// An enumeration of words says nothing more than that it is an option's value.
extension OptionValue where Self: RawRepresentable<String> & CaseIterable {
  public init?(text: String) { self.init(rawValue: text) }
  public static var texts: [String] { allCases.map(\.rawValue) }
  public var json: JSONValue { .string(rawValue) }
}

extension Optional: OptionValue where Wrapped: OptionValue {
  public init?(text: String) {
    guard let value = Wrapped(text: text) else { return nil }
    self = value
  }
  public static var texts: [String] { Wrapped.texts }
  public var json: JSONValue { map(\.json) ?? .null }
}
