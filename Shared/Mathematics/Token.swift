// SPDX-License-Identifier: MIT

/// How two expressions are related in an answer.
enum Relation: Hashable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  case approximately, element

  /// The relation that holds from right to left.
  var reversed: Relation {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }

  var isInequality: Bool {
    switch self {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .notEqual: true
    default: false
    }
  }
}

enum SetOperation: Hashable { case union, intersection, difference }

/// What \sum, \prod and \int do over a range.
enum Operation: Hashable { case sum, product, integral }

/// A number as it is written.
struct Numeral: Hashable {
  let value: Rational
  /// Written with a decimal point or an exponent: compared with a tolerance.
  let isDecimal: Bool
  /// The digits of an integer, for 204_5.
  let digits: String
  /// Digits behind the decimal point.
  var places = 0
}

enum Token: Hashable {
  case number(Numeral)
  /// A variable, with its decoration but without its subscript.
  case symbol(String)
  case pi, e, i, infinity
  /// A word of running text: a unit, a name.
  case word(String)
  case function(FunctionName)
  case fraction, root, binomial
  /// ∛ and ∜
  case rootOfDegree(Int)
  /// \sum, \prod, \int
  case operation(Operation)
  /// The sign of an operation: + - * / ^ _ ! ' % ° : ± (as "p") ∓ (as "m").
  case sign(UInt8)
  case comma, semicolon, and, or
  case relation(Relation)
  case set(SetOperation)
  case emptySet, reals
  /// Brackets by their bytes; "s" is the brace of a set, "<" an angle, "{" a group.
  case open(UInt8)
  case close(UInt8)
  case bar
  case begin(String)
  case end(String)
  case cell, row
  case currency(String)
}

/// Functions as they are written; some are not atoms of the normal form.
enum FunctionName: Hashable {
  case plain(Function)
  /// log, lg, exp, and the inverse hyperbolic ones stay out of the normal form.
  case log, lg, exp

  /// By the name that LaTeX and plain text share.
  static let names: [String: FunctionName] = [
    "sin": .plain(.sin), "cos": .plain(.cos), "tan": .plain(.tan), "tg": .plain(.tan), "cot": .plain(.cot),
    "ctg": .plain(.cot), "sec": .plain(.sec), "csc": .plain(.csc), "cosec": .plain(.csc),
    "arcsin": .plain(.arcsin), "arccos": .plain(.arccos), "arctan": .plain(.arctan), "arctg": .plain(.arctan),
    "asin": .plain(.arcsin), "acos": .plain(.arccos), "atan": .plain(.arctan),
    "sinh": .plain(.sinh), "cosh": .plain(.cosh), "tanh": .plain(.tanh), "ln": .plain(.ln), "abs": .plain(.abs),
    "floor": .plain(.floor), "ceil": .plain(.ceil), "gcd": .plain(.gcd), "lcm": .plain(.lcm),
    "max": .plain(.max), "min": .plain(.min), "log": .log, "lg": .lg, "exp": .exp,
  ]
}
