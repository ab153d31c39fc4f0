// SPDX-License-Identifier: MIT
// Functions and the methods of texts, lists and dictionaries.

extension Interpreter {
  static let functions = ["raise_exception", "namespace", "range", "dict", "strftime_now"]
  /// Every method that Python has: those that are not computed below are refused, never taken for absent.
  static let stringMethods: Set<String> = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map",
    "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
  ]
  static let listMethods: Set<String> = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort",
  ]
  static let dictMethods: Set<String> = [
    "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values",
  ]

  func call(_ function: Value, _ arguments: Values) throws -> Value {
    switch function {
    case .macro(let macro): return try call(macro, arguments)
    case .function(let name): return try call(function: name, arguments)
    case .method(let owner, let name):
      try spend(1 + owner.weight)
      return try call(method: name, of: owner, arguments)
    case .undefined(let what): throw error("\(what) is undefined and cannot be called")
    default: throw error("\(function.kind) cannot be called")
    }
  }

  private func call(function name: String, _ arguments: Values) throws -> Value {
    switch name {
    case "raise_exception":
      try check(arguments, of: name, ["message"])
      throw JinjaError(.raised, try arguments.value(0, "message").map(text) ?? "", line: line)
    case "namespace", "dict":
      var members: [(key: String, value: Value)] = []
      if let first = arguments.positional.first {
        guard case .dict(let given) = first, arguments.positional.count == 1 else {
          throw unsupported("\(name) of \(first.kind) is not supported")
        }
        members = Array(zip(given.keys, given.items.values)).map { ($0, $1) }
      }
      for (key, value) in arguments.keywords {
        try spend(members.count)
        members.removeAll { $0.key.isIdentical(to: key) }
        members.append((key, value))
      }
      if name == "dict" { return try made(.dict(Members(members))) }
      guard !members.contains(where: { $0.key.hasPrefix("_") }) else {
        throw error("a namespace takes no name that begins with \"_\"")
      }
      return .namespace(makeNamespace(Dictionary(members.map { ($0.key, $0.value) }) { $1 }))
    case "range":
      let numbers = try arguments.positional.map { value in
        guard let number = value.int else { throw error("range of \(value.kind)") }
        return number
      }
      guard (1...3).contains(numbers.count), arguments.keywords.isEmpty else {
        throw error("range takes one to three numbers")
      }
      let (start, stop) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
      let step = numbers.count == 3 ? numbers[2] : 1
      guard step != 0 else { throw error("range with a step of 0") }
      let (span, overflow) = stop.subtractingReportingOverflow(start)
      guard !overflow, step != .min, span.magnitude / step.magnitude < 100_000 else {
        throw JinjaError(.limit, "range is longer than 100000", line: line)
      }
      try spend(Int(span.magnitude / step.magnitude) + 1)
      return .list(Items(stride(from: start, to: stop, by: step).map { .int($0) }))
    default: throw unsupported("\(name) is not supported: what it gives depends on the day")
    }
  }

  func call(method name: String, of owner: Value, _ arguments: Values) throws -> Value {
    switch owner {
    case .string(let text): return try call(method: name, of: text, arguments)
    case .dict(let members): return try call(method: name, of: members, arguments)
    case .list(let items), .tuple(let items): return try call(method: name, of: items.values, arguments)
    case .loop(let loop) where name == "cycle":
      guard !arguments.positional.isEmpty else { throw error("loop.cycle of nothing") }
      return arguments.positional[loop.index % arguments.positional.count]
    default: throw unsupported("the method \"\(name)\" of \(owner.kind) is not supported")
    }
  }

  private func call(method name: String, of members: Members, _ arguments: Values) throws -> Value {
    try check(arguments, of: "the method \"\(name)\"", name == "get" ? ["", ""] : [])
    switch name {
    case "get":
      guard let key = arguments.positional.first else { throw error("get needs a key") }
      guard let key = key.string else { throw unsupported("get with \(key.kind) is not supported") }
      return members[key] ?? arguments.value(1, "default") ?? .none
    case "keys": return .iteration(Iteration(members.keys.map { .string($0) }, isGenerator: false))
    case "values": return .iteration(Iteration(members.items.values, isGenerator: false))
    case "items": return try made(.iteration(Iteration(members.pairs, isGenerator: false)))
    default: throw unsupported("the method \"\(name)\" of a dict is not supported")
    }
  }

  private func call(method name: String, of values: [Value], _ arguments: Values) throws -> Value {
    guard name == "index" || name == "count", arguments.positional.count == 1 else {
      throw unsupported("the method \"\(name)\" of a list is not supported")
    }
    let value = arguments.positional[0]
    if name == "count" { return .int(try values.reduce(0) { $0 + (try areEqual($1, value) ? 1 : 0) }) }
    for (index, element) in values.enumerated() where try areEqual(element, value) { return .int(index) }
    throw error("index of a value that is not in the list")
  }
}
