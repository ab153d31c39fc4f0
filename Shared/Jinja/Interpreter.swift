// SPDX-License-Identifier: MIT
// Runs a template's statements.

/// One rendering of one template.
final class Interpreter {
  private let limits: JinjaLimits
  private var stepsLeft: Int
  private var bytesLeft: Int
  private var recursion = 0
  private var loopDepth = 0
  /// The line that is being evaluated.
  var line = 1
  /// What was printed; a macro or a block that is captured prints into a text of its own.
  private var output = ""
  /// Everything that could hold itself: emptied at the end, so that no chain or ring of them outlives the rendering.
  private var namespaces: [Namespace] = []
  private var macros: [Macro] = []

  init(_ limits: JinjaLimits) {
    self.limits = limits
    stepsLeft = limits.steps
    bytesLeft = limits.bytes
  }

  deinit {
    for namespace in namespaces { namespace.values = [:] }
    for macro in macros { macro.scope = nil }
  }

  func render(_ body: [Statement], _ variables: [String: Value]) throws -> String {
    var values = variables
    for name in Self.functions where values[name] == nil { values[name] = .function(name) }
    _ = try run(body, Scope(in: Scope(values, in: nil)))
    return output
  }

  // MARK: Errors and bounds

  func error(_ message: String) -> JinjaError { JinjaError(.evaluation, message, line: line) }
  func unsupported(_ message: String) -> JinjaError { JinjaError(.unsupported, message, line: line) }

  /// Counts `steps` of work before it is done.
  func spend(_ steps: Int) throws {
    stepsLeft -= min(steps, stepsLeft + 1)
    guard stepsLeft >= 0 else {
      throw JinjaError(.limit, "the template takes more than \(limits.steps) steps", line: line)
    }
  }

  /// Counts `count` bytes of text before they are made.
  func spend(bytes count: Int) throws {
    bytesLeft -= min(count, bytesLeft + 1)
    guard bytesLeft >= 0 else {
      throw JinjaError(.limit, "the template makes more than \(limits.bytes) bytes of text", line: line)
    }
  }

  /// `text`, counted.
  func made(_ text: String) throws -> String {
    try spend(bytes: text.utf8.count)
    return text
  }

