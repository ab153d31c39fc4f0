// SPDX-License-Identifier: MIT
// Loops over cases that leave a trace of their variables in a failure's message.
import Testing

/// The variables of the enclosing `forEvery` loops. `expectClose` prints them; add them to a plain expectation with
/// `#expect(a == b, "\(Trace.here)")`.
public enum Trace {
  @TaskLocal static var variables: [String] = []

  static var description: String { variables.joined(separator: ", ") }

  public static var here: String { description }
}

/// Runs `body` for every value; a failure inside names the variable and its value, an error thrown inside is recorded
/// with them and the loop goes on.
public func forEvery<Value>(
  _ name: String, _ values: some Sequence<Value>, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (Value) throws -> Void
) {
  for value in values {
    Trace.$variables.withValue(Trace.variables + ["\(name) = \(value)"]) {
      do {
        try body(value)
      } catch {
        Issue.record("\(Trace.here): threw \(error)", sourceLocation: sourceLocation)
      }
    }
  }
}
