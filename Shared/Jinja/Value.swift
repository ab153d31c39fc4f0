// SPDX-License-Identifier: MIT
// What expressions are worth: Python's values, as far as chat templates meet them. Nothing can be changed but a
// namespace, as in transformers' sandbox.

import StrictJSON

enum Value {
  /// A variable, key or attribute that is not there: prints as nothing, is false, has no length and no keys.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  /// What the filter `safe` gives: joined to others, it has them escaped for HTML.
  case safe(String)
  case list(Items)
  case tuple(Items)
  case dict(Members)
  /// A generator or a dictionary's view: can be gone through, and has no subscripts.
  case iteration(Iteration)
  case namespace(Namespace)
  case loop(Loop)
  case macro(Macro)
  case function(String)
  /// A method with what it belongs to.
  indirect case method(Value, String)
}

/// Values in order. Knows its height, so that what walks values cannot recurse without bound.
struct Items {
  private let box: Box
  private final class Box {
    let values: [Value]
    let height: Int
    init(_ values: [Value], _ height: Int) { (self.values, self.height) = (values, height) }
  }

  init(_ values: [Value]) { box = Box(values, 1 + (values.lazy.map(\.height).max() ?? 0)) }

  var values: [Value] { box.values }
  var height: Int { box.height }
}

/// A dictionary: its members in the order in which they were set, under texts.
struct Members {
  let keys: [String]
  let items: Items

  init(_ members: [(key: String, value: Value)]) {
    keys = members.map(\.key)
    items = Items(members.map(\.value))
  }

  subscript(key: String) -> Value? { keys.firstIndex { $0.isIdentical(to: key) }.map { items.values[$0] } }

  /// As tuples of key and value.
  var pairs: [Value] { zip(keys, items.values).map { .tuple(Items([.string($0), $1])) } }
}

final class Iteration {
  let items: Items
  /// A generator is empty once it was gone through.
  let isGenerator: Bool
  var isSpent = false

  init(_ values: [Value], isGenerator: Bool) {
    items = Items(values)
    self.isGenerator = isGenerator
  }
}

final class Namespace {
  var values: [String: Value]
  init(_ values: [String: Value]) { self.values = values }
}

/// The variable `loop`.
final class Loop {
  let items: [Value]
  let height: Int
  let depth: Int
  var index = 0

  init(_ items: Items, depth: Int) {
    self.items = items.values
    height = items.height + 1
    self.depth = depth
  }
}

final class Macro {
  let definition: MacroDefinition
  /// Where it was defined: what it sees beside its parameters.
  var scope: Scope?

  init(_ definition: MacroDefinition, _ scope: Scope) {
    self.definition = definition
    self.scope = scope
  }
}

/// Variables of a block, and the blocks around it.
final class Scope {
  var values: [String: Value]
  let outer: Scope?

  init(_ values: [String: Value] = [:], in outer: Scope?) {
    self.values = values
    self.outer = outer
  }

  subscript(name: String) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.outer
    }
    return nil
  }
}

extension Value {
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .float(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .list(Items(values.map(Value.init)))
    case .object(let object): self = .dict(Members(object.map { ($0.key, Value($0.value)) }))
    }
  }

  /// How deep containers are nested in it.
  var height: Int {
    switch self {
    case .list(let items), .tuple(let items): items.height
    case .dict(let members): members.items.height
    case .iteration(let iteration): iteration.items.height
    case .loop(let loop): loop.height
    case .method(let value, _): value.height + 1
    default: 0
    }
  }

  /// What it takes to look at it once, in steps.
  var weight: Int {
    switch self {
    case .string(let text), .safe(let text): text.utf8.count / 16
    case .list(let items), .tuple(let items): items.values.count
    case .dict(let members): members.keys.count
    case .iteration(let iteration): iteration.items.values.count
    case .method(let value, _): value.weight
    default: 0
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let text), .safe(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.values.isEmpty
    case .dict(let members): !members.keys.isEmpty
    case .iteration(let iteration): iteration.isGenerator || !iteration.items.values.isEmpty
    case .loop(let loop): !loop.items.isEmpty
    case .namespace, .macro, .function, .method: true
    }
  }

  /// A whole number; true and false are 1 and 0.
  var int: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .float(let value) = self { value } else { int.map(Double.init) }
  }

  var string: String? { if case .string(let text) = self { text } else { nil } }

  /// For messages, by Python's names.
  var kind: String {
    switch self {
    case .undefined(let what): "undefined (\(what))"
    case .none: "None"
    case .bool: "a bool"
    case .int: "an int"
    case .float: "a float"
    case .string: "a string"
    case .safe: "a safe string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dict: "a dict"
    case .iteration(let iteration): iteration.isGenerator ? "a generator" : "a dict's view"
    case .namespace: "a namespace"
    case .loop: "the loop"
    case .macro: "a macro"
    case .function, .method: "a function"
    }
  }
}

extension String {
  /// Whether the bytes are the same; `==` also takes a composed letter for a decomposed one.
  func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
