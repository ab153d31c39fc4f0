// SPDX-License-Identifier: MIT
// Tokens to expressions, by Jinja2's precedences: if-else, or, and, not, comparisons, + -, ~, * / // %, **, signs, then
// what follows a primary: attributes, subscripts, calls, filters and tests.

extension Parser {
  static let reserved: Set<String> = [
    "true", "True", "false", "False", "none", "None", "and", "or", "not", "in", "is", "if", "else",
  ]

  /// An expression, or several with commas between, which are a tuple.
  mutating func tupleOrExpression(withConditional: Bool = true) throws -> Expression {
    let line = current.line
    let first = try withConditional ? expression() : disjunction()
    guard isSymbol(",") else { return first }
    var items = [first]
    while skip(",") {
      if current.kind == .tagEnd || current.kind == .outputEnd || isSymbol(")") { break }
      items.append(try withConditional ? expression() : disjunction())
    }
    return try make(.tuple(items), line, items)
  }

  mutating func expression() throws -> Expression {
    expressionDepth += 1
    defer { expressionDepth -= 1 }
    guard expressionDepth <= JinjaLimits.nesting else { throw limit("expressions") }
    var value = try disjunction()
    while isName("if") {
      let line = current.line
      advance()
      let test = try disjunction()
      let otherwise = skipName("else") ? try expression() : nil
      value = try make(
        .conditional(test: test, then: value, otherwise: otherwise), line,
        [test, value] + (otherwise.map { [$0] } ?? []))
    }
    return value
  }

  /// Every expression is made here: a tree too high to be walked is refused while it grows.
  private func make(_ node: Expression.Node, _ line: Int, _ children: [Expression] = []) throws -> Expression {
    let height = 1 + (children.lazy.map(\.height).max() ?? 0)
    guard height <= 2 * JinjaLimits.nesting else { throw limit("expressions") }
    return Expression(node: node, line: line, height: height)
  }

  // MARK: Operators

  private mutating func disjunction() throws -> Expression {
    var left = try conjunction()
    while isName("or") {
      let line = current.line
      advance()
      let right = try conjunction()
      left = try make(.or(left, right), line, [left, right])
    }
    return left
  }

  private mutating func conjunction() throws -> Expression {
    var left = try negation()
    while isName("and") {
      let line = current.line
      advance()
      let right = try negation()
      left = try make(.and(left, right), line, [left, right])
    }
    return left
  }

  private mutating func negation() throws -> Expression {
    guard isName("not") else { return try comparison() }
    let line = current.line
    advance()
    expressionDepth += 1
    defer { expressionDepth -= 1 }
    guard expressionDepth <= JinjaLimits.nesting else { throw limit("expressions") }
    let operand = try negation()
    return try make(.not(operand), line, [operand])
  }

  private mutating func comparison() throws -> Expression {
    let line = current.line
    let first = try sum()
    var rest: [(operation: String, operand: Expression)] = []
    while true {
      if case .symbol(let symbol) = current.kind, ["==", "!=", "<", "<=", ">", ">="].contains(symbol) {
        advance()
        rest.append((symbol, try sum()))
      } else if skipName("in") {
        rest.append(("in", try sum()))
      } else if isName("not"), following.kind == .name("in") {
        advance()
        advance()
        rest.append(("not in", try sum()))
      } else {
        break
      }
    }
    return rest.isEmpty ? first : try make(.comparison(first, rest), line, [first] + rest.map(\.operand))
  }

  private mutating func sum() throws -> Expression {
    try leftAssociative(["+", "-"]) { parser throws in try parser.concatenation() }
  }

  private mutating func concatenation() throws -> Expression {
    let line = current.line
    var parts = [try product()]
    while skip("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : try make(.concatenation(parts), line, parts)
  }

  private mutating func product() throws -> Expression {
    try leftAssociative(["*", "/", "//", "%"]) { parser throws in
      try parser.leftAssociative(["**"]) { parser throws in try parser.signed(takesFilters: true) }
    }
  }

  private mutating func leftAssociative(
    _ symbols: Set<String>, _ operand: (inout Parser) throws -> Expression
  ) throws -> Expression {
    var left = try operand(&self)
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol) {
      let line = current.line
      advance()
      let right = try operand(&self)
      left = try make(.arithmetic(left, symbol, right), line, [left, right])
    }
    return left
  }

  private mutating func signed(takesFilters: Bool) throws -> Expression {
    let line = current.line
    var value: Expression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      advance()
      expressionDepth += 1
      defer { expressionDepth -= 1 }
      guard expressionDepth <= JinjaLimits.nesting else { throw limit("expressions") }
      let operand = try signed(takesFilters: false)
      value = try make(isNegative ? .negative(operand) : .positive(operand), line, [operand])
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return takesFilters ? try filtersAndTests(value) : value
  }

  // MARK: Primaries

