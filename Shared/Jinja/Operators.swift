// SPDX-License-Identifier: MIT
// Arithmetic, equality and order, as Python has them.

extension Interpreter {
  func negative(_ value: Value) throws -> Value {
    if let number = value.int { return try whole(0.subtractingReportingOverflow(number)) }
    guard let number = value.number else { throw error("- of \(value.kind)") }
    return .float(-number)
  }

  private func whole(_ result: (partialValue: Int, overflow: Bool)) throws -> Value {
    guard !result.overflow else { throw unsupported("whole numbers beyond 64 bits are not supported") }
    return .int(result.partialValue)
  }

  func arithmetic(_ a: Value, _ symbol: String, _ b: Value) throws -> Value {
    if let a = a.int, let b = b.int { return try arithmetic(a, symbol, b) }
    if let a = a.number, let b = b.number { return try arithmetic(a, symbol, b) }
    switch (a, symbol, b) {
    case (.string(let a), "+", .string(let b)):
      try spend(bytes: a.utf8.count + b.utf8.count)
      return .string(a + b)
    case (.safe, "+", .string), (.string, "+", .safe), (.safe, "+", .safe): return try safeSum(a, b)
    case (.list(let a), "+", .list(let b)): return try made(.list(Items(a.values + b.values)))
    case (.tuple(let a), "+", .tuple(let b)): return try made(.tuple(Items(a.values + b.values)))
    case (.string(let text), "*", let count), (let count, "*", .string(let text)):
      guard let count = count.int else { break }
      let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
      try spend(bytes: overflow ? .max : bytes)
      return .string(bytes == 0 ? "" : String(repeating: text, count: count))
    case (.list, "*", _), (_, "*", .list), (.tuple, "*", _), (_, "*", .tuple), (.string, "%", _), (.safe, _, _),
      (_, _, .safe):
      throw unsupported("\(a.kind) \(symbol) \(b.kind) is not supported")
    case (.undefined(let what), _, _), (_, _, .undefined(let what)):
      throw error("\(what) is undefined and cannot be computed with (\(symbol))")
    default: break
    }
    throw error("\(a.kind) \(symbol) \(b.kind) is not defined")
  }

  private func arithmetic(_ a: Int, _ symbol: String, _ b: Int) throws -> Value {
    switch symbol {
    case "+": return try whole(a.addingReportingOverflow(b))
    case "-": return try whole(a.subtractingReportingOverflow(b))
    case "*": return try whole(a.multipliedReportingOverflow(by: b))
    case "/": return try arithmetic(Double(a), symbol, Double(b))
    case "//", "%":
      guard b != 0 else { throw error("division by zero") }
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      guard !overflow else { return try whole((quotient, true)) }
      let rest = a - quotient * b
      let isBelow = rest != 0 && (rest < 0) != (b < 0)  // Python rounds down, not to zero
      return .int(symbol == "//" ? quotient - (isBelow ? 1 : 0) : rest + (isBelow ? b : 0))
    default:
      guard b >= 0 else { throw unsupported("** with a negative exponent is not supported") }
      if a == 0 || a == 1 || a == -1 { return .int(b == 0 ? 1 : a == -1 && b % 2 == 0 ? 1 : a) }
      var result = 1
      for _ in 0..<min(b, 64) {
        guard case .int(let next) = try whole(result.multipliedReportingOverflow(by: a)) else { break }
        result = next
      }
      return .int(result)
    }
  }

  private func arithmetic(_ a: Double, _ symbol: String, _ b: Double) throws -> Value {
    switch symbol {
    case "+": return .float(a + b)
    case "-": return .float(a - b)
    case "*": return .float(a * b)
    case "/":
      guard b != 0 else { throw error("division by zero") }
      return .float(a / b)
    default: throw unsupported("\(symbol) of floats is not supported")
    }
  }

  /// A sum of texts one of which is safe: the other is escaped.
  private func safeSum(_ a: Value, _ b: Value) throws -> Value {
    let parts = try [a, b].map { value in if case .safe(let text) = value { text } else { try escaped(text(value)) } }
    return .safe(try made(parts.joined()))
  }

