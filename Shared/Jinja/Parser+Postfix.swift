// SPDX-License-Identifier: MIT
// What follows a primary: attributes, subscripts, calls, filters and tests.

extension Parser {
  mutating func postfix(_ value: Expression) throws -> Expression {
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

  mutating func filtersAndTests(_ value: Expression) throws -> Expression {
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
