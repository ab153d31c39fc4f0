// SPDX-License-Identifier: MIT
// Jinja2's filters, those that chat templates use.

extension Interpreter {
  func filter(_ value: Value, _ name: String, _ arguments: Values) throws -> Value {
    try spend(1 + value.weight)
    try check(arguments, of: "the filter \"\(name)\"", Self.filterParameters[name])
    switch name {
    case "default", "d": return try standard(value, arguments)
    case "length", "count": return .int(try length(value))
    case "first": return try elements(value).first ?? .undefined("the first of nothing")
    case "last": return try last(value)
    case "list": return try made(.list(Items(elements(value))))
    case "items", "dictsort": return try members(value, name)
    case "map": return try map(value, arguments)
    case "select", "reject": return try select(value, isRejecting: name == "reject", attribute: nil, arguments)
    case "selectattr", "rejectattr":
      guard let path = arguments.positional.first?.string else { throw error("\(name) needs the name of an attribute") }
      var rest = arguments
      rest.positional.removeFirst()
      return try select(value, isRejecting: name == "rejectattr", attribute: path, rest)
    case "join": return try join(value, arguments)
    case "reverse": return try reversed(value)
    case "sort", "unique", "min", "max", "sum": return try aggregate(value, name, arguments)
    case "string": if case .safe = value { return value } else { return .string(try made(text(value))) }
    case "safe": return .safe(try text(value))
    case "tojson": return .string(try tojson(value, arguments))
    case "trim":
      let characters = try stripped(arguments.value(0, "chars"))
      return .string(try made(strip(plainText(value), characters, left: true, right: true)))
    case "upper", "lower", "capitalize": return try call(method: name, of: .string(plainText(value)), Values())
    case "title":
      // Jinja2 begins words after white space and brackets only, unlike Python's own method.
      throw unsupported("the filter \"title\" is not supported")
    case "replace":
      let positional = ["old", "new", "count"].enumerated().compactMap { arguments.value($0, $1) }
      return try call(method: "replace", of: .string(plainText(value)), Values(positional: positional))
    case "indent": return try indent(value, arguments)
    case "int": return try whole(value, arguments)
    case "float":
      guard let number = value.number else {
        throw unsupported("the filter \"float\" of \(value.kind) is not supported")
      }
      return .float(number)
    case "abs":
      if case .int = value { return value.isNegative ? try negative(value) : value }
      guard let number = value.number else { throw error("abs of \(value.kind)") }
      return .float(abs(number))
    default: throw unsupported("the filter \"\(name)\" is not supported")
    }
  }

  /// The text of what a filter of texts is given.
  private func plainText(_ value: Value) throws -> String {
    if case .safe = value { throw unsupported("filters of a safe string are not supported") }
    return try text(value)
  }

  private func standard(_ value: Value, _ arguments: Values) throws -> Value {
    let isReplaced = value.isUndefined || (arguments.value(1, "boolean")?.isTrue == true && !value.isTrue)
    return isReplaced ? arguments.value(0, "default_value") ?? .string("") : value
  }

  private func length(_ value: Value) throws -> Int {
    switch value {
    case .undefined: return 0
    case .string(let text): return text.unicodeScalars.count
    case .list(let items), .tuple(let items): return items.values.count
    case .dict(let members): return members.keys.count
    case .iteration(let iteration) where !iteration.isGenerator: return iteration.items.values.count
    case .loop(let loop): return loop.items.count
    default: throw error("\(value.kind) has no length")
    }
  }

  private func last(_ value: Value) throws -> Value {
    if case .iteration(let iteration) = value, iteration.isGenerator { throw error("a generator has no last element") }
    return try elements(value).last ?? .undefined("the last of nothing")
  }

  private func members(_ value: Value, _ name: String) throws -> Value {
    switch value {
    case .undefined where name == "items": return .iteration(Iteration([], isGenerator: true))
    case .dict(let members) where name == "items":
      return try made(.iteration(Iteration(members.pairs, isGenerator: true)))
    case .dict(let members):
      let order = members.keys.enumerated().sorted { a, b in
        let (x, y) = (a.element.lowercased(), b.element.lowercased())
        return x.precedes(y) || (x.isIdentical(to: y) && a.offset < b.offset)
      }
      return try made(.list(Items(order.map { members.pairs[$0.offset] })))
    default: throw error("\(name) of \(value.kind)")
    }
  }

  // MARK: Filters of sequences

  /// The member at a path like `function.name` or `0`.
  private func member(_ path: String, of value: Value) throws -> Value {
    try path.split(separator: ".", omittingEmptySubsequences: false).reduce(value) { value, part in
      try item(Int(part).map { .int($0) } ?? .string(String(part)), of: value)
    }
  }

  /// What map and select go through: nothing where the value is false, whatever it is.
  private func found(_ value: Value) throws -> [Value] { value.isTrue ? try elements(value) : [] }