  private mutating func primary() throws -> Expression {
    let line = current.line
    switch current.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return try make(.bool(true), line)
      case "false", "False": return try make(.bool(false), line)
      case "none", "None": return try make(.none, line)
      case let name where Self.reserved.contains(name):
        throw JinjaError(.syntax, "\"\(name)\" where a value was expected", line: line)
      default: return try make(.name(name), line)
      }
    case .string(var text):
      advance()
      while case .string(let next) = current.kind {
        text += next
        advance()
      }
      return try make(.string(text), line)
    case .integer(let number):
      advance()
      return try make(.int(number), line)
    case .float(let number):
      advance()
      return try make(.float(number), line)
    case .symbol("("):
      advance()
      if skip(")") { return try make(.tuple([]), line) }
      let value = try tupleOrExpression()
      try expect(")")
      return value
    case .symbol("["):
      advance()
      var items: [Expression] = []
      while !isSymbol("]") {
        if !items.isEmpty {
          try expect(",")
          if isSymbol("]") { break }
        }
        items.append(try expression())
      }
      try expect("]")
      return try make(.list(items), line, items)
    case .symbol("{"): return try dictionary()
    default: throw error("\"\(current.text)\" where a value was expected")
    }
  }

  private mutating func dictionary() throws -> Expression {
    let line = current.line
    try expect("{")
    var members: [(key: Expression, value: Expression)] = []
    while !isSymbol("}") {
      if !members.isEmpty {
        try expect(",")
        if isSymbol("}") { break }
      }
      let key = try expression()
      try expect(":")
      members.append((key, try expression()))
    }
    try expect("}")
    return try make(.dict(members), line, members.flatMap { [$0.key, $0.value] })
  }

  // MARK: What follows a primary

  private mutating func postfix(_ value: Expression) throws -> Expression {
    var value = value
    while true {
      let line = current.line
      if skip(".") {
        if case .integer(let index) = current.kind {
          advance()
          let index = try make(.int(index), line)
          value = try make(.subscripted(value, index), line, [value, index])
        } else {
          value = try make(.attribute(value, try expectName()), line, [value])
        }
      } else if skip("[") {
        value = try subscripted(value, line)
      } else if isSymbol("(") {
        let arguments = try self.arguments()
        value = try make(.call(value, arguments), line, [value] + arguments.expressions)
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: Expression, _ line: Int) throws -> Expression {
    var bounds: [Expression?] = []
    var colons = 0
    while true {
      bounds.append(isSymbol(":") || isSymbol("]") ? nil : try expression())
      guard skip(":") else { break }
      colons += 1
    }
    if isSymbol(",") { throw unsupported("subscripts with commas are not supported") }
    guard colons <= 2, colons > 0 || bounds[0] != nil else { throw error("a subscript has no value") }
    try expect("]")
    if colons == 0, let index = bounds[0] { return try make(.subscripted(value, index), line, [value, index]) }
    while bounds.count < 3 { bounds.append(nil) }
    return try make(
      .slice(value, start: bounds[0], stop: bounds[1], step: bounds[2]), line, [value] + bounds.compactMap { $0 })
  }

  private mutating func arguments() throws -> Arguments {
    var arguments = Arguments()
    try expect("(")
    var isFirst = true
    while !isSymbol(")") {
      if !isFirst {
        try expect(",")
        if isSymbol(")") { break }
      }
      isFirst = false
      if isSymbol("*") || isSymbol("**") { throw unsupported("arguments with \"\(current.text)\" are not supported") }
      if case .name(let name) = current.kind, following.kind == .symbol("=") {
        advance()
        advance()
        arguments.keywords.append((name, try expression()))
      } else {
        guard arguments.keywords.isEmpty else { throw error("a positional argument follows one with a name") }
        arguments.positional.append(try expression())
      }
    }
    try expect(")")
    return arguments
  }

  private mutating func filtersAndTests(_ value: Expression) throws -> Expression {
    var value = value
    while true {
      let line = current.line
      if skip("|") {
        let (name, arguments) = try filter()
        value = try make(.filter(value, name, arguments), line, [value] + arguments.expressions)
      } else if skipName("is") {
        value = try test(of: value, line)
      } else if isSymbol("(") {
        let arguments = try self.arguments()
        value = try make(.call(value, arguments), line, [value] + arguments.expressions)
      } else {
        return value
      }
    }
  }

  /// A filter's name and arguments, after the bar.
  mutating func filter() throws -> (name: String, arguments: Arguments) {
    (try dottedName(), isSymbol("(") ? try arguments() : Arguments())
  }

  private mutating func test(of value: Expression, _ line: Int) throws -> Expression {
    let isNegated = skipName("not")
    let name = try dottedName()
    var arguments = Arguments()
    switch current.kind {
    case .symbol("("): arguments = try self.arguments()
    case .name("is"): throw error("tests cannot be chained with \"is\"")
    case .name("else"), .name("or"), .name("and"): break
    case .name, .string, .integer, .float, .symbol("["), .symbol("{"):
      arguments.positional = [try postfix(try primary())]
    default: break
    }
    let test = try make(.test(value, name, arguments), line, [value] + arguments.expressions)
    return isNegated ? try make(.not(test), line, [test]) : test
  }

  private mutating func dottedName() throws -> String {
    var name = try expectName()
    while skip(".") { name += "." + (try expectName()) }
    return name
  }
}
