// SPDX-License-Identifier: MIT
// What the value of an option may be.
import StrictJSON

/// A value that is written in a training state and shown in a help text.
public protocol OptionValue: Sendable, Equatable {
  /// As the training state keeps it.
  var json: JSONValue { get }
  /// As a help text says it.
  var helpText: String { get }
}

extension OptionValue {
  public var helpText: String { json.string ?? json.text() }
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

extension OptionValue where Self: RawRepresentable<String> {
  public var json: JSONValue { .string(rawValue) }
}

extension Optional: OptionValue where Wrapped: OptionValue {
  public var json: JSONValue { map(\.json) ?? .null }
}
