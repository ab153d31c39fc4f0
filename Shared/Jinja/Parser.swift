// SPDX-License-Identifier: MIT
// Tokens to statements.

/// Parses one template.
struct Parser {
  private let tokens: [Token]
  private var index = 0
  /// How deep in statements and in expressions the parser is.
  private var statementDepth = 0
  var expressionDepth = 0
  private var loopDepth = 0

  static func parse(_ source: String) throws -> [Statement] {
    var parser = Parser(tokens: try Lexer.tokens(of: source))
    return try parser.statements(until: []).body
  }

  private init(tokens: [Token]) { self.tokens = tokens }

  // MARK: Tokens

  var current: Token { tokens[index] }
  var following: Token { tokens[min(index + 1, tokens.count - 1)] }

  func error(_ message: String) -> JinjaError { JinjaError(.syntax, message, line: current.line) }
  func unsupported(_ message: String) -> JinjaError { JinjaError(.unsupported, message, line: current.line) }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func skip(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skipName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws {
    guard skip(symbol) else { throw error("\"\(current.text)\" where \"\(symbol)\" was expected") }
  }

  mutating func expectName() throws -> String {
    guard case .name(let name) = current.kind else {
      throw error("\"\(current.text)\" where a name was expected")
    }
    advance()
    return name
  }

  private mutating func expectTagEnd() throws {
    guard current.kind == .tagEnd else { throw error("\"\(current.text)\" where the tag's end was expected") }
    advance()
  }

  /// The end of a tag that begins a block; Python's colon may stand there.
  private mutating func expectBlock() throws {
    _ = skip(":")
    try expectTagEnd()
  }

  // MARK: Statements

  /// Statements up to a tag that is one of `ends`, whose name is taken; up to the template's end where there are none.
  private mutating func statements(until ends: Set<String>) throws -> (body: [Statement], end: String) {
    statementDepth += 1
    defer { statementDepth -= 1 }
    guard statementDepth <= JinjaLimits.nesting else { throw limit("statements") }
    let opening = current.line
    var body: [Statement] = []
    while true {
      let line = current.line
      switch current.kind {
      case .data(let text):
        body.append(Statement(node: .text(text), line: line))
        advance()
      case .outputBegin:
        advance()
        body.append(Statement(node: .output(try tupleOrExpression()), line: line))
        guard current.kind == .outputEnd else { throw error("\"\(current.text)\" where \"}}\" was expected") }
        advance()
      case .tagBegin:
        advance()
        let name = try expectName()
        if ends.contains(name) { return (body, name) }
        body.append(Statement(node: try statement(name), line: line))
      case .end:
        guard ends.isEmpty else {
          throw JinjaError(
            .syntax, "the block has no \(ends.filter { $0.hasPrefix("end") }.sorted().joined(separator: " or "))",
            line: opening)
        }
        return (body, "")
      default: throw error("unexpected \"\(current.text)\"")
      }
    }
  }

  func limit(_ what: String) -> JinjaError {
    JinjaError(.limit, "\(what) are nested deeper than \(JinjaLimits.nesting)", line: current.line)
  }

  private mutating func statement(_ name: String) throws -> Statement.Node {
    switch name {
    case "if": return try conditional()
    case "for": return try loop()
    case "set": return try set()
    case "macro": return try macro()
    case "generation":
      try expectBlock()
      let body = try statements(until: ["endgeneration"]).body
      try expectTagEnd()
      return .generation(body)
    case "break", "continue":
      guard loopDepth > 0 else { throw error("\"\(name)\" outside a loop") }
      try expectTagEnd()
      return name == "break" ? .leave : .proceed
    case let name where name.hasPrefix("end") || name == "else" || name == "elif":
      throw error("\"\(name)\" without its beginning")
    default: throw unsupported("the tag \"\(name)\" is not supported")
    }
  }

  private mutating func conditional() throws -> Statement.Node {
    var branches: [(test: Expression, body: [Statement])] = []
    var otherwise: [Statement] = []
    var hasElse = false
    while true {
      let test = hasElse ? nil : try tupleOrExpression(withConditional: false)
      try expectBlock()
      let (body, end) = try statements(until: hasElse ? ["endif"] : ["elif", "else", "endif"])
      if let test { branches.append((test, body)) } else { otherwise = body }
      if end == "endif" { break }
      hasElse = end == "else"
    }
    try expectTagEnd()
    return .conditional(branches, otherwise: otherwise)
  }

  private mutating func loop() throws -> Statement.Node {
    let target = try self.target(allowsAttribute: false)
    guard skipName("in") else { throw error("\"\(current.text)\" where \"in\" was expected") }
    let items = try tupleOrExpression(withConditional: false)
    let condition = skipName("if") ? try expression() : nil
    if isName("recursive") { throw unsupported("recursive loops are not supported") }
    try expectBlock()
    loopDepth += 1
    let (body, end) = try statements(until: ["else", "endfor"])
    loopDepth -= 1
    var otherwise: [Statement] = []
    if end == "else" {
      try expectBlock()
      otherwise = try statements(until: ["endfor"]).body
    }
    try expectTagEnd()
    return .loop(target, in: items, where: condition, body: body, otherwise: otherwise)
  }

  private mutating func set() throws -> Statement.Node {
    let target = try self.target(allowsAttribute: true)
    if skip("=") {
      let value = try tupleOrExpression()
      try expectTagEnd()
      return .set(target, value)
    }
    if case .names = target { throw error("a block is assigned to one name") }
    var filters: [(name: String, arguments: Arguments)] = []
    while skip("|") { filters.append(try filter()) }
    try expectBlock()
    let body = try statements(until: ["endset"]).body
    try expectTagEnd()
    return .capture(target, filters, body: body)
  }

  private mutating func target(allowsAttribute: Bool) throws -> Target {
    let name = try assignable()
    if allowsAttribute, skip(".") { return .attribute(of: name, try expectName()) }
    guard isSymbol(",") else { return .name(name) }
    var names = [name]
    while skip(",") {
      guard case .name(let next) = current.kind, next != "in" else { break }
      names.append(try assignable())
    }
    return .names(names)
  }

  private mutating func assignable() throws -> String {
    let name = try expectName()
    guard !Self.reserved.contains(name) else { throw error("\"\(name)\" cannot be assigned to") }
    return name
  }

  private mutating func macro() throws -> Statement.Node {
    let name = try assignable()
    var parameters: [(name: String, standard: Expression?)] = []
    try expect("(")
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(",") }
      let parameter = try assignable()
      let standard = skip("=") ? try expression() : nil
      if standard == nil, parameters.last?.standard != nil {
        throw error("the parameter \"\(parameter)\" without a default follows one that has it")
      }
      parameters.append((parameter, standard))
    }
    try expect(")")
    try expectBlock()
    let outerLoops = loopDepth
    loopDepth = 0
    let body = try statements(until: ["endmacro"]).body
    loopDepth = outerLoops
    try expectTagEnd()
    return .macro(MacroDefinition(name: name, parameters: parameters, body: body))
  }
}
