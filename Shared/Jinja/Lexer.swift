// SPDX-License-Identifier: MIT
// A template as tokens. White space around tags goes as Jinja2 takes it off with trim_blocks and lstrip_blocks, which is
// how transformers renders chat templates.

/// Splits a template into text and tags.
struct Lexer {
  typealias Scalars = ArraySlice<Unicode.Scalar>

  let source: [Unicode.Scalar]
  var position = 0
  var line = 1
  var tokens: [Token] = []
  /// Whether `position` begins a line.
  private var isAtLineStart = true

  /// The tokens of `source`, `.end` last.
  static func tokens(of source: String) throws -> [Token] {
    var lexer = Lexer(source)
    while try lexer.next() {}
    lexer.add(.end)
    return lexer.tokens
  }

  private init(_ text: String) {
    var source: [Unicode.Scalar] = []
    source.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {  // \r\n and \r are line ends, too
      if scalar == "\n", source.last == "\r" {
        source[source.count - 1] = "\n"
        isAfterReturn = true
      } else {
        source.append(scalar)
        isAfterReturn = false
      }
    }
    for index in source.indices where source[index] == "\r" { source[index] = "\n" }
    if source.last == "\n" { source.removeLast() }
    self.source = source
  }
  private var isAfterReturn = false

  mutating func add(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

  func error(_ message: String) -> JinjaError { JinjaError(.syntax, message, line: line) }

  func scalar(_ offset: Int = 0) -> Unicode.Scalar? {
    position + offset < source.count ? source[position + offset] : nil
  }

  func starts(with text: String) -> Bool { source[position...].starts(with: text.unicodeScalars) }

  mutating func advance(_ count: Int) {
    for scalar in source[position..<position + count] where scalar == "\n" { line += 1 }
    position += count
  }

  // MARK: Text

  /// Reads the text up to the next tag and the tag; false at the end.
  private mutating func next() throws -> Bool {
    var begin = position
    while begin < source.count {
      if source[begin] == "{", begin + 1 < source.count, "{%#".unicodeScalars.contains(source[begin + 1]) { break }
      begin += 1
    }
    var text = source[position..<begin]
    guard begin < source.count else {
      addData(text)
      return false
    }
    let opener = source[begin + 1]
    let sign = begin + 2 < source.count ? source[begin + 2] : " "
    if sign == "-" {
      while let last = text.last, last.isPythonSpace { text.removeLast() }
    } else if sign != "+", opener != "{" {
      let lineStart = text.lastIndex(of: "\n").map { $0 + 1 } ?? (isAtLineStart ? text.startIndex : nil)
      if let lineStart, text[lineStart...].allSatisfy(\.isPythonSpace) { text = text[..<lineStart] }
    }
    addData(text)
    advance(begin - position)
    let hasSign = sign == "-" || sign == "+"
    if opener == "#" {
      try skipComment()
    } else {
      add(opener == "%" ? .tagBegin : .outputBegin)
      advance(hasSign ? 3 : 2)
      try readTag(isOutput: opener == "{")
    }
    return true
  }

  private mutating func addData(_ text: Scalars) { if !text.isEmpty { add(.data(String(text))) } }

  private mutating func skipComment() throws {
    let opening = line
    advance(2)
    while position < source.count, !(scalar() == "#" && scalar(1) == "}") { advance(1) }
    guard position < source.count else { throw JinjaError(.syntax, "the comment has no end #}", line: opening) }
    let sign = position > 0 ? source[position - 1] : " "
    advance(2)
    finishTag(sign, trimsNewline: true)
  }

  /// Takes what white space goes after the end of a tag.
  private mutating func finishTag(_ sign: Unicode.Scalar?, trimsNewline: Bool) {
    if sign == "-" {
      while let next = scalar(), next.isPythonSpace { advance(1) }
    } else if sign != "+", trimsNewline, scalar() == "\n" {
      advance(1)
    }
    isAtLineStart = source[position - 1] == "\n"
  }

  // MARK: Tags

  private mutating func readTag(isOutput: Bool) throws {
    let opening = line
    var brackets: [Unicode.Scalar] = []
    let end: (Unicode.Scalar, Unicode.Scalar) = isOutput ? ("}", "}") : ("%", "}")
    while true {
      guard let first = scalar() else { throw JinjaError(.syntax, "the tag has no end", line: opening) }
      if brackets.isEmpty {
        let hasSign = first == "-" || (first == "+" && !isOutput)
        let offset = hasSign ? 1 : 0
        if scalar(offset) == end.0, scalar(offset + 1) == end.1 {
          add(isOutput ? .outputEnd : .tagEnd)
          advance(offset + 2)
          finishTag(hasSign ? first : nil, trimsNewline: !isOutput)
          return
        }
      }
      try readToken(first, &brackets)
    }
  }
}

extension Unicode.Scalar {
  /// White space as Python's `str.isspace` has it.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}

extension String {
  init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
