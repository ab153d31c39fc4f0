// SPDX-License-Identifier: MIT
// Evaluates expressions.

/// Evaluated arguments.
struct Values {
  var positional: [Value] = []
  var keywords: [(name: String, value: Value)] = []

  /// The argument at `index` or of `name`.
  func value(_ index: Int, _ name: String = "") -> Value? {
    index < positional.count ? positional[index] : keywords.first { $0.name == name }?.value
  }
}

extension Interpreter {
  func evaluate(_ expression: Expression, _ scope: Scope) throws -> Value {
    try spend(1)
    line = expression.line
    return try nested { try evaluate(expression.node, scope) }
  }

  func evaluate(_ arguments: Arguments, _ scope: Scope) throws -> Values {
    Values(
      positional: try arguments.positional.map { try evaluate($0, scope) },
      keywords: try arguments.keywords.map { ($0.name, try evaluate($0.value, scope)) })
  }

  private func evaluate(_ node: Expression.Node, _ scope: Scope) throws -> Value {
    switch node {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let text): return .string(text)
    case .name(let name): return scope[name] ?? .undefined("\"\(name)\"")
    case .list(let items): return try made(.list(Items(items.map { try evaluate($0, scope) })))
    case .tuple(let items): return try made(.tuple(Items(items.map { try evaluate($0, scope) })))
    case .dict(let members): return try dictionary(members, scope)
    case .attribute(let owner, let name): return try attribute(name, of: evaluate(owner, scope))
    case .subscripted(let owner, let index):
      return try item(evaluate(index, scope), of: evaluate(owner, scope))
    case .slice(let owner, let start, let stop, let step):
      let value = try evaluate(owner, scope)
      let bounds = try [start, stop, step].map { try $0.map { try evaluate($0, scope) } }
      return try slice(value, bounds)
    case .call(let callee, let arguments):
      let function = try evaluate(callee, scope)
      let values = try evaluate(arguments, scope)
      return try call(function, values)
    case .filter(let value, let name, let arguments):
      let value = try evaluate(value, scope)
      return try filter(value, name, evaluate(arguments, scope))
    case .test(let value, let name, let arguments):
      let value = try evaluate(value, scope)
      return .bool(try test(value, name, evaluate(arguments, scope)))
    case .negative(let operand): return try negative(evaluate(operand, scope))
    case .positive(let operand):
      let value = try evaluate(operand, scope)
      guard value.number != nil else { throw error("+ of \(value.kind)") }
      return value
    case .not(let operand): return .bool(!(try evaluate(operand, scope).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .arithmetic(let left, let symbol, let right):
      let a = try evaluate(left, scope)
      return try arithmetic(a, symbol, evaluate(right, scope))
    case .concatenation(let parts):
      return .string(try parts.map { try made(text(evaluate($0, scope))) }.joined())
    case .comparison(let first, let rest):
      var left = try evaluate(first, scope)
      for (operation, operand) in rest {
        let right = try evaluate(operand, scope)
        guard try compare(left, operation, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let test, let then, let otherwise):
      if try evaluate(test, scope).isTrue { return try evaluate(then, scope) }
      return try otherwise.map { try evaluate($0, scope) } ?? .undefined("an if without else")
    }
  }

  private func dictionary(_ nodes: [(key: Expression, value: Expression)], _ scope: Scope) throws -> Value {
    var members: [(key: String, value: Value)] = []
    for node in nodes {
      guard let key = try evaluate(node.key, scope).string else {
        throw unsupported("a dict's key that is no string is not supported")
      }
      let value = try evaluate(node.value, scope)
      try spend(members.count)
      if let index = members.firstIndex(where: { $0.key.isIdentical(to: key) }) {
        members[index].value = value
      } else {
        members.append((key, value))
      }
    }
    return try made(.dict(Members(members)))
  }

  /// What a loop goes through.
  func elements(_ value: Value) throws -> [Value] {
    try spend(value.weight)
    switch value {
    case .undefined: return []
    case .string(let text):
      try spend(text.utf8.count)
      return text.unicodeScalars.map { .string(String($0)) }
    case .list(let items), .tuple(let items): return items.values
    case .dict(let members): return members.keys.map { .string($0) }
    case .iteration(let iteration):
      if iteration.isGenerator {
        guard !iteration.isSpent else { throw unsupported("going through a generator twice is not supported") }
        iteration.isSpent = true
      }
      return iteration.items.values
    default: throw error("\(value.kind) cannot be gone through")
    }
  }

  // MARK: Attributes and subscripts

  /// `value.name`: an attribute, else the member of that name.
  func attribute(_ name: String, of value: Value) throws -> Value {
    switch value {
    case .undefined(let what): throw error("\(what) is undefined and has no \"\(name)\"")
    case .dict(let members):
      if Self.dictMethods.contains(name) { return .method(value, name) }
      try spend(members.keys.count)
      return members[name] ?? .undefined("\"\(name)\"")
    case .namespace(let namespace): return namespace.values[name] ?? .undefined("\"\(name)\"")
    case .loop(let loop): return try loopAttribute(name, loop)
    default: return try method(name, of: value) ?? .undefined("\"\(name)\"")
    }
  }

  private func method(_ name: String, of value: Value) throws -> Value? {
    if name.hasPrefix("_") { throw unsupported("the attribute \"\(name)\" is not supported") }
    switch value {
    case .string: return Self.stringMethods.contains(name) ? .method(value, name) : nil
    case .list, .tuple: return Self.listMethods.contains(name) ? .method(value, name) : nil
    case .dict: return Self.dictMethods.contains(name) ? .method(value, name) : nil
    case .none: return nil
    default: throw unsupported("the attribute \"\(name)\" of \(value.kind) is not supported")
    }
  }

  /// `value[index]`: a member, else the attribute of that name.
  func item(_ index: Value, of value: Value) throws -> Value {
    try spend(value.weight)
    switch value {
    case .undefined(let what): throw error("\(what) is undefined and has no members")
    case .dict(let members):
      guard let key = index.string else { return .undefined("a member") }
      return try members[key] ?? method(key, of: value) ?? .undefined("\"\(key)\"")
    case .list(let items), .tuple(let items):
      if let index = index.int { return element(index, items.values) ?? .undefined("the element \(index)") }
    case .string(let text):
      if let index = index.int {
        let scalars = Array(text.unicodeScalars)
        return element(index, scalars).map { .string(String($0)) } ?? .undefined("the character \(index)")
      }
    case .namespace, .loop: if let name = index.string { return try attribute(name, of: value) }
    default: break
    }
    if let name = index.string { return try method(name, of: value) ?? .undefined("\"\(name)\"") }
    return .undefined("a member of \(value.kind)")
  }

  private func element<Element>(_ index: Int, _ elements: [Element]) -> Element? {
    let position = index < 0 ? index + elements.count : index
    return elements.indices.contains(position) ? elements[position] : nil
  }

  private func slice(_ value: Value, _ bounds: [Value?]) throws -> Value {
    try spend(value.weight)
    let numbers = try bounds.map { bound -> Int? in
      switch bound {
      case nil, .some(.none): return nil
      case let bound?:
        guard let number = bound.int else { throw error("a slice's bound is \(bound.kind)") }
        return number
      }
    }
    let step = numbers[2] ?? 1
    guard step != 0 else { throw error("a slice's step is 0") }
    /// Python's rules for bounds: from the end where negative, cut to what is there.
    func positions(_ count: Int) -> [Int] {
      func clamped(_ bound: Int?, _ standard: Int) -> Int {
        guard var bound else { return standard }
        if bound < 0 { bound = bound < -count ? -1 : bound + count } else { bound = min(bound, count) }
        return step > 0 ? max(bound, 0) : min(max(bound, -1), count - 1)
      }
      let start = clamped(numbers[0], step > 0 ? 0 : count - 1)
      let stop = clamped(numbers[1], step > 0 ? count : -1)
      return Array(stride(from: start, to: stop, by: max(min(step, count + 1), -count - 1)))
    }
    switch value {
    case .list(let items): return try made(.list(Items(positions(items.values.count).map { items.values[$0] })))
    case .tuple(let items): return try made(.tuple(Items(positions(items.values.count).map { items.values[$0] })))
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      try spend(scalars.count)
      return .string(try made(String(positions(scalars.count).map { scalars[$0] })))
    case .undefined(let what): throw error("\(what) is undefined and has no members")
    default: return .undefined("a slice of \(value.kind)")
    }
  }

  // MARK: Loops

  private func loopAttribute(_ name: String, _ loop: Loop) throws -> Value {
    let count = loop.items.count
    switch name {
    case "index": return .int(loop.index + 1)
    case "index0": return .int(loop.index)
    case "revindex": return .int(count - loop.index)
    case "revindex0": return .int(count - loop.index - 1)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(loop.index == count - 1)
    case "length": return .int(count)
    case "depth": return .int(loop.depth)
    case "depth0": return .int(loop.depth - 1)
    case "previtem": return loop.index > 0 ? loop.items[loop.index - 1] : .undefined("loop.previtem")
    case "nextitem": return loop.index + 1 < count ? loop.items[loop.index + 1] : .undefined("loop.nextitem")
    case "cycle": return .method(.loop(loop), name)
    case "changed": throw unsupported("loop.changed is not supported")
    default: return .undefined("loop.\(name)")
    }
  }
}