  /// As MarkupSafe escapes for HTML.
  private func escaped(_ text: String) -> String {
    let entities: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", "\"": "&#34;"]
    return text.unicodeScalars.map { entities[$0] ?? String($0) }.joined()
  }

  // MARK: Comparisons

  func compare(_ a: Value, _ operation: String, _ b: Value) throws -> Bool {
    try spend(min(a.weight, b.weight))
    switch operation {
    case "==": return try areEqual(a, b)
    case "!=": return !(try areEqual(a, b))
    case "in": return try contains(b, a)
    case "not in": return !(try contains(b, a))
    case "<": return try precedes(a, b, operation)
    case ">": return try precedes(b, a, operation)
    case "<=": return !(try precedes(b, a, operation))
    default: return !(try precedes(a, b, operation))
    }
  }

  func areEqual(_ a: Value, _ b: Value) throws -> Bool {
    try spend(1)
    if let a = a.int, let b = b.int { return a == b }
    if let a = a.number, let b = b.number { return a == b }
    switch (a, b) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)):
      try spend(min(a.utf8.count, b.utf8.count) / 16)
      return a.isIdentical(to: b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): return try areEqual(a.values, b.values)
    case (.dict(let a), .dict(let b)):
      guard a.keys.count == b.keys.count else { return false }
      for (key, value) in zip(a.keys, a.items.values) {
        try spend(b.keys.count)
        guard let other = b[key], try areEqual(value, other) else { return false }
      }
      return true
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.macro(let a), .macro(let b)): return a === b
    case (.safe, _), (_, .safe), (.iteration, .iteration), (.loop, .loop), (.function, .function), (.method, .method):
      throw unsupported("comparing \(a.kind) with \(b.kind) is not supported")
    default: return false
    }
  }

  private func areEqual(_ a: [Value], _ b: [Value]) throws -> Bool {
    guard a.count == b.count else { return false }
    for (a, b) in zip(a, b) where !(try areEqual(a, b)) { return false }
    return true
  }

  private func precedes(_ a: Value, _ b: Value, _ operation: String) throws -> Bool {
    if let a = a.int, let b = b.int { return a < b }
    if let a = a.number, let b = b.number {
      guard !a.isNaN, !b.isNaN else { throw unsupported("ordering nan is not supported") }
      return a < b
    }
    if let a = a.string, let b = b.string { return a.precedes(b) }
    if case .list = a, case .list = b { throw unsupported("ordering lists is not supported") }
    if case .tuple = a, case .tuple = b { throw unsupported("ordering tuples is not supported") }
    throw error("\(a.kind) and \(b.kind) have no order (\(operation))")
  }

  /// `value in container`.
  func contains(_ container: Value, _ value: Value) throws -> Bool {
    switch container {
    case .string(let text):
      guard let part = value.string else { throw error("\(value.kind) in a string is not defined") }
      return try position(of: Array(part.utf8), in: Array(text.utf8)) != nil
    case .dict(let members):
      switch value {
      case .string(let key):
        try spend(members.keys.count)
        return members[key] != nil
      case .list, .dict: throw error("\(value.kind) cannot be a dict's key")
      default: return false
      }
    case .list, .tuple, .iteration, .undefined:
      for element in try elements(container) where try areEqual(element, value) { return true }
      return false
    default: throw error("\(value.kind) in \(container.kind) is not defined")
    }
  }

  /// Where `part` first occurs in `text` from `start` on.
  func position(of part: [UInt8], in text: [UInt8], from start: Int = 0) throws -> Int? {
    guard part.count <= text.count - start else { return nil }
    guard let first = part.first else { return start }
    for begin in start...(text.count - part.count) {
      guard text[begin] == first else { continue }
      var length = 1
      while length < part.count, text[begin + length] == part[length] { length += 1 }
      if length == part.count { return begin }
      try spend(1 + length / 16)
    }
    return nil
  }
}