  /// `value`, unless containers are nested too deep in it.
  func made(_ value: Value) throws -> Value {
    guard value.height <= JinjaLimits.nesting else {
      throw JinjaError(.limit, "values are nested deeper than \(JinjaLimits.nesting)", line: line)
    }
    try spend(value.weight)
    return value
  }

  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    recursion += 1
    defer { recursion -= 1 }
    guard recursion <= JinjaLimits.recursion else {
      throw JinjaError(.limit, "evaluation recurses deeper than \(JinjaLimits.recursion)", line: line)
    }
    return try body()
  }

  func makeNamespace(_ values: [String: Value]) -> Namespace {
    namespaces.append(Namespace(values))
    return namespaces[namespaces.count - 1]
  }

  // MARK: Statements

  /// How a statement ends.
  private enum Outcome {
    case done, leave, proceed
  }

  private func run(_ body: [Statement], _ scope: Scope) throws -> Outcome {
    try nested {
      for statement in body {
        try spend(1)
        line = statement.line
        let outcome = try run(statement.node, scope)
        if outcome != .done { return outcome }
      }
      return .done
    }
  }

  private func run(_ statement: Statement.Node, _ scope: Scope) throws -> Outcome {
    switch statement {
    case .text(let text): try print(text)
    case .output(let expression): try print(text(evaluate(expression, scope)))
    case .conditional(let branches, let otherwise):
      for (test, body) in branches where try evaluate(test, scope).isTrue { return try run(body, scope) }
      return try run(otherwise, scope)
    case .loop(let target, let items, let condition, let body, let otherwise):
      try loop(target, items, condition, body, otherwise, scope)
    case .set(let target, let expression): try assign(evaluate(expression, scope), to: target, scope)
    case .capture(let target, let filters, let body):
      var value = Value.string(try capture { _ = try run(body, Scope(in: scope)) })
      for (name, arguments) in filters { value = try filter(value, name, evaluate(arguments, scope)) }
      try assign(value, to: target, scope)
    case .macro(let definition):
      let macro = Macro(definition, scope)
      macros.append(macro)
      scope.values[definition.name] = .macro(macro)
    case .generation(let body): _ = try run(body, Scope(in: scope))
    case .leave: return .leave
    case .proceed: return .proceed
    }
    return .done
  }

  private func print(_ text: String) throws {
    try spend(bytes: text.utf8.count)
    output += text
  }

  private func capture(_ body: () throws -> Void) throws -> String {
    let outer = output
    output = ""
    try body()
    defer { output = outer }
    return output
  }

  private func loop(
    _ target: Target, _ items: Expression, _ condition: Expression?, _ body: [Statement], _ otherwise: [Statement],
    _ scope: Scope
  ) throws {
    var values = try elements(evaluate(items, scope))
    if let condition {
      values = try values.filter { value in
        let inner = Scope(in: scope)
        try assign(value, to: target, inner)
        return try evaluate(condition, inner).isTrue
      }
    }
    if values.isEmpty {
      _ = try run(otherwise, Scope(in: scope))
      return
    }
    loopDepth += 1
    defer { loopDepth -= 1 }
    let loop = Loop(Items(values), depth: loopDepth)
    for (index, value) in values.enumerated() {
      loop.index = index
      let inner = Scope(["loop": .loop(loop)], in: scope)
      try assign(value, to: target, inner)
      if try run(body, inner) == .leave { break }
    }
  }

  private func assign(_ value: Value, to target: Target, _ scope: Scope) throws {
    switch target {
    case .name(let name): scope.values[name] = value
    case .names(let names):
      let values = try elements(value)
      guard values.count == names.count else {
        throw error("\(values.count) values for the \(names.count) names \(names.joined(separator: ", "))")
      }
      for (name, value) in zip(names, values) { scope.values[name] = value }
    case .attribute(let owner, let name):
      guard case .namespace(let namespace)? = scope[owner] else {
        throw error("\"\(owner)\" is no namespace; nothing else has attributes that can be set")
      }
      guard !name.hasPrefix("_") else { throw error("a namespace takes no name that begins with \"_\"") }
      namespace.values[name] = value
    }
  }

  // MARK: Macros

  func call(_ macro: Macro, _ arguments: Values) throws -> Value {
    let parameters = macro.definition.parameters
    let name = macro.definition.name
    guard arguments.positional.count <= parameters.count else {
      throw error("the macro \(name) takes \(parameters.count) arguments, not \(arguments.positional.count)")
    }
    if let stranger = arguments.keywords.first(where: { keyword in !parameters.contains { $0.name == keyword.name } }) {
      throw error("the macro \(name) has no parameter \"\(stranger.name)\"")
    }
    let scope = Scope(in: macro.scope)
    let text = try nested {
      for (index, parameter) in parameters.enumerated() {
        let keyword = arguments.keywords.first { $0.name == parameter.name }?.value
        if index < arguments.positional.count {
          guard keyword == nil else { throw error("the macro \(name) got \"\(parameter.name)\" twice") }
          scope.values[parameter.name] = arguments.positional[index]
        } else if let keyword {
          scope.values[parameter.name] = keyword
        } else if let standard = parameter.standard {
          scope.values[parameter.name] = try evaluate(standard, scope)
        } else {
          scope.values[parameter.name] = .undefined("parameter \"\(parameter.name)\"")
        }
      }
      let outerLoops = loopDepth
      loopDepth = 0
      defer { loopDepth = outerLoops }
      return try capture { _ = try run(macro.definition.body, scope) }
    }
    return .string(text)
  }
}