  private func map(_ value: Value, _ arguments: Values) throws -> Value {
    var results: [Value] = []
    if let name = arguments.positional.first?.string {
      let rest = Values(positional: Array(arguments.positional.dropFirst()), keywords: arguments.keywords)
      results = try found(value).map { try filter($0, name, rest) }
    } else {
      guard let path = arguments.keywords.first(where: { $0.name == "attribute" })?.value.string else {
        throw error("map needs a filter or an attribute")
      }
      let standard = arguments.keywords.first { $0.name == "default" }?.value
      results = try found(value).map { element in
        let part = try member(path, of: element)
        return part.isUndefined ? standard ?? part : part
      }
    }
    return try made(.iteration(Iteration(results, isGenerator: true)))
  }

  private func select(_ value: Value, isRejecting: Bool, attribute: String?, _ arguments: Values) throws -> Value {
    let results = try found(value).filter { element in
      let subject = try attribute.map { try member($0, of: element) } ?? element
      guard let name = arguments.positional.first else { return subject.isTrue != isRejecting }
      guard let name = name.string else { throw error("\(name.kind) is no test") }
      let rest = Values(positional: Array(arguments.positional.dropFirst()), keywords: arguments.keywords)
      return try test(subject, name, rest) != isRejecting
    }
    return try made(.iteration(Iteration(results, isGenerator: true)))
  }

  private func join(_ value: Value, _ arguments: Values) throws -> Value {
    let separator = try arguments.value(0, "d").map(plainText) ?? ""
    let path = arguments.value(1, "attribute")?.string
    var text = ""
    for (index, element) in try elements(value).enumerated() {
      let part = try plainText(path.map { try member($0, of: element) } ?? element)
      try spend(bytes: part.utf8.count + separator.utf8.count)
      text += (index > 0 ? separator : "") + part
    }
    return .string(text)
  }

  private func reversed(_ value: Value) throws -> Value {
    if case .string(let text) = value { return .string(try made(String(text.unicodeScalars.reversed()))) }
    return try made(.iteration(Iteration(elements(value).reversed(), isGenerator: true)))
  }

  private func aggregate(_ value: Value, _ name: String, _ arguments: Values) throws -> Value {
    guard arguments.positional.isEmpty, arguments.keywords.isEmpty else {
      throw unsupported("arguments of the filter \"\(name)\" are not supported")
    }
    let values = try elements(value)
    if name == "sum" { return try values.reduce(.int(0)) { try arithmetic($0, "+", $1) } }
    guard values.allSatisfy({ $0.int != nil }) else {
      throw unsupported("the filter \"\(name)\" of other than whole numbers is not supported")
    }
    let numbers = values.compactMap(\.int)
    try spend(numbers.count * 20)
    switch name {
    case "sort": return try made(.list(Items(numbers.sorted().map { .int($0) })))
    case "min": return numbers.min().map { .int($0) } ?? .undefined("the least of nothing")
    case "max": return numbers.max().map { .int($0) } ?? .undefined("the greatest of nothing")
    default:
      var seen: Set<Int> = []
      return try made(
        .iteration(Iteration(numbers.filter { seen.insert($0).inserted }.map { .int($0) }, isGenerator: true)))
    }
  }

  // MARK: Filters of texts and numbers

  private func tojson(_ value: Value, _ arguments: Values) throws -> String {
    var style = JSONStyle()
    if arguments.value(0, "ensure_ascii")?.isTrue == true { throw unsupported("tojson in ASCII is not supported") }
    if let indent = arguments.value(1, "indent") {
      guard let width = indent.int, (0...16).contains(width) else {
        if case .none = indent { return try json(value, style) }
        throw unsupported("an indent of \(indent.kind) is not supported")
      }
      style.indent = String(repeating: " ", count: width)
      style.item = ","
    }
    if let separators = arguments.value(2, "separators") {
      let parts = try elements(separators).compactMap(\.string)
      guard parts.count == 2 else { throw error("separators are two strings") }
      (style.item, style.key) = (parts[0], parts[1])
    }
    style.sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
    return try json(value, style)
  }

  private func indent(_ value: Value, _ arguments: Values) throws -> Value {
    let width = arguments.value(0, "width") ?? .int(4)
    let first = arguments.value(1, "first")?.isTrue ?? false
    let blank = arguments.value(2, "blank")?.isTrue ?? false
    let margin: String
    switch width {
    case .string(let text): margin = text
    case .int(let count) where (0...256).contains(count): margin = String(repeating: " ", count: count)
    default: throw unsupported("an indent of \(width.kind) is not supported")
    }
    let lines = try plainText(value).split(separator: "\n", omittingEmptySubsequences: false)
    var text = first ? margin : ""
    for (index, line) in lines.enumerated() {
      try spend(bytes: line.utf8.count + margin.utf8.count + 1)
      if index > 0 { text += "\n" + (line.isEmpty && !blank ? "" : margin) }
      text += line
    }
    return .string(text)
  }

  private func whole(_ value: Value, _ arguments: Values) throws -> Value {
    if let number = value.int { return .int(number) }
    guard case .string(let text) = value, arguments.value(1, "base") == nil else {
      throw unsupported("the filter \"int\" of \(value.kind) is not supported")
    }
    let digits = strip(text, nil, left: true, right: true)
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2B }), let number = Int(digits)
    else { throw unsupported("the filter \"int\" of \"\(text.prefix(20))\" is not supported") }
    return .int(number)
  }
}

extension Value {
  fileprivate var isNegative: Bool { (int ?? 0) < 0 }
}
