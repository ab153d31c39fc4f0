// SPDX-License-Identifier: MIT
// Jinja2's tests: what stands after `is`.

extension Interpreter {
  func test(_ value: Value, _ name: String, _ arguments: Values) throws -> Bool {
    try spend(1 + value.weight)
    let takesOperand = Self.testsWithOperand.contains(name)
    try check(arguments, of: "the test \"\(name)\"", takesOperand ? ["other"] : [])
    func operand() throws -> Value {
      guard let operand = arguments.positional.first else { throw error("the test \"\(name)\" needs a value") }
      return operand
    }
    func number() throws -> Int {
      guard let number = value.int else { throw error("\(value.kind) is \(name)") }
      return number
    }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .float = value { return true } else { return false }
    case "number": return value.number != nil
    case "string":
      if case .safe = value { return true }
      return value.string != nil
    case "mapping": if case .dict = value { return true } else { return false }
    case "iterable":
      switch value {
      case .undefined, .string, .safe, .list, .tuple, .dict, .iteration, .loop: return true
      default: return false
      }
    case "sequence":
      switch value {
      case .undefined, .string, .safe, .list, .tuple, .dict: return true
      case .iteration, .loop: throw unsupported("the test \"sequence\" of \(value.kind) is not supported")
      default: return false
      }
    case "callable":
      switch value {
      case .macro, .function, .method, .undefined: return true
      case .loop, .namespace: throw unsupported("the test \"callable\" of \(value.kind) is not supported")
      default: return false
      }
    case "odd": return try number() & 1 == 1
    case "even": return try number() & 1 == 0
    case "divisibleby":
      guard let divisor = try operand().int, divisor != 0 else { throw error("divisibleby needs a whole number but 0") }
      return try number().remainderReportingOverflow(dividingBy: divisor).partialValue == 0
    case "eq", "equalto", "==": return try compare(value, "==", operand())
    case "ne", "!=": return try compare(value, "!=", operand())
    case "lt", "lessthan", "<": return try compare(value, "<", operand())
    case "le", "<=": return try compare(value, "<=", operand())
    case "gt", "greaterthan", ">": return try compare(value, ">", operand())
    case "ge", ">=": return try compare(value, ">=", operand())
    case "in": return try contains(operand(), value)
    case "lower", "upper":
      guard let text = value.string else { throw error("\(value.kind) is \(name)") }
      let isCased = text.unicodeScalars.contains { $0.properties.isUppercase || $0.properties.isLowercase }
      let other = name == "lower" ? text.lowercased() : text.uppercased()
      return isCased && other.isIdentical(to: text)
    case "sameas":
      // Singletons are the same wherever they come from; of others Python's answer depends on how they were made.
      switch (value, try operand()) {
      case (.none, .none): return true
      case (.bool(let a), .bool(let b)): return a == b
      case (.none, _), (_, .none), (.bool, _), (_, .bool): return false
      default: throw unsupported("the test \"sameas\" of \(value.kind) is not supported")
      }
    default: throw unsupported("the test \"\(name)\" is not supported")
    }
  }
}
