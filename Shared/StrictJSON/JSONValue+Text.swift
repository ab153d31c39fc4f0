// SPDX-License-Identifier: MIT
// JSON values as text.

extension JSONValue {
  /// The value as JSON: on one line, or (pretty) a member a line, indented by two.
  ///
  /// Doubles are written with the fewest digits that read back as the same number; NaN and infinity as null, as JSON
  /// has no word for them.
  public func text(pretty: Bool = false) -> String {
    var out: [UInt8] = []
    write(to: &out, pretty: pretty)
    return String(decoding: out, as: UTF8.self)
  }

  /// Appends the value as JSON.
  public func write(to out: inout [UInt8], pretty: Bool = false) {
    write(to: &out, indent: pretty ? 0 : nil)
  }

  private func write(to out: inout [UInt8], indent: Int?) {
    switch self {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
    case .int(let value): out.append(contentsOf: String(value).utf8)
    case .double(let value): out.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    case .string(let value): Self.write(value, to: &out)
    case .array(let values):
      Self.list(values, "[", "]", to: &out, indent: indent) { $0.write(to: &$1, indent: $2) }
    case .object(let object):
      Self.list(object.entries, "{", "}", to: &out, indent: indent) { entry, out, indent in
        Self.write(entry.key, to: &out)
        out.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
        entry.value.write(to: &out, indent: indent)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, to out: inout [UInt8], indent: Int?,
    _ write: (Element, inout [UInt8], Int?) -> Void
  ) {
    func newLine(_ width: Int) {
      if indent != nil {
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: width))
      }
    }
    out.append(contentsOf: open.utf8)
    let inner = indent.map { $0 + 2 }
    for (index, element) in elements.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      newLine(inner ?? 0)
      write(element, &out, inner)
    }
    if !elements.isEmpty { newLine(indent ?? 0) }
    out.append(contentsOf: close.utf8)
  }

  /// Appends a string in double quotes; only what JSON demands is escaped.
  public static func write(_ text: String, to out: inout [UInt8]) {
    out.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22: out.append(contentsOf: [0x5C, 0x22])
      case 0x5C: out.append(contentsOf: [0x5C, 0x5C])
      case 0x0A: out.append(contentsOf: "\\n".utf8)
      case 0x0D: out.append(contentsOf: "\\r".utf8)
      case 0x09: out.append(contentsOf: "\\t".utf8)
      case 0x08: out.append(contentsOf: "\\b".utf8)
      case 0x0C: out.append(contentsOf: "\\f".utf8)
      case 0..<0x20: out.append(contentsOf: "\\u00\(hex(byte).lowercased())".utf8)
      default: out.append(byte)
      }
    }
    out.append(0x22)
  }
}
