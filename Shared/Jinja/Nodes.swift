// SPDX-License-Identifier: MIT
// A template as a tree.

/// An expression, with its place and its height.
struct Expression: Sendable {
  indirect enum Node: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case name(String)
    case list([Expression])
    case tuple([Expression])
    case dict([(key: Expression, value: Expression)])
    case attribute(Expression, String)
    case subscripted(Expression, Expression)
    case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
    case call(Expression, Arguments)
    case filter(Expression, String, Arguments)
    case test(Expression, String, Arguments)
    case negative(Expression)
    case positive(Expression)
    case not(Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case arithmetic(Expression, String, Expression)
    case concatenation([Expression])
    /// `a < b <= c`: each operand is evaluated once, the rest only while it holds.
    case comparison(Expression, [(operation: String, operand: Expression)])
    case conditional(test: Expression, then: Expression, otherwise: Expression?)
  }

  let node: Node
  let line: Int
  /// The longest way down to a leaf: what a walk of the tree may recurse.
  let height: Int
}

/// What stands in the parentheses of a call, filter or test.
struct Arguments: Sendable {
  var positional: [Expression] = []
  var keywords: [(name: String, value: Expression)] = []

  var expressions: [Expression] { positional + keywords.map(\.value) }
}

/// What `for` and `set` assign to.
enum Target: Sendable {
  case name(String)
  case names([String])
  /// A namespace's attribute, the only thing that outlives the block it is set in.
  case attribute(of: String, String)
}

struct Statement: Sendable {
  indirect enum Node: Sendable {
    case text(String)
    case output(Expression)
    case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Target, in: Expression, where: Expression?, body: [Statement], otherwise: [Statement])
    case set(Target, Expression)
    case capture(Target, [(name: String, arguments: Arguments)], body: [Statement])
    case macro(MacroDefinition)
    /// `{% generation %}`: transformers marks what the assistant said; the text is the body's.
    case generation([Statement])
    case leave
    case proceed
  }

  let node: Node
  let line: Int
}

struct MacroDefinition: Sendable {
  var name: String
  var parameters: [(name: String, standard: Expression?)]
  var body: [Statement]
}
