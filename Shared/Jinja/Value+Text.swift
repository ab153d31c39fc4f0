// SPDX-License-Identifier: MIT
// Values as text: as they print, as Python's repr, and as JSON.

extension Interpreter {
  /// What a value prints as: Python's `str`.
  func text(_ value: Value) throws -> String {
    switch value {
    case .undefined: return ""
    case .string(let text), .safe(let text): return text
    default: return try representation(value)
    }
  }

  /// Python's `repr`.
  func representation(_ value: Value) throws -> String {
    try spend(1)
    switch value {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return String(value)
    case .float(let value): return pythonFloat(value)
    case .string(let text): return try made(quoted(text))
    case .list(let items):
      return try made("[" + items.values.map(representation).joined(separator: ", ") + "]")
    case .tuple(let items):
      let inner = try items.values.map(representation).joined(separator: ", ")
      return try made("(" + inner + (items.values.count == 1 ? ",)" : ")"))
    case .dict(let members):
      let inner = try zip(members.keys, members.items.values).map { quoted($0) + ": " + (try representation($1)) }
      return try made("{" + inner.joined(separator: ", ") + "}")
    case .undefined, .safe, .iteration, .namespace, .loop, .macro, .function, .method:
      throw unsupported("printing \(value.kind) is not supported")
    }
  }

  /// Python writes the fewest digits that read back, with an exponent from 1e16 and below 1e-4; so does Swift.
  private func pythonFloat(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return value.description
  }

  private func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.utf8.contains(0x27) && !text.utf8.contains(0x22) ? "\"" : "'"
    var out = String.UnicodeScalarView()
    out.append(quote)
    func hex(_ scalar: Unicode.Scalar) -> String {
      let digits = String(scalar.value, radix: 16)
      let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
      return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": out.append(contentsOf: ["\\", scalar])
      case "\n": out.append(contentsOf: "\\n".unicodeScalars)
      case "\r": out.append(contentsOf: "\\r".unicodeScalars)
      case "\t": out.append(contentsOf: "\\t".unicodeScalars)
      case _ where scalar.isPythonPrintable: out.append(scalar)
      default: out.append(contentsOf: hex(scalar).unicodeScalars)
      }
    }
    out.append(quote)
    return String(out)
  }

  // MARK: JSON

  /// How `tojson` writes, as Python's `json.dumps` with `ensure_ascii=False`.
  struct JSONStyle {
    var indent: String?
    var item = ", "
    var key = ": "
    var sortsKeys = false
  }

  func json(_ value: Value, _ style: JSONStyle, level: Int = 0) throws -> String {
    try spend(1)
    func list(_ open: String, _ parts: [String], _ close: String) throws -> String {
      if parts.isEmpty { return open + close }
      guard let indent = style.indent else { return try made(open + parts.joined(separator: style.item) + close) }
      func line(_ level: Int) -> String { "\n" + String(repeating: indent, count: level) }
      let separator = style.item + line(level + 1)
      return try made(open + line(level + 1) + parts.joined(separator: separator) + line(level) + close)
    }
    switch value {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .float(let value):
      if value.isNaN { return "NaN" }
      return value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : pythonFloat(value)
    case .string(let text): return try made(jsonString(text))
    case .list(let items), .tuple(let items):
      return try list("[", items.values.map { try json($0, style, level: level + 1) }, "]")
    case .dict(let members):
      var pairs = Array(zip(members.keys, members.items.values))
      if style.sortsKeys { pairs.sort { $0.0.precedes($1.0) } }
      let parts = try pairs.map { jsonString($0) + style.key + (try json($1, style, level: level + 1)) }
      return try list("{", parts, "}")
    default: throw error("\(value.kind) cannot be written as JSON")
    }
  }

  private func jsonString(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      case _ where scalar.value < 0x20:
        out += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

extension String {
  /// Python's order of texts: by code points.
  func precedes(_ other: String) -> Bool { unicodeScalars.lexicographicallyPrecedes(other.unicodeScalars) }
}

extension Unicode.Scalar {
  /// Python's `str.isprintable` for one character.
  var isPythonPrintable: Bool {
    if self == " " { return true }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
