// SPDX-License-Identifier: MIT

/// A piece of a template as the parser reads it.
struct Token: Equatable {
  enum Kind: Equatable {
    /// Text outside the tags, white space already taken off.
    case data(String)
    /// `{{` and `}}`
    case outputBegin, outputEnd
    /// `{%` and `%}`
    case tagBegin, tagEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var line: Int

  /// For messages.
  var text: String {
    switch kind {
    case .data: "text"
    case .outputBegin: "{{"
    case .outputEnd: "}}"
    case .tagBegin: "{%"
    case .tagEnd: "%}"
    case .name(let name): name
    case .string: "a string"
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case .symbol(let symbol): symbol
    case .end: "the template's end"
    }
  }
}
