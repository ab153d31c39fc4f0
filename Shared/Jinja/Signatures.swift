// SPDX-License-Identifier: MIT
// What filters, tests and methods take. Jinja2 refuses a stranger among the arguments, so what is ignored here would be
// a template that renders here only.

extension Interpreter {
  /// Names of parameters in order; "" where an argument has no name. Nil: not checked here.
  static let filterParameters: [String: [String]] = [
    "default": ["default_value", "boolean"], "d": ["default_value", "boolean"], "length": [], "count": [], "first": [],
    "last": [], "list": [], "items": [], "dictsort": [], "join": ["d", "attribute"], "reverse": [], "string": [],
    "safe": [], "tojson": ["ensure_ascii", "indent", "separators", "sort_keys"], "trim": ["chars"], "upper": [],
    "lower": [], "capitalize": [], "replace": ["old", "new", "count"], "indent": ["width", "first", "blank"],
    "int": ["default", "base"], "float": ["default"], "abs": [],
  ]

  static let testsWithOperand: Set<String> = [
    "divisibleby", "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge",
    ">=", "in", "sameas",
  ]

  static let methodParameters: [String: [String]] = [
    "strip": [""], "lstrip": [""], "rstrip": [""], "upper": [], "lower": [], "capitalize": [], "title": [],
    "startswith": ["", "", ""], "endswith": ["", "", ""], "removeprefix": [""], "removesuffix": [""],
    "replace": ["", "", ""], "split": ["sep", "maxsplit"], "rsplit": ["sep", "maxsplit"], "splitlines": ["keepends"],
    "join": [""], "find": ["", "", ""], "rfind": ["", "", ""], "index": ["", "", ""], "count": ["", "", ""],
    "isspace": [], "isdigit": [],
  ]

  func check(_ arguments: Values, of what: String, _ parameters: [String]?) throws {
    guard let parameters else { return }
    guard arguments.positional.count <= parameters.count else {
      throw error("\(what) takes \(parameters.count) arguments at most, not \(arguments.positional.count)")
    }
    for keyword in arguments.keywords {
      guard let index = parameters.firstIndex(of: keyword.name), index >= arguments.positional.count else {
        throw error("\(what) takes no \"\(keyword.name)\" here")
      }
    }
  }
}
